"""The figures of the loop for pages and chat, counted by the database; and counted again from the course of each issue alone.

An issue belongs to the month in which it was put on record (Shanghai), to its building, its kind and whoever has it to do;
what a party sent back is counted for that party, of all that was ever sent to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, update

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.figures import CONTENT, DONE, Case, Figure, Line, Rate, counts, meets, replay, returned_by, silent
from domain.lifecycle import Act
from domain.roles import Actor, Role, Where
from domain.states import State
from models.base import Tx
from models.tables import community, issue, issue_event, party
from services import audit, steps
from services.issues import by_number
from services.paging import within
from texts.places import house

GROUPS = ("category", "party", "building", "month")
i = issue.c
_OF: dict[Figure, Any] = {
    Figure.RESPONSE: lambda now: and_(i.contact_due.is_not(None), or_(i.contacted_at.is_not(None), i.contact_due < now)),
    Figure.SOLVED: lambda _: i.solved.is_not(None),
    Figure.SATISFIED: lambda _: i.rating.is_not(None),
    Figure.ON_TIME: lambda _: and_(i.state.in_([str(s) for s in DONE]), i.resolved_at.is_not(None)),
    Figure.RETURNED: lambda _: or_(i.assigned_at.is_not(None), i.returned > 0),
    Figure.REOPENED: lambda _: i.closed_at.is_not(None),
}
_MET: dict[Figure, ColumnElement[bool]] = {
    Figure.RESPONSE: i.contacted_at <= i.contact_due,
    Figure.SOLVED: i.solved.is_(True),
    Figure.SATISFIED: i.rating.in_(CONTENT),
    Figure.ON_TIME: or_(i.due_at.is_(None), i.resolved_at <= i.due_at),
    Figure.RETURNED: i.returned > 0,
    Figure.REOPENED: i.reopened > 0,
}
_sent = issue_event.c
_LOGGED = ("raised_at", "sent_to", "back_from")  # known from the course alone
_SILENT = and_(i.excused.is_(None), i.state == State.CLOSED, i.resolved_at.is_not(None), i.solved.is_(None))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which issues are looked at; what is '' or None is not narrowed."""

    community_id: Where = None
    month: str = ""  # 2026-11
    category: str = ""
    party_id: int | None = None
    building: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All figures of a choice of issues."""

    raised: int
    silent: int
    excused: int
    rates: dict[Figure, Rate]


# --- by the database ----------------------------------------------------------------------------------------------
def sheet(tx: Tx, asked: Asked, now: datetime) -> Sheet:
    """The figures of the issues asked for."""
    wanted = [func.count(), _number(_SILENT), _number(i.excused.is_not(None))]
    for figure in Figure:
        wanted += [_number(part(figure, met, now)) for met in (True, False)]
    found: Any = tx.execute(select(*wanted).where(*where(asked))).one()
    rates = {figure: Rate(found[3 + 2 * n], found[4 + 2 * n]) for n, figure in enumerate(Figure)}
    if asked.party_id is not None:
        counted = [select(func.count()).where(*_returned_by(asked, asked.party_id, met)) for met in (True, False)]
        rates[Figure.RETURNED] = Rate(*(int(tx.scalar(query)) for query in counted))
    return Sheet(found[0], found[1], found[2], rates)


def part(figure: Figure, met: bool, now: datetime) -> ColumnElement[bool]:
    """The condition of being counted in a figure: above the line, or below it."""
    below = and_(i.excused.is_(None), _OF[figure](now))
    return and_(below, _MET[figure]) if met else below


def _returned_by(asked: Asked, party_id: int, met: bool) -> list[ColumnElement[bool]]:
    """The condition of having been sent to a party, or sent back by it, whoever has it now."""
    chosen = {f.name: getattr(asked, f.name) for f in fields(Asked)} | {"party_id": None}
    found = [*where(Asked(**chosen)), i.excused.is_(None), i.id.in_(_ever_sent(party_id))]
    return [*found, i.id.in_(select(_sent.issue_id).where(_sent.act == Act.RETURN, _sent.party_id == party_id))] if met else found


def _ever_sent(party_id: int) -> Select[Any]:
    return select(_sent.issue_id).where(_sent.act == Act.ASSIGN, _sent.facts["party_id"].as_integer() == party_id)


def table(tx: Tx, asked: Asked, by: str, now: datetime) -> list[tuple[str, Asked, Sheet]]:
    """The figures of each category, party, building or month of what is asked for: its name, how it is asked for, its figures."""
    return [(name, part_of, sheet(tx, part_of, now)) for name, part_of in narrowed(tx, asked, by)]


def listed(asked: Asked, which: str, now: datetime) -> Select[Any]:
    """The issues a number was counted from: `response` those below the line, `response.met` those above it, `silent`, `excused`."""
    figure, _, met = which.partition(".")
    if figure == Figure.RETURNED and asked.party_id is not None:
        return select(issue).where(*_returned_by(asked, asked.party_id, met == "met"))
    others: dict[str, list[ColumnElement[bool]]] = {"": [], "silent": [_SILENT], "excused": [i.excused.is_not(None)]}
    chosen = others[which] if which in others else [part(Figure(figure), met == "met", now)]
    return select(issue).where(*where(asked), *chosen)


def where(asked: Asked) -> list[ColumnElement[bool]]:
    """The condition of what is asked for."""
    found: list[ColumnElement[bool]] = [i.number.is_not(None), within(i.community_id, asked.community_id)]
    if asked.month:
        since, until = span(asked.month)
        found += [i.created_at >= since, i.created_at < until]
    if asked.category:
        found.append(i.category == asked.category)
    if asked.party_id is not None:
        found.append(i.party_id == asked.party_id)
    if asked.building:
        found.append(i.place.startswith(asked.building, autoescape=True))
    return found


def span(month: str) -> tuple[datetime, datetime]:
    """When a month begins and ends here; what is no month is refused."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Refusal("figures.no_month", month=month) from None
    return first, (first + timedelta(days=32)).replace(day=1)


def month_of(at: datetime) -> str:
    """The month a moment belongs to here: 2026-11."""
    return f"{at.astimezone(SHANGHAI):%Y-%m}"


def choices(tx: Tx, community_id: Where) -> dict[str, list[tuple[str, str]]]:
    """What one may narrow by: (value, name) of each month, category, party and building there is something of."""
    return {by: [(_value(by, part_of), name) for name, part_of in narrowed(tx, Asked(community_id), by)] for by in GROUPS}


def narrowed(tx: Tx, asked: Asked, by: str) -> Iterator[tuple[str, Asked]]:
    """What is asked for, divided: (name, the part) of each category, party, building or month."""
    chosen = {f.name: getattr(asked, f.name) for f in fields(Asked)}
    if by == "party":  # whoever has one, and whoever had one
        had = select(_sent.facts["party_id"].as_integer()).join(issue, i.id == _sent.issue_id).where(
            _sent.act == Act.ASSIGN, *where(asked))
        among = [party.c.id == asked.party_id] if asked.party_id is not None else []
        for row in tx.all(select(party.c.id, party.c.name).where(or_(
                party.c.id.in_(select(i.party_id).where(*where(asked))), party.c.id.in_(had)), *among).order_by(party.c.id)):
            yield row.name, Asked(**chosen | {"party_id": row.id})
        return
    if by == "community":
        for row in tx.all(select(community.c.id, community.c.name).where(community.c.id.in_(
                select(i.community_id).where(*where(asked)).distinct())).order_by(community.c.id)):
            yield row.name, Asked(**chosen | {"community_id": row.id})
        return
    for value in _values(tx, asked, by):
        yield value, Asked(**chosen | {by: value})


def _values(tx: Tx, asked: Asked, by: str) -> list[str]:
    if by == "category":
        return sorted(tx.connection.scalars(select(i.category).where(*where(asked)).distinct()))
    if by == "building":
        places = tx.connection.scalars(select(i.place).where(*where(asked), i.place.is_not(None)).distinct())
        return sorted({found for p in places if (found := house(p))})
    ends: Any = tx.execute(select(func.min(i.created_at), func.max(i.created_at)).where(*where(asked))).one()
    first, last = ends
    months, month = [], month_of(first) if first else "~"
    while first and month <= month_of(last):
        months.append(month)
        month = month_of(span(month)[1])
    return months


def _value(by: str, asked: Asked) -> str:
    return str(getattr(asked, "party_id" if by == "party" else by))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


# --- from the log ---------------------------------------------------------------------------------------------------
def from_log(tx: Tx) -> dict[int, Case]:
    """Every issue as its course alone tells of it."""
    found: dict[int, Case] = {}
    e = issue_event.c
    lines = tx.connection.execute(select(e.issue_id, e.at, e.act, e.to_state, e.facts, e.party_id).order_by(e.issue_id, e.id))
    for issue_id, course in groupby(lines, key=lambda row: row.issue_id):
        told = replay(Line(row.at, row.act, row.to_state, row.facts, row.party_id) for row in course)
        if told is not None:
            found[issue_id] = told
    return found


def recount(tx: Tx, cases: dict[int, Case], asked: Asked, now: datetime) -> Sheet:
    """The figures from the log: of the issues themselves only where they belong (community, kind, place) is read."""
    rows = tx.all(select(i.id, i.community_id, i.category, i.place).where(i.number.is_not(None)))
    mine = [cases[row.id] for row in rows if row.id in cases and _asked_for(row, cases[row.id], asked)]
    rates = {f: Rate(sum(meets(f, c, now) for c in mine), sum(counts(f, c, now) for c in mine)) for f in Figure}
    if asked.party_id is not None:
        everyone = Asked(**{f.name: getattr(asked, f.name) for f in fields(Asked)} | {"party_id": None})
        rates[Figure.RETURNED] = returned_by(asked.party_id, [
            cases[row.id] for row in rows if row.id in cases and _asked_for(row, cases[row.id], everyone)])
    return Sheet(len(mine), sum(map(silent, mine)), sum(c.excused for c in mine), rates)


def _asked_for(row: Row[Any], told: Case, asked: Asked) -> bool:
    assert told.raised_at is not None
    return ((asked.community_id is None or row.community_id == asked.community_id)
            and (not asked.month or month_of(told.raised_at) == asked.month)
            and (not asked.category or row.category == asked.category)
            and (asked.party_id is None or told.party_id == asked.party_id)
            and (not asked.building or (row.place is not None and house(row.place) == asked.building)))


def differences(tx: Tx, cases: dict[int, Case]) -> list[tuple[int, str, Any, Any]]:
    """Where an issue is not what its course says: (its number, what, by the course, as it is kept)."""
    found: list[tuple[int, str, Any, Any]] = []
    for row in tx.connection.execute(select(issue).where(i.number.is_not(None)).order_by(i.id)):
        told = cases.get(row.id)
        if told is None:
            found.append((row.number, "submit", None, row.created_at))
            continue
        kept = {f.name: getattr(row, f.name) for f in fields(Case) if f.name not in _LOGGED}
        kept |= {"raised_at": row.created_at, "excused": row.excused is not None}
        found += [(row.number, name, getattr(told, name), value) for name, value in kept.items() if getattr(told, name) != value]
    return found


# --- a person's word --------------------------------------------------------------------------------------------------
def excuse(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """Leaves an issue out of every figure, because what it asks for is not reasonable; '' counts it again."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("figures.admin_only")
    row = by_number(tx, actor.community_id, number, lock=True)
    if reason and len(reason.strip()) < 2:
        raise Refusal("figures.why", number=row.number)
    tx.execute(update(issue).where(i.id == row.id).values(excused=reason or None, version=row.version + 1, changed_at=now))
    steps.event(tx, row.id, "excuse" if reason else "count", actor, now=now, text=reason or None, inner=True,
                facts={"excused": bool(reason)})
    audit.note(tx, actor, "issue.excuse" if reason else "issue.count", f"issue:{row.id}", now=now, words=audit.digest(reason))
    return steps.by_id(tx, row.id)

