"""A session (请你来协商, 恳谈会): announced ahead, signed in to, held.

Questions are in services/questions.py, turns to speak in services/session_turns.py, the end in services/session_end.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Forbidden, Refusal
from domain.roles import SYSTEM, Role
from domain.timers import Timer
from models.base import Tx
from models.tables import attendee, chat, community, person, session
from services import audit, issues, outbox, people, quiet, timers
from services.people import Speaker
from texts.say import say

NOTICE = timedelta(days=3)
FARTHEST = timedelta(days=60)
_BUMP = update(community).values(last_session=community.c.last_session + 1).returning(community.c.last_session)


@dataclass(frozen=True, slots=True)
class Plan:
    """A session as it was asked for."""

    title: str
    starts_at: datetime
    host_id: int | None = None
    issue_number: int | None = None


def announce(tx: Tx, actor: Speaker, plan: Plan, *, chat_id: int | None, now: datetime) -> Row[Any]:
    """Announces a session, three days ahead at least; questions can be asked from now on."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    starts = plan.starts_at
    by_night = quiet.of(tx, actor.community_id).cover(starts)
    if starts < now + NOTICE or starts > now + FARTHEST or by_night:
        raise Refusal("session.notice", days=NOTICE.days, most=FARTHEST.days, quiet=by_night)
    about = issues.by_number(tx, actor.community_id, plan.issue_number) if plan.issue_number else None
    if about is not None and about.private:
        raise Refusal("guard.public", number=about.number)
    number = tx.scalar(_BUMP.where(community.c.id == actor.community_id))
    session_id = tx.add(session, community_id=actor.community_id, number=number, issue_id=about.id if about else None,
                        title=plan.title[:64], host_id=plan.host_id or actor.id, chat_id=chat_id, starts_at=starts,
                        state="notice", created_at=now)
    timers.start(tx, Timer.NOTICE, None, starts, about=f"s{session_id}")
    row = by_id(tx, session_id)
    audit.note(tx, actor, "session.announce", f"session:{session_id}", now=now, number=number, starts_at=starts.isoformat())
    post(tx, row, "notice", say("session.notice_card", session=row), now, but=chat_id)
    if row.host_id != actor.id:
        outbox.to_person(tx, person_id=row.host_id, key=f"session:{row.id}:host", now=now,
                         text=say("session.for_host", session=row))
    return row


def by_id(tx: Tx, session_id: int) -> Row[Any]:
    """The session with this id."""
    return tx.execute(select(session).where(session.c.id == session_id)).one()


def by_number(tx: Tx, community_id: int | None, number: int, *, lock: bool = False) -> Row[Any]:
    """The session people call S3."""
    query = select(session).where(session.c.community_id == community_id, session.c.number == number)
    row = tx.first(query.with_for_update() if lock else query)
    if row is None:
        raise Refusal("session.unknown", number=number)
    return row


def led(tx: Tx, actor: Speaker, number: int) -> Row[Any]:
    """The session, held, for its host or somebody who works for the community."""
    row = by_number(tx, actor.community_id, number, lock=True)
    if actor.id != row.host_id and not actor.role.covers(Role.GRID_WORKER):
        raise Forbidden("session.not_host", number=number)
    return row


def coming(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """The sessions that are announced or going on, the next first."""
    return tx.all(select(session).where(session.c.community_id == community_id, session.c.state != "ended")
                  .order_by(session.c.starts_at, session.c.id))


def begin(tx: Tx, session_id: int, now: datetime) -> None:
    """The announced hour has come."""
    row = by_id(tx, session_id)
    if row.state == "notice":
        tx.execute(update(session).where(session.c.id == row.id).values(state="open"))
        audit.note(tx, SYSTEM, "session.begin", f"session:{row.id}", now=now, community_id=row.community_id)
        post(tx, row, "begin", say("session.begun", session=row), now)


# --- who comes ------------------------------------------------------------------------------------------------
def attend(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], int]:
    """Says that they will come; returns how many persons do."""
    row = _not_over(tx, speaker, number)
    _attendee(tx, row, speaker, said_at=now)
    return row, persons(tx, row.id, said=True)


def sign_in(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], int, bool]:
    """Signs in; who comes after the beginning is late. Twice is once."""
    row = _not_over(tx, speaker, number)
    if row.state == "notice":
        raise Forbidden("session.not_begun", number=number, at=row.starts_at)
    mine = _attendee(tx, row, speaker)
    if mine.came_at is None:
        late = now > row.starts_at + timedelta(minutes=10)
        tx.execute(update(attendee).where(attendee.c.id == mine.id).values(came_at=now, late=late))
        audit.note(tx, speaker, "session.sign_in", f"session:{row.id}", now=now, late=late)
    else:
        late = mine.late
    return row, persons(tx, row.id), late


def _not_over(tx: Tx, speaker: Speaker, number: int) -> Row[Any]:
    row = by_number(tx, speaker.community_id, number, lock=True)
    if row.state == "ended":
        raise Refusal("session.over", number=number)
    return row


def _attendee(tx: Tx, row: Row[Any], speaker: Speaker, **values: Any) -> Row[Any]:
    """The person's line on the list, new if need be."""
    speaker = people.present(tx, speaker)
    insert = insert_postgres if tx.postgres else insert_sqlite
    tx.execute(insert(attendee).values(session_id=row.id, person_id=speaker.id, late=False, **values).on_conflict_do_nothing())
    return tx.execute(select(attendee).where(attendee.c.session_id == row.id, attendee.c.person_id == speaker.id)).one()


def persons(tx: Tx, session_id: int, *, said: bool = False, late: bool = False) -> int:
    """How many different persons will come, or have come, or were late."""
    which = [attendee.c.said_at.is_not(None)] if said else [attendee.c.came_at.is_not(None), *([attendee.c.late] if late else [])]
    return int(tx.scalar(select(func.count(func.distinct(func.coalesce(person.c.joined_into, person.c.id)))).select_from(attendee)
                         .join(person, person.c.id == attendee.c.person_id).where(attendee.c.session_id == session_id, *which)))


def post(tx: Tx, row: Row[Any], news: str, text: str, now: datetime, *, but: int | None = None, quiet: bool = True) -> int:
    """Posts to the group of the session, or to every group when it was announced in private."""
    chats = [row.chat_id] if row.chat_id is not None else tx.connection.scalars(
        select(chat.c.id).where(chat.c.community_id == row.community_id).order_by(chat.c.id)).all()
    return sum(outbox.to_chat(tx, chat_id=c, key=f"session:{row.id}:{news}:chat:{c}", text=text, now=now, quiet=quiet,
                              weight=outbox.RESULT) for c in chats if c != but)
