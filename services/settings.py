"""What a community has set for itself: one value under one name, and every change on record with what it was before."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Refusal
from domain.roles import Actor, Deed, Role
from models.base import Tx
from models.hot import Hot
from models.settings import community_setting
from models.tables import community
from services import audit

_ONE = Hot(select(community_setting.c.value).where(community_setting.c.community_id == bindparam("community_id"),
                                                   community_setting.c.name == bindparam("name")))


def get(tx: Tx, community_id: int, name: str) -> Any:
    """The value, or None where config.yaml holds."""
    row = tx.first(_ONE, {"community_id": community_id, "name": name})
    return row.value if row is not None else None


def put(tx: Tx, actor: Actor, *, community_id: int, name: str, value: Any, now: datetime) -> bool:
    """Sets a value of JSON; False when it was so already. The audit chain gets the value before and after."""
    admin(actor)
    before = get(tx, community_id, name)
    if before == value:
        return False
    _keep(tx, community_id, name, value, now)
    audit.note(tx, actor, "setting.set", f"community:{community_id}", now=now, community_id=community_id, name=name, before=before,
               after=value)
    return True


def remember(tx: Tx, *, community_id: int, name: str, value: Any, now: datetime) -> None:
    """Keeps what the system has found out itself, such as how the last test of an account ended."""
    _keep(tx, community_id, name, value, now)


def admin(actor: Actor) -> None:
    """Refuses whoever may not set anything up."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")


def everywhere(tx: Tx, actor: Actor) -> None:
    """Refuses who may not set what holds for all communities."""
    if not actor.may(Deed.SET_UP):
        raise Refusal("role.too_low")
    if not responsible(tx, actor):
        raise Refusal("setup.everywhere")


def responsible(tx: Tx, actor: Actor) -> bool:
    """True for who answers for all communities, if only because theirs is the only one."""
    return actor.community_id is None or actor.may(Deed.SYSTEM) or tx.scalar(select(func.count()).select_from(community)) == 1


def hour(words: str) -> time:
    """An hour of the day as forms send it: 21:00."""
    try:
        return time.fromisoformat(words)
    except ValueError:
        raise Refusal("setup.hour") from None


def _keep(tx: Tx, community_id: int, name: str, value: Any, now: datetime) -> None:
    insert = insert_postgres if tx.postgres else insert_sqlite
    row = insert(community_setting).values(community_id=community_id, name=name, value=value, changed_at=now)
    tx.execute(row.on_conflict_do_update(index_elements=["community_id", "name"], set_={"value": value, "changed_at": now}))
