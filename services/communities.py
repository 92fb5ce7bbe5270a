"""Communities themselves: a new one, and what it is called."""

import re
from datetime import datetime

from sqlalchemy import select, update

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import community
from services import audit, settings, voices

LONGEST = 64
_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")


def create(tx: Tx, actor: Actor, *, code: str, name: str, now: datetime) -> int:
    """Enters a community; its code stands in the addresses of its pages and in config.yaml, and never changes."""
    settings.admin(actor)
    if actor.community_id is not None:
        raise Refusal("role.too_low")
    if not _CODE.fullmatch(code):
        raise Refusal("setup.code")
    if tx.scalar(select(community.c.id).where(community.c.code == code)) is not None:
        raise Refusal("setup.code_taken", code=code)
    name = _name(name)
    new = tx.add(community, code=code, name=name, last_issue=0, last_poll=0)
    voices.changed(tx, new)  # what is said otherwise everywhere is said so here too
    audit.note(tx, actor, "community.create", f"community:{new}", now=now, community_id=new, code=code, after=name)
    return new


def rename(tx: Tx, actor: Actor, *, community_id: int, name: str, now: datetime) -> None:
    """Calls a community something else."""
    settings.admin(actor)
    name, before = _name(name), tx.scalar(select(community.c.name).where(community.c.id == community_id))
    if name != before:
        tx.execute(update(community).where(community.c.id == community_id).values(name=name))
        audit.note(tx, actor, "community.rename", f"community:{community_id}", now=now, community_id=community_id, before=before,
                   after=name)


def code_of(tx: Tx, community_id: int) -> str:
    """The code of a community; '' when there is none."""
    return str(tx.scalar(select(community.c.code).where(community.c.id == community_id)) or "")


def _name(said: str) -> str:
    name = " ".join(said.split())
    if not 2 <= len(name) <= LONGEST:
        raise Refusal("setup.name", most=LONGEST)
    return name
