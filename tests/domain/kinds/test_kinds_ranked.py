"""Small ranked elections and budgets, worked out by hand: rounds, transfers, ties and the lot."""

from typing import Any

import pytest

from domain import kinds
from domain.kinds.base import Facts


def count(method: str, options: int, *groups: tuple[int, str], lot: list[int] | None = None, seats: int = 1) -> Facts:
    """The result of so many ballots of each ranking."""
    ranked = kinds.kind("ranked")
    rules = ranked.check_rules({"method": method, "seats": seats} | ({"lot": lot} if lot else {}), options)
    for _, text in groups:
        assert ranked.read(text, options, rules) == text
    return ranked.tally({text: times for times, text in groups}, options, rules)


CAPITAL = ((42, "0>1>2>3"), (26, "1>2>3>0"), (15, "2>3>1>0"), (17, "3>2>1>0"))  # Tennessee's capital, of many textbooks
CIRCLE = ((4, "0>1>2"), (3, "1>2>0"), (2, "2>0>1"))


def test_the_last_goes_out_until_one_has_more_than_half() -> None:
    """The last two go to Knoxville although Nashville would beat everyone."""
    assert count("irv", 4, *CAPITAL) == {"ballots": 100, "winners": [3], "tied": [], "rounds": [
        {"votes": [42, 26, 15, 17], "exhausted": 0, "out": [2]}, {"votes": [42, 26, None, 32], "exhausted": 0, "out": [1]},
        {"votes": [42, None, None, 58], "exhausted": 0, "out": []}]}


def test_more_than_half_is_of_those_that_still_count() -> None:
    """4 of 7 once two ballots name nobody who is left; exactly half is not more than half."""
    facts = count("irv", 3, (4, "0"), (3, "1"), (2, "2"))
    assert facts["rounds"][-1] == {"votes": [4, 3, None], "exhausted": 2, "out": []} and facts["winners"] == [0]
    assert count("irv", 2, (2, "0"), (2, "1"))["tied"] == [0, 1]
    assert count("irv", 3, (2, "0"), (1, "1>0"), (1, "2"))["rounds"][0]["out"] == [2]


@pytest.mark.parametrize(("lot", "out", "winner"), [([0, 1, 2], 2, 1), ([0, 2, 1], 1, 2)])
def test_a_tie_for_last_is_broken_by_the_lot(lot: list[int], out: int, winner: int) -> None:
    """Who stands earlier in the lot stays, and here thereby wins."""
    facts = count("irv", 3, (3, "0"), (2, "1>2"), (2, "2>1"), lot=lot)
    assert facts["rounds"][0]["out"] == [out] and facts["winners"] == [winner]


def test_a_tie_for_last_is_first_broken_by_the_round_before() -> None:
    """In round 2 both have 3; in round 1 option 2 had 2 and option 1 had 3; the lot would have said otherwise."""
    facts = count("irv", 4, (4, "0"), (3, "1"), (2, "2>1"), (1, "3>2"), lot=[2, 0, 3, 1])
    assert [row["out"] for row in facts["rounds"]] == [[3], [2], []] and facts["winners"] == [1]


def test_the_final_tie_is_not_decided_by_the_lot() -> None:
    """Nobody wins by luck."""
    for lot in ([0, 1], [1, 0]):
        facts = count("irv", 2, (1, "0"), (1, "1"), lot=lot)
        assert (facts["winners"], facts["tied"]) == ([], [0, 1])


def test_without_ballots_nobody_wins() -> None:
    """And nobody is tied for a win."""
    for method in ("irv", "schulze", "ranked_pairs", "stv"):
        facts = count(method, 3)
        assert (facts["ballots"], facts["winners"], facts["tied"]) == (0, [], [])


def test_schulzes_own_example() -> None:
    """45 voters, five candidates: E, A, C, B, D (Schulze 2011, example 1)."""
    facts = count("schulze", 5, (5, "0>2>1>4>3"), (5, "0>3>4>2>1"), (8, "1>4>3>0>2"), (3, "2>0>1>4>3"), (7, "2>0>4>1>3"), (2, "2>1>0>3>4"),
                  (7, "3>2>4>1>0"), (8, "4>1>0>3>2"))
    assert facts["pairs"] == [[0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]]
    assert facts["order"] == [[4], [0], [2], [1], [3]] and facts["winners"] == [4]


def test_who_beats_everyone_wins_by_both_pairwise_methods() -> None:
    """Nashville; and the order of the rest is the same."""
    for method in ("schulze", "ranked_pairs"):
        facts = count(method, 4, *CAPITAL)
        assert facts["winners"] == [1] and facts["order"] == [[1], [2], [3], [0]]


def test_in_a_circle_the_weakest_win_gives_way() -> None:
    """0 beats 1 by 3, 1 beats 2 by 5, 2 beats 0 by 1; when all are as strong, the lot decides which."""
    assert count("ranked_pairs", 3, *CIRCLE)["order"] == count("schulze", 3, *CIRCLE)["order"] == [[0], [1], [2]]
    even = ((1, "0>1>2"), (1, "1>2>0"), (1, "2>0>1"))
    assert count("schulze", 3, *even)["tied"] == [0, 1, 2]
    # In the lot 2 1 0 the wins of 2 (over 0) and 1 (over 2) are locked in; 0's win over 1 closes the circle. So 1 is first.
    assert [count("ranked_pairs", 3, *even, lot=lot)["winners"] for lot in ([0, 1, 2], [1, 2, 0], [2, 1, 0])] == [[0], [1], [1]]


def test_of_equal_margins_the_one_with_fewer_against_is_locked_in_first() -> None:
    """0 over 1 by 6 to 3, the others by 7 to 4; by the lot alone 1 over 2 and 2 over 0 would be first, and 1 would win."""
    facts = count("ranked_pairs", 3, (3, "0>1>2"), (3, "1>2>0"), (3, "2>0>1"), (1, "0=1>2"), (1, "2>0=1"), lot=[1, 2, 0])
    assert facts["pairs"] == [[0, 6, 4], [3, 0, 7], [7, 4, 0]]
    assert facts["winners"] == [0]


def test_same_rank_and_unnamed() -> None:
    """Who is on the same rank is not compared; who is named comes before who is not."""
    facts = count("schulze", 4, (1, "0=1"), (1, "0=1>2"), (1, "2"))
    assert facts["pairs"] == [[0, 0, 2, 2], [0, 0, 2, 2], [1, 1, 0, 2], [0, 0, 0, 0]]
    assert facts["order"] == [[0, 1], [2], [3]] and facts["tied"] == [0, 1]


def test_a_surplus_is_passed_on_at_part_of_its_value() -> None:
    """Quota 6: chocolate has 12, each paper goes on with half a vote; pears go out to oranges; strawberries take the last seat."""
    facts = count("stv", 5, (4, "0"), (2, "1>0"), (8, "2>3"), (4, "2>4"), (1, "3"), (1, "4"), seats=3)
    assert facts == {"ballots": 20, "quota": "6.00000", "winners": [2, 0, 3], "tied": [], "rounds": [
        {"votes": ["4.00000", "2.00000", "12.00000", "1.00000", "1.00000"], "elected": [2], "out": [], "exhausted": "0.00000"},
        {"votes": ["4.00000", "2.00000", "6.00000", "5.00000", "3.00000"], "elected": [], "out": [1], "exhausted": "0.00000"},
        {"votes": ["6.00000", None, "6.00000", "5.00000", "3.00000"], "elected": [0, 3], "out": [4], "exhausted": "0.00000"}]}


def test_values_are_cut_off_after_five_decimals_and_what_is_lost_is_shown() -> None:
    """3/7 of a vote is 0.42857; seven times six of these and the paper that names nobody else are what is exhausted."""
    facts = count("stv", 3, (6, "0>1"), (1, "0"), (3, "2"), (1, "1"), seats=2)
    assert facts["rounds"][1] == {"votes": ["4.00000", "3.57142", "3.00000"], "elected": [1], "out": [2], "exhausted": "0.42858"}
    assert facts["winners"] == [0, 1]


def test_papers_keep_the_value_they_arrived_with() -> None:
    """Weighted inclusive Gregory: the second surplus passes on all papers of the pile, the early ones and the late ones, each cut by its value."""
    facts = count("stv", 5, (10, "0>1>2"), (4, "1>2"), (5, "2"), (2, "3"), (2, "4"), seats=3)
    # Quota 6. 0 has 10: ten papers at 0.4 to 1, which has 4 + 4 = 8, surplus 2 of 8: 0.4 × 2/8 = 0.1 and 1 × 2/8 = 0.25.
    assert [row["votes"][:3] for row in facts["rounds"][:3]] == [
        ["10.00000", "4.00000", "5.00000"], ["6.00000", "8.00000", "5.00000"], ["6.00000", "6.00000", "7.00000"]]
    assert facts["winners"] == [0, 1, 2]


def test_the_larger_surplus_goes_first_and_ties_go_by_the_lot() -> None:
    """Both have the quota in round 1: who has more is elected first; with equal votes the lot says who."""
    assert count("stv", 3, (4, "0>2"), (5, "1>2"), (1, "2"), seats=2)["winners"] == [1, 0]
    for lot, order in (([0, 1, 2], [0, 1]), ([2, 1, 0], [1, 0])):
        assert count("stv", 3, (5, "0>2"), (5, "1>2"), (1, "2"), seats=2, lot=lot)["winners"] == order


def test_the_remaining_seats_go_to_the_remaining_candidates() -> None:
    """Nobody but 0 has a quota; who is left when two are excluded has the seats, by votes."""
    facts = count("stv", 4, (9, "0"), (2, "1"), (1, "2"), seats=3)
    assert facts["winners"] == [0, 1, 2] and facts["rounds"][-1]["out"] == [3]


COSTS: dict[str, Any] = {"limit": 1000, "costs": [600, 400, 300, 100], "lot": [0, 1, 2, 3]}
WISHES = {"0,1": 3, "0,1,3": 2, "0": 1, "2": 4}


@pytest.mark.parametrize(("rules", "facts"), [
    ({"method": "greedy"}, {"chosen": [0, 1], "spent": 1000, "left": 0}),
    ({"method": "greedy", "limit": 950}, {"chosen": [0, 2], "spent": 900, "left": 50}),
    # Each has 100. Six pay 100 each for the first, four pay 75 for the third; who wants the last has nothing left, so it is added.
    ({"method": "equal_shares"}, {"chosen": [0, 2, 3], "bought": [0, 2], "added": [3], "spent": 1000, "left": 0}),
])
def test_budgets_by_hand(rules: dict[str, Any], facts: dict[str, Any]) -> None:
    """The project with the most marks first; what no longer fits is skipped."""
    assert kinds.kind("budget").tally(WISHES, 4, COSTS | rules) == {
        "ballots": 10, "marks": [6, 5, 4, 2], "winners": sorted(facts["chosen"]), "tied": [], **facts}


def test_in_equal_shares_who_has_less_gives_all() -> None:
    """Two voters, 50 each. A costs 60 of both: 30 each. B, wanted by the first only, costs 20; C costs 20 of both: 0 and 20."""
    rules = {"limit": 100, "costs": [60, 20, 20], "method": "equal_shares", "lot": [0, 1, 2]}
    facts = kinds.kind("budget").tally({"0,1,2": 1, "0,2": 1}, 3, rules)
    # Rates: A 30/60, B 20/20, C 10/20: A (as cheap as C, as many marks, earlier in the lot), then C at 10 each, then B with the 10 left: no.
    assert facts["bought"] == [0, 2] and facts["added"] == [1] and facts["left"] == 0
    poor = kinds.kind("budget").tally({"0,1": 1, "1": 1}, 2, {"limit": 100, "costs": [40, 56], "method": "equal_shares", "lot": [0, 1]})
    assert poor["bought"] == [1] and poor["added"] == [0]  # B at 28 each first (0.5), then A would need 40 of the 22 left
    rich = kinds.kind("budget").tally({"0,1": 1, "1": 2}, 2, {"limit": 90, "costs": [20, 66], "method": "equal_shares", "lot": [0, 1]})
    assert rich["bought"] == [1] and rich["left"] == 4  # 22 each (0.33 per unit), then 8 left of the one who wants A; 24 left: A is added


def test_in_equal_shares_an_empty_purse_is_empty_and_owes_nothing() -> None:
    """Five voters, 40 each. A: 30 from each of three. B: the first gives the last 10, two others 25. C: the second's last 10."""
    rules = {"limit": 200, "costs": [90, 60, 10], "method": "equal_shares", "lot": [0, 1, 2]}
    facts = kinds.kind("budget").tally({"0,1,2": 1, "0,2": 1, "0": 1, "1": 2}, 3, rules)
    assert (facts["bought"], facts["added"], facts["left"]) == ([0, 1, 2], [], 40)


def test_equal_marks_go_by_the_lot() -> None:
    """And a project nobody wants is never chosen, however much money is left."""
    for lot, chosen in (([0, 1, 2], [0]), ([2, 1, 0], [1])):
        for method in ("greedy", "equal_shares"):
            rules = {"limit": 10, "costs": [6, 6, 1], "method": method, "lot": lot}
            assert kinds.kind("budget").tally({"0": 2, "1": 2}, 3, rules)["chosen"] == chosen
