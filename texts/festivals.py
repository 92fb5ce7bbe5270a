"""Deadlines named by a festival: 中秋当天, 春节前, 国庆后第一个工作日, 节后; by the calendar of texts.workcalendar."""

import re
from datetime import date, datetime, timedelta

from domain.workdays import due_day, end_of, last_before, rest_around
from texts.hours import on
from texts.numbers import NUMERAL, number
from texts.spans import before
from texts.workcalendar import STATUTORY, festival, is_workday

_NAMES = {
    "元旦": "元旦", "春节": "春节", "大年初一": "春节", "除夕": "除夕", "大年三十": "除夕", "年三十": "除夕",
    "元宵": "元宵节",
    "清明": "清明节", "端午": "端午节", "中秋": "中秋节", "国庆": "国庆节", "劳动节": "劳动节", "五一": "劳动节",
    "十一": "国庆节",
    "圣诞": "圣诞节", "平安夜": "平安夜", "儿童节": "儿童节", "六一": "儿童节", "教师节": "教师节", "妇女节": "妇女节",
    "三八": "妇女节", "青年节": "青年节", "建军节": "建军节", "植树节": "植树节", "双十一": "双十一", "双11": "双十一",
    "双十二": "双十二", "双12": "双十二", "光棍节": "双十一", "愚人节": "愚人节", "情人节": "情人节", "母亲节": "母亲节",
    "父亲节": "父亲节"}
_NUMBERS = ("五一", "十一", "六一", "三八")  # festivals only when something more says so
_WORDS = "|".join(sorted((n for n in _NAMES if n not in _NUMBERS), key=len, reverse=True))
_REST = "小?长假|黄金周|假期|放假"
_N = r"[一二两三四五六七八九十\d]"


def _how(mark: str) -> str:
    """What is said of the days around a festival; the marks keep the groups of two places apart."""
    return (rf"(?P<how{mark}>(?:的)?最后一天|前最后一个工作日|前一天|前一日|前夕|(?:之|以)?前|当天|当日|那天"
            rf"|(?:之|以)?后(?:的)?(?:(?P<which{mark}>第)?(?P<nth{mark}>{NUMERAL})个?工作日"
            rf"|首个工作日|第一天上班|上班第一天|开工第一天)?)")


FESTIVAL = re.compile(rf"""
    (?:(?P<year>今|明|后|20\d\d)年的?\s?)?
      (?:(?P<name>{_WORDS})节?
        |(?<![\d一二三四五六七八九十周期拜第月])(?P<number>{"|".join(_NUMBERS)})
            (?=节|{_REST}|劳动节|儿童节|国庆|(?:之|以)?[前后]|当天|那天))
      (?:劳动节|儿童节|国庆节|节)?(?P<rest>{_REST})?\s?{_how("")}?
  | (?:(?<![一-龥])|(?<=[到至在于等过止为]))(?:节假日|节|{_REST})\s?{_how("2")}
""", re.X)
_NOT_A_DAY = re.compile(
    r"\s?(?:路|街|村|新村|巷|大厦|广场|小区|晚会|联欢|活动|游园|节目|礼|慰问|聚餐|期间|快乐|红包|福利"
    rf"|{_N}+\s?个?(?:天|周|星期|月|小时|日)|第{_N})")


def on_festival(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """The evening of the day, or the hour that follows; the day before or after means outside the days off."""
    if _NOT_A_DAY.match(words, match.end()):
        return None, match.end()
    how = (match["how"] or match["how2"] or "").removeprefix("的")
    said = match["name"] or match["number"]
    eve = match["year"] and said in ("除夕", "大年三十", "年三十")  # of which of two years nobody can tell
    if eve or (match["rest"] and not how) or before(words, match.start(), "年"):
        return None, match.end()  # a holiday of many days names no one day
    nth = match["nth"] or match["nth2"]
    period = nth and not (match["which"] or match["which2"])
    alive: list[tuple[date, datetime]] = []
    end = match.end()
    for day in _days(said, match["year"], now.date()):
        due = _day(day, how, number(nth or "一") or 0)
        moment, end = on(due, words, match.end(), now)
        if period and end == match.end():
            moment = end_of(due)  # so many working days last until the last one's midnight
        if moment is not None and (match["year"] or moment > now or rest_around(day, is_workday)[1] >= now.date()):
            alive.append((day, moment))
    first = min(alive, default=None)
    return (first[1] if first and (match["year"] or first[1] > now) else None), end


def _days(name: str | None, year: str | None, today: date) -> list[date]:
    """When the festival is; the next ones when no year is said, and every statutory one when none is named."""
    years = [today.year, today.year + 1]
    if year:
        years = [int(year) if year.isdigit() else today.year + "今明后".index(year)]
    return [festival(each, y) for y in years for each in ([_NAMES[name]] if name else STATUTORY)]


def _day(day: date, how: str, nth: int) -> date:
    first, last = rest_around(day, is_workday)
    if how.startswith("最后"):
        return last
    if how in ("前一天", "前一日", "前夕"):
        return day - timedelta(days=1)
    if how == "前最后一个工作日":
        return last_before(first, is_workday)
    if how.endswith("前"):
        return first - timedelta(days=1)
    return due_day(last, nth, is_workday) if "后" in how else day
