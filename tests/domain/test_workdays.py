"""The arithmetic of working days, on a calendar made up for the test: every day is worked but Saturdays and Sundays and the holidays."""

from datetime import UTC, date, datetime

import pytest

from domain.workdays import due_day, end_of, last_before, rest_around

HOLIDAYS = {date(2026, 10, d) for d in range(1, 8)}
MOVED = {date(2026, 10, 10)}


def worked(day: date) -> bool:
    return day in MOVED or (day.weekday() < 5 and day not in HOLIDAYS)


@pytest.mark.parametrize(("start", "days", "due"), [
    (date(2026, 11, 20), 3, date(2026, 11, 25)),  # a weekend between
    (date(2026, 11, 23), 1, date(2026, 11, 24)),  # the first day does not count
    (date(2026, 11, 21), 1, date(2026, 11, 23)),  # begun on a Saturday
    (date(2026, 9, 30), 3, date(2026, 10, 10)),  # a moved Saturday counts
])
def test_working_days_count_from_the_day_after(start: date, days: int, due: date) -> None:
    assert due_day(start, days, worked) == due


@pytest.mark.parametrize("days", [0, -1, 367])
def test_no_days_and_too_many_are_refused(days: int) -> None:
    with pytest.raises(ValueError):
        due_day(date(2026, 11, 20), days, worked)


def test_days_off_around_a_day() -> None:
    assert rest_around(date(2026, 10, 3), worked) == (date(2026, 10, 1), date(2026, 10, 7))
    assert rest_around(date(2026, 10, 8), worked) == (date(2026, 10, 8), date(2026, 10, 8))
    assert last_before(date(2026, 10, 5), worked) == date(2026, 9, 30)


def test_a_day_lasts_until_midnight_in_shanghai() -> None:
    assert end_of(date(2026, 11, 25)) == datetime(2026, 11, 25, 16, tzinfo=UTC)
