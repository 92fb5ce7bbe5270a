"""Deadlines as they are said and as they are moved: working days by the calendar here, a day means until its end."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.clock import SHANGHAI
from domain.workdays import due_day, end_of
from models.base import Tx
from services import workcalendar
from texts.normal import plain, printed
from texts.numbers import number
from texts.spans import WORKDAYS
from texts.when import find_when

_HOUR = re.compile(r"[点时:早晚午夜]")
_HOURS = re.compile(r"小时|钟头|分钟")
_EDGE = " ,，。:：;；到至前内以"


@dataclass(frozen=True, slots=True)
class Asked:
    """A moment that was asked for, and the words around it."""

    at: datetime
    provisional: bool  # it hangs on holidays that are not announced yet
    before: str
    after: str

    @property
    def words(self) -> str:
        """What else was said."""
        return " ".join(filter(None, (self.before, self.after)))


def asked(tx: Tx, community_id: int | None, words: str, *, now: datetime, start: datetime | None = None) -> Asked | None:
    """The first deadline in the words; working days count from `start`, when it is given."""
    said = plain(words)
    if (found := WORKDAYS.search(said)) and found["n"] and (days := number(found["n"])):
        try:
            day = due_day(_day(start or now), days, workcalendar.of(tx, community_id))
        except ValueError:
            return None
        return Asked(end_of(day), workcalendar.provisional(tx, day), *_around(said, found.start(), found.end()))
    moment = find_when(said, now)
    if moment is None:
        return None
    at, spoken = moment.at, said[moment.start:moment.end]
    if start is not None and re.search(r"^\D{0,2}[\d一二两三四五六七八九十半]+个?(?:天|周|星期)", spoken):
        at = start + (at - now)
    if not _HOUR.search(spoken) and not _HOURS.search(spoken):
        at = end_of(_day(at))
    return Asked(at, moment.provisional, *_around(said, moment.start, moment.end))


def half(tx: Tx, community_id: int | None, start: datetime | None, due: datetime | None, *, now: datetime) -> datetime:
    """Half of the time there was, a working day at least, until the end of a day that is worked."""
    had = (due - start) / 2 if start is not None and due is not None and due > start else timedelta(0)
    works = workcalendar.of(tx, community_id)
    day = _day(max(now + had, in_days(tx, community_id, now, 1)))
    return end_of(day if works(day) else due_day(day, 1, works))


def in_days(tx: Tx, community_id: int | None, now: datetime, days: int) -> datetime:
    """The end of the last of so many working days after today."""
    return end_of(due_day(_day(now), days, workcalendar.of(tx, community_id)))


def workdays(tx: Tx, community_id: int | None, start: datetime, end: datetime) -> int:
    """How many working days there are after the first day, the last included."""
    works, day, last = workcalendar.of(tx, community_id), _day(start), _day(end)
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += works(day)
    return count


def _day(at: datetime) -> date:
    """The day a moment belongs to; midnight ends a day."""
    return (at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def _around(said: str, start: int, end: int) -> tuple[str, str]:
    return printed(said[:start].strip(_EDGE)), printed(said[end:].strip(_EDGE))
