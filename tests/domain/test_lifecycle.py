"""The life of an issue: the table is whole, and a random walk never leaves it."""

import random

import pytest

from domain.errors import Refusal
from domain.lifecycle import OPEN, TABLE, TERMINAL, Act, State, Who, step


def test_every_state_can_be_reached_and_left() -> None:
    """Nothing is a dead end by accident, and nothing stands apart."""
    assert {s.to for s in TABLE.values()} | {State.DRAFT, State.SUBMITTED} == set(State)
    assert {state for state, _ in TABLE} == set(State) - TERMINAL
    assert OPEN.isdisjoint(TERMINAL)


@pytest.mark.parametrize(("state", "act", "who"), [
    (State.CLOSED, Act.ACCEPT, Who.STAFF), (State.SUBMITTED, Act.RESOLVE, Who.STAFF),
    (State.SUBMITTED, Act.ACCEPT, Who.SUBMITTER), (State.RESOLVED, Act.CONFIRM, Who.STAFF),
    (State.MERGED, Act.REOPEN, Who.SUBMITTER), (State.IN_PROGRESS, Act.WITHDRAW, Who.SUBMITTER)])
def test_what_is_not_in_the_table_is_refused(state: State, act: Act, who: Who) -> None:
    """A wrong act or a wrong hand is a polite no."""
    with pytest.raises(Refusal):
        step(state, act, who)


def test_a_random_walk_only_takes_steps_of_the_table() -> None:
    """Ten thousand random acts by random people: each is a step of the table or a refusal."""
    chance = random.Random(20260302)
    state = State.DRAFT
    for _ in range(10_000):
        act, who = chance.choice(list(Act)), chance.choice(list(Who))
        allowed = (state, act) in TABLE and who in TABLE[(state, act)].who
        try:
            after = step(state, act, who).to
        except Refusal:
            assert not allowed
        else:
            assert allowed and after is TABLE[(state, act)].to
            state = State.DRAFT if after in TERMINAL else after
