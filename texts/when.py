"""From 明晚8点 to a moment: Chinese deadline phrases, read in Asia/Shanghai; anything unclear is not read at all."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from texts.normal import plain
from texts.numbers import NUMERAL, number

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
EVENING = (20, 0)  # the hour of a deadline that names only a day

_N = NUMERAL
_PART = "凌晨|清晨|早晨|早上|上午|中午|正午|下午|午后|傍晚|晚上|夜里|夜间|晚间|半夜|午夜|早|晚|晨|夜"
_WEEKDAY = r"(?:周|星期|礼拜)(?:[一二三四五六日天末]|[1-7](?!\d))"
_LEAD = r"(?<![\d.:/\-年上千历])"
_DAY = re.compile(rf"""{_LEAD}(?:
    (?P<near>大后天|今天|今日|今儿|今(?=[早晚夜晨])|明天|明日|明儿|明(?=[早晚夜晨])|后天|后日|后(?=晚))
  | (?P<week>下下个?|下个?|本|这个?|上个?)?(?P<weekday>{_WEEKDAY})
  | (?:(?P<year>\d{{4}}|[零〇一二三四五六七八九]{{4}}|今|明|后)年\s?)?(?P<month>{_N})月(?:份)?
        (?:(?P<day>{_N})[日号]|(?P<bare>\d{{1,2}})(?![点时:\d月个]))
  | (?P<year2>20\d\d)[-/.](?P<month2>\d{{1,2}})[-/.](?P<day2>\d{{1,2}})(?!\d)
  | (?P<month3>\d{{1,2}})[-/.](?P<day3>\d{{1,2}})[日号]?(?![\d:点./\-万元%])
  | (?:(?P<of>下个?|本|这个?|当)月)?(?P<date>{_N})[日号](?![楼院线门])
  | (?P<month_end>下个?|本|这个?)?月[底末]
  | (?P<year_end>今|明)?年底
)(?:\s?\(?(?P<noted>{_WEEKDAY})\)?)?""", re.X)
_TIME = rf"""[T的]?\s?(?P<part>{_PART})?\s?(?:
    (?P<clock>\d{{1,2}}):(?P<minute>\d{{2}})(?!\d)(?::\d{{2}}(?!\d))?
  | (?P<hour>{_N})(?:点|时)(?:钟|整)?(?:(?P<half>半)|(?P<quarter>[一三13])刻|(?P<past>{_N})(?:分|(?![点时天周个月号])))?
)"""
_CLOCK, _LONE_CLOCK = re.compile(_TIME, re.X), re.compile(_LEAD + _TIME, re.X)
_LONE_PART = re.compile("今夜|中午|正午|傍晚|晚上")
_ONLY = re.compile(rf"的?\s?(?P<part>{_PART})")
_SPAN = re.compile(
    rf"(?<![\d.第月])(?:再?过)?(?P<n>{_N}|半)\s?个?(?P<half>半)?\s?"
    rf"(?P<unit>分钟|小时|钟头|天|日(?!\d)|周|星期|礼拜|月|h(?![a-z]))"
    rf"(?P<half2>半)?(?:(?P<n2>{_N})(?P<unit2>分钟?|小时))?(?P<after>之后|以后|后|内|以内|之内)?"
    r"(?!前|以前|之前|工作日|[一二三四五六日天末])")
_TAIL = re.compile(r"\s?(?:之前|以前|前|截止|为止|止)")
_FRAME = re.compile(r"(?:截止|截至|延期|延长|改)?(?:时间)?(?:到|至|为|在|于)?[:\s]*")
_NEAR = {"今": 0, "明": 1, "后": 2, "大": 3}
_WEEK = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6, "末": 6} | {str(i + 1): i for i in range(7)}
_HOURS = {"早": 9, "清": 9, "晨": 9, "上": 10, "中": 12, "正": 12, "下": 15,
          "午后": 15, "傍": 18, "晚": 20, "夜": 20, "半": 24, "午夜": 24}


@dataclass(frozen=True, slots=True)
class Found:
    """A moment and where its words stand in plain(text)."""

    start: int
    end: int
    at: datetime


def when(text: str, now: datetime) -> datetime | None:
    """The moment the whole text names, in UTC; past only when its date was said; None when unclear."""
    words = plain(text)
    frame = _FRAME.match(words)
    words = words[frame.end() if frame else 0:].strip("。,.! ")
    for found in _all(words, now):
        if found.start == 0 and found.end == len(words):
            return found.at
    return None


def find_when(text: str, now: datetime) -> Found | None:
    """The first moment that the text names."""
    return min(_all(plain(text), now), key=lambda f: (f.start, -f.end), default=None)


def _all(words: str, now: datetime) -> Iterator[Found]:
    local = now.astimezone(SHANGHAI)
    for pattern, read in ((_DAY, _on_day), (_SPAN, _after_span), (_LONE_CLOCK, _at_clock), (_LONE_PART, _at_part)):
        for match in pattern.finditer(words):
            try:
                at, end = read(match, words, local)
            except (ValueError, OverflowError):  # no such day or hour
                continue
            if at is not None:
                tail = _TAIL.match(words, end)
                yield Found(match.start(), tail.end() if tail else end, at.astimezone(UTC))


def _on_day(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """周五18:00, 11月30日晚上, 月底."""
    day, rolls = _day(match, now.date())
    guessed = False
    if clock := _CLOCK.match(words, match.end()):
        hour, minute, guessed = _time(clock)
        end = clock.end()
    elif part := _ONLY.match(words, match.end()):
        hour, minute, end = _HOURS.get(part["part"], _HOURS.get(part["part"][0], -1)), 0, part.end()
    else:
        (hour, minute), end = EVENING, match.end()
    if day is None or hour < 0:
        return None, end
    at = _at(day, hour, minute)
    if guessed and hour < 12 and day == now.date() and at <= now:
        at += timedelta(hours=12)
    return at + timedelta(days=7 if rolls and at <= now else 0), end


def _after_span(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """两小时, 3天后, 一个半小时, 一周后下午3点."""
    said, unit = match["n"], match["unit"]
    amount = 0.5 if said == "半" else (number(said) or 0) + (0.5 if match["half"] or match["half2"] else 0.0)
    if amount <= 0 or (unit == "月" and "个" not in match[0]) or (unit == "日" and not match["after"]):
        return None, match.end()
    if unit == "月":
        at = now + (_months_on(now.date(), int(amount)) - now.date()) + timedelta(days=15 if amount % 1 else 0)
    else:
        size = {"分": 1, "小": 60, "钟": 60, "h": 60, "天": 1440, "日": 1440}.get(unit[0], 7 * 1440)
        at = now + timedelta(minutes=amount * size)
    if match["n2"]:
        at += timedelta(minutes=(number(match["n2"]) or 0) * (60 if match["unit2"] == "小时" else 1))
    clock = _CLOCK.match(words, match.end())
    if clock is None:
        return at.replace(microsecond=0), match.end()
    hour, minute, _ = _time(clock)
    return (None if unit[0] in "分小钟h" else _at(at.date(), hour, minute)), clock.end()


def _at_clock(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """20点, 晚上8点一刻: today's, or tomorrow's when that is gone."""
    hour, minute, guessed = _time(match)
    at = _at(now.date(), hour, minute)
    if at <= now and guessed and hour < 12:
        at += timedelta(hours=12)
    return at if at > now else at + timedelta(days=1), match.end()


def _at_part(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """中午, 晚上: the next one."""
    at = _at(now.date(), _HOURS.get(match[0][0], EVENING[0]), 0)
    return at if at > now else at + timedelta(days=1), match.end()


def _time(match: re.Match[str]) -> tuple[int, int, bool]:
    """Hour, minute, and whether the half of the day was guessed."""
    said = match["clock"] or match["hour"]
    hour, minute = number(said), 30 if match["half"] else 0
    if match["quarter"]:
        minute = 15 * (number(match["quarter"]) or 0)
    elif match["minute"] or match["past"]:
        minute = number(match["minute"] or match["past"]) or 0
    if hour is None or hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError(said)
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


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(hours=hour, minutes=minute)


def _day(match: re.Match[str], today: date) -> tuple[date | None, bool]:
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
    elif "年底" in match[0]:
        day = date(today.year + (said["year_end"] == "明"), 12, 31)
    else:
        day = _months_on(today.replace(day=1), 1 + (said["month_end"] or "").startswith("下")) - timedelta(days=1)
    agrees = not said["noted"] or _WEEK[said["noted"][-1]] == day.weekday()
    return (day if agrees else None), False


def _in_week(week: str | None, weekday: int, today: date) -> tuple[date, bool]:
    monday = today - timedelta(days=today.weekday())
    if week is None:
        return today + timedelta(days=(weekday - today.weekday()) % 7), True
    weeks = -1 if week[0] == "上" else 2 if week.startswith("下下") else 1 if week[0] == "下" else 0
    return monday + timedelta(weeks=weeks, days=weekday), False


def _dated(year: str | None, month: str, day: str, today: date) -> date:
    """A day of the calendar; without a year it is this year's, or next year's when that is nearer."""
    m, d = number(month) or 0, number(day) or 0
    if year:
        return date(today.year + "今明后".index(year) if year in "今明后" else number(year) or 0, m, d)
    this = date(today.year, m, d)
    return date(today.year + 1, m, d) if (today - this).days > 183 else this


def _day_of_month(month: str | None, day: int, today: date) -> date:
    """23号: this month's, or next month's when it is more than three days gone."""
    if month:
        return _months_on(today.replace(day=1), 1 if month[0] == "下" else 0).replace(day=day)
    if day < today.day - 3:
        return _months_on(today.replace(day=1), 1).replace(day=day)
    return today.replace(day=day)


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
