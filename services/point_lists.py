"""The ledger of points as the console lists it: who has how many, each line with what it was for, and what a month has brought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, cast, func, literal, or_, select

from domain.clock import SHANGHAI
from domain.points import Kind
from models.base import Tx
from models.deeds import point
from models.tables import issue
from services import browse
from services.paging import Filter, Page, short, within
from services.sight import NOBODY

_ROOM = 2**40  # more than there will ever be people: a place in the list is points, then who came first


@dataclass(frozen=True, slots=True)
class Sums:
    """How much there is and what the month has brought."""

    people: int  # who have any
    held: int
    given: int
    spent: int


def standings(tx: Tx, chosen: Filter) -> Page:
    """Everybody with a line in the ledger, the most points first."""
    total = func.sum(point.c.amount)
    gained = func.coalesce(func.sum(point.c.amount).filter(point.c.amount > 0, *_stands()), 0)
    spent = func.coalesce(func.sum(-point.c.amount).filter(point.c.amount < 0, *_stands()), 0)
    place = cast(total, BigInteger) * literal(_ROOM, BigInteger) + (_ROOM - 1 - point.c.person_id)
    query = select(
        point.c.person_id.label("id"), point.c.community_id, total.label("balance"), gained.label("gained"), spent.label("spent"),
        func.count().label("lines"), func.max(point.c.at).label("last"), place.label("place")).where(
            point.c.person_id.is_not(None)).group_by(point.c.person_id, point.c.community_id)
    query = query.where(within(point.c.community_id, chosen.community_id))
    if chosen.person:
        query = query.where(point.c.person_id.in_(browse.people_called(tx, chosen)))
    if chosen.before is not None:
        query = query.having(place < chosen.before)
    rows = tx.all(query.order_by(place.desc()).limit(chosen.limit))
    return Page(rows, rows[-1].place if len(rows) == chosen.limit else None)


def lines(tx: Tx, chosen: Filter) -> Page:
    """Every line of the ledger, the newest first, and which line took it back."""
    undone = point.alias("undone")
    query = select(point, undone.c.id.label("reversed_by"), issue.c.number.label("issue")).join_from(
        point, undone, undone.c.reverses_id == point.c.id, isouter=True).join(issue, issue.c.id == point.c.issue_id, isouter=True)
    if chosen.person:
        query = query.where(point.c.person_id.in_(browse.people_called(tx, chosen)))
    if chosen.kind:
        query = query.where(point.c.kind == chosen.kind)
    if chosen.text:
        line = chosen.text.removeprefix("#")
        number = int(line) if line.isascii() and line.isdecimal() and len(line) < 10 else 0
        query = query.where(or_(browse.holds(point.c.reason, chosen.text), point.c.id == number))
    return short(tx, query, chosen, community=point.c.community_id, at=point.c.at, key=point.c.id)


def named(tx: Tx, rows: list[Row[Any]]) -> dict[Any, str]:
    """People and whoever entered the lines, as admins call them."""
    people = {getattr(row, "person_id", None) or row.id for row in rows if getattr(row, "person_id", row.id) is not None}
    makers = {row.made_by for row in rows if hasattr(row, "made_by")} - {NOBODY}
    return {**browse.labels(tx, people), **browse.actors(tx, makers)}


def sums(tx: Tx, community_id: int, *, now: datetime) -> Sums:
    """Of one community, with the month that is going on; what was taken back counts on neither side."""
    month = now.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    here = point.c.community_id == community_id
    balances = select(func.sum(point.c.amount).label("n")).where(here, point.c.person_id.is_not(None)).group_by(
        point.c.person_id).subquery()
    people = tx.scalar(select(func.count()).select_from(balances).where(balances.c.n > 0))
    held = tx.scalar(select(func.coalesce(func.sum(balances.c.n), 0)))
    given, spent = (tx.scalar(select(func.coalesce(func.sum(amount), 0)).where(
        here, amount > 0, point.c.at >= month, *_stands())) for amount in (point.c.amount, -point.c.amount))
    return Sums(int(people), int(held), int(given), int(spent))


def _stands() -> list[ColumnElement[bool]]:
    """A line that was not taken back, and takes none back."""
    return [point.c.kind != Kind.REVERSAL, point.c.id.not_in(select(point.c.reverses_id).where(point.c.reverses_id.is_not(None)))]
