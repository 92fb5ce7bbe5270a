"""Which stretch of the past words mean, for looking things up: 昨天, 上周, 11月, 11月3日到5日, 最近7天; in days of Shanghai.

Deadlines are another matter (texts/when.py): there 周五 is the next one, here a date without a year is the latest that has come.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.clock import SHANGHAI
from texts.numbers import NUMERAL, number

Days = tuple[date, date]  # the first day, and the day after the last
_DAY = timedelta(days=1)
_TO = r"\s?(?:到|至|-|—|~|～)\s?"
_MD = r"(?:(?P<y{0}>20\d\d)年)?(?P<m{0}>\d{{1,2}})月(?P<d{0}>\d{{1,2}})[日号]?"
_WEEKDAY = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a moment to before another, and where its words stand in the text."""

    since: datetime
    until: datetime
    start: int
    end: int


def past(text: str, now: datetime) -> Stretch | None:
    """The first stretch of time that the text names; None when there is none, or no such day."""
    today = now.astimezone(SHANGHAI).date()
    return min(_found(text, today), key=lambda s: (s.start, s.start - s.end), default=None)


def _found(text: str, today: date) -> Iterator[Stretch]:
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            try:
                days = read(match, today)
            except (ValueError, OverflowError):  # no such day
                continue
            if days is not None and days[0] < days[1]:
                yield Stretch(_midnight(days[0]), _midnight(days[1]), match.start(), match.end())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def _latest(today: date, year: str | None, month: int, day: int) -> date:
    """The day of this name that has come last, when its year is not said."""
    found = date(int(year) if year else today.year, month, day)
    return found if year or found <= today else found.replace(year=today.year - 1)


def _month(first: date) -> Days:
    return first, (first.replace(day=28) + 4 * _DAY).replace(day=1)


def _near(match: re.Match[str], today: date) -> Days:
    day = today - {"今": 0, "昨": 1, "前": 2, "大": 3}[match[0][0]] * _DAY
    return day, day + _DAY


def _week(match: re.Match[str], today: date) -> Days:
    monday = today - today.weekday() * _DAY - (7 * _DAY if match["which"].startswith("上") else 0 * _DAY)
    monday -= 7 * _DAY * (len(match["which"].rstrip("个")) - 1 if match["which"].startswith("上") else 0)
    if not match["day"]:
        return monday, monday + 7 * _DAY
    day = monday + _WEEKDAY.index(match["day"].replace("天", "日")) * _DAY
    return day, day + _DAY


def _this_month(match: re.Match[str], today: date) -> Days:
    first = today.replace(day=1)
    return _month((first - _DAY).replace(day=1) if match[0].startswith("上") else first)


def _this_year(match: re.Match[str], today: date) -> Days:
    year = int(match["year"]) if match["year"] else today.year - {"今": 0, "去": 1, "前": 2}[match[0][0]]
    return date(year, 1, 1), date(year + 1, 1, 1)


def _named_month(match: re.Match[str], today: date) -> Days:
    return _month(_latest(today, match["y"], number(match["m"]) or 0, 1))


def _dates(match: re.Match[str], today: date) -> Days:
    first = _latest(today, match["y1"], int(match["m1"]), int(match["d1"]))
    if match["d2"]:
        last = first.replace(day=int(match["d2"]))
    elif match["d3"]:
        last = first.replace(year=int(match["y3"] or first.year), month=int(match["m3"]), day=int(match["d3"]))
        last = last.replace(year=last.year + 1) if last < first and not match["y3"] else last
    else:
        last = first
    return first, last + _DAY


def _iso(match: re.Match[str], today: date) -> Days:
    first = date.fromisoformat(match["a"])
    return first, (date.fromisoformat(match["b"]) if match["b"] else first) + _DAY


def _recent(match: re.Match[str], today: date) -> Days | None:
    count = 0.5 if match["n"] == "半" else number(match["n"])
    size = {"天": 1, "日": 1, "周": 7, "星": 7, "礼": 7, "月": 30, "年": 365}[match["unit"][0]]
    return None if not count else (today + _DAY - max(1, int(count * size)) * _DAY, today + _DAY)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days | None]], ...] = (
    (re.compile(r"大前天|[今昨前](?:天|日|晚)"), _near),
    (re.compile(r"(?P<which>这个?|本|上个?|上上个?)(?:周|星期|礼拜)(?P<day>[一二三四五六日天])?"), _week),
    (re.compile(r"[本这上]个?月"), _this_month),
    (re.compile(r"[今去前]年|(?P<year>(?<!\d)20\d\d)年(?!\d)"), _this_year),
    (re.compile(r"(?:(?P<y>20\d\d)年)?(?<![\d个近第前])(?P<m>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?(?![\d内])"),
     _named_month),
    (re.compile(rf"{_MD.format(1)}(?:{_TO}(?:{_MD.format(3)}|(?P<d2>\d{{1,2}})[日号]))?"), _dates),
    (re.compile(rf"(?<!\d)(?P<a>20\d\d-\d\d-\d\d)(?:{_TO}(?P<b>20\d\d-\d\d-\d\d))?(?!\d)"), _iso),
    (re.compile(rf"(?:最近|近|过去)的?(?P<n>{NUMERAL}|半)个?(?P<unit>天|日|周|星期|礼拜|月|年)"), _recent),
)
