"""The ledger of points: given for deeds, spent, reversed; every line has a reason, nothing is edited, no balance is below zero.

What a line is worth is in domain/points.py. Nobody but the person and the staff sees a balance.
"""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain import points as rules
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.points import Kind
from domain.procedures import Deed
from domain.roles import SYSTEM, Actor, Role
from models.base import Tx
from models.deeds import claim, point
from models.tables import deliberation, issue_event, person, statement, supporter
from services import audit, joined, outbox
from services.people import Speaker
from texts.say import say

LISTED = 10


# --- reading ------------------------------------------------------------------------------------------------------
def balance(tx: Tx, person_id: int) -> int:
    """How many points somebody has."""
    return int(tx.scalar(select(func.coalesce(func.sum(point.c.amount), 0)).where(point.c.person_id == person_id)))


def ledger(tx: Tx, person_id: int, most: int = LISTED) -> list[Row[Any]]:
    """Their lines (id, at, amount, kind, reason, issue_id), the newest first."""
    return tx.all(select(point).where(point.c.person_id == person_id).order_by(point.c.id.desc()).limit(most))


# --- for what was done ----------------------------------------------------------------------------------------------
def for_done(tx: Tx, row: Row[Any], *, now: datetime) -> None:
    """An issue is closed because it is done: who stood behind it before, whose proposal it was, who did it. Each once.

    Who raised it gets nothing for that, so that complaining pays nobody; of their own matter nobody earns by doing it either.
    """
    whole = joined.members(tx, row.id)
    own = {row.submitter_id}
    doers = set(tx.connection.scalars(select(claim.c.person_id).where(
        claim.c.issue_id.in_(whole), claim.c.state == "done", claim.c.person_id.is_not(None)))) - own
    backers = set(tx.connection.scalars(select(supporter.c.person_id).where(
        supporter.c.issue_id.in_(whole), supporter.c.at < row.resolved_at))) - own - doers
    for kind, who in ((Kind.CLAIM, doers), (Kind.PROPOSAL, _proposers(tx, row, whole)), (Kind.SUPPORT, backers)):
        for person_id in _here(tx, who):
            _earned(tx, row, kind, person_id, now)


def _proposers(tx: Tx, row: Row[Any], whole: list[int]) -> set[int]:
    """Whose proposal was carried out: the issue's own (献策), or one of a deliberation whose result was adopted."""
    own = select(issue_event.c.actor_id).where(
        issue_event.c.issue_id.in_(whole), issue_event.c.act == "propose", issue_event.c.text == (row.proposal or ""))
    adopted = select(statement.c.person_id).join_from(statement, deliberation).where(
        deliberation.c.issue_id == row.id, deliberation.c.adopted.in_(["yes", "partly"]), statement.c.deed == Deed.PROPOSE)
    return {i for query in (own, adopted) for i in tx.connection.scalars(query) if i is not None}


def _here(tx: Tx, who: Iterable[int]) -> list[int]:
    """Those of them who are here, each person once by whichever account."""
    return sorted(set(tx.connection.scalars(select(func.coalesce(person.c.joined_into, person.c.id)).where(
        person.c.id.in_(set(who)), person.c.left_at.is_(None)))))


def _earned(tx: Tx, row: Row[Any], kind: Kind, person_id: int, now: datetime) -> None:
    amount = rules.room(kind, _today(tx, person_id, kind, now))
    reason = say(f"points.for.{kind}", number=row.number)
    if not amount or not _write(tx, SYSTEM, row.community_id, person_id, amount, kind, reason, now,
                                key=f"issue:{row.id}:{kind}:person:{person_id}", issue_id=row.id):
        return
    if kind is not Kind.SUPPORT:
        outbox.to_person(tx, person_id=person_id, key=f"issue:{row.id}:points:{kind}:person:{person_id}", now=now, rationed=True,
                         text=say("points.earned", reason=reason, amount=amount, balance=balance(tx, person_id)))


def _today(tx: Tx, person_id: int, kind: Kind, now: datetime) -> int:
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    return int(tx.scalar(select(func.coalesce(func.sum(point.c.amount), 0)).where(
        point.c.person_id == person_id, point.c.kind == kind, point.c.at >= midnight)))


# --- by the staff -----------------------------------------------------------------------------------------------------
def give(tx: Tx, actor: Speaker, *, person_id: int, amount: int, reason: str, key: str, now: datetime) -> int:
    """Enters a deed; returns the balance. Nobody enters their own."""
    _staff(actor, reason)
    if person_id == actor.id:
        raise Refusal("points.own")
    if not 1 <= amount <= rules.MOST:
        raise Refusal("points.amount", most=rules.MOST)
    if _write(tx, actor, actor.home_community, person_id, amount, Kind.DEED, reason, now, key=f"{key}:person:{person_id}"):
        outbox.to_person(tx, person_id=person_id, key=f"{key}:points:person:{person_id}", now=now, rationed=True,
                         text=say("points.earned", reason=reason, amount=amount, balance=balance(tx, person_id)))
    return balance(tx, person_id)


def redeem(tx: Tx, actor: Speaker, *, person_id: int, amount: int, reason: str, key: str, now: datetime) -> int:
    """Spends points for something that was handed over; returns what is left."""
    _staff(actor, reason)
    had = _held(tx, person_id)
    if amount < 1 or amount > had:
        raise Refusal("points.too_few", balance=had, amount=amount)
    _write(tx, actor, actor.home_community, person_id, -amount, Kind.REDEEM, reason, now, key=f"{key}:redeem")
    outbox.to_person(tx, person_id=person_id, key=f"{key}:redeemed:person:{person_id}", now=now,
                     text=say("points.spent", reason=reason, amount=amount, balance=had - amount))
    return had - amount


def reverse(tx: Tx, actor: Speaker, *, line: int, reason: str, now: datetime) -> tuple[int, int, int]:
    """Takes one line back by another, once: (the person, how many points, the balance)."""
    _staff(actor, reason)
    row = tx.first(select(point).where(point.c.id == line, point.c.community_id == actor.home_community))
    if row is None or row.person_id is None or row.kind == Kind.REVERSAL:
        raise Refusal("points.no_line", line=line)
    had = _held(tx, row.person_id)
    if tx.first(select(point.c.id).where(point.c.reverses_id == row.id)) is not None:
        raise Refusal("points.reversed_already", line=line)
    if had < row.amount:
        raise Refusal("points.spent_already", line=line, balance=had)
    _write(tx, actor, row.community_id, row.person_id, -row.amount, Kind.REVERSAL, reason, now, key=f"reverses:{row.id}",
           reverses_id=row.id)
    outbox.to_person(tx, person_id=row.person_id, key=f"points:{row.id}:reversed", now=now,
                     text=say("points.reversed", line=line, reason=reason, amount=-row.amount, balance=had - row.amount))
    return int(row.person_id), -int(row.amount), had - int(row.amount)


def _staff(actor: Actor, reason: str) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    if len(reason.strip()) < rules.LEAST_REASON:
        raise Refusal("points.why")


def _held(tx: Tx, person_id: int) -> int:
    """The balance, while nobody else can spend of it."""
    tx.execute(select(person.c.id).where(person.c.id == person_id).with_for_update())
    return balance(tx, person_id)


def _write(tx: Tx, actor: Actor, community_id: int, person_id: int, amount: int, kind: Kind, reason: str, now: datetime, *,
           key: str, **more: int) -> bool:
    """One line of the ledger; False when it stands there already."""
    insert = insert_postgres if tx.postgres else insert_sqlite
    line = tx.scalar(insert(point).values(
        community_id=community_id, person_id=person_id, at=now, amount=amount, kind=kind, reason=reason, made_by=actor.who, key=key,
        **more).on_conflict_do_nothing(index_elements=["key"]).returning(point.c.id))
    if line is None:
        return False
    audit.note(tx, actor, f"points.{kind}", f"person:{person_id}", now=now, community_id=community_id, line=line, amount=amount,
               words=audit.digest(reason))
    return True
