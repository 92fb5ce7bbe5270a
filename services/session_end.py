"""The end of a session: no question stays open, and the minutes are posted once its host has confirmed them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Forbidden, Refusal
from models.base import Tx
from models.tables import session, turn
from services import audit, questions, sessions
from services.people import Speaker
from texts.mask import mask
from texts.say import say


def end(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> Row[Any]:
    """Ends a session in which every question is answered, or a task with a date, or a private matter."""
    row = sessions.led(tx, actor, number)
    if row.state != "open":
        raise Refusal("session.over" if row.state == "ended" else "session.not_begun", number=number, at=row.starts_at)
    left = sorted(q.number for q in questions.listed(tx, row.id) if q.state == "open")
    if left:
        raise Forbidden("session.questions_left", number=number, left=left)
    tx.execute(update(turn).where(turn.c.session_id == row.id, turn.c.over_at.is_(None)).values(over_at=now))
    tx.execute(update(session).where(session.c.id == row.id).values(state="ended", ended_at=now))
    audit.note(tx, actor, "session.end", f"session:{row.id}", now=now)
    return sessions.by_id(tx, row.id)


def minutes(tx: Tx, actor: Speaker, *, number: int) -> str:
    """The minutes of a session that is over, put together from what is on record, without names."""
    row = sessions.led(tx, actor, number)
    if row.state != "ended":
        raise Refusal("session.end_first", number=number)
    if row.minutes_at is not None:
        raise Refusal("session.minutes_posted", number=number)
    found = [{"number": q.number, "state": q.state, "text": mask(q.text), "answer": q.answer, "task": q.task, "due_at": q.due_at,
              "behind": q.behind} for q in sorted(questions.listed(tx, row.id), key=lambda q: q.number)]
    spoken = len(tx.all(select(turn.c.id).where(turn.c.session_id == row.id, turn.c.called_at.is_not(None))))
    return say("session.minutes", session=row, came=sessions.persons(tx, row.id), late=sessions.persons(tx, row.id, late=True),
               promised=sessions.persons(tx, row.id, said=True), questions=found, turns=spoken)


def publish(tx: Tx, actor: Speaker, *, number: int, text: str, now: datetime) -> Row[Any]:
    """Posts the minutes that the host has just confirmed, once."""
    row = sessions.led(tx, actor, number)
    if row.minutes_at is not None:
        raise Refusal("session.minutes_posted", number=number)
    tx.execute(update(session).where(session.c.id == row.id).values(minutes=text, minutes_at=now))
    audit.note(tx, actor, "session.minutes", f"session:{row.id}", now=now, words=audit.digest(text))
    sessions.post(tx, row, "minutes", text, now)
    return row
