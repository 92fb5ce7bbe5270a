"""Votes on the statements of a round: cast, changed, counted over joined statements; and which statement comes next.

What routing needs is kept in memory and caught up from the rows in each transaction, so that several processes agree: every
change has a place in the round's order (`seq`), and who finds that the last place they saw is gone reads everything anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import Engine

from domain.clock import SHANGHAI
from domain.errors import Refusal
from models.base import Tx
from models.hot import Hot
from models.rounds import opinion, opinion_served, opinion_vote
from models.tables import person
from opinions.live import Live
from opinions.routing import dice
from services import audit, people, round_order, rounds
from services.people import Speaker

AGREE, DISAGREE, PASS = 1, -1, 0
_FRESH = timedelta(hours=1)  # after which what is kept is read anew in any case
_KEEP = 64  # rounds of one database kept in memory
_WHO = func.coalesce(person.c.joined_into, person.c.id).label("person_id")  # two accounts of one person are one
_VOTE = ("opinion_id", "person_id", "round_id", "value", "at", "seq")


def _upsert(insert: Any) -> Hot:
    row = insert(opinion_vote).values({n: bindparam(n) for n in _VOTE})
    return Hot(row.on_conflict_do_update(index_elements=["opinion_id", "person_id"], set_={
        n: row.excluded[n] for n in ("value", "at", "seq")}))


def _serve(insert: Any) -> Hot:
    row = insert(opinion_served).values({n: bindparam(n) for n in ("round_id", "person_id", "day", "number", "opinion_id")})
    return Hot(row.on_conflict_do_update(index_elements=["round_id", "person_id"], set_={
        n: row.excluded[n] for n in ("day", "number", "opinion_id")}))


_PUT = {True: _upsert(insert_postgres), False: _upsert(insert_sqlite)}
_SERVE = {True: _serve(insert_postgres), False: _serve(insert_sqlite)}
_SERVED = Hot(select(opinion_served.c.day, opinion_served.c.number, opinion_served.c.opinion_id).where(
    opinion_served.c.round_id == bindparam("round_id"), opinion_served.c.person_id == bindparam("person_id")))
_VOTES = Hot(select(_WHO, opinion_vote.c.opinion_id, opinion_vote.c.value, opinion_vote.c.seq).join_from(
    opinion_vote, person, person.c.id == opinion_vote.c.person_id).where(
    opinion_vote.c.round_id == bindparam("round_id"), opinion_vote.c.seq >= bindparam("since")).order_by(opinion_vote.c.seq))
_STATEMENTS = Hot(select(opinion.c.id, opinion.c.state, opinion.c.joined_to, opinion.c.seq).where(
    opinion.c.round_id == bindparam("round_id"), opinion.c.seq >= bindparam("since")).order_by(opinion.c.id))


@dataclass(frozen=True, slots=True)
class Cast:
    """What became of a vote."""

    statement: Row[Any]
    value: int
    changed: bool  # they had voted otherwise on it before


@dataclass(frozen=True, slots=True)
class Served:
    """What a person is asked next: no statement when they have seen all there are, or enough for today."""

    statement: Row[Any] | None
    nth: int  # of today
    left: int  # statements they have not voted on, this one among them
    enough: bool = False  # there are more, tomorrow


@dataclass(slots=True)
class _Kept:
    live: Live
    known: set[int]
    root: dict[int, int]
    head: tuple[int, ...]  # the newest change taken in: its place, and what it was
    mapped: int
    read_at: datetime


_kept: WeakKeyDictionary[Engine, dict[int, _Kept]] = WeakKeyDictionary()
_lock = Lock()


# --- voting ---------------------------------------------------------------------------------------------------
def put(tx: Tx, row: Row[Any], *, opinion_id: int, person_id: int, value: int, now: datetime) -> None:
    """Writes a vote, instead of an earlier one of the same person on the same statement."""
    tx.execute(_PUT[tx.postgres], {"opinion_id": opinion_id, "person_id": person_id, "round_id": row.id, "value": value, "at": now,
                                   "seq": round_order.bump(tx, row.id, now)})


def cast(tx: Tx, speaker: Speaker, *, round_id: int, which: int, value: int, now: datetime) -> Cast:
    """Records what somebody thinks of the statement with this number; the latest counts. The chain notes that, never what."""
    speaker = people.present(tx, speaker)
    row = rounds.running(tx, round_id, now=now)
    one = tx.first(select(opinion).where(opinion.c.round_id == row.id, opinion.c.number == which))
    if one is not None and one.state == "joined":
        one = tx.first(select(opinion).where(opinion.c.id == roots(tx, row.id)[one.id]))
    if one is None or one.state != "shown" or row.community_id != speaker.community_id:
        raise Refusal("round.no_statement", number=rounds.number_of(tx, row), which=which)
    live = current(tx, row, now)
    before = live.given(speaker.id).get(one.id)
    put(tx, row, opinion_id=one.id, person_id=speaker.id, value=value, now=now)
    audit.note(tx, speaker, "round.vote", f"round:{row.id}", now=now)
    return Cast(one, value, before is not None and before != value)


def serve(tx: Tx, speaker: Speaker, *, round_id: int, now: datetime) -> Served:
    """The statement that lies before somebody, or the next one by routing; counted against their share of the day."""
    speaker = people.present(tx, speaker)
    row = rounds.running(tx, round_id, now=now)
    live, day = current(tx, row, now), now.astimezone(SHANGHAI).date().isoformat()
    had = tx.first(_SERVED, {"round_id": row.id, "person_id": speaker.id})
    number = had.number if had is not None and had.day == day else 0
    left = live.left_for(speaker.id)
    chosen = had.opinion_id if had is not None else None
    if chosen is None or not _open_to(live, speaker.id, chosen) or number == 0:
        chosen = chosen if chosen is not None and _open_to(live, speaker.id, chosen) else live.next_for(
            speaker.id, dice(row.id, speaker.id, len(live.given(speaker.id))))
        if chosen is None or number >= row.daily:
            _note(tx, row, speaker, day, number, None)
            return Served(None, number, left, enough=chosen is not None)
        number += 1
    _note(tx, row, speaker, day, number, chosen)
    return Served(tx.execute(select(opinion).where(opinion.c.id == chosen)).one(), number, left)


def before(tx: Tx, person_id: int, round_id: int) -> Row[Any] | None:
    """The statement that lies before somebody."""
    return tx.first(select(opinion).join_from(opinion_served, opinion, opinion.c.id == opinion_served.c.opinion_id).where(
        opinion_served.c.round_id == round_id, opinion_served.c.person_id == person_id))


def answered(tx: Tx, row: Row[Any], person_id: int, now: datetime) -> None:
    """Nothing lies before them any more; what they were shown today stays counted."""
    tx.execute(update(opinion_served).where(opinion_served.c.round_id == row.id, opinion_served.c.person_id == person_id)
               .values(opinion_id=None))


def _note(tx: Tx, row: Row[Any], speaker: Speaker, day: str, number: int, opinion_id: int | None) -> None:
    tx.execute(_SERVE[tx.postgres], {"round_id": row.id, "person_id": speaker.id, "day": day, "number": number,
                                     "opinion_id": opinion_id})


def _open_to(live: Live, person_id: int, opinion_id: int) -> bool:
    return opinion_id in live and opinion_id not in live.out and opinion_id not in live.given(person_id)


# --- counting -------------------------------------------------------------------------------------------------
def roots(tx: Tx, round_id: int) -> dict[int, int]:
    """For every statement of a round the one it is counted as: itself, or what it was joined to."""
    return _roots(tx.all(_STATEMENTS, {"round_id": round_id, "since": 0}))


def counted(tx: Tx, round_id: int) -> list[tuple[int, int, int]]:
    """Every vote that counts, as (person, statement, value): of one person on joined statements the latest.

    Votes on statements that wait or are hidden are left out.
    """
    rows = tx.all(_STATEMENTS, {"round_id": round_id, "since": 0})
    root, open_now = _roots(rows), {r.id for r in rows if r.state == "shown"}
    latest = {(v.person_id, root[v.opinion_id]): v.value for v in tx.all(_VOTES, {"round_id": round_id, "since": 0})}
    return [(who, which, value) for (who, which), value in latest.items() if which in open_now]


def _roots(rows: Iterable[Row[Any]]) -> dict[int, int]:
    to = {r.id: r.joined_to if r.state == "joined" else None for r in rows}
    found = {}
    for start in to:
        at, seen = start, {start}
        while (following := to.get(at)) is not None and following not in seen:
            at = following
            seen.add(at)
        found[start] = at
    return found


# --- what is kept ---------------------------------------------------------------------------------------------
def current(tx: Tx, row: Row[Any], now: datetime) -> Live:
    """Counts and priorities of a round as they are in this transaction; call it with the round held."""
    with _lock:
        mine = _kept.setdefault(tx.connection.engine, {})
        kept = mine.pop(row.id, None)
        if kept is None or now - kept.read_at > _FRESH or not _caught_up(tx, row.id, kept):
            kept = _read(tx, row, now)
        if kept.mapped != row.mapped_seq:
            kept.live.stretch(dict(map(tuple, tx.all(select(opinion.c.id, opinion.c.extremity).where(
                opinion.c.round_id == row.id)))))
            kept.mapped = row.mapped_seq
        mine[row.id] = kept
        while len(mine) > _KEEP:
            del mine[next(iter(mine))]
        return kept.live


def _caught_up(tx: Tx, round_id: int, kept: _Kept) -> bool:
    """Takes in what happened since; False when it is not simply more of the same."""
    asked, last = {"round_id": round_id, "since": kept.head[0]}, kept.head[0]
    fresh, votes = tx.all(_STATEMENTS, asked), tx.all(_VOTES, asked)
    if last and kept.head not in {_mark(r) for r in (*fresh, *votes)}:
        return False  # what was seen last was undone, or written over
    for each in fresh:
        if each.seq > last:
            if each.id in kept.known or each.state == "joined":
                return False
            _enter(kept, each)
    for vote in votes:
        if vote.seq > last and vote.opinion_id in kept.root and kept.root[vote.opinion_id] in kept.live:
            kept.live.vote(vote.person_id, kept.root[vote.opinion_id], vote.value)
    kept.head = _newest((*fresh, *votes), kept.head)
    return True


def _read(tx: Tx, row: Row[Any], now: datetime) -> _Kept:
    asked = {"round_id": row.id, "since": 0}
    rows, votes = tx.all(_STATEMENTS, asked), tx.all(_VOTES, asked)
    kept = _Kept(Live([]), set(), {}, _newest((*rows, *votes), (0,)), -1, now)
    for each in rows:
        _enter(kept, each)
    kept.root = _roots(rows)
    asked_about = {r.id for r in rows if r.state == "shown"}
    kept.live.load((v.person_id, kept.root[v.opinion_id], v.value) for v in votes if kept.root[v.opinion_id] in asked_about)
    return kept


def _newest(rows: Iterable[Row[Any]], before: tuple[int, ...]) -> tuple[int, ...]:
    return max((_mark(r) for r in rows), default=before)


def _mark(row: Row[Any]) -> tuple[int, ...]:
    """A change by its place and what it was: after an undone transaction another one may get the same place."""
    return (row.seq, row.opinion_id, row.person_id, row.value) if hasattr(row, "opinion_id") else (row.seq, row.id)


def _enter(kept: _Kept, one: Row[Any]) -> None:
    kept.known.add(one.id)
    kept.root[one.id] = one.id
    if one.state == "shown":
        kept.live.add(one.id)
