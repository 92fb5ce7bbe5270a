"""How often a person may still be written to: counted here, so that the platform never has to refuse.

A road with a window (a 公众号) opens when the person says something, for some days and some posts; a touch without words
opens it for a moment. `shut_at` is the platform's own word that it is over; the next thing they say or do clears it.
"""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from domain.clock import SHANGHAI
from models.base import Tx
from models.tables import group_task, identity, message, outbox
from services.roads import Road

MANY = 1_000_000
MARGIN = timedelta(minutes=2)  # between our clock and theirs, and for the way
_LATE = 20  # messages whose late answers are looked for


def left(tx: Tx, who: Row[Any], road: Road, *, at: datetime, but: int | None = None) -> int:
    """How many posts this account may still bring to the person at that moment.

    `but` is a post that is about to go: then only what has gone counts, else also what waits.
    """
    if who.shut_at is not None:
        return 0
    if road.window is None:
        return 0 if road.heard_once and who.heard_at is None else MANY
    if who.heard_at is None and who.touched_at is None:  # only loaded from a file: the platform knows better
        return 0 if road.heard_once else _rest(tx, who, road.window_posts, at - road.window, but)
    found = 0
    if who.heard_at is not None and at - who.heard_at <= road.window - MARGIN:
        found = _rest(tx, who, road.window_posts, who.heard_at, but)
    if found <= 0 and road.touch_window is not None and who.touched_at is not None and at - who.touched_at <= road.touch_window:
        found = _rest(tx, who, road.touch_posts, who.touched_at, but)
    return max(0, found)


def shut(tx: Tx, row: Row[Any], road: Road, *, now: datetime) -> bool:
    """True when a post that is due could only be refused."""
    if (road.window is None and not road.heard_once) or row.kind == "notice" or not row.target.startswith("identity:"):
        return False
    who = tx.first(select(identity).where(identity.c.id == int(row.target[9:])))
    return who is not None and left(tx, who, road, at=now, but=row.id) <= 0


def tasks_used_up(tx: Tx, chat_id: int, now: datetime) -> bool:
    """True when a 客户群 can get no further task this month."""
    return tasks_left(tx, chat_id, now) <= 0


def tasks_left(tx: Tx, chat_id: int, now: datetime) -> int:
    """How many tasks a 客户群 can still get this month: as many as it has days (WECHAT.md §8)."""
    local = now.astimezone(SHANGHAI)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    gone = tx.scalar(select(func.count()).select_from(group_task).where(
        group_task.c.chat_id == chat_id, group_task.c.state != "refused", group_task.c.created_at >= since))
    waiting = tx.scalar(select(func.count()).select_from(outbox).where(
        outbox.c.target == f"chat:{chat_id}", outbox.c.state.in_(["waiting", "sending"])))
    return monthrange(local.year, local.month)[1] - int(gone) - int(waiting)


def _rest(tx: Tx, who: Row[Any], most: int, since: datetime, but: int | None) -> int:
    if not most:
        return MANY
    late = tx.connection.scalars(select(message.c.id).where(message.c.person_id == who.person_id).order_by(
        message.c.id.desc()).limit(_LATE))
    targets = [f"identity:{who.id}", *(f"late:{i}" for i in late)]
    gone = or_(outbox.c.state == "sending", and_(outbox.c.state == "sent", outbox.c.sent_at >= since))
    counted = or_(gone, outbox.c.state == "waiting") if but is None else and_(gone, outbox.c.id != but)
    return most - int(tx.scalar(select(func.count()).select_from(outbox).where(
        outbox.c.target.in_(targets), outbox.c.channel == who.channel, outbox.c.kind != "notice", counted)))
