"""The hour in a Chinese time phrase: 晚上8点半, 20:00, 下午两点到五点; and the hour of a day whose hour was not said."""

import re
from datetime import date, datetime, timedelta

from domain.clock import SHANGHAI
from texts.numbers import NUMERAL, number

EVENING = (20, 0)  # the hour of a deadline that names only a day
LEAD = r"(?<![\d.:/\-~–—年上千历月个])"
TO = r"\s?(?:到|至|~|[-–—]{1,2})\s?"
_PART = "凌晨|清晨|早晨|早上|早间|上午|中午|正午|下午|午后|傍晚|晚上|夜里|夜间|晚间|半夜|午夜|早|晚|晨|夜"
_TIME = rf"""[T的]?\s?(?:当(?=[早晚]))?(?P<part>{_PART})?\s?(?:(?P<from>{NUMERAL}){TO}(?={NUMERAL}[点时]))?(?:
    (?P<clock>\d{{1,2}}):(?P<minute>\d{{2}})(?!\d)(?::\d{{2}}(?!\d))?(?:\s?(?P<noon>[ap])\.?m(?![a-z])\.?)?
  | (?P<hour>{NUMERAL})(?:点|时(?!候|间))(?:钟|整)?
        (?:(?P<half>半)|(?P<quarter>[一三13])刻|(?P<past>{NUMERAL})(?:分|(?![点时天周个月号])))?
)"""
CLOCK, LONE_CLOCK = re.compile(_TIME, re.X | re.I), re.compile(LEAD + _TIME, re.X | re.I)
LONE_PART = re.compile(r"(?:今夜|中午|正午|傍晚|晚上)(?!\s?[\d零一二两三四五六七八九十])")
_ONLY = re.compile(rf"的?\s?(?:当(?=[早晚]))?(?P<part>{_PART})")
_HOURS = {"早": 9, "清": 9, "晨": 9, "上": 10, "中": 12, "正": 12, "下": 15,
          "午后": 15, "傍": 18, "晚": 20, "夜": 20, "半": 24, "午夜": 24}


def at(day: date, hour: int, minute: int) -> datetime:
    """This hour of the day in Shanghai; 24 is the end of it."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(hours=hour, minutes=minute)


def on(day: date, words: str, end: int, now: datetime) -> tuple[datetime | None, int]:
    """The moment on this day that the words from here on name, and where they end; the evening when they name none."""
    if clock := CLOCK.match(words, end):
        hour, minute, guessed = time_of(clock)
        moment = at(day, hour, minute)
        if guessed and hour < 12 and day == now.date() and moment <= now:
            moment += timedelta(hours=12)
        return moment, clock.end()
    if part := _ONLY.match(words, end):
        hour = part_hour(part["part"])
        return (at(day, hour, 0) if hour >= 0 else None), part.end()
    return at(day, *EVENING), end


def until(start: datetime, words: str, end: int) -> tuple[datetime | None, int]:
    """The end of a span of hours, on the day of its start: 五点 after 下午两点到 is 17:00."""
    clock = CLOCK.match(words, end)
    if clock is None:
        return None, end
    hour, minute, _ = time_of(clock)
    moment = at(start.date(), hour, minute)
    if not clock["part"] and not clock["noon"]:
        moment = at(start.date(), number(clock["clock"] or clock["hour"]) or 0, minute)
        if moment <= start and moment.hour < 12:
            moment += timedelta(hours=12)
    return (moment if moment > start else None), clock.end()


def part_hour(part: str) -> int:
    """The hour of a part of the day; less than none when it has no one hour."""
    return _HOURS.get(part, _HOURS.get(part[0], -1))


def time_of(match: re.Match[str]) -> tuple[int, int, bool]:
    """Hour, minute, and whether the half of the day was guessed."""
    said = match["clock"] or match["hour"]
    hour, minute = number(said), 30 if match["half"] else 0
    if match["quarter"]:
        minute = 15 * (number(match["quarter"]) or 0)
    elif match["minute"] or match["past"]:
        minute = number(match["minute"] or match["past"]) or 0
    if hour is None or hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError(said)
    if match["noon"] and 1 <= hour <= 12:
        return hour % 12 + (12 if match["noon"] in "pP" else 0), minute, False
    exact = hour == 0 or hour > 12 or said.startswith(("0", "零"))
    return _half(match["part"], hour, exact), minute, not match["part"] and not exact


def _half(part: str | None, hour: int, exact: bool) -> int:
    """The hour on a 24-hour clock; without a part of the day, 1 to 8 are in the afternoon and evening."""
    if exact:
        return hour
    if part is None:
        return hour + 12 if hour <= 8 else hour
    if part[0] in "晚夜半今" or part == "午夜":
        return hour + 12 if hour >= 5 else hour + 24
    if part[0] in "下傍" or part == "午后":
        return hour + 12 if hour < 12 else hour
    if part[0] in "中正":
        return hour + 12 if hour <= 3 else hour
    return 0 if part == "凌晨" and hour == 12 else hour
