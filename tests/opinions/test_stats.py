"""Counts, shares and lists, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from opinions import routing, stats
from opinions.matrix import from_events

NONE = np.zeros(1, bool)


def test_counts_by_group_leave_out_who_is_in_none() -> None:
    """Agrees, disagrees, passes and all votes."""
    votes = from_events([(1, "a", 1), (2, "a", -1), (3, "a", 0), (4, "a", 1), (1, "b", 0)])
    counts = stats.count(votes, np.array([0, 0, 1, -1]), 2)
    assert counts.agrees.tolist() == [[1, 0], [0, 0]]
    assert counts.disagrees.tolist() == [[1, 0], [0, 0]]
    assert counts.seen.tolist() == [[2, 1], [1, 0]]
    assert counts.passes.tolist() == [[0, 1], [1, 0]]


def test_shares_and_tests_by_hand() -> None:
    """3 of 4 agree: p = 4/6; z = 2·√5·(4/5 − 1/2) = 1.3416; against 1 of 5: π̂ = 6/11."""
    assert stats.share(3, 4) == pytest.approx(4 / 6)
    assert stats.one_sample(3, 4) == pytest.approx(2 * math.sqrt(5) * 0.3)
    both = 6 / 11
    assert stats.two_sample(3, 4, 1, 5) == pytest.approx((4 / 5 - 2 / 6) / math.sqrt(both * (1 - both) * (1 / 5 + 1 / 6)))
    assert stats.two_sample(4, 4, 5, 5) == 0  # everybody did


def test_group_informed_consensus_is_the_product_over_groups() -> None:
    """(3+1)/(4+2) · (1+1)/(3+2)."""
    counts = stats.Counts(np.array([[3], [1]]), np.array([[1], [2]]), np.array([[4], [3]]))
    assert stats.group_informed(counts)[0] == pytest.approx(4 / 6 * 2 / 5)


def test_priority_by_hand() -> None:
    """a = 3/7, p = 2/7, E = 0.5, S = 5: [(5/7)·1.5·(3/7)·(1+8/2)]²; a statement about the round: 49."""
    assert routing.priority(2, 1, 5, 0.5) == pytest.approx((5 / 7 * 1.5 * 3 / 7 * 5) ** 2)
    assert routing.priority(2, 1, 5, 0.5, True) == 49


def test_the_next_statement_is_drawn_by_priority_seeds_first() -> None:
    """Never one that is not allowed; nothing left is None."""
    rng = np.random.default_rng(3)
    weights, all_open = np.array([1.0, 3.0, 100.0]), np.array([True, True, False])
    drawn = [routing.choose(weights, all_open, rng) for _ in range(4000)]
    assert set(drawn) == {0, 1} and drawn.count(1) / 4000 == pytest.approx(0.75, abs=0.03)
    assert {routing.choose(weights, all_open, rng, np.array([True, False, False])) for _ in range(20)} == {0}
    assert routing.choose(weights, np.zeros(3, bool), rng) is None


def test_consensus_lists_are_sure_and_ordered() -> None:
    """10 of 10, 9 of 10, at last 1 of 1 (z = 1.414); 5 of 10 is not sure enough; one taken out does not appear."""
    agrees, seen = np.array([[9, 10, 5, 1, 10]]), np.array([[10, 10, 10, 1, 10]])
    counts = stats.Counts(agrees, seen - agrees, seen)
    out = np.array([False, False, False, False, True])
    picks = stats.consensus(counts, out)
    assert [p.statement for p in picks] == [1, 0, 3]
    assert picks[0].share == pytest.approx(11 / 12) and picks[0].test == pytest.approx(2 * math.sqrt(11) * 0.5)
    assert stats.consensus(counts, out, agree=False) == []


def _two(agrees: list[list[int]], disagrees: list[list[int]], seen: list[list[int]]) -> stats.Counts:
    return stats.Counts(np.array(agrees), np.array(disagrees), np.array(seen))


def test_representative_agrees_come_before_disagrees() -> None:
    """Group 0 agrees with statement 1 and rejects statement 0, which group 1 does the other way round."""
    counts = _two([[0, 9], [9, 1]], [[9, 0], [0, 8]], [[9, 9], [9, 9]])
    first, second = stats.representative(counts, np.zeros(2, bool))
    assert [(p.statement, p.agree) for p in first] == [(1, True), (0, False)]
    assert [(p.statement, p.agree) for p in second] == [(0, True), (1, False)]
    assert first[0].ratio == pytest.approx((10 / 11) / (2 / 11))


def test_representative_falls_back_to_one() -> None:
    """Nothing sure: what the group leans to; if nobody took a side, the most different one, or nothing."""
    lean = stats.representative(_two([[2], [1]], [[1], [2]], [[3], [3]]), NONE)
    assert [(p.statement, p.agree) for p in lean[0]] == [(0, True)]
    assert [(p.statement, p.agree) for p in lean[1]] == [(0, False)]
    assert stats.representative(_two([[2], [1]], [[1], [2]], [[3], [3]]), np.ones(1, bool)) == [[], []]


def test_at_most_five_are_representative() -> None:
    """Of eight the five strongest."""
    counts = _two([list(range(13, 21)), [0] * 8], [[0] * 8, [20] * 8], [[20] * 8, [20] * 8])
    picks = stats.representative(counts, np.zeros(8, bool))[0]
    assert [p.statement for p in picks] == [7, 6, 5, 4, 3]


def test_moderation_makes_a_statement_passed_by_all() -> None:
    """For the lists only; raw counts stay."""
    raw = _two([[2, 2], [1, 1]], [[0, 0], [0, 0]], [[2, 2], [1, 1]])
    done = stats.moderated(raw, np.array([4, 5]), np.array([True, False]))
    assert done.agrees.tolist() == [[0, 2], [0, 1]] and done.seen.tolist() == [[4, 2], [5, 1]]
