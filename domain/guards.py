"""What must hold before an issue may take a step: facts in, yes or no out; the catalogue says each no under `guard.…`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RESULT_LEAST = 10  # characters of a result that says what was done
REOPEN_WITHIN = timedelta(days=7)
REVIEW_WITHIN = timedelta(days=30)


class Guard(StrEnum):
    """A condition of a step."""

    REASON = "reason"
    RESULT = "result"
    EVIDENCE = "evidence"
    PARTY = "party"
    OUTSIDE = "outside"
    OWN_WAY_FIRST = "own_way_first"
    PUBLIC = "public"
    NO_DANGER = "no_danger"
    AGREED = "agreed"
    ANSWERED = "answered"
    PUBLISHED = "published"
    IN_TIME_TO_RETURN = "in_time_to_return"
    NOT_DESIGNATED = "not_designated"
    DECIDED = "decided"
    BEFORE_DUE = "before_due"
    FIRST_EXTENSION = "first_extension"
    NOT_TOO_LONG = "not_too_long"
    REVIEW_SOON = "review_soon"
    STILL_FRESH = "still_fresh"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards look at: of the issue as it is kept, and of the act as it is asked for."""

    now: datetime | None = None
    reason: str = ""
    result: str = ""
    dispatched: bool = False  # somebody else was sent
    evidence: bool = False  # a photo, or the word that none is needed
    party: bool = False  # somebody in the directory is named
    outside: str = ""  # the unit outside and the number of its receipt
    track: str = "shared"  # self | shared | public
    own_way: bool = False  # the residents' own proposal was asked for, or a reason says why not
    private: bool = False
    danger: bool = False  # danger or illegality: never put to a vote
    agreed: bool = True  # nothing is in dispute, or a consensus or decision is on record
    open_objections: int = 0
    published: bool = False  # the result is being published: objections are still heard
    designated: bool = False
    decided: bool = False  # who may decide names another party, although somebody is at work
    return_until: datetime | None = None
    due_at: datetime | None = None
    extended: int = 0
    longer: timedelta = timedelta(0)  # asked for
    original: timedelta = timedelta(0)  # the whole time there was
    review_at: datetime | None = None
    closed_at: datetime | None = None
    promised: bool = False  # what was promised of it was not kept: that has no time limit


def _before(moment: datetime | None, limit: datetime | None) -> bool:
    return moment is not None and limit is not None and moment <= limit


_CHECKS: dict[Guard, Callable[[Facts], bool]] = {
    Guard.REASON: lambda f: len(f.reason.strip()) >= 2,
    Guard.RESULT: lambda f: bool(f.result.strip()),
    Guard.EVIDENCE: lambda f: not f.dispatched or (f.evidence and len(f.result.strip()) >= RESULT_LEAST),
    Guard.PARTY: lambda f: f.party,
    Guard.OUTSIDE: lambda f: len(f.outside.strip()) >= 2,
    Guard.OWN_WAY_FIRST: lambda f: f.track != "self" or f.own_way,
    Guard.PUBLIC: lambda f: not f.private,
    Guard.NO_DANGER: lambda f: not f.danger,
    Guard.AGREED: lambda f: f.agreed,
    Guard.ANSWERED: lambda f: f.open_objections == 0,
    Guard.PUBLISHED: lambda f: not f.published,
    Guard.IN_TIME_TO_RETURN: lambda f: _before(f.now, f.return_until),
    Guard.NOT_DESIGNATED: lambda f: not f.designated,
    Guard.DECIDED: lambda f: f.decided,
    Guard.BEFORE_DUE: lambda f: _before(f.now, f.due_at),
    Guard.FIRST_EXTENSION: lambda f: f.extended == 0,
    Guard.NOT_TOO_LONG: lambda f: timedelta(0) < f.longer <= f.original,
    Guard.REVIEW_SOON: lambda f: f.now is not None and f.review_at is not None and f.now < f.review_at <= f.now + REVIEW_WITHIN,
    Guard.STILL_FRESH: lambda f: f.promised or _before(f.now, f.closed_at and f.closed_at + REOPEN_WITHIN),
}


def holds(guard: Guard, facts: Facts) -> bool:
    """True when the condition holds."""
    return _CHECKS[guard](facts)
