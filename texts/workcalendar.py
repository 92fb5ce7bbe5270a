"""The Chinese calendar of working days and festivals, offline; years not yet announced are estimated and marked so.

chinese_calendar knows what the State Council has announced, with moved weekends; for later years holidays.China knows
the statutory days only, so that a deadline counted over them is provisional.
"""

import logging
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

STATUTORY = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
_FIXED = {"圣诞节": (12, 25), "平安夜": (12, 24), "儿童节": (6, 1), "教师节": (9, 10), "妇女节": (3, 8), "青年节": (5, 4),
          "建军节": (8, 1), "植树节": (3, 12), "双十一": (11, 11), "双十二": (12, 12), "愚人节": (4, 1), "情人节": (2, 14)}
_NTH_SUNDAY = {"母亲节": (5, 2), "父亲节": (6, 3)}

log = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Whether the day is worked, moved weekends included; an estimate in years that are not announced."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        _warn(day.year)
        return bool(_statutory(day.year).is_working_day(day))


@lru_cache(maxsize=512)
def announced(year: int) -> bool:
    """Whether the holidays of the year are known for certain."""
    try:
        chinese_calendar.is_workday(date(year, 6, 1))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=512)
def festival(name: str, year: int) -> date:
    """The day of a festival in a year; ValueError when that is not known."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _NTH_SUNDAY:
        month, nth = _NTH_SUNDAY[name]
        first = date(year, month, 1)
        return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
    if name in ("除夕", "元宵节"):
        return festival("春节", year) + timedelta(days=-1 if name == "除夕" else 14)
    days = [day for day, said in _statutory(year).items() if name in said.split("; ")]
    if name not in STATUTORY or not days:
        raise ValueError(f"{name} {year}")
    return min(days)


@lru_cache(maxsize=1)
def _library():  # type: ignore[no-untyped-def] # the library has its own kind of dictionary
    import holidays  # a quarter of a second, so only when a festival is named or a year is unknown
    return holidays.China


@lru_cache(maxsize=64)
def _statutory(year: int):  # type: ignore[no-untyped-def]
    return _library()(years=year, language="zh_CN")


@lru_cache(maxsize=64)
def _warn(year: int) -> None:
    log.warning("the holidays of %s are not known; working days are provisional (update chinesecalendar)", year)
