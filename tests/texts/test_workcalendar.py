"""Working days and festivals as they really are, and as they are guessed for years that are not announced."""

import logging
from datetime import date, timedelta

import holidays
import pytest

from domain.workdays import due_day
from texts import workcalendar
from texts.workcalendar import announced, festival, is_workday

CHECKED = [  # DOMAIN §7
    ("2026-09-30", 3, "2026-10-10"), ("2026-02-13", 3, "2026-02-25"), ("2026-04-30", 3, "2026-05-08"),
    ("2026-09-18", 3, "2026-09-22"), ("2026-11-20", 3, "2026-11-25"), ("2026-02-12", 5, "2026-02-26"), ("2026-12-31",
        3, "2027-01-06")]
OFF_2026 = ("01-01 01-03", "02-15 02-23", "04-04 04-06", "05-01 05-05", "06-19 06-21", "09-25 09-27", "10-01 10-07")
WORKED_WEEKENDS = {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}


@pytest.mark.parametrize(("start", "days", "due"), CHECKED)
def test_the_checked_examples(start: str, days: int, due: str) -> None:
    assert due_day(date.fromisoformat(start), days, is_workday) == date.fromisoformat(due)


def test_every_day_of_2026() -> None:
    spans = [[date.fromisoformat(f"2026-{d}") for d in span.split()] for span in OFF_2026]
    for n in range(365):
        day = date(2026, 1, 1) + timedelta(days=n)
        off = any(first <= day <= last for first, last in spans)
        assert is_workday(day) == (f"{day:%m-%d}" in WORKED_WEEKENDS or (day.weekday() < 5 and not off)), day


def test_both_libraries_agree_where_both_know() -> None:
    other = holidays.China(years=(2025, 2026))
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]
    assert [d for d in days if is_workday(d) != other.is_working_day(d)] == []


def test_an_unknown_year_is_estimated_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    workcalendar.is_workday.cache_clear()
    workcalendar._warn.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert is_workday(date(2027, 1, 4)) and not is_workday(date(2027, 1, 1)) and not is_workday(date(2027, 1, 2))
        assert not is_workday(date(2027, 2, 8))  # 春节
    assert len(caplog.records) == 1 and "2027" in caplog.text
    assert announced(2026) and not announced(2027)


def test_far_years_fall_back_on_the_week() -> None:
    assert is_workday(date(2150, 6, 1)) == (date(2150, 6, 1).weekday() < 5)


@pytest.mark.parametrize(("name", "day"), [
    ("春节", "2026-02-17"), ("除夕", "2026-02-16"), ("元宵节", "2026-03-03"), ("清明节", "2026-04-05"), ("端午节",
        "2026-06-19"),
    ("中秋节", "2026-09-25"), ("国庆节", "2026-10-01"), ("中秋节", "2020-10-01"), ("国庆节", "2020-10-01"), ("春节",
        "2027-02-06"),
    ("母亲节", "2026-05-10"), ("父亲节", "2026-06-21"), ("双十一", "2026-11-11")])
def test_festivals(name: str, day: str) -> None:
    assert festival(name, int(day[:4])) == date.fromisoformat(day)


def test_a_festival_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError):
        festival("春节", 2150)
