"""Who has been erased, under names that tell nobody who they were: so that an older backup does not bring them back.

The name is a keyed hash of the person's number and the moment we met them; a number alone may be given again after a restore.
"""

from datetime import UTC, datetime

from sqlalchemy import select

from domain.roles import SYSTEM
from models import secret
from models.base import Tx
from models.tables import person
from services import erasure, people


def known(tx: Tx) -> dict[str, str]:
    """Everybody who has been erased here, with the moment."""
    rows = tx.all(select(person.c.id, person.c.created_at, person.c.erased_at).where(person.c.erased_at.is_not(None)))
    return {_name(row.id, row.created_at): row.erased_at.isoformat(timespec="seconds") for row in rows}


def again(tx: Tx, names: set[str], *, now: datetime) -> int:
    """Erases those of these names who are still here; says how many they were."""
    rows = tx.all(select(person.c.id, person.c.created_at).where(person.c.erased_at.is_(None)).order_by(person.c.id))
    back = [row.id for row in rows if _name(row.id, row.created_at) in names]
    for person_id in back:
        if tx.scalar(select(person.c.erased_at).where(person.c.id == person_id)) is None:  # else it went with another account
            erasure.erase(tx, people.as_person(tx, person_id), now=now, by=SYSTEM)
    return len(back)


def _name(person_id: int, met: datetime) -> str:
    return secret.fingerprint("erased", str(person_id), met.astimezone(UTC).isoformat())[:32]
