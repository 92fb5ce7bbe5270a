"""The day in a Chinese time phrase: 周五, 下月初, 本月15号, 11月30日（周一）, 今年内; future unless its date was said."""

import calendar
import re
from datetime import date, timedelta

from texts.hours import LEAD
from texts.numbers import NUMERAL, number

_N = NUMERAL
_WEEKDAY = r"(?:周|星期|礼拜)(?:[一二三四五六日天末]|[1-7](?!\d))"
_PLACES = "楼院线门店车房桩位厅站机梯库"  # 3号楼 is no day
_DAY = rf"""(?:
    (?P<near>大后天|今天|今日|今儿|今(?=[早晚夜晨])|明天|明日|明儿|明(?=[早晚夜晨])|后天|后日|(?<![之以然会饭])后(?=晚))
  | (?P<week>下下个?|下个?|本|这个?|上上个?|上个?)?(?P<weekday>{_WEEKDAY})
  | (?:(?P<year>\d{{4}}|\d\d|[零〇一二三四五六七八九]{{4}}|今|明|后|去)年\s?)?(?P<month>{_N})月(?:份)?\s?
        (?:(?P<day>{_N})[日号]|(?P<bare>\d{{1,2}})(?![点时:\d月个]))
  | (?P<year2>20\d\d)[-/.](?P<month2>\d{{1,2}})[-/.](?P<day2>\d{{1,2}})(?!\d)
  | (?P<month3>\d{{1,2}})[-/.·](?P<day3>\d{{1,2}})[日号]?(?![\d:点./\-万元%])
  | (?:(?P<of>下个?|本|这个?|当)月\s?)?(?P<date>{_N})[日号](?![{_PLACES}]|[之以]?[内后])
  | (?:(?P<edge_of>下个?|本|这个?|当)|(?P<edge_month>{_N})(?=月))?月(?:份)?
        (?P<edge>[底末]|初(?![一二三四五六七八九十\d])|中(?![旬间]))
  | (?P<within>今天|今日|明天|(?:本|这个?|下个?)(?:周|星期)|(?:本|这个?|下个?)月|今年|本年
        |(?<![一二三四五六七八九十半两几多])年)(?:之内|以内|内)
  | (?P<year_end>今|明|本)?年[底末]
)(?:\s?[(,]?\s?(?P<noted>{_WEEKDAY})\)?)?"""
NOTED = re.compile(rf"{_WEEKDAY}\s?\($")
DAY, DAY_HERE = re.compile(LEAD + _DAY, re.X), re.compile(_DAY, re.X)
_NEAR = {"今": 0, "明": 1, "后": 2, "大": 3}
_WEEK = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6, "末": 6} | {str(i + 1): i for i in range(7)}
_WEEKS = {"下下": 2, "下": 1, "上": -1, "上上": -2}
_GONE = 90  # days after which a date without a year is next year's


def day_of(match: re.Match[str], today: date) -> tuple[date | None, bool]:
    """The day that was said, and whether it may roll on to the next week when past."""
    said = match.groupdict()
    if said["weekday"]:
        return _in_week(said["week"], _WEEK[said["weekday"][-1]], today)
    if said["near"]:
        day = today + timedelta(days=_NEAR[said["near"][0]])
    elif said["month"]:
        day = _dated(said["year"], said["month"], said["day"] or said["bare"], today)
    elif said["month2"]:
        day = date(int(said["year2"]), int(said["month2"]), int(said["day2"]))
    elif said["month3"]:
        day = _dated(None, said["month3"], said["day3"], today)
    elif said["date"]:
        day = _day_of_month(said["of"], number(said["date"]) or 0, today)
    elif said["edge"]:
        day = _edge(said["edge_of"], said["edge_month"], said["edge"], today)
    elif said["within"]:
        day = _end_of(said["within"], today)
    else:
        day = date(today.year + (said["year_end"] == "明"), 12, 31)
    agrees = not said["noted"] or _WEEK[said["noted"][-1]] == day.weekday()
    return (day if agrees else None), False


def months_on(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _in_week(week: str | None, weekday: int, today: date) -> tuple[date, bool]:
    monday = today - timedelta(days=today.weekday())
    if week is None:
        return today + timedelta(days=(weekday - today.weekday()) % 7), True
    return monday + timedelta(weeks=_WEEKS.get(week.rstrip("个"), 0), days=weekday), False


def _dated(year: str | None, month: str, day: str, today: date) -> date:
    """A day of the calendar; without a year it is this year's, or next year's when it is long gone."""
    m, d = number(month) or 0, number(day) or 0
    if year in ("去", "今", "明", "后"):
        return date(today.year + "去今明后".index(year) - 1, m, d)
    if year:
        said = number(year) or 0
        return date(said + 2000 if len(year) == 2 else said, m, d)
    this = date(today.year, m, d)
    return date(today.year + 1, m, d) if (today - this).days > _GONE else this


def _day_of_month(month: str | None, day: int, today: date) -> date:
    """23号: this month's, or when it is more than three days gone or not in this month, that of the next month that has it."""
    first = today.replace(day=1)
    if month:
        return months_on(first, 1 if month[0] == "下" else 0).replace(day=day)
    if not 1 <= day <= 31:
        raise ValueError(day)
    if day < today.day - 3:
        first = months_on(first, 1)
    while months_on(first.replace(day=1), 1) - timedelta(days=1) < first + timedelta(days=day - 1):
        first = months_on(first, 1)
    return first.replace(day=day)


def _edge(of: str | None, month: str | None, edge: str, today: date) -> date:
    """The first, the middle or the last day of a month."""
    first = today.replace(day=1)
    if month:
        first = _dated(None, month, "1", today)
    elif today.day > {"初": 1, "中": 15}.get(edge, 31) if not of else of[0] == "下":
        first = months_on(first, 1)
    if edge in "底末":
        return months_on(first, 1) - timedelta(days=1)
    return first.replace(day=1 if edge == "初" else 15)


def _end_of(within: str, today: date) -> date:
    """The last day of this or the next week, month or year."""
    later = within[0] in "下明"
    if within[-1] in "天日":
        return today + timedelta(days=later)
    if within[-1] in "周期":
        return today + timedelta(days=6 - today.weekday() + 7 * later)
    if within[-1] == "月":
        return months_on(today.replace(day=1), 1 + later) - timedelta(days=1)
    return date(today.year, 12, 31)
