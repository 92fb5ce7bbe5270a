"""Small elections of the plain kinds, worked out by hand: what is counted, who wins, and when it is a tie."""

from typing import Any

import pytest

from domain import kinds

TABLE: list[tuple[str, str, dict[str, Any], int, list[str], dict[str, Any]]] = [
    ("one leads", "single", {}, 3, ["2", "2", "0"], {"ballots": 3, "marks": [1, 0, 2], "winners": [2], "tied": []}),
    ("two lead", "single", {}, 3, ["2", "0"], {"ballots": 2, "marks": [1, 0, 1], "winners": [], "tied": [0, 2]}),
    ("nobody voted", "single", {}, 3, [], {"ballots": 0, "marks": [0, 0, 0], "winners": [], "tied": []}),
    ("withdrawn is not counted", "single", {}, 2, ["", "1", ""], {"ballots": 1, "marks": [0, 1], "winners": [1], "tied": []}),
    ("several marks", "multiple", {"least": 1, "most": 2}, 3, ["0,2", "2", "0,1", "2"],
     {"ballots": 4, "marks": [2, 1, 3], "winners": [2], "tied": []}),
    ("marking all changes nothing", "approval", {}, 3, ["0,1,2", "1", "0,2"], {"ballots": 3, "marks": [2, 2, 2], "winners": [], "tied": [0, 1, 2]}),
    ("abstaining is counted", "stance", {}, 3, ["0", "0", "1", "2"], {"ballots": 4, "marks": [2, 1, 1], "winners": [0], "tied": []}),
    ("points from 0", "score", {"low": 0, "high": 5}, 3, ["0:5,2:3", "1:4", "1:3,2:1"],
     {"ballots": 3, "points": [5, 7, 4], "raters": [1, 2, 2], "winners": [1], "tied": []}),
    ("unrated is the lowest, not nothing", "score", {"low": 1, "high": 10}, 2, ["0:10", "1:9", "0:1"],
     {"ballots": 3, "points": [12, 11], "raters": [2, 1], "winners": [0], "tied": []}),
    ("all zero is a tie", "score", {"low": 0, "high": 5}, 2, ["0:0"], {"ballots": 1, "points": [0, 0], "raters": [1, 0], "winners": [], "tied": [0, 1]}),
    ("most can come", "times", {}, 3, ["0,2", "1|2", "0|2"], {"ballots": 3, "yes": [2, 1, 1], "maybe": [0, 0, 2], "winners": [2], "tied": []}),
    ("equally many, one suits more", "times", {}, 2, ["0|1", "1|0", "0,1", "0|1"],
     {"ballots": 4, "yes": [3, 2], "maybe": [1, 2], "winners": [0], "tied": []}),
    ("no difference", "times", {}, 2, ["0", "|0", "1", "|1"], {"ballots": 4, "yes": [1, 1], "maybe": [1, 1], "winners": [], "tied": [0, 1]}),
]


@pytest.mark.parametrize(("kind", "rules", "options", "choices", "result"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_small_polls_count_as_by_hand(kind: str, rules: dict[str, Any], options: int, choices: list[str], result: dict[str, Any]) -> None:
    """Each row: ballots, and the whole result."""
    rules = kinds.kind(kind).check_rules(rules, options)
    assert kinds.tally(kind, [(choice, f"r{n}", n) for n, choice in enumerate(choices)], options, rules) == result


def test_who_signs_up_late_waits_and_nobody_passes_the_one_who_waits() -> None:
    """5 places: 2, then 2, then a party of 2 that does not fit, then one person who would have."""
    ballots = [("1", "D", 40), ("2", "A", 7), ("2", "C", 30), ("", "X", 8), ("2", "B", 9)]
    assert kinds.tally("signup", ballots, 1, {"places": 5, "each": 2}) == {
        "ballots": 4, "placed": ["A", "B"], "waiting": ["C", "D"], "taken": 4, "winners": [], "tied": []}


def test_who_withdraws_makes_room() -> None:
    """The first of those who wait moves up when a ballot before becomes empty."""
    ballots = [("", "A", 1), ("2", "B", 2), ("2", "C", 3), ("1", "D", 4)]
    facts = kinds.tally("signup", ballots, 1, {"places": 5, "each": 2})
    assert (facts["placed"], facts["waiting"], facts["taken"]) == (["B", "C", "D"], [], 5)
