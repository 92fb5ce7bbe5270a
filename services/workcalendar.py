"""Working days as they are here: the announced calendar, and before it what an admin entered by hand."""

import csv
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import Actor
from domain.workdays import IsWorkday
from models.base import Tx
from models.settings import community_day
from models.tables import calendar_day
from services import audit, settings
from texts import workcalendar

MOST_SHUT = 200  # days a community may be shut by itself
_WORK = {"班": True, "休": False}


def of(tx: Tx, community_id: int | None) -> IsWorkday:
    """Tells whether a day is worked: not when the community is shut, else by what was entered for all, else by the library.

    Without a community it is the state's calendar alone: what the law counts, and what all communities share.
    """
    entered = {row.day: row.workday for row in tx.all(select(calendar_day.c.day, calendar_day.c.workday))}
    shut = {row.day for row in shut_days(tx, community_id)} if community_id is not None else set()
    if not entered and not shut:
        return workcalendar.is_workday

    def is_workday(day: date) -> bool:
        found = entered.get(day.isoformat())
        return day.isoformat() not in shut and (workcalendar.is_workday(day) if found is None else bool(found))

    return is_workday


def provisional(tx: Tx, day: date) -> bool:
    """True when the holidays of that year are not announced, and nobody has entered any: a deadline there may move."""
    return not workcalendar.announced(day.year) and tx.first(
        select(calendar_day.c.id).where(calendar_day.c.day.startswith(f"{day.year}-")).limit(1)) is None


def enter(tx: Tx, actor: Actor, days: dict[date, tuple[bool, str]], *, now: datetime) -> None:
    """Keeps what a holiday notice says of days: worked or not, and why. What was promised before stays as it was promised."""
    had = {row.day: (row.workday, row.name) for row in tx.all(select(calendar_day).where(
        calendar_day.c.day.in_([day.isoformat() for day in days])))}
    changed = {day.isoformat(): said for day, said in days.items() if had.get(day.isoformat()) != said}
    for day, (workday, name) in days.items():
        insert = insert_postgres if tx.postgres else insert_sqlite
        row = insert(calendar_day).values(day=day.isoformat(), workday=workday, name=name)
        tx.execute(row.on_conflict_do_update(index_elements=["day"], set_={"workday": workday, "name": name}))
    audit.note(tx, actor, "calendar.enter", "calendar", now=now, days=len(days), first=min(days).isoformat(),
               last=max(days).isoformat(), before={day: had[day] for day in changed if day in had}, after=changed)


def forget(tx: Tx, actor: Actor, day: date, *, now: datetime) -> None:
    """Takes an entered day back: the announced calendar holds again."""
    had = tx.first(select(calendar_day).where(calendar_day.c.day == day.isoformat()))
    if had is not None:
        tx.execute(delete(calendar_day).where(calendar_day.c.id == had.id))
        audit.note(tx, actor, "calendar.forget", "calendar", now=now, day=had.day, before=[had.workday, had.name])


def shut_days(tx: Tx, community_id: int, since: date | None = None) -> list[Row[Any]]:
    """The days on which a community is shut though others work."""
    late = [community_day.c.day >= since.isoformat()] if since is not None else []
    return tx.all(select(community_day).where(community_day.c.community_id == community_id, *late).order_by(community_day.c.day))


def shut(tx: Tx, actor: Actor, *, community_id: int, day: date, name: str, now: datetime) -> None:
    """Keeps a day on which this community alone does not work. What was promised before stays as it was promised."""
    settings.admin(actor)
    name = " ".join(name.split())[:32]
    if not name:
        raise Refusal("calendar.shut_why")
    if day < now.astimezone(SHANGHAI).date():
        raise Refusal("calendar.shut_past", day=day)
    known = {row.day: row.name for row in shut_days(tx, community_id)}
    before = known.get(day.isoformat())
    if before is None and not of(tx, community_id)(day):
        raise Refusal("calendar.shut_anyway", day=day)
    if before is None and len(known) >= MOST_SHUT:
        raise Refusal("calendar.shut_many", most=MOST_SHUT)
    if before == name:
        return
    tx.execute(delete(community_day).where(community_day.c.community_id == community_id, community_day.c.day == day.isoformat()))
    tx.add(community_day, community_id=community_id, day=day.isoformat(), name=name)
    audit.note(tx, actor, "calendar.shut", f"community:{community_id}", now=now, community_id=community_id, day=day.isoformat(),
               before=before, after=name)


def work_again(tx: Tx, actor: Actor, *, community_id: int, day: date, now: datetime) -> None:
    """Takes such a day back."""
    settings.admin(actor)
    had = next((row for row in shut_days(tx, community_id) if row.day == day.isoformat()), None)
    if had is not None:
        tx.execute(delete(community_day).where(community_day.c.id == had.id))
        audit.note(tx, actor, "calendar.work", f"community:{community_id}", now=now, community_id=community_id, day=had.day,
                   before=had.name)


def entered(tx: Tx, since: date) -> list[Row[Any]]:
    """The days that were entered by hand, from this one on."""
    return tx.all(select(calendar_day).where(calendar_day.c.day >= since.isoformat()).order_by(calendar_day.c.day))


def read(text: str, name: str) -> dict[date, tuple[bool, str]]:
    """The days of a holiday notice, a line each: 2027-01-01,休,元旦; a Refusal names the first line that is wrong."""
    days: dict[date, tuple[bool, str]] = {}
    for number, cells in enumerate(csv.reader(text.splitlines()), 1):
        words = [cell.strip() for cell in cells]
        if not any(words) or (number == 1 and words[0] == "日期"):
            continue
        try:
            day, work = date.fromisoformat(words[0]), _WORK[words[1]]
        except (ValueError, KeyError, IndexError):
            raise Refusal("calendar.line", number=number, said=",".join(cells)[:40]) from None
        if day in days:
            raise Refusal("calendar.twice", number=number, day=day)
        days[day] = (work, words[2][:32] if len(words) > 2 else "")
    if not days:
        raise Refusal("calendar.empty", file=name)
    return days
