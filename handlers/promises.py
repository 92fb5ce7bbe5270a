"""Promises: put on the list, answered for, and judged by those whom they concern."""

import re

from bot.context import Ctx
from bot.router import Args, command, ear
from domain.errors import Refusal
from services import ballots, deadlines, promises
from texts.normal import plain
from texts.say import say

_OWNER = re.compile(r"\s*(\S+?)[\s,，:：]+(.+)", re.DOTALL)
_SAID = {"1": 1, "已解决": 1, "解决了": 1, "2": 2, "部分": 2, "部分解决": 2,
         "3": 3, "没有": 3, "没有解决": 3, "没解决": 3, "未解决": 3}


@command("promise.list", "承诺", "承诺列表", "看承诺", usage="承诺")
def listing(ctx: Ctx, args: Args) -> str:
    """What was promised, by whom, until when, and what became of it."""
    return say("promise.list", promises=promises.public(ctx.tx, ctx.speaker.community_id, now=ctx.now, most=10))


@command("promise.make", "承诺 {issue} {rest}", "{I} 承诺 {rest}", usage="承诺 I12 物业 12月20日前 更换曳引机")
def make(ctx: Ctx, args: Args) -> str:
    """Puts a promise on the public list."""
    owner, when, text = _read(args.rest, ctx)
    it = promises.make(ctx.tx, ctx.speaker, number=args.issue, owner=owner, due_at=when, text=text, now=ctx.now)
    return say("promise.made", promise=it)


def _read(words: str, ctx: Ctx) -> tuple:
    """Who, until when, what: in this order, as it is said."""
    found = _OWNER.fullmatch(plain(words))
    moment = deadlines.asked(ctx.tx, ctx.speaker.community_id, found[2], now=ctx.now) if found else None
    if found is None or moment is None:
        raise Refusal("promise.how")
    text = moment.words
    if len(text) < 2:
        raise Refusal("promise.how")
    return found[1], moment.at, text[:200]


@command("promise.report", "兑现 {issue} {rest}", "{I} 兑现 {rest}", usage="兑现 I12 曳引机已更换，15 日通过检验")
def report(ctx: Ctx, args: Args) -> str:
    """Says what became of a promise; who raised or backs the matter is asked."""
    asked, reached = promises.report(ctx.tx, ctx.speaker, number=args.issue, result=args.rest[:500], now=ctx.now)
    return say("promise.asked", asked=asked, reached=reached, number=args.issue)


@command("promise.answer", "评承诺 {issue} {rest}", "{I} 评承诺 {rest}", usage="")
def judge(ctx: Ctx, args: Args) -> str:
    """Whether it was kept, with the number of the issue."""
    said = _SAID.get(args.rest.strip("。. "))
    if said is None:
        raise Refusal("promise.how_judge", number=args.issue)
    return _judged(ctx, said, args.issue)


@ear(12, "promise.answer")
def heard(ctx: Ctx) -> str | None:
    """A bare answer in private to the question whether a promise was kept; a bare number while a poll is open is asked about."""
    said = _SAID.get(ctx.heard.strip("。.!, "))
    if said is None or not ctx.private or ctx.dialog is not None:
        return None
    it = promises.waiting_for(ctx.tx, ctx.speaker.id)
    if it is None:
        return None
    polls = ballots.open_here(ctx.tx, ctx.speaker, None, now=ctx.now) if ctx.heard.strip("。.!, ").isdecimal() else []
    if polls:
        ctx.intent = "promise.which"
        return say("promise.which", promise=promises.by_id(ctx.tx, it.id), poll=polls[0], said=said)
    return _judged(ctx, said, None)


def _judged(ctx: Ctx, said: int, number: int | None) -> str:
    it, _ = promises.answer(ctx.tx, ctx.speaker, said, now=ctx.now, number=number)
    return say("promise.thanks", promise=it, said=said)
