"""How long from now: 两小时, 3天后, 半个月内, 三个工作日; a span that is past or counted from something else is not read."""

import re
from datetime import date, datetime, timedelta

from domain.workdays import due_day, end_of, last_before
from texts import workcalendar
from texts.days import months_on
from texts.hours import CLOCK, at, on, time_of
from texts.numbers import NUMERAL, number

_N = NUMERAL
_FREE = r"(?<![\d.第月零〇一二两三四五六七八九十百])"
SPAN = re.compile(
    rf"{_FREE}(?:再?过)?(?P<n>{_N}|半)\s?个?(?P<half>半)?\s?"
    rf"(?P<unit>分钟|小时|钟头|天|自然日|日(?!\d)|周|星期|礼拜|月|年|h(?![a-z]))"
    rf"(?P<half2>半)?(?:(?P<n2>{_N})(?P<unit2>分钟?|小时|时(?!候|间)))?(?P<after>之后|以后|后|内|以内|之内)?"
    r"(?!前|以前|之前|工作日|[一二三四五六日天末]|[岁年又零余多没无未了])")
WORKDAYS = re.compile(
    rf"(?:(?P<month>本|这个?|当|下个?)?月[底末]?的?)?最后一个工作日|(?P<next>下一?个)工作日"
    rf"|(?<![\d.零〇一二两三四五六七八九十百])第?(?P<n>{_N})\s?个?\s?工作日(?P<after>之内|以内|内|之后|以后|后)?(?!前|以前|"
    rf"之前)")
_RELATIVE = "第了去近上前后下又多余月天日周期年满共达"  # before a span, these make it past or counted from another day


def after_span(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """两小时, 3天后, 一个半小时, 一周后下午3点."""
    said, unit = match["n"], match["unit"]
    amount = 0.5 if said == "半" else (number(said) or 0) + (0.5 if match["half"] or match["half2"] else 0.0)
    vague = (unit == "月" and "个" not in match[0]) or (unit == "日" and not match["after"])
    if amount <= 0 or vague or (unit == "年" and (not match["after"] or len(said) > 2)) or before(words, match.start(), _RELATIVE):
        return None, match.end()
    if unit in "月年":
        months = amount * (12 if unit == "年" else 1)
        moment = now + (months_on(now.date(), int(months)) - now.date()) + timedelta(days=15 if months % 1 else 0)
    else:
        size = {"分": 1, "小": 60, "钟": 60, "h": 60, "天": 1440, "自": 1440, "日": 1440}.get(unit[0], 7 * 1440)
        moment = now + timedelta(minutes=amount * size)
    if match["n2"]:
        moment += timedelta(minutes=(number(match["n2"]) or 0) * (1 if match["unit2"][0] == "分" else 60))
    clock = CLOCK.match(words, match.end())
    if clock is None:
        return moment.replace(microsecond=0), match.end()
    hour, minute, _ = time_of(clock)
    return (None if unit[0] in "分小钟h" else at(moment.date(), hour, minute)), clock.end()


def after_workdays(match: re.Match[str], words: str, now: datetime) -> tuple[datetime | None, int]:
    """三个工作日: 24:00 of the third working day after today; 下一个工作日 and 月底最后一个工作日 are days."""
    if before(words, match.start(), _RELATIVE.replace("第", "")):
        return None, match.end()
    today = now.date()
    if not match["n"]:
        return on(_named_workday(match, today), words, match.end(), now)
    day = due_day(today, number(match["n"]) or 0, workcalendar.is_workday)
    clock = CLOCK.match(words, match.end())
    if clock is None:
        return end_of(day), match.end()
    hour, minute, _ = time_of(clock)
    return at(day, hour, minute), clock.end()


def before(words: str, start: int, signs: str) -> bool:
    """Whether one of these signs stands just before this place."""
    return words[max(0, start - 3): start].rstrip()[-1:] in set(signs)


def _named_workday(match: re.Match[str], today: date) -> date:
    if match["next"]:
        return due_day(today, 1, workcalendar.is_workday)
    first = months_on(today.replace(day=1), 2 if (match["month"] or "").startswith("下") else 1)
    return last_before(first, workcalendar.is_workday)
