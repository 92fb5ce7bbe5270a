"""What is told by the calendar: each group its week, each grid worker their morning; once each, late rather than never.

Which weeks and mornings were told is kept in rows. A week that was missed is told with the next one; a morning that is over is not.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.clock import SHANGHAI
from domain.roles import Role
from models.base import Tx
from models.tables import bulletin, chat, person
from services import agenda, anchors, audit, outbox, voices, workcalendar
from services.people import Speaker
from texts.say import say

WEEKLY, MORNING = "weekly", "morning"
NOON = time(12)  # after that a morning is over
_WEEK = timedelta(days=7)
_hours: dict[str, time | None] = {WEEKLY: None, MORNING: None}


def configure(weekly: time | None, morning: time | None) -> None:
    """Tells at which hours bulletins go out; None: never. Called once at start."""
    _hours.update({WEEKLY: weekly, MORNING: morning})


def any_due(tx: Tx, *, now: datetime) -> bool:
    """True when somebody has not been told yet what is due by now."""
    return _group(tx, now) is not None or _worker(tx, now) is not None


def tell_due(tx: Tx, *, now: datetime) -> bool:
    """Tells the first group or grid worker whose bulletin is due; False when everybody has been told."""
    found = _group(tx, now)
    if found is not None:
        with voices.speaking(tx, found.community_id):
            _tell_group(tx, found, now)
        return True
    worker = _worker(tx, now)
    if worker is not None:
        with voices.speaking(tx, worker.community_id):
            _tell_worker(tx, worker, now)
    return worker is not None


def want_mornings(tx: Tx, speaker: Speaker, wanted: bool, *, now: datetime) -> None:
    """Keeps whether a grid worker wants the message in the morning."""
    tx.execute(update(person).where(person.c.id == speaker.id).values(no_brief=not wanted))
    audit.note(tx, speaker, "brief.want" if wanted else "brief.stop", speaker.who, now=now)


def today(tx: Tx, community_id: int | None, *, now: datetime) -> str:
    """What waits for staff today, in words."""
    return say("agenda.today", day=now, agenda=agenda.of(tx, community_id, until=_midnight(now, 1), now=now))


def this_week(tx: Tx, community_id: int | None, *, now: datetime) -> str:
    """What waits for staff until Sunday, in words."""
    until = _midnight(now, 7 - now.astimezone(SHANGHAI).weekday())
    return say("agenda.week", until=until - timedelta(minutes=1), agenda=agenda.of(tx, community_id, until=until, now=now))


def _group(tx: Tx, now: datetime) -> Row[Any] | None:
    """A group that has not been told its week, once the first working day of the week has come to the hour."""
    hour, monday = _hours[WEEKLY], _monday(now)
    if hour is None:
        return None
    is_workday = workcalendar.of(tx, None)
    first = next((day for n in range(7) if is_workday(day := monday + timedelta(days=n))), None)
    if first is None or now < datetime.combine(first, hour, SHANGHAI):
        return None
    told = select(bulletin.c.about).where(bulletin.c.kind == WEEKLY, bulletin.c.period == monday.isoformat())
    return tx.first(select(chat.c.id, chat.c.community_id, chat.c.building_id).where(
        chat.c.post_channel.is_not(None), chat.c.id.not_in(told)).order_by(chat.c.id).limit(1))


def _tell_group(tx: Tx, row: Row[Any], now: datetime) -> None:
    period = _monday(now).isoformat()
    last = tx.scalar(select(func.max(bulletin.c.at)).where(bulletin.c.kind == WEEKLY, bulletin.c.about == row.id))
    if not _note(tx, WEEKLY, row.id, period, now):
        return
    week = agenda.week_of(tx, row, since=last or now - _WEEK, now=now)
    key, head = f"weekly:{period}:chat:{row.id}", anchors.committed(tx)
    if week.sections and outbox.to_chat(tx, chat_id=row.id, key=key, text=anchors.under(say("weekly", week=week), head), now=now):
        anchors.keep(tx, head, key=key, chat_id=row.id, community_id=row.community_id)


def _worker(tx: Tx, now: datetime) -> Row[Any] | None:
    """A grid worker who has not had their morning, on a working day."""
    hour, local = _hours[MORNING], now.astimezone(SHANGHAI)
    if hour is None or not hour <= local.time() < NOON or not workcalendar.of(tx, None)(local.date()):
        return None
    told = select(bulletin.c.about).where(bulletin.c.kind == MORNING, bulletin.c.period == local.date().isoformat())
    return tx.first(select(person.c.id, person.c.community_id).where(
        person.c.role != Role.RESIDENT, person.c.left_at.is_(None), person.c.joined_into.is_(None), ~person.c.no_brief,
        person.c.id.not_in(told)).order_by(person.c.id).limit(1))


def _tell_worker(tx: Tx, row: Row[Any], now: datetime) -> None:
    period = now.astimezone(SHANGHAI).date().isoformat()
    if not _note(tx, MORNING, row.id, period, now):
        return
    found = agenda.of(tx, row.community_id, until=_midnight(now, 1), now=now)
    if not found.empty:
        outbox.to_person(tx, person_id=row.id, key=f"morning:{period}:person:{row.id}", now=now, weight=outbox.REMINDER,
                         text=say("agenda.morning", day=now, agenda=found))


def _note(tx: Tx, kind: str, about: int, period: str, now: datetime) -> bool:
    """Notes that this is told now; of two who tell it, one does."""
    insert = insert_postgres if tx.postgres else insert_sqlite
    return tx.scalar(insert(bulletin).values(kind=kind, about=about, period=period, at=now)
                     .on_conflict_do_nothing(index_elements=["kind", "about", "period"]).returning(bulletin.c.id)) is not None


def _monday(now: datetime) -> date:
    local = now.astimezone(SHANGHAI).date()
    return local - timedelta(days=local.weekday())


def _midnight(now: datetime, days: int) -> datetime:
    local = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return local + timedelta(days=days)
