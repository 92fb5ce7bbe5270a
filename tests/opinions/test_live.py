"""A round while it runs: every vote counts at once, and the map follows."""

import time

import numpy as np
import pytest

from opinions import rounds
from opinions.live import Live
from opinions.matrix import from_events
from tests.opinions.planted import camps


def test_votes_count_at_once_and_the_last_one_wins() -> None:
    """Changed, not added; the priority of the statement follows."""
    live = Live(["a", "b"])
    start = live.priorities[0]
    assert live.vote("p", "a", 1) < start * 4
    assert live.counts("a") == (1, 0, 1)
    before = live.priorities[0]
    live.vote("p", "a", -1)
    assert live.counts("a") == (0, 1, 1) and live.priorities[0] < before
    with pytest.raises(ValueError, match="1, 0 or -1"):
        live.vote("p", "a", 2)


def test_nobody_is_asked_twice_or_what_was_taken_out() -> None:
    """And at the end nothing is left."""
    live, rng = Live(["a", "b", "c"], out=["c"]), np.random.default_rng(0)
    asked = []
    while (statement := live.next_for("p", rng, first=["b"])) is not None:
        asked.append(statement)
        live.vote("p", statement, 0)
    assert asked == ["b", "a"]


def test_the_live_round_and_the_whole_computation_agree() -> None:
    """Vote by vote gives what all votes at once give; more than sixteen statements make it grow."""
    events, _ = camps(40, 24, 2)
    live = Live([])
    for event in events:
        live.vote(*event)
    found, all_at_once = live.recompute(), rounds.analyse(from_events(events))
    assert (found.points == all_at_once.points).all() and (found.group == all_at_once.group).all()
    for statement, priority in zip(found.votes.statements, all_at_once.priorities(), strict=True):
        assert live.priorities[live.add(statement)] == pytest.approx(priority)
    live.vote("p0", "s0", 0)
    assert (live.recompute().group == found.group).all()


def test_one_vote_takes_less_than_a_millisecond() -> None:
    """The quickest of many, so that a busy machine does not matter."""
    live = Live(range(1000))
    times = []
    for n in range(2000):
        begun = time.perf_counter()
        live.vote(n % 50, n % 1000, 1)
        times.append(time.perf_counter() - begun)
    assert np.median(times) < 0.001
