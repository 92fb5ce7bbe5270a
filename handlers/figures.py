"""The figures in words for those who work with them, and the word of an admin that one matter is not counted."""

import re
from datetime import datetime

from bot.context import Ctx
from bot.router import Args, command, meant
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import Role
from services import figures, pages
from texts.normal import plain
from texts.numbers import number
from texts.say import say
from understanding.meaning import Meaning

_MONTH = re.compile(r"(?:(?P<year>20\d\d)\s?[-年/.]\s?)?(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})\s?月?(?:份)?")
_NEAR = {"本月": 0, "这个月": 0, "上月": 1, "上个月": 1}


@command("figures.sheet", "台账", "台账 {rest}", "导出 {rest} (的)? 台账", "导出 台账", "本月",
         r"(本月|上月|上个月|这个月) (数字|台账)", role=Role.GRID_WORKER, others_pass=True, usage="台账 11月")
def sheet(ctx: Ctx, args: Args) -> str:
    """The figures of a month, and where the lists and the file are."""
    words = plain(args.rest or ctx.heard)
    near = next((back for name, back in _NEAR.items() if name in words), None)
    return _words(ctx, _back(ctx.now, near) if near is not None else _month(args.rest, ctx.now))


@meant("command_export")
def exported(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same in ordinary words: 把十一月的台账导出来."""
    ctx.intent = "spoken.command_export"
    if not ctx.speaker.role.covers(Role.GRID_WORKER):
        raise Refusal("role.refused", usage="")
    return _words(ctx, _month(str(meaning.slots.get("period", "")), ctx.now))


def _words(ctx: Ctx, month: str) -> str:
    if not ctx.private:
        raise Refusal("figures.privately")
    found = figures.sheet(ctx.tx, figures.Asked(ctx.speaker.community_id, month), ctx.now)
    url = f"{pages.base()}/console/figures?month={month}" if pages.base() else ""
    year, _, of = month.partition("-")
    told = say("figures.words", title=say("figures.month", year=int(year), month=int(of)), it=found)
    return f"{told}\n{say('figures.download', url=url)}"


def _month(words: str, now: datetime) -> str:
    """The month that is named; none named is this one, and one without a year is the last there was."""
    local = now.astimezone(SHANGHAI)
    if not words.strip():
        return f"{local:%Y-%m}"
    for name, back in _NEAR.items():
        if name in plain(words):
            return _back(now, back)
    found = _MONTH.search(plain(words))
    month = number(found["month"]) if found else None
    if found is None or month is None or not 1 <= month <= 12:
        raise Refusal("figures.no_month", month=words[:20])
    year = int(found["year"]) if found["year"] else local.year - (month > local.month)
    return f"{year:04d}-{month:02d}"


def _back(now: datetime, months: int) -> str:
    local = now.astimezone(SHANGHAI)
    count = local.year * 12 + local.month - 1 - months
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


@command("figures.excuse", "{I} 不计考核 {rest}", "{I} 不计考核", "不计考核 {issue} {rest}", role=Role.ADMIN,
         usage="")
def excuse(ctx: Ctx, args: Args) -> str:
    """An admin says why a matter counts in no figure."""
    if not args.rest:
        raise Refusal("figures.why", number=args.issue)
    return say("figures.excused", issue=figures.excuse(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now))


@command("figures.count", "{I} 计入考核", "计入考核 {issue}", role=Role.ADMIN, usage="")
def count(ctx: Ctx, args: Args) -> str:
    """Counts it again."""
    return say("figures.counted", issue=figures.excuse(ctx.tx, ctx.speaker, number=args.issue, reason="", now=ctx.now))
