"""The figures of the loop as 12345 counts them (DOMAIN §2.3): which issues each is counted from, and which of these count.

An issue that nothing can be said of is in no denominator; a share of nothing is no number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.lifecycle import Act
from domain.states import State

CONTENT = ("very_satisfied", "satisfied", "fair")
DONE = frozenset({State.RESOLVED, State.CLOSED})
NOTHING = "—"


class Figure(StrEnum):
    """A share that is published."""

    RESPONSE = "response"  # 响应率: first word in time, of those to whom it was due
    SOLVED = "solved"  # 解决率: said to be solved, of those who answered
    SATISFIED = "satisfied"  # 满意率
    ON_TIME = "on_time"  # 按期办结率
    RETURNED = "returned"  # 退单率: sent back at least once, of those sent out; of a party: by it, of those sent to it
    REOPENED = "reopened"  # 重开率: opened again at least once, of those that were ever closed


@dataclass(frozen=True, slots=True)
class Case:
    """What the figures need to know of an issue."""

    state: str = State.SUBMITTED
    raised_at: datetime | None = None
    excused: bool = False
    party_id: int | None = None
    assigned_at: datetime | None = None
    contact_due: datetime | None = None
    contacted_at: datetime | None = None
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    solved: bool | None = None
    rating: str | None = None
    returned: int = 0
    reopened: int = 0
    sent_to: frozenset[int] = frozenset()  # every party that ever got it
    back_from: frozenset[int] = frozenset()  # every party that sent it back


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many; in words cut, never rounded up, and a dash where there is nothing to share."""

    met: int = 0
    of: int = 0

    def __str__(self) -> str:
        if not self.of:
            return NOTHING
        cents = 10_000 * self.met // self.of
        return f"{cents // 100}.{cents % 100:02d}%"


def _contact_expected(case: Case, now: datetime) -> bool:
    return case.contact_due is not None and (case.contacted_at is not None or case.contact_due < now)


_OF: dict[Figure, Callable[[Case, datetime], bool]] = {
    Figure.RESPONSE: _contact_expected,
    Figure.SOLVED: lambda c, _: c.solved is not None,
    Figure.SATISFIED: lambda c, _: c.rating is not None,
    Figure.ON_TIME: lambda c, _: c.state in DONE and c.resolved_at is not None,
    Figure.RETURNED: lambda c, _: c.assigned_at is not None or c.returned > 0,
    Figure.REOPENED: lambda c, _: c.closed_at is not None,
}
_MET: dict[Figure, Callable[[Case], bool]] = {
    Figure.RESPONSE: lambda c: c.contacted_at is not None and c.contact_due is not None and c.contacted_at <= c.contact_due,
    Figure.SOLVED: lambda c: c.solved is True,
    Figure.SATISFIED: lambda c: c.rating in CONTENT,
    Figure.ON_TIME: lambda c: c.due_at is None or (c.resolved_at is not None and c.resolved_at <= c.due_at),
    Figure.RETURNED: lambda c: c.returned > 0,
    Figure.REOPENED: lambda c: c.reopened > 0,
}


def counts(figure: Figure, case: Case, now: datetime) -> bool:
    """True when the issue is one of those the figure is a share of."""
    return not case.excused and _OF[figure](case, now)


def meets(figure: Figure, case: Case, now: datetime) -> bool:
    """True when it is also one of those that count."""
    return counts(figure, case, now) and _MET[figure](case)


def silent(case: Case) -> bool:
    """True when it was closed because nobody answered whether it is solved: reported beside the figures, in none of them."""
    return not case.excused and case.state == State.CLOSED and case.resolved_at is not None and case.solved is None


def rates(cases: Iterable[Case], now: datetime) -> dict[Figure, Rate]:
    """All figures of these issues."""
    held = list(cases)
    return {figure: Rate(sum(meets(figure, c, now) for c in held), sum(counts(figure, c, now) for c in held)) for figure in Figure}


def returned_by(party: int, cases: Iterable[Case]) -> Rate:
    """What a party sent back of all it ever got, whoever has it now."""
    got = [c for c in cases if not c.excused and party in c.sent_to]
    return Rate(sum(party in c.back_from for c in got), len(got))


# --- from the log -----------------------------------------------------------------------------------------------
_TIMES = ("due_at", "contact_due", "assigned_at", "contacted_at", "resolved_at", "closed_at")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an issue's course, as it was written."""

    at: datetime
    act: str
    to: str | None
    facts: dict[str, Any] | None
    party_id: int | None = None  # for whom it was done


def replay(lines: Iterable[Line]) -> Case | None:
    """The issue as its course alone tells of it; None when it was never put on record."""
    case = None
    for line in lines:
        if line.act == Act.SUBMIT:
            case = Case(raised_at=line.at)
        if case is not None:
            case = _after(case, line)
    return case


def _after(case: Case, line: Line) -> Case:
    """What one line changes: first what every act of its kind means, then what it says of itself."""
    told: dict[str, Any] = {}
    match line.act:
        case Act.ASSIGN:
            to = (line.facts or {}).get("party_id")
            told = {"assigned_at": line.at, "contacted_at": None, "contact_due": None,
                    "sent_to": case.sent_to | ({to} if to is not None else set())}
        case Act.RETURN:
            told = {"returned": case.returned + 1, "contact_due": None,
                    "back_from": case.back_from | ({line.party_id} if line.party_id is not None else set())}
        case Act.CONTACT:
            told = {"contacted_at": case.contacted_at or line.at}
        case Act.RESOLVE:
            told = {"resolved_at": line.at}
        case Act.REOPEN:
            told = {"reopened": case.reopened + 1}
    if line.to == State.CLOSED:
        told["closed_at"] = line.at
    for name, value in (line.facts or {}).items():
        if name in _TIMES:
            told[name] = None if value is None else datetime.fromisoformat(value)
        elif name in ("party_id", "solved", "rating", "returned", "reopened", "excused"):
            told[name] = value
    return replace(case, **told | ({"state": line.to} if line.to else {}))
