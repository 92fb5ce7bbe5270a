"""Who is on duty when, and who stands in for whom."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import duty, person, stand_in
from services import audit

LONGEST = timedelta(days=92)
AHEAD = timedelta(days=14)


def on_duty(tx: Tx, community_id: int | None, *, now: datetime) -> list[int]:
    """Who answers a danger now: those on duty, and who stands in for one of them in place of the one who is away."""
    here = duty.c.community_id == community_id, duty.c.starts_at <= now, duty.c.ends_at > now
    own = list(tx.connection.scalars(select(duty.c.person_id).join_from(duty, person).where(
        *here, person.c.left_at.is_(None), person.c.joined_into.is_(None)).order_by(duty.c.id)))
    standing = {row.for_id: row.person_id for row in tx.all(select(stand_in).where(
        stand_in.c.for_id.in_(own), stand_in.c.starts_at <= now, stand_in.c.ends_at > now).order_by(stand_in.c.id))}
    return list(dict.fromkeys(standing.get(i, i) for i in own))


def put(tx: Tx, actor: Actor, *, person_id: int, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Puts somebody on duty."""
    _check(actor, starts_at, ends_at, now)
    tx.add(duty, community_id=actor.community_id, person_id=person_id, starts_at=starts_at, ends_at=ends_at)
    audit.note(tx, actor, "duty.put", f"person:{person_id}", now=now, start=starts_at.isoformat(), end=ends_at.isoformat())


def relieve(tx: Tx, actor: Actor, *, person_id: int, now: datetime) -> int:
    """Takes somebody off the roster from now on; returns how many entries went."""
    _staff(actor)
    mine = (duty.c.community_id == actor.community_id, duty.c.person_id == person_id, duty.c.ends_at > now)
    had = tx.all(select(duty).where(*mine).order_by(duty.c.id))
    before = [f"{row.starts_at.isoformat()}/{row.ends_at.isoformat()}" for row in had]
    gone = tx.execute(delete(duty).where(*mine))
    audit.note(tx, actor, "duty.relieve", f"person:{person_id}", now=now, before=before, after=[])
    return gone.rowcount


def listed(tx: Tx, community_id: int | None, *, now: datetime, until: timedelta = AHEAD) -> list[Row[Any]]:
    """Who is on duty from now on, by time."""
    return tx.all(select(duty).where(duty.c.community_id == community_id, duty.c.ends_at > now, duty.c.starts_at < now + until)
                  .order_by(duty.c.starts_at, duty.c.id))


def stand(tx: Tx, actor: Actor, *, person_id: int, for_id: int, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Lets somebody act for another who is away: as a member of their parties, and on duty."""
    _check(actor, starts_at, ends_at, now)
    if person_id == for_id:
        raise Refusal("roster.self")
    tx.add(stand_in, person_id=person_id, for_id=for_id, starts_at=starts_at, ends_at=ends_at)
    audit.note(tx, actor, "duty.stand_in", f"person:{person_id}", now=now, away=for_id, end=ends_at.isoformat())


def standing(tx: Tx, community_id: int | None, *, now: datetime) -> list[Row[Any]]:
    """Who stands in for whom from now on."""
    return tx.all(select(stand_in).join_from(stand_in, person, person.c.id == stand_in.c.for_id).where(
        person.c.community_id == community_id, stand_in.c.ends_at > now).order_by(stand_in.c.starts_at, stand_in.c.id))


def _check(actor: Actor, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    _staff(actor)
    if not now < ends_at or not starts_at < ends_at <= starts_at + LONGEST:
        raise Refusal("roster.when")


def _staff(actor: Actor) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
