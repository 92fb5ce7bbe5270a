"""The stages of an issue as its pages draw them."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.course import STAGE_OF, Stage, marks
from domain.states import State

DAY = datetime(2026, 3, 2, tzinfo=UTC)
SIGNS = {"done": "+", "now": "@", "skipped": "-", "ahead": "."}


def drawn(state: str, *reached: str) -> str:
    dates = {State(each): DAY + timedelta(days=n) for n, each in enumerate(reached)}
    return "".join(SIGNS[m.how] for m in marks(State(state), dates))


@pytest.mark.parametrize(("state", "reached", "picture"), [
    ("submitted", "submitted", "@......"), ("accepted", "submitted accepted", "+@....."),
    ("consulting", "submitted accepted consulting", "++@...."), ("voting", "submitted accepted consulting voting", "+++@..."),
    ("publicity", "submitted accepted consulting voting publicity", "+++@..."),
    ("assigned", "submitted accepted assigned", "++--@.."), ("suspended", "submitted accepted assigned in_progress suspended", "++--@.."),
    ("transferred", "submitted accepted transferred", "++--@.."),
    ("resolved", "submitted accepted assigned in_progress resolved", "++--++@"),
    ("resolved", "submitted accepted resolved", "++---+@"), ("closed", "submitted accepted resolved closed", "++---++"),
    ("in_progress", "submitted accepted assigned in_progress resolved closed", "++--@.."),  # reopened
    ("closed", "submitted accepted consulting voting publicity closed", "++++--+"),  # voted down
    ("rejected", "submitted rejected", "+......"), ("merged", "submitted accepted merged", "++....."),
    ("withdrawn", "submitted withdrawn", "+......")])
def test_the_present_step_is_marked_and_what_was_passed_over_is_grey(state: str, reached: str, picture: str) -> None:
    assert drawn(state, *reached.split()) == picture


def test_every_state_on_the_way_has_its_stage_and_dates_stand_under_what_was_reached() -> None:
    assert set(State) - set(STAGE_OF) == {State.DRAFT, State.REJECTED, State.MERGED, State.WITHDRAWN}
    found = marks(State.IN_PROGRESS, {State.SUBMITTED: DAY, State.ASSIGNED: DAY + timedelta(days=1),
                                      State.IN_PROGRESS: DAY + timedelta(days=2), State.RESOLVED: DAY + timedelta(days=3)})
    assert {m.stage: m.at for m in found if m.at} == {Stage.RAISED: DAY, Stage.WORKED: DAY + timedelta(days=1)}
