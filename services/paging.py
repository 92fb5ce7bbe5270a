"""Walks long tables newest first, by key and never by offset, so that a million rows stay fast.

Keys are given out in the order of time, but no index on time is needed for that: the first key of a day is found
by halving, some twenty look-ups by primary key. Words and marks of the messages and the audit log are found by the index of
services/finding.py; other filters on words read the rows. Either way a page looks through at most SCAN keys and then
offers to go on from there: it neither skips a row nor shows one twice, whatever is written meanwhile.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, func, select, true, union_all

from domain.roles import Where
from models.base import Tx
from services import finding

PAGE = 50
SCAN = 20_000
LARGEST = 2**63 - 1  # the largest key a database can hold
_SLACK = timedelta(hours=1)  # keys of writers side by side are out of order by seconds at most


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty fields do not narrow."""

    community_id: Where = None
    since: datetime | None = None
    until: datetime | None = None
    person: str = ""
    kind: str = ""
    text: str = ""
    before: int | None = None  # the key the page ends before
    limit: int = PAGE
    private: bool = True  # False: without private tickets


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and where older ones begin; `before` is None when there are none."""

    rows: list[Row[Any]]
    before: int | None = None
    stopped: bool = False  # the page ends because enough was looked through, not because it is full


def short(tx: Tx, query: Select[Any], chosen: Filter, *, community: Column, at: Column | None, key: Column) -> Page:
    """A page of a table that stays small or is filtered by indexes."""
    return _cut(tx.all(_narrow(query, chosen, community, at, key)), chosen, key, None)


def long(tx: Tx, query: Select[Any], chosen: Filter, *, community: Column, at: Column, key: Column, words: bool) -> Page:
    """A page of a table that grows without end; `words` when the query filters by what no index knows."""
    if isinstance(chosen.community_id, frozenset) and not words:  # each community by its own index
        each = [community == i for i in sorted(chosen.community_id)]
        return newest_of(tx, query, each, chosen, community=community, at=at, key=key)
    top, bottom = span(tx, chosen, key, at)
    stop = bottom
    if words:
        newest = tx.scalar(select(func.max(key)).where(key < top))
        if newest is None:
            return Page([])
        stop = max(bottom, newest + 1 - SCAN)
    query = _narrow(query, replace(chosen, before=None), community, at, key).where(key < top, key >= stop)
    return _cut(tx.all(query), chosen, key, stop if stop > bottom and stop > 1 else None)


def sought(tx: Tx, query: Select[Any], chosen: Filter, log: finding.Log, *, community: Column, wanted: list[set[int]]) -> Page:
    """A page of an indexed log: only stretches are read in which all that is wanted may stand."""
    top, bottom = span(tx, chosen, log.key, log.at)
    rows: list[Row[Any]] = []
    looked = 0
    for low, high in finding.stretches(tx, log, wanted, top=top, bottom=bottom, most=SCAN):
        part = replace(chosen, before=None, limit=chosen.limit - len(rows))
        rows += tx.all(_narrow(query, part, community, log.at, log.key).where(log.key >= low, log.key < high))
        looked += high - low
        if len(rows) == chosen.limit:
            break
        if looked >= SCAN and low > max(bottom, 1):
            return Page(rows, low, stopped=True)
    return _cut(rows, chosen, log.key, None)


def newest_of(tx: Tx, query: Select[Any], parts: list[Any], chosen: Filter, *, community: Column, at: Column, key: Column) -> Page:
    """A page of the rows that meet one of these conditions, each of which an index (column, key) answers by itself.

    Each condition gives its own newest keys; asked in one, the database might walk the whole table by its key.
    """
    if not parts:
        return Page([])
    each = [_narrow(query.with_only_columns(key), chosen, community, at, key).where(part).subquery() for part in parts]
    keys = union_all(*[select(one.c[key.name]) for one in each])
    return _cut(tx.all(query.where(key.in_(keys)).order_by(key.desc()).limit(chosen.limit)), chosen, key, None)


def span(tx: Tx, chosen: Filter, key: Column, at: Column) -> tuple[int, int]:
    """Between which keys the chosen time lies, with some room on both sides: below the first, from the second on."""
    top = first_since(tx, key, at, chosen.until + _SLACK) if chosen.until else LARGEST
    top = min(top, chosen.before if chosen.before is not None else LARGEST)
    return top, first_since(tx, key, at, chosen.since - _SLACK) if chosen.since else 0


def gather(pages: Any, tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """The first `limit` rows of a list, going on where a page stopped early."""
    rows: list[Row[Any]] = []
    while len(rows) < chosen.limit:
        page = pages(tx, replace(chosen, limit=chosen.limit - len(rows)))
        rows += page.rows
        if page.before is None:
            break
        chosen = replace(chosen, before=page.before)
    return rows


def first_since(tx: Tx, key: Column, at: Column, moment: datetime) -> int:
    """The smallest key from which on rows are at or after the moment; past the end when there is none."""
    low, high = tx.scalar(select(func.min(key))) or 0, (tx.scalar(select(func.max(key))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row: Any = tx.first(select(key, at).where(key >= middle).order_by(key).limit(1))
        if row is not None and row[1] < moment:
            low = row[0] + 1
        else:
            high = middle
    return int(low)


def within(column: ColumnElement[Any], where: Where) -> ColumnElement[bool]:
    """The rows of a community, of some, or of every one."""
    if where is None:
        return true()
    return column.in_(sorted(where)) if isinstance(where, frozenset) else column == where


def plain(words: str) -> str:
    """Words for LIKE, in which % and _ mean themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def begins(tx: Tx, column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """The column begins with this, by its index: SQLite's LIKE would not use it."""
    if tx.postgres:
        return column.like(f"{plain(prefix)}%", escape="\\")
    return (column >= prefix) & (column < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _narrow(query: Select[Any], chosen: Filter, community: Column, at: Column | None, key: Column) -> Select[Any]:
    query = query.where(within(community, chosen.community_id))
    if at is not None and chosen.since is not None:
        query = query.where(at >= chosen.since)
    if at is not None and chosen.until is not None:
        query = query.where(at < chosen.until)
    if chosen.before is not None:
        query = query.where(key < chosen.before)
    return query.order_by(key.desc()).limit(chosen.limit)


def _cut(rows: list[Row[Any]], chosen: Filter, key: Column, stop: int | None) -> Page:
    if len(rows) == chosen.limit:
        return Page(rows, getattr(rows[-1], key.name))
    return Page(rows, stop, stopped=stop is not None)
