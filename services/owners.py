"""Owners by the register, and the people who have proved to be them with a code from whoever saw the certificate."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import home, owner, ownership
from services import audit
from services.people import Speaker

_OF_HOME = Hot(select(owner.c.id, owner.c.name, owner.c.kind, owner.c.person_id).join_from(ownership, owner).where(
    ownership.c.home_id == bindparam("home_id")).order_by(ownership.c.place))
_OWNED = Hot(select(home.c.id, home.c.label).distinct().join_from(ownership, owner).join(home, home.c.id == ownership.c.home_id)
             .where(owner.c.person_id == bindparam("person_id")).order_by(home.c.id))


def of_home(tx: Tx, home_id: int) -> list[Row[Any]]:
    """The owners (id, name, kind, person_id) of a home, in the order of the register."""
    return tx.all(_OF_HOME, {"home_id": home_id})


def owned(tx: Tx, person_id: int) -> list[str]:
    """What the person has proved to own, by label."""
    return [r.label for r in tx.all(_OWNED, {"person_id": person_id})]


def meant(tx: Tx, actor: Actor, *, home_id: int, label: str, name: str, again: bool, now: datetime) -> Row[Any]:
    """The owner that a code shall be made for; who was proved already only when that shall end (`again`)."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    here = of_home(tx, home_id)
    if not here:
        raise Refusal("owner.unknown", label=label)
    found = [each for each in here if name in ("", each.name)]
    if len(found) != 1:
        raise Refusal("owner.which", label=label, names=[each.name for each in here])
    if found[0].person_id is not None:
        if not again:
            raise Refusal("owner.proved", label=label, name=found[0].name)
        tx.execute(update(owner).where(owner.c.id == found[0].id).values(person_id=None))
        audit.note(tx, actor, "owner.unlink", f"owner:{found[0].id}", now=now)
    return found[0]


def prove(tx: Tx, speaker: Speaker, owner_id: int, *, now: datetime) -> None:
    """The speaker is this owner; all homes of that owner are theirs to vote for."""
    taken = tx.execute(update(owner).where(owner.c.id == owner_id, owner.c.person_id.is_(None)).values(person_id=speaker.id))
    if taken.rowcount != 1 and tx.scalar(select(owner.c.person_id).where(owner.c.id == owner_id)) != speaker.id:
        raise Refusal("owner.taken")
    audit.note(tx, speaker, "owner.prove", f"owner:{owner_id}", now=now)
