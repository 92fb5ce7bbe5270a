"""Tasks for 客户群: the owner must confirm each by hand; followed up, reminded, and carried by hand when it fails."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Refusal
from domain.roles import SYSTEM, Role
from models.base import Tx
from models.tables import chat, group_task, identity, outbox
from services import audit, people, quiet
from services import outbox as queue
from services.people import Speaker
from texts.say import say

AFTER = (timedelta(hours=2), timedelta(hours=18))  # the owner is reminded, and on the next day once more
LONGEST = timedelta(days=3)  # then somebody carries it by hand


def begin(tx: Tx, row: Row[Any], *, msgid: str, now: datetime) -> None:
    """Remembers a task that the platform has taken."""
    owner = row.address.partition("|")[0]
    tx.add(group_task, outbox_id=row.id, community_id=row.community_id, chat_id=int(row.target[5:]), channel=row.channel,
           msgid=msgid, owner=owner, state="waiting", created_at=now, check_at=now + _pause(timedelta(0)), reminders=0)


def due(tx: Tx, *, now: datetime, limit: int = 20) -> list[Row[Any]]:
    """Tasks to ask about now."""
    return tx.all(select(group_task).where(group_task.c.state == "waiting", group_task.c.check_at <= now)
                  .order_by(group_task.c.check_at).limit(limit))


def claim(tx: Tx, row: Row[Any], *, now: datetime) -> bool:
    """Takes a task to ask about; of two at once one gets it, and a follower that dies loses only this look."""
    later = now + _pause(now - row.created_at)
    mine = tx.execute(update(group_task).where(group_task.c.id == row.id, group_task.c.state == "waiting",
                                               group_task.c.check_at == row.check_at).values(check_at=later))
    return bool(mine.rowcount == 1)


def learn(tx: Tx, row: Row[Any], state: str, *, now: datetime) -> bool:
    """Draws the conclusions of what the platform said; True when the owner was reminded just now."""
    if state == "waiting":
        if now - row.created_at > LONGEST:
            state = "dead"
        else:
            return _remind(tx, row, now)
    moved = tx.execute(update(group_task).where(group_task.c.id == row.id, group_task.c.state == "waiting").values(
        state=state, check_at=None, sent_at=now if state == "sent" else None))
    if moved.rowcount == 1:
        audit.note(tx, SYSTEM, f"group_task.{state}", f"chat:{row.chat_id}", now=now, community_id=row.community_id)
        if state != "sent":
            _by_hand(tx, row, now)
    return False


def waiting(tx: Tx, speaker: Speaker) -> list[Row[Any]]:
    """What still waits for an owner's confirmation: for staff."""
    if not speaker.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    return tx.all(select(group_task.c.created_at, group_task.c.owner, chat.c.name, outbox.c.text)
                  .join_from(group_task, chat, chat.c.id == group_task.c.chat_id)
                  .join(outbox, outbox.c.id == group_task.c.outbox_id)
                  .where(group_task.c.community_id == speaker.community_id, group_task.c.state == "waiting")
                  .order_by(group_task.c.id).limit(20))


def _remind(tx: Tx, row: Row[Any], now: datetime) -> bool:
    if row.reminders >= len(AFTER) or now - row.created_at < AFTER[row.reminders] or quiet.of(
            tx, row.community_id).cover(now):
        return False
    mine = tx.execute(update(group_task).where(group_task.c.id == row.id, group_task.c.reminders == row.reminders).values(
        reminders=row.reminders + 1, reminded_at=now))
    if mine.rowcount != 1:
        return False
    name = tx.scalar(select(chat.c.name).where(chat.c.id == row.chat_id))
    for person_id in _owner(tx, row):
        queue.to_person(tx, person_id=person_id, key=f"group_task:{row.id}:remind:{row.reminders}", now=now,
                        text=say("group_task.remind", group=name), weight=queue.REMINDER)
    return True


def _owner(tx: Tx, row: Row[Any]) -> list[int]:
    """The owner as far as we know them, else the staff."""
    known = tx.scalar(select(chat.c.keeper_id).where(chat.c.id == row.chat_id))
    if known is None:
        known = tx.scalar(select(identity.c.person_id).where(identity.c.external_id == row.owner).limit(1))
    return [known] if known is not None else people.staff_of(tx, row.community_id)


def _by_hand(tx: Tx, row: Row[Any], now: datetime) -> None:
    """The news go into the group by hand instead, through the forward kit."""
    post = tx.first(select(outbox.c.key, outbox.c.text, outbox.c.facts).where(outbox.c.id == row.outbox_id))
    if post is None:
        return
    url = (post.facts or {}).get("url", "")
    queue.carry(tx, chat_id=row.chat_id, community_id=row.community_id, key=f"{post.key}:hand", facts=None, now=now,
                text=f"{post.text}\n{say('page.link', url=url)}" if url else post.text)


def _pause(age: timedelta) -> timedelta:
    """How long until the next look: owners who confirm do it soon."""
    return timedelta(seconds=5 if age < timedelta(minutes=10) else 120 if age < timedelta(hours=2) else 1800)
