"""Rounds whose truth is planted: groups, the bridge, the gate, and pictures that stay where they were."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinions import clusters, pca, rounds
from opinions.matrix import clustered, from_events
from tests.opinions.planted import camps, rand_index


@pytest.mark.parametrize("groups", [2, 3])
def test_planted_groups_are_found(groups: int) -> None:
    """Sixty people in camps of equal size."""
    events, of = camps(60, 24, groups)
    found = rounds.analyse(from_events(events))
    assert found.shown and found.state.groups == groups
    assert rand_index([of[p] for p in found.votes.people], found.group.tolist()) > 0.95


def test_a_bridge_is_found_among_sixty_statements_by_forty_noisy_people() -> None:
    """The one statement both camps accept is first in the group-informed consensus, whatever the noise does."""
    for seed in range(20):
        noise, seen = ((0.2, 0.4), (0.3, 0.6))[seed % 2]
        events, _ = camps(40, 60, 2, noise=noise, seen=seen, seed=seed)
        found = rounds.analyse(from_events(events))
        assert found.votes.statements[int(found.group_informed().argmax())] == "s59", seed


def test_real_groups_find_the_same_bridge() -> None:
    """Buildings in place of opinion groups; one of two people is left out."""
    events, of = camps(40, 20, 2)
    building = {p: f"{camp + 1} 号楼" for p, camp in of.items()} | {"p0": "3 号楼", "p1": "3 号楼"}
    votes = from_events(events)
    names, counts = rounds.across(votes, building)
    assert names == ["1 号楼", "2 号楼"]
    assert votes.statements[int(rounds.stats.group_informed(counts).argmax())] == "s19"


def test_the_gate() -> None:
    """Too few people, no clear groups, a group of two: common ground only, with the reason."""
    few, _ = camps(10, 20, 2)
    assert rounds.analyse(from_events(few)).reason == "few"
    rng = np.random.default_rng(0)
    fog = [(f"p{p}", f"s{s}", int(rng.choice([-1, 0, 1]))) for p in range(300) for s in range(40)]
    assert rounds.analyse(from_events(fog)).state.groups >= 2
    assert rounds._gate(np.repeat([0, 1], 20), 0.2) == "unclear"
    lonely = [(f"p{p}", f"s{s}", -1 if p < 2 else 1) for p in range(30) for s in range(20)]
    found = rounds.analyse(from_events(lonely))
    assert found.sizes == {0: 28, 1: 2} or found.sizes == {0: 2, 1: 28}
    assert found.reason == "small" and not found.shown


def test_one_vote_more_moves_the_picture_little() -> None:
    """Signs, group numbers and the number of groups stay, through JSON."""
    for groups in (2, 3):
        events, _ = camps(60, 24, groups)
        before = rounds.analyse(from_events(events))
        kept = rounds.State.from_json(json.loads(json.dumps(before.state.as_json())))
        after = rounds.analyse(from_events([*events, ("p7", "s3", 0)]), kept)
        size = np.abs(before.points).max()
        assert np.linalg.norm(after.points - before.points, axis=1).max() < 0.1 * size
        assert (after.group == before.group).mean() > 0.98


def test_mirrored_axes_are_turned_back() -> None:
    """Whatever sign the last picture had, the next one has it too."""
    events, _ = camps(40, 20, 2)
    votes = from_events(events)
    axes = pca.fit(votes)
    for flip in ((-1, 1), (1, -1), (-1, -1)):
        last = {s: (x * flip[0], y * flip[1]) for s, x, y in zip(votes.statements, *axes.components, strict=True)}
        assert np.allclose(pca.fit(votes, last).components, axes.components * np.array(flip)[:, None], atol=1e-8)


def test_group_numbers_follow_the_people() -> None:
    """The larger overlap keeps its number; a new group gets a new one."""
    assert clusters.same_names(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])).tolist() == [1, 1, 0, 0]
    assert clusters.same_names(np.array([0, 0, 1, 1, 2, 2]), np.array([1, 1, 0, 0, 0, -1])).tolist() == [1, 1, 0, 0, 2, 2]


def test_the_number_of_groups_changes_only_after_four_runs() -> None:
    """Three runs that find 3 change nothing, the fourth does; and three groups must be clearly better than two."""
    state = rounds.State(groups=2, seen=2, times=9)
    history = []
    for _ in range(4):
        k, seen, times = rounds._smoothed({2: 0.3, 3: 0.5}, state)
        state = rounds.State(groups=k, seen=seen, times=times)
        history.append(k)
    assert history == [2, 2, 2, 3]
    assert rounds._smoothed({2: 0.40, 3: 0.41}, rounds.State())[0] == 2


def test_who_is_clustered() -> None:
    """Seven votes; the most active up to fifteen; whoever was in stays in."""
    events = [(p, s, 1) for p in range(20) for s in range(p + 1)]
    votes = from_events(events)
    assert np.flatnonzero(clustered(votes)).tolist() == list(range(5, 20))
    assert np.flatnonzero(clustered(votes, [0])).tolist() == [0, *range(6, 20)]
    assert clustered(from_events([(p, s, 1) for p in range(20) for s in range(3)])).all()


def test_projection_and_extremity_by_hand() -> None:
    """Two people, two statements: the axis is the diagonal; who saw one of two is stretched by √2."""
    votes = from_events([(1, "a", 1), (1, "b", 1), (2, "a", -1), (2, "b", -1), (3, "a", 1)])
    axes = pca.fit(votes)
    assert axes.mean.tolist() == pytest.approx([1 / 3, 0])
    points = pca.project(votes, axes)
    assert points[2] == pytest.approx(np.sqrt(2) * (1 - 1 / 3) * axes.components[:, 0])
    assert axes.extremity[0] == pytest.approx(np.sqrt(2) * (2 / 3) * np.linalg.norm(axes.components[:, 0]))


def test_silhouette_by_hand() -> None:
    """Points 0, 1 | 10: (9.5−…) by the definition; alone is 0."""
    points = np.array([[0.0, 0], [1, 0], [10, 0]])
    assert clusters.silhouette(points, np.array([0, 0, 1])) == pytest.approx(((10 - 1) / 10 + (9 - 1) / 9 + 0) / 3)


def test_degenerate_rounds_do_not_break() -> None:
    """Nobody, one person, one statement, all the same."""
    assert rounds.analyse(from_events([])).reason == "few"
    assert rounds.analyse(from_events([("p", "s", 1)])).reason == "few"
    assert rounds.analyse(from_events([("p", s, 1) for s in "abc"])).reason == "few"
    same = rounds.analyse(from_events([(p, s, 1) for p in range(20) for s in range(9)]))
    assert same.reason == "unclear" and same.consensus()
    one = rounds.analyse(from_events([(p, "s", 1 if p % 2 else -1) for p in range(20)]))
    assert one.sizes == {0: 10, 1: 10}


EVENTS = st.lists(st.tuples(st.integers(0, 24), st.integers(0, 11), st.sampled_from([-1, 0, 1])), min_size=60, max_size=200)


@settings(max_examples=40, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_last_vote_wins_and_order_is_nothing_else(events: list[tuple[int, int, int]], dice: random.Random) -> None:
    """What people said first and then changed leaves no trace; the order in which they came neither."""
    last = {(p, s): v for p, s, v in events}
    clean = [(p, s, v) for (p, s), v in last.items()]
    dice.shuffle(clean)
    one, other = rounds.analyse(from_events(events)), rounds.analyse(from_events(clean))
    assert one.votes.people == other.votes.people and (one.votes.values == other.votes.values).all()
    assert (one.group == other.group).all() and (one.points == other.points).all()


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(40)), st.permutations(range(20)), st.integers(0, 5))
def test_names_do_not_matter(people: list[int], statements: list[int], seed: int) -> None:
    """Other numbers for people and statements: the same partition and the same consensus."""
    events, _ = camps(40, 20, 2, noise=0.2, seed=seed)
    events = [(int(p[1:]), int(s[1:]), v) for p, s, v in events]  # type: ignore[misc]
    one = rounds.analyse(from_events(events))
    other = rounds.analyse(from_events([(people[p], statements[s], v) for p, s, v in events]))  # type: ignore[index]
    at = [other.votes.people.index(people[p]) for p in one.votes.people]
    assert rand_index(one.group.tolist(), other.group[at].tolist()) == 1
    columns = [other.votes.statements.index(statements[s]) for s in one.votes.statements]
    assert np.allclose(one.group_informed(), other.group_informed()[columns])


@settings(max_examples=25, deadline=None)
@given(EVENTS, st.sampled_from([-1, 0, 1]))
def test_what_was_said_to_a_moderated_statement_has_no_effect(events: list[tuple[int, int, int]], instead: int) -> None:
    """Any other votes on it: the same map, the same groups, the same lists."""
    changed = [(p, s, instead if s == 3 else v) for p, s, v in events]
    one, other = (rounds.analyse(from_events(e, out=[3])) for e in (events, changed))
    assert (one.points == other.points).all() and (one.group == other.group).all()
    assert one.representative() == other.representative() and one.consensus() == other.consensus()
    assert all(one.votes.statements[p.statement] != 3 for picks in one.representative().values() for p in picks)
