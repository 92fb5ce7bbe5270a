"""What a person is called by staff: written by an admin, sealed at rest, never in the audit chain."""

from datetime import datetime

from sqlalchemy import select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import person
from services import audit

LONGEST = 32


def set_name(tx: Tx, actor: Actor, *, person_id: int, name: str, now: datetime) -> None:
    """Sets or clears a person's name; only an admin does, and only in their own community."""
    row = tx.first(select(person.c.community_id).where(person.c.id == person_id, person.c.erased_at.is_(None),
                                                       person.c.joined_into.is_(None)))
    if row is None or (actor.community_id is not None and row.community_id != actor.community_id):
        raise Refusal("person.unknown")
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    name = " ".join(name.split())[:LONGEST]
    tx.execute(update(person).where(person.c.id == person_id).values(name=name or None))
    audit.note(tx, actor, "person.name", f"person:{person_id}", now=now, community_id=row.community_id, cleared=not name)
