"""Working days as they are here: the announced calendar, and before it what an admin entered by hand."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.roles import Actor
from domain.workdays import IsWorkday
from models.base import Tx
from models.tables import calendar_day
from services import audit
from texts import workcalendar


def of(tx: Tx) -> IsWorkday:
    """Tells whether a day is worked; days entered by hand come before the library's."""
    entered = {row.day: row.workday for row in tx.all(select(calendar_day.c.day, calendar_day.c.workday))}
    if not entered:
        return workcalendar.is_workday

    def is_workday(day: date) -> bool:
        found = entered.get(day.isoformat())
        return workcalendar.is_workday(day) if found is None else bool(found)

    return is_workday


def provisional(tx: Tx, day: date) -> bool:
    """True when the holidays of that year are not announced, and nobody has entered any: a deadline there may move."""
    return not workcalendar.announced(day.year) and tx.first(
        select(calendar_day.c.id).where(calendar_day.c.day.startswith(f"{day.year}-")).limit(1)) is None


def enter(tx: Tx, actor: Actor, days: dict[date, tuple[bool, str]], *, now: datetime) -> None:
    """Keeps what a holiday notice says of days: worked or not, and why. What was promised before stays as it was promised."""
    for day, (workday, name) in days.items():
        insert = insert_postgres if tx.postgres else insert_sqlite
        row = insert(calendar_day).values(day=day.isoformat(), workday=workday, name=name)
        tx.execute(row.on_conflict_do_update(index_elements=["day"], set_={"workday": workday, "name": name}))
    audit.note(tx, actor, "calendar.enter", "calendar", now=now, days=len(days), first=min(days).isoformat(),
               last=max(days).isoformat())
