"""From 明晚8点 to a moment: Chinese deadline phrases, read in Asia/Shanghai; anything unclear is not read at all.

The parts are in texts.days, hours, spans and festivals; here they are put together, ranges are followed to their end,
and what only looks like a deadline is left alone: 每周六, 周五以后, 昨天晚上8点.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.clock import SHANGHAI
from texts import workcalendar
from texts.days import DAY, DAY_HERE, NOTED, day_of
from texts.festivals import FESTIVAL, on_festival
from texts.hours import EVENING, LONE_CLOCK, LONE_PART, TO, at, on, part_hour, time_of, until
from texts.normal import plain
from texts.spans import SPAN, WORKDAYS, after_span, after_workdays, before

__all__ = ["EVENING", "SHANGHAI", "Found", "find_when", "when"]

_TAIL = re.compile(r"(?:\s?(?:之前|以前|前|之内|以内|内))?(?:\s?(?:截止|为止|止))?")
_FRAME = re.compile(r"(?:从|自)?(?:即日起?|现在|现在起)?(?:截止|截至|延期|延长|改)?(?:时间)?(?:到|至|为|在|于)?[:\s]*")
_ON = re.compile(rf"\s?起?{TO}")
_SINCE = re.compile(r"\s?(?:[或及和]?(?:之后|以后|往后)|开始|起(?![来诉])|后(?![天日续面勤期]))")
_EVERY = re.compile(r"每(?:个|逢|隔)?(?:天|日|周|星期|礼拜|月|年|工作日|晚|早)?的?\s?$")
_UNREAD_DAY = "年月日号天节夕昨前期拜初旬一二三四五六七八九十)"  # an hour after these belongs to a day that was not understood
_OPEN = re.compile(r"\s?\(")
_COUNTED = re.compile("工作日|前(?![一夕])|后")  # days of work and rest decide these


@dataclass(frozen=True, slots=True)
class Found:
    """A moment and where its words stand in plain(text); provisional when it hangs on holidays not yet announced."""

    start: int
    end: int
    at: datetime
    provisional: bool = False


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
    """The first moment that the text names; the end of a range."""
    return min(_all(plain(text), now), key=lambda f: (f.start, -f.end), default=None)


def clearest_when(text: str, now: datetime) -> Found | None:
    """The moment that is named with most words: 3月8日下午2点, and not the 晚上 of a title."""
    return max(_all(plain(text), now), key=lambda f: (f.end - f.start, -f.start), default=None)


Read = Callable[[re.Match[str], str, datetime], tuple[datetime | None, int]]


def _all(words: str, now: datetime) -> Iterator[Found]:
    local = now.astimezone(SHANGHAI)
    for pattern, read in _READERS:
        for match in pattern.finditer(words):
            if _EVERY.search(words, max(0, match.start() - 8), match.start()):
                continue
            try:
                moment, end = read(match, words, local)
                if moment is not None and read in _RANGED:
                    moment, end = _range_end(moment, end, words, local)
            except (ValueError, OverflowError):  # no such day or hour
                continue
            if moment is not None:
                tail = _TAIL.match(words, end)
                counted = read in _BY_CALENDAR and _COUNTED.search(match[0]) is not None
                estimated = counted and not workcalendar.announced((moment + timedelta(days=3)).year)
                yield Found(match.start(), tail.end() if tail else end, moment.astimezone(UTC), estimated)


def _range_end(moment: datetime, end: int, words: str, now: datetime) -> tuple[datetime | None, int]:
    """周一到周五: the end of the range, when there is one; none when the words speak of what comes after."""
    if _SINCE.match(words, end) and not _ON.match(words, end):
        return None, end
    link = _ON.match(words, end)
    if link is None:
        return moment, end
    later = moment.astimezone(SHANGHAI)
    if match := DAY_HERE.match(words, link.end()):
        day, _ = day_of(match, now.date() if match["near"] else later.date())
        if day is None:
            return None, match.end()
        last, end = on(day, words, match.end(), now)
        return (last if last is not None and last > moment else None), end
    last, after = until(later, words, link.end())
    return (moment, end) if after == link.end() else (last, after)


def _on_day(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """周五18:00, 11月30日晚上, 月底, 周五(11月27日)晚上8点."""
    day, rolls = day_of(match, now.date())
    end = match.end()
    if NOTED.search(words, max(0, match.start() - 5), match.start()):
        return None, end  # the weekday before it was asked already, and did not agree
    if day is not None and (opened := _OPEN.match(words, end)) and (noted := DAY_HERE.match(words, opened.end())):
        other, _ = day_of(noted, now.date())
        agrees = other is not None and (other.weekday() == day.weekday() if rolls else other == day)
        if not agrees or words[noted.end(): noted.end() + 1] != ")":
            return None, noted.end()
        day, rolls, end = other, False, noted.end() + 1
    if day is None:
        return None, end
    moment, end = on(day, words, end, now)
    if moment is None:
        return None, end
    return moment + timedelta(days=7 if rolls and moment <= now else 0), end


def _at_clock(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """20点, 晚上8点一刻: today's, or tomorrow's when that is gone."""
    if before(words, match.start(), _UNREAD_DAY):
        return None, match.end()
    hour, minute, guessed = time_of(match)
    moment = at(now.date(), hour, minute)
    if moment <= now and guessed and hour < 12:
        moment += timedelta(hours=12)
    return moment if moment > now else moment + timedelta(days=1), match.end()


def _at_part(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """中午, 晚上: the next one."""
    if before(words, match.start(), _UNREAD_DAY):
        return None, match.end()
    hour = part_hour(match[0][0])
    moment = at(now.date(), hour if hour >= 0 else EVENING[0], 0)
    return moment if moment > now else moment + timedelta(days=1), match.end()


_READERS: tuple[tuple[re.Pattern[str], Read], ...] = (
    (FESTIVAL, on_festival), (WORKDAYS, after_workdays), (DAY, _on_day), (SPAN, after_span), (LONE_CLOCK, _at_clock),
    (LONE_PART, _at_part))
_RANGED = (_on_day, _at_clock, _at_part)
_BY_CALENDAR = (on_festival, after_workdays)
