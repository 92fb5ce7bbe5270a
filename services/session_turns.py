"""Turns to speak in a session: two minutes each, two for one person; the bot calls the next one, by number, never by name."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from domain.errors import Forbidden, Refusal
from domain.timers import Timer
from models.base import Tx
from models.tables import session, turn
from services import audit, outbox, people, sessions, timers
from services.people import Speaker
from texts.say import say

LENGTH = timedelta(minutes=2)
EACH = 2


def raise_hand(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[int, int, bool]:
    """Asks for a turn: its number, how many are before it, and whether it begins at once."""
    row = sessions.by_number(tx, speaker.community_id, number, lock=True)
    if row.state != "open":
        raise Refusal("session.over" if row.state == "ended" else "session.not_begun", number=number, at=row.starts_at)
    speaker = people.present(tx, speaker)
    mine = tx.all(select(turn).where(turn.c.session_id == row.id, turn.c.person_id.in_(people.behind(tx, speaker.id))))
    if any(t.over_at is None for t in mine):
        raise Refusal("session.hand_up", number=number)
    if len(mine) >= EACH:
        raise Forbidden("session.turns_used", number=number, most=EACH)
    added = tx.add(turn, session_id=row.id, person_id=speaker.id, asked_at=now)
    before = _waiting(tx, row.id)
    at_once = speaking(tx, row.id) is None
    if at_once:
        _call(tx, row, now)
    return place_of(tx, row.id, added), len(before) - 1, at_once


def finish(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> int:
    """Ends the present turn early, by who speaks or the host; returns how many still wait."""
    row = sessions.by_number(tx, actor.community_id, number, lock=True)
    current = speaking(tx, row.id)
    if current is None:
        raise Refusal("session.nobody_speaks", number=number)
    if current.person_id not in people.behind(tx, actor.id):
        sessions.led(tx, actor, number)
    _over(tx, row, current, now)
    return len(_waiting(tx, row.id))


def time_over(tx: Tx, session_id: int, turn_id: int, now: datetime) -> None:
    """The two minutes of a turn are over; the next one is called."""
    row = tx.execute(select(session).where(session.c.id == session_id).with_for_update()).one()
    current = speaking(tx, session_id)
    if row.state == "open" and current is not None and current.id == turn_id:
        _over(tx, row, current, now)


def speaking(tx: Tx, session_id: int) -> Row[Any] | None:
    """The turn that goes on."""
    return tx.first(select(turn).where(turn.c.session_id == session_id, turn.c.called_at.is_not(None), turn.c.over_at.is_(None)))


def place_of(tx: Tx, session_id: int, turn_id: int) -> int:
    """The turn's number in the session."""
    return int(tx.scalar(select(func.count()).where(turn.c.session_id == session_id, turn.c.id <= turn_id)))


def _waiting(tx: Tx, session_id: int) -> list[Row[Any]]:
    return tx.all(select(turn).where(turn.c.session_id == session_id, turn.c.called_at.is_(None), turn.c.over_at.is_(None))
                  .order_by(turn.c.id))


def _over(tx: Tx, row: Row[Any], current: Row[Any], now: datetime) -> None:
    tx.execute(update(turn).where(turn.c.id == current.id).values(over_at=now))
    audit.note(tx, people.as_person(tx, current.person_id), "session.turn", f"session:{row.id}", now=now)
    _call(tx, row, now)


def _call(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Calls the next one, if anybody waits."""
    following = next(iter(_waiting(tx, row.id)), None)
    if following is None:
        return
    tx.execute(update(turn).where(turn.c.id == following.id).values(called_at=now))
    timers.start(tx, Timer.DISCUSSION, None, now + LENGTH, about=f"s{row.id}:t{following.id}")
    place, minutes = place_of(tx, row.id, following.id), int(LENGTH.total_seconds() // 60)
    called = say("session.turn_card", place=place, minutes=minutes, session=row)
    sessions.post(tx, row, f"turn:{following.id}", called, now, quiet=False)
    outbox.to_person(tx, person_id=following.person_id, key=f"session:{row.id}:turn:{following.id}", now=now, quiet=False,
                     weight=outbox.RESULT, text=say("session.your_turn", place=place, minutes=minutes, session=row))
