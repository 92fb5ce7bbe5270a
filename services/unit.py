"""One home as staff must answer for it: who belongs to it, and of every poll whether, when and how it voted, and if that counted.

Of a poll that is not public only that somebody took part is told: no choice and no time, as everywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select

from domain.errors import Refusal
from models.base import Tx
from models.tables import ballot, ballot_log, owner, ownership, poll, residence
from services import browse, published
from texts import mask
from texts.kinds import spoken

MOST = 200


@dataclass(frozen=True, slots=True)
class Part:
    """What one voter of the home did in one poll."""

    poll: Row[Any]
    who: str
    hidden: bool  # who chose what, and when, is not to be seen
    at: datetime | None  # when the ballot that stands was cast
    choice: str
    state: str  # counted | held | withdrawn | void | open
    proved: int | None  # its place among the published ballots, checked against the root; None: not published, or not yet
    log: list[tuple[datetime, str, str]]  # every act: when, what, the choice


@dataclass(frozen=True, slots=True)
class Unit:
    """The home's people and their votes, the newest poll first."""

    people: list[tuple[int, str, datetime]]  # person, name, since when
    owners: list[tuple[str, bool]]  # name, and whether they have proved it
    parts: list[Part]


def of(tx: Tx, home_id: int) -> Unit:
    """Everything about the home."""
    living = tx.all(select(residence.c.person_id, residence.c.since).where(
        residence.c.home_id == home_id, residence.c.until.is_(None)).order_by(residence.c.id))
    names = browse.labels(tx, {row.person_id for row in living})
    owners = tx.all(select(owner.c.name, owner.c.kind, owner.c.person_id).join_from(ownership, owner).where(
        ownership.c.home_id == home_id).order_by(ownership.c.place))
    mine = [f"person:{row.person_id}" for row in living]
    here = or_(ballot.c.voter == f"home:{home_id}", ballot.c.home_id == home_id, ballot.c.voter.in_(mine))
    rows = tx.all(select(ballot).where(here).order_by(ballot.c.poll_id.desc(), ballot.c.id).limit(MOST))
    polls = {row.id: row for row in tx.all(select(poll).where(poll.c.id.in_({r.poll_id for r in rows})))} if rows else {}
    return Unit([(row.person_id, names[row.person_id], row.since) for row in living],
                [(mask.name(row.name) if row.kind == "person" else row.name, row.person_id is not None) for row in owners], [
                    _part(tx, polls[r.poll_id], r) for r in rows if r.choice or not browse.only_voters(polls[r.poll_id])])


def _part(tx: Tx, row: Row[Any], cast: Row[Any]) -> Part:
    who = browse.voters(tx, {(cast.voter, cast.person_id)})[(cast.voter, cast.person_id)]
    if browse.only_voters(row):
        return Part(row, who, True, None, "", row.state if row.state in ("open", "void") else "hidden", None, [])
    state = "void" if row.state == "void" else "withdrawn" if not cast.choice else cast.state
    acts = tx.all(select(ballot_log.c.at, ballot_log.c.act, ballot_log.c.choice).where(
        and_(ballot_log.c.poll_id == row.id, ballot_log.c.voter == cast.voter)).order_by(ballot_log.c.id))
    return Part(row, who, False, cast.cast_at, _words(row, cast.choice), state, _proved(tx, row, cast),
                [(a.at, a.act, _words(row, a.choice)) for a in acts])


def _words(row: Row[Any], choice: str) -> str:
    return "、".join(spoken(choice, row.kind, row.options)) if choice else ""


def _proved(tx: Tx, row: Row[Any], cast: Row[Any]) -> int | None:
    """Where the ballot stands among the published ones, when the tree over them says that it is there unchanged."""
    if row.state != "closed" or not row.root or not cast.receipt or (row.result or {}).get("few"):
        return None
    try:
        return published.proof(tx, row, cast.receipt)[1] + 1
    except Refusal:
        return None
