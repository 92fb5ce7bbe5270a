"""A holiday notice is entered by hand when the library does not know the year yet."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.config import ConfigError
from domain.roles import SYSTEM
from domain.timers import Timer
from models.base import Database
from ops import calendar_tools
from services import timers, workcalendar

NOTICE = "日期,休或班,名称\n2027-01-01,休,元旦\n2027-01-02,休,元旦\n2027-01-03,班,元旦调休\n2027-01-04,休,本地\n"


def test_days_that_were_entered_come_before_the_library(db: Database, tmp_path: Path) -> None:
    """Three working days from the last day of 2026, once estimated and once by the notice (民法典 第203条)."""
    path = tmp_path / "2027.csv"
    path.write_text(NOTICE, "utf-8")
    start = datetime(2026, 12, 31, 2, tzinfo=UTC)
    with db.write() as tx:
        assert workcalendar.provisional(tx, date(2027, 1, 6))
        assert timers.due_at(tx, None, Timer.SIGN, start) == datetime(2027, 1, 4, 16, tzinfo=UTC)  # Monday, 24:00
        workcalendar.enter(tx, SYSTEM, calendar_tools.read(path), now=start)
        workcalendar.enter(tx, SYSTEM, calendar_tools.read(path), now=start)  # again changes nothing
        assert not workcalendar.provisional(tx, date(2027, 1, 6))
        assert timers.due_at(tx, None, Timer.SIGN, start) == datetime(2027, 1, 3, 16, tzinfo=UTC)  # the Sunday is worked


@pytest.mark.parametrize(("text", "said"), [
    ("2027-01-01,放假,元旦", "第 1 行"), ("2027-13-01,休", "第 1 行"), ("2027-01-01,休\n2027-01-01,班", "写了两次"), ("", "没有日期"),
    ("2027-01-01", "第 1 行")])
def test_a_wrong_file_is_refused_whole_and_says_where(tmp_path: Path, text: str, said: str) -> None:
    """Nothing is entered of a file with one wrong line."""
    path = tmp_path / "wrong.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=said):
        calendar_tools.read(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """One clear sentence."""
    with pytest.raises(ConfigError, match="打不开"):
        calendar_tools.read(tmp_path / "no.csv")
