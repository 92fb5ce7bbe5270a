"""News for groups that no API reaches: somebody of ours carries them in by hand, and ticks them off."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from models.base import Tx
from models.tables import chat, forward, poll, poll_chat
from services import audit, outbox, people, quiet
from services.people import Speaker
from texts.say import say

AFTER = timedelta(hours=2)  # then the keeper is reminded, and once more on the next day
_ANNOUNCED = re.compile(r"poll:(\d+):open:chat:\d+")


def hand_over(tx: Tx, *, now: datetime) -> None:
    """Gives the keepers what waits for their groups; what waits for one group comes together."""
    _drop_late(tx, now)
    for rows in _by_chat(tx, forward.c.told_at.is_(None), *_awake(tx, now)):
        if _give(tx, rows, keepers(tx, rows[0].chat_id, now), f"forward:{rows[-1].id}:kit", now):
            tx.execute(update(forward).where(forward.c.id.in_([r.id for r in rows]), forward.c.told_at.is_(None))
                       .values(told_at=now))


def remind_due(tx: Tx, *, now: datetime) -> None:
    """Reminds the keepers after two hours and on the next morning, each once."""
    _drop_late(tx, now)
    today = datetime.combine(now.astimezone(SHANGHAI).date(), datetime.min.time(), SHANGHAI)
    for times, due in ((1, forward.c.reminded_at < today), (0, forward.c.told_at <= now - AFTER)):
        for rows in _by_chat(tx, forward.c.reminders == times, due, *_awake(tx, now)):
            text = say("forward.remind", group=rows[0].name, numbers=[r.id for r in rows])
            sent = [outbox.to_person(tx, person_id=i, key=f"forward:{rows[-1].id}:remind:{times}:person:{i}", text=text, now=now,
                                     weight=outbox.REMINDER) for i in keepers(tx, rows[0].chat_id, now)]
            if any(sent):  # who cannot be reached now is reminded as soon as they can
                tx.execute(update(forward).where(forward.c.id.in_([r.id for r in rows]), forward.c.reminders == times).values(
                    reminded_at=now, reminders=times + 1))


def _awake(tx: Tx, now: datetime) -> list[Any]:
    """That nobody is disturbed by it now."""
    up = quiet.awake(tx, forward.c.community_id, now)
    return [] if up is None else [up]


def any_waiting(tx: Tx) -> bool:
    """True when something still has to be carried."""
    return tx.first(select(forward.c.id).where(forward.c.state == "waiting").limit(1)) is not None


def keepers(tx: Tx, chat_id: int, now: datetime) -> list[int]:
    """Who carries news into this group: its keeper, or all staff when it has none who can be reached."""
    row = tx.first(select(chat.c.keeper_id, chat.c.community_id).where(chat.c.id == chat_id))
    if row is None:
        return []
    if row.keeper_id is not None and outbox.reaches(tx, row.keeper_id, now):
        return [row.keeper_id]
    return people.staff_of(tx, row.community_id)


def waiting(tx: Tx, actor: Actor, numbers: list[int] | None = None) -> list[Row[Any]]:
    """What is still to be carried, group by group: all that is theirs to carry, or these."""
    _staff(actor)
    mine: list[Any] = [forward.c.id.in_(numbers)] if numbers is not None else []
    if actor.community_id is not None:
        mine.append(forward.c.community_id == actor.community_id)
    return [row for rows in _by_chat(tx, *mine) for row in rows]


def again(tx: Tx, speaker: Speaker, numbers: list[int], *, key: str, now: datetime) -> None:
    """Hands these to this person once more."""
    rows = _these(tx, speaker, numbers)
    for each in _grouped(rows):
        _give(tx, each, [speaker.id], f"forward:{each[-1].id}:again:{key}", now)


def done(tx: Tx, actor: Actor, numbers: list[int], *, now: datetime) -> list[Row[Any]]:
    """Ticks off what was carried; no numbers mean the only one that waits."""
    return _end(tx, actor, numbers, "done", "", now)


def drop(tx: Tx, actor: Actor, numbers: list[int], *, reason: str, now: datetime) -> list[Row[Any]]:
    """Notes that these will not be carried, and why."""
    if not reason.strip():
        raise Refusal("forward.reason", number=numbers[0])
    return _end(tx, actor, numbers, "dropped", reason, now)


def served(tx: Tx, row: Row[Any]) -> tuple[int, int, list[str]]:
    """How far the news of this row has come: (groups by hand, of them served, the names of those that wait)."""
    news = row.key.rpartition(":chat:")[0] + ":chat:"
    rows = tx.all(select(forward.c.state, chat.c.name).join_from(forward, chat, forward.c.chat_id == chat.c.id).where(
        forward.c.key.startswith(news, autoescape=True), forward.c.state != "dropped").order_by(forward.c.id))
    left = [r.name for r in rows if r.state == "waiting"]
    return len(rows), len(rows) - len(left), left


def _end(tx: Tx, actor: Actor, numbers: list[int], state: str, reason: str, now: datetime) -> list[Row[Any]]:
    rows = _these(tx, actor, numbers) if numbers else waiting(tx, actor)
    if not numbers and len(rows) != 1:
        raise Refusal("forward.which" if rows else "forward.none", numbers=[r.id for r in rows])
    for row in rows:
        own = tx.execute(update(forward).where(forward.c.id == row.id, forward.c.state == "waiting").values(
            state=state, done_at=now, done_by=actor.person_id))
        if own.rowcount == 1:
            audit.note(tx, actor, f"forward.{state}", f"forward:{row.id}", now=now, community_id=row.community_id,
                       reason=audit.digest(reason))
    return rows


def _these(tx: Tx, actor: Actor, numbers: list[int]) -> list[Row[Any]]:
    rows = waiting(tx, actor, numbers)
    missing = sorted(set(numbers) - {r.id for r in rows})
    if missing:
        raise Refusal("forward.unknown", numbers=missing)
    return rows


def _give(tx: Tx, rows: list[Row[Any]], persons: list[int], key: str, now: datetime) -> bool:
    """The line that says what to do, then each text alone, so that it can be forwarded as it is, and its picture if any.

    Where the keeper's account shows no pictures, the link in the words leads to the page that draws the result.
    """
    numbers = [r.id for r in rows]
    told = False
    for person_id in persons:
        pictures = any(r.facts for r in rows) and outbox.shows_pictures(tx, person_id, now)
        if outbox.to_person(tx, person_id=person_id, key=f"{key}:{person_id}", now=now,
                            text=say("forward.kit", group=rows[0].name, numbers=numbers, pictures=pictures)):
            told = True
            for row in rows:
                outbox.to_person(tx, person_id=person_id, key=f"{key}:{person_id}:{row.id}", text=row.text, now=now)
                if row.facts:
                    outbox.to_person(tx, person_id=person_id, key=f"{key}:{person_id}:{row.id}:chart", facts=row.facts, now=now)
    return told


def _by_chat(tx: Tx, *where: Any) -> list[list[Row[Any]]]:
    return _grouped(tx.all(select(forward, chat.c.name).join_from(forward, chat, forward.c.chat_id == chat.c.id)
                           .where(forward.c.state == "waiting", *where).order_by(forward.c.chat_id, forward.c.id)))


def _grouped(rows: list[Row[Any]]) -> list[list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(row.chat_id, []).append(row)
    return list(groups.values())


def _drop_late(tx: Tx, now: datetime) -> None:
    """An announcement whose poll is over is no news; a result still is."""
    for row in tx.all(select(forward.c.id, forward.c.key, forward.c.community_id).where(forward.c.state == "waiting")):
        found = _ANNOUNCED.fullmatch(row.key)
        if found and tx.scalar(select(poll.c.state).where(poll.c.id == int(found.group(1)))) != "open":
            own = tx.execute(update(forward).where(forward.c.id == row.id, forward.c.state == "waiting").values(
                state="dropped", done_at=now))
            if own.rowcount == 1:
                audit.note(tx, SYSTEM, "forward.late", f"forward:{row.id}", now=now, community_id=row.community_id)


def _staff(actor: Actor) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.refused", usage="")


def by_hand(tx: Tx, poll_id: int) -> list[str]:
    """The groups of a poll that only a person can carry its news to."""
    return list(tx.connection.scalars(select(chat.c.name).join_from(poll_chat, chat, poll_chat.c.chat_id == chat.c.id).where(
        poll_chat.c.poll_id == poll_id, chat.c.post_channel == outbox.HAND).order_by(chat.c.id)))
