"""The life of an issue: the table is whole, every clock has its states, and a random walk never leaves it."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Forbidden
from domain.guards import Facts, Guard, holds
from domain.lifecycle import OPEN, TABLE, TERMINAL, Act, Who, step
from domain.states import State
from domain.timers import LIVES, SPANS, Timer
from texts.say import has

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
FINE = Facts(  # everything holds
    decided=True, now=NOW, reason="当时弄错了", result="已换新主板，恢复运行正常", dispatched=True, evidence=True, party=True, outside="城管局 2026031234",
    own_way=True, return_until=NOW, due_at=NOW, longer=timedelta(days=1), original=timedelta(days=1),
    review_at=NOW + timedelta(days=1), closed_at=NOW)


def test_every_state_can_be_reached_and_left() -> None:
    """Nothing is a dead end, and nothing stands apart."""
    assert {s.to for s in TABLE.values()} | {State.DRAFT, State.SUBMITTED} == {*State, None}
    assert {state for state, _ in TABLE} == set(State)
    assert OPEN.isdisjoint(TERMINAL)


def test_what_nobody_may_undo_is_undone_by_an_admin_only() -> None:
    """Rejected, withdrawn and merged issues leave that state by a person's decision, never by a clock or a resident."""
    for (state, _), found in TABLE.items():
        if state in TERMINAL:
            assert found.who <= {Who.ADMIN, Who.STAFF}


@pytest.mark.parametrize(("state", "act", "who"), [
    (State.CLOSED, Act.ACCEPT, Who.STAFF), (State.SUBMITTED, Act.RESOLVE, Who.STAFF),
    (State.SUBMITTED, Act.ACCEPT, Who.SUBMITTER), (State.RESOLVED, Act.CONFIRM, Who.STAFF),
    (State.MERGED, Act.REOPEN, Who.SUBMITTER), (State.IN_PROGRESS, Act.WITHDRAW, Who.SUBMITTER),
    (State.PUBLICITY, Act.REVIEW_VOTE, Who.STAFF)])
def test_what_is_not_in_the_table_is_refused(state: State, act: Act, who: Who) -> None:
    """A wrong act or a wrong hand is a polite no."""
    with pytest.raises(Forbidden):
        step(state, act, {who}, FINE)


@pytest.mark.parametrize("guard", list(Guard))
def test_every_guard_lets_through_and_stops_and_says_why(guard: Guard) -> None:
    """Nothing is a guard in name only: each holds for sound facts, fails for some others, and has its sentence."""
    assert holds(guard, FINE)
    late, early = NOW + timedelta(days=31), NOW - timedelta(seconds=1)
    bad = Facts(now=late, dispatched=True, track="self", private=True, danger=True, agreed=False, open_objections=1, published=True,
                designated=True, return_until=early, due_at=early, extended=1, closed_at=early)
    assert not holds(guard, bad)
    assert has(f"guard.{guard}")
    assert any(guard in found.needs for found in TABLE.values())


@pytest.mark.parametrize(("guard", "facts", "yes"), [
    (Guard.IN_TIME_TO_RETURN, Facts(now=NOW, return_until=NOW), True),
    (Guard.IN_TIME_TO_RETURN, Facts(now=NOW + timedelta(seconds=1), return_until=NOW), False),
    (Guard.NOT_TOO_LONG, Facts(longer=timedelta(days=5), original=timedelta(days=5)), True),
    (Guard.NOT_TOO_LONG, Facts(longer=timedelta(days=5, seconds=1), original=timedelta(days=5)), False),
    (Guard.STILL_FRESH, Facts(now=NOW, closed_at=NOW - timedelta(days=7)), True),
    (Guard.STILL_FRESH, Facts(now=NOW, closed_at=NOW - timedelta(days=7, seconds=1)), False),
    (Guard.REVIEW_SOON, Facts(now=NOW, review_at=NOW + timedelta(days=30)), True),
    (Guard.REVIEW_SOON, Facts(now=NOW, review_at=NOW + timedelta(days=30, seconds=1)), False),
    (Guard.EVIDENCE, Facts(dispatched=True, result="一二三四五六七八九十", evidence=True), True),
    (Guard.EVIDENCE, Facts(dispatched=True, result="一二三四五六七八九", evidence=True), False),
    (Guard.EVIDENCE, Facts(result="好了"), True),
    (Guard.OWN_WAY_FIRST, Facts(track="self"), False), (Guard.OWN_WAY_FIRST, Facts(track="public"), True)])
def test_guards_to_the_last_second(guard: Guard, facts: Facts, yes: bool) -> None:
    """以内 includes the last moment (民法典 第1259条)."""
    assert holds(guard, facts) is yes


def test_every_clock_that_a_step_begins_runs_in_the_state_it_leads_to() -> None:
    """Otherwise it would end at once; and every clock has a length."""
    for found in TABLE.values():
        for timer in found.starts:
            assert found.to is None or found.to in LIVES[timer]
    assert {timer for timer, _ in SPANS} == set(Timer)


def test_a_random_walk_only_takes_steps_of_the_table() -> None:
    """A hundred thousand random acts by random hands: each is a step of the table or a refusal."""
    chance = random.Random(20260302)
    state = State.DRAFT
    for _ in range(100_000):
        act, who = chance.choice(list(Act)), chance.choice(list(Who))
        facts = FINE if chance.random() < 0.8 else Facts()
        found = TABLE.get((state, act))
        allowed = found is not None and who in found.who and all(holds(guard, facts) for guard in found.needs)
        try:
            after = step(state, act, {who}, facts).to
        except Forbidden:
            assert not allowed
        else:
            assert allowed and found is not None and after is found.to
            state = State.DRAFT if after is None or after in TERMINAL else after
