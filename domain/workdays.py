"""Working days as arithmetic: the day a period begins does not count, and its last day lasts until 24:00 (民法典 201, 203).

Which days are worked is told by the caller; holidays and moved weekends are announced, not computed.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from domain.clock import SHANGHAI

IsWorkday = Callable[[date], bool]
LONGEST = 366  # working days one may ask for
_DAY = timedelta(days=1)


def due_day(start: date, days: int, is_workday: IsWorkday) -> date:
    """The last day of a period of so many working days that begins on this day."""
    if not 1 <= days <= LONGEST:
        raise ValueError(days)
    day = start
    while days:
        day += _DAY
        days -= is_workday(day)
    return day


def last_before(day: date, is_workday: IsWorkday) -> date:
    """The last working day before this day."""
    day -= _DAY
    while not is_workday(day):
        day -= _DAY
    return day


def rest_around(day: date, is_workday: IsWorkday) -> tuple[date, date]:
    """The first and the last day of the days off around a day off; the day itself twice when it is worked."""
    first = last = day
    if not is_workday(day):
        first = last_before(day, is_workday) + _DAY
        last = due_day(day, 1, is_workday) - _DAY
    return first, last


def end_of(day: date) -> datetime:
    """24:00 of a day in Shanghai, which is 00:00 of the next."""
    return datetime.combine(day + _DAY, datetime.min.time(), SHANGHAI)
