"""What the console hides of a person, shown once to who says what for; the person can see that it was looked at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.rights import reveal
from models.tables import person
from services import audit, people

WHYS = ("contact", "identity", "request", "danger", "other")
_NOTE = 4  # characters, when the reason is none of those named


@dataclass(frozen=True, slots=True)
class Known:
    """What is hidden otherwise."""

    name: str | None
    phone: str | None
    homes: list[str]


def look(tx: Tx, actor: Actor, *, person_id: int, why: str, note: str, now: datetime) -> Known:
    """Name and phone of a person, for an admin with a reason; the reason's words stay out of the audit chain."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    row = tx.first(select(person.c.name, person.c.phone, person.c.community_id).where(
        person.c.id == person_id, person.c.erased_at.is_(None)))
    if row is None or (actor.community_id is not None and actor.community_id != row.community_id):
        raise Refusal("person.unknown")
    note = note.strip()[:200]
    if why not in WHYS or (why == "other" and len(note) < _NOTE):
        raise Refusal("rights.reveal_why")
    tx.add(reveal, community_id=row.community_id, person_id=person_id, actor=actor.who, why=why, note=note or None, at=now)
    audit.note(tx, actor, "person.reveal", f"person:{person_id}", now=now, community_id=row.community_id, why=why,
               words=audit.digest(note))
    return Known(row.name, row.phone, [label for _, _, label in people.homes_of(tx, person_id)])


def of_person(tx: Tx, person_id: int) -> list[Row[Any]]:
    """Who looked, when and for what, the newest first."""
    return tx.all(select(reveal).where(reveal.c.person_id == person_id).order_by(reveal.c.id.desc()).limit(50))
