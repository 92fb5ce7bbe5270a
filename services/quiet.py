"""When nobody of a community is disturbed: its own hours as set in the console, else those of config.yaml."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, false, select

from domain.clock import QuietHours
from domain.roles import Actor
from models.base import Tx
from models.settings import community_setting
from services import settings

NAME = "quiet_hours"
_fall_back: list[Callable[[], QuietHours]] = [QuietHours]


def fall_back(to: Callable[[], QuietHours]) -> None:
    """Tells where the hours of config.yaml are found."""
    _fall_back[:] = [to]


def of(tx: Tx, community_id: int | None) -> QuietHours:
    """The quiet hours of a community; read once in a transaction."""
    if community_id is None:
        return _fall_back[0]()
    known: dict[int, QuietHours | None] = tx.kept.setdefault(NAME, {})
    if community_id not in known:
        value = settings.get(tx, community_id, NAME)
        known[community_id] = _read(value) if value is not None else None
    return known[community_id] or _fall_back[0]()


def until(tx: Tx, community_id: int | None, now: datetime) -> datetime | None:
    """When the quiet hours end that it is now; None when it is not quiet."""
    here = of(tx, community_id)
    return here.next_allowed(now) if here.cover(now) else None


def awake(tx: Tx, column: Any, now: datetime) -> ColumnElement[bool] | None:
    """The condition that a row's community is not quiet now; None when it holds for every row."""
    own = {row.community_id: _read(row.value).cover(now) for row in tx.all(select(
        community_setting.c.community_id, community_setting.c.value).where(community_setting.c.name == NAME))}
    if _fall_back[0]().cover(now):
        up = [i for i, quiet in own.items() if not quiet]
        return column.in_(up) if up else false()
    asleep = [i for i, quiet in own.items() if quiet]
    return column.is_(None) | column.not_in(asleep) if asleep else None


def put(tx: Tx, actor: Actor, *, community_id: int, start: time, end: time, now: datetime) -> bool:
    """Sets a community's own hours; the same hour twice is none at all. What was promised before stays as it was promised."""
    before = of(tx, community_id)
    if (before.start, before.end) == (start, end):
        return False
    tx.kept.pop(NAME, None)
    return settings.put(tx, actor, community_id=community_id, name=NAME, value=[f"{start:%H:%M}", f"{end:%H:%M}"], now=now)


def _read(value: Any) -> QuietHours:
    start, end = (time.fromisoformat(hour) for hour in value)
    return QuietHours(start, end)
