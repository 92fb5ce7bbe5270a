"""The clocks of an issue: which there are, in which states each runs, and how long it takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.clock import SHANGHAI
from domain.states import State
from domain.workdays import IsWorkday, due_day, end_of


class Timer(StrEnum):
    """Something that becomes due."""

    DRAFT = "draft"  # a draft nobody confirmed is forgotten
    ANSWER = "answer"  # accepted or declined by then
    NOTICE = "notice"  # what was announced begins
    DISCUSSION = "discussion"  # the time for opinions is over
    PUBLICITY = "publicity"  # objections to a result have been heard
    SIGN = "sign"  # 签收
    CONTACT = "contact"  # the first word with who raised it
    WORK = "work"  # done by then; runs again each day after that
    REVIEW = "review"  # a suspended matter is looked at again
    FOLLOW = "follow"  # what became of it outside
    CONFIRM = "confirm"  # silence is taken for a yes
    WHISTLE = "whistle"  # nobody came: one level up
    PROMISE = "promise"  # what was promised is due
    CLAIM = "claim"  # what a resident took on is due


_WORK = frozenset({State.ASSIGNED, State.IN_PROGRESS})
LIVES: dict[Timer, frozenset[State]] = {  # a clock that is not here runs in every state
    Timer.DRAFT: frozenset({State.DRAFT}), Timer.ANSWER: frozenset({State.SUBMITTED}),
    Timer.NOTICE: frozenset({State.CONSULTING}), Timer.DISCUSSION: frozenset({State.CONSULTING}),
    Timer.PUBLICITY: frozenset({State.PUBLICITY}), Timer.SIGN: frozenset({State.ASSIGNED}),
    Timer.CONTACT: _WORK, Timer.WORK: _WORK, Timer.REVIEW: frozenset({State.SUSPENDED}),
    Timer.FOLLOW: frozenset({State.TRANSFERRED}), Timer.CONFIRM: frozenset({State.RESOLVED}),
    Timer.WHISTLE: frozenset({State.ACCEPTED, State.CONSULTING, *_WORK}), Timer.CLAIM: frozenset({State.ACCEPTED}),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as it is promised: whole working days (until 24:00 of the last), or plain days, hours, minutes."""

    workdays: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0

    def after(self, start: datetime, is_workday: IsWorkday) -> datetime:
        """When it is over; the day it begins does not count (民法典 第201条)."""
        if self.workdays:
            return end_of(due_day(start.astimezone(SHANGHAI).date(), self.workdays, is_workday))
        return start + timedelta(days=self.days, hours=self.hours, minutes=self.minutes)


SPANS: dict[tuple[Timer, str], Span] = {  # by urgency; "" is every other
    (Timer.DRAFT, ""): Span(hours=24),
    (Timer.ANSWER, ""): Span(workdays=1), (Timer.ANSWER, "urgent"): Span(hours=2), (Timer.ANSWER, "critical"): Span(minutes=15),
    (Timer.NOTICE, ""): Span(days=3), (Timer.DISCUSSION, ""): Span(days=7), (Timer.PUBLICITY, ""): Span(days=7),
    (Timer.SIGN, ""): Span(workdays=1), (Timer.CONTACT, ""): Span(workdays=1),
    (Timer.WORK, ""): Span(workdays=5), (Timer.WORK, "urgent"): Span(hours=24), (Timer.WORK, "critical"): Span(hours=2),
    (Timer.REVIEW, ""): Span(days=30), (Timer.FOLLOW, ""): Span(workdays=5), (Timer.CONFIRM, ""): Span(days=3),
    (Timer.WHISTLE, ""): Span(workdays=1), (Timer.PROMISE, ""): Span(workdays=5),
    (Timer.CLAIM, ""): Span(days=7),
}


def lives_in(timer: Timer, state: State) -> bool:
    """True when the clock goes on in this state."""
    return timer not in LIVES or state in LIVES[timer]


def span(timer: Timer, urgency: str = "", spans: dict[tuple[Timer, str], Span] | None = None) -> Span:
    """How long a clock takes for an issue of this urgency."""
    known = SPANS if spans is None else spans
    return known.get((timer, urgency)) or known[(timer, "")]
