"""What all groups accept, each group's share of it, what divides, and measures of people; against rounds in which it is known."""

import numpy as np
import pytest

from opinions import bridges, rounds, stats
from opinions.matrix import from_events
from tests.opinions.planted import camps


def _round(noise: float = 0.1, seed: int = 3) -> tuple[rounds.Analysis, dict[str, str]]:
    """40 people of two camps in three buildings that mix them, 60 statements, the last of which is the bridge."""
    events, of = camps(40, 60, 2, noise=noise, seed=seed)
    return rounds.analyse(from_events(events)), {p: f"{1 + int(p[1:]) % 3}幢" for p in of}


@pytest.mark.parametrize("seed", range(6))
def test_the_planted_bridge_comes_first_and_alone(seed: int) -> None:
    found, building = _round(noise=0.2, seed=seed)
    votes = found.votes
    groupings = [g for g in (bridges.found("opinion", found, labels="甲乙丙丁戊"), bridges.real("building", votes, building)) if g]
    assert [g.name for g in groupings] == ["opinion", "building"]
    best = bridges.bridges(found.everybody, groupings, votes.out)
    assert [votes.statements[t] for t, _ in best] == ["s59"]


def test_small_groups_are_left_out_and_one_group_is_no_grouping() -> None:
    found, building = _round()
    building |= dict.fromkeys([p for p, b in building.items() if b == "3幢"][4:], "1幢")
    grouping = bridges.real("building", found.votes, building)
    assert grouping is not None and grouping.groups == ("1幢", "2幢") and min(grouping.sizes) >= bridges.SMALLEST
    assert bridges.real("building", found.votes, dict.fromkeys(building, "1幢")) is None


def test_a_group_that_few_of_have_seen_a_statement_is_silent() -> None:
    """Two of five agreed: no verdict; three: accepts."""
    people = {f"a{n}": "1幢" for n in range(5)} | {f"b{n}": "2幢" for n in range(5)}
    events = [(p, "s", 1) for p in ("a0", "a1", "b0", "b1", "b2")] + [(p, "other", 0) for p in people]
    grouping = bridges.real("building", from_events(events), people)
    assert grouping is not None
    assert grouping.verdicts.T.tolist() == [[bridges.SPLIT, bridges.SPLIT], [bridges.SILENT, bridges.ACCEPTS]]


def test_each_group_is_shown_what_the_others_accept_too() -> None:
    """Three buildings: x is accepted by the first two and rejected by the third, y by all."""
    people = {f"{b}{n}": b for b in "abc" for n in range(5)}
    events = [(p, "x", -1 if b == "c" else 1) for p, b in people.items()] + [(p, "y", 1) for p in people]
    votes = from_events(events)
    grouping = bridges.real("building", votes, people)
    assert grouping is not None
    named = [[votes.statements[t] for t in each] for each in bridges.shared(grouping, votes.out)]
    assert named == [["y"], ["y"], ["y"]]
    assert [votes.statements[t] for t, _ in bridges.bridges(stats.count(votes, np.zeros(15, int), 1), [grouping], votes.out)] == ["y"]


def test_what_divides_and_what_each_side_says_for_itself() -> None:
    """Ten for, ten against; each side has a statement of its own, and one that all like is no reason of either."""
    events = []
    for n in range(20):
        side = 1 if n < 10 else -1
        events += [(n, "fee", side), (n, "light", side), (n, "cost", -side), (n, "green", 1)]
    votes = from_events(events)
    everybody = stats.count(votes, np.zeros(20, int), 1)
    divided = [votes.statements[t] for t in bridges.divisive(everybody, votes.out)]
    assert set(divided) == {"fee", "light", "cost"}
    for_it, against = bridges.reasons(votes, votes.statements.index("fee"), votes.out)
    assert [votes.statements[t] for t in for_it] == ["light"] and [votes.statements[t] for t in against] == ["cost"]
    few = from_events([e for e in events if e[0] in (0, 1, 2, 3, 10, 11)])
    assert bridges.reasons(few, few.statements.index("fee"), few.out) == ([], [])


def test_a_statement_taken_out_is_in_no_list() -> None:
    events, _ = camps(40, 60, 2, noise=0.1, seed=3)
    found = rounds.analyse(from_events(events, out=["s59"]))
    building = {p: f"{1 + int(p[1:]) % 3}幢" for p in found.votes.people}
    grouping = bridges.real("building", found.votes, building)
    gone = found.votes.statements.index("s59")
    assert grouping is not None and gone not in dict(bridges.bridges(found.everybody, [grouping], found.votes.out))
    assert all(gone not in each for each in bridges.shared(grouping, found.votes.out))


def test_who_stands_in_the_middle_of_their_group_and_who_far_out() -> None:
    """Two groups on a line, middles at -2 and 2; the person at 3 is one away from the middle and one farther out."""
    points, group = np.array([[-3, 0], [-1, 0], [1, 0], [3, 0], [9, 9]], float), np.array([0, 0, 1, 1, -1])
    assert rounds.coreness(points, group)[:4].tolist() == [0, 0, 0, 0]
    assert rounds.extremeness(points, group)[:4].tolist() == [1, -1, -1, 1]
    assert np.isnan(rounds.coreness(points, group)[4]) and np.isnan(rounds.extremeness(points, group)[4])


def test_rejection_by_all_groups_is_the_product_of_their_rejections() -> None:
    counts = stats.Counts(np.array([[0], [1]]), np.array([[3], [2]]), np.array([[4], [3]]))
    assert stats.group_informed(counts, agree=False)[0] == pytest.approx(4 / 6 * 3 / 5)
