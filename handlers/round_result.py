"""What a round has brought, as residents ask for it, and what its host makes of it: a summary, a poll, a resolution."""

import re
from datetime import datetime
from typing import Any

from bot.context import Ctx
from bot.router import Args, answers, command
from domain.errors import Refusal
from domain.roles import Role
from handlers import poll as polling
from handlers.privacy import NO, YES, said
from services import round_draft, round_next, round_view, sight
from services.round_view import Report
from texts.mask import public
from texts.plans import read_conclusion
from texts.say import say
from texts.when import find_when

_PUBLISH = YES | {"发布", "发", "发出去"}
_CHANGE = (NO - {"取消", "算了", "不用"}) | {"改", "改一下", "修改"}
_NUMBERS = re.compile(r"^(?:第?\s*\d{1,4}\s*条?[\s,，、和]*)+")
_DOING = re.compile(r"(?:^|[\s,，。;；])(?:落实|由)")


@command("round.result", "征言(结果|报告) {issue}", "{I} 征言(结果|报告)", topic="征言", usage="征言结果 I12")
def show(ctx: Ctx, args: Args) -> str:
    """What a round has brought, in lines, with the page that has everything."""
    report = round_view.ready(ctx.tx, ctx.speaker.community_id, args.issue)
    sight.check(ctx.tx, ctx.speaker, report.issue, now=ctx.now, aloud=not ctx.private)
    return say("findings.chat", issue=report.issue, round=report.round, lines=round_view.lines(report),
               summary=public(report.round.summary or ""), url=round_view.url_of(ctx.tx, report.round))


# --- the host's summary ---------------------------------------------------------------------------------------
@command("round.summary", "征言小结 {issue}", "征言小结 {I} {rest}", "{I} 征言小结", "{I} 征言小结 {rest}", keeps_words=True,
         topic="征言", usage="征言小结 I12 大家同意先看采光，费用再议")
def summary(ctx: Ctx, args: Args) -> str:
    """Reads the host's summary back, or a draft of one; it is posted only after their yes."""
    report = round_next.led(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    return _read_back(ctx, report, args.rest or round_next.draft(report), machine=False, drafted=not args.rest)


def _read_back(ctx: Ctx, report: Report, text: str, *, machine: bool, drafted: bool) -> str:
    round_next.may_sum_up(report, text)
    if not ctx.dialogs_up:
        raise Refusal("talk.later")
    ctx.ask("round.summary", number=report.issue.number, text=text, machine=machine)
    ctx.buttons(f"I{report.issue.number} {report.issue.title}", ("1", say("card.publish")), ("2", say("findings.change")))
    return say("findings.summary_ask", number=report.issue.number, text=text, drafted=drafted, machine=machine)


@command("round.draft", "征言草稿 {issue}", "{I} 征言草稿", keeps_words=True, topic="征言", usage="征言草稿 I12")
def draft(ctx: Ctx, args: Args) -> str:
    """A draft by a machine, where that is switched on: asked for, and when it is there read back like the host's own words."""
    if not ctx.private:
        raise Refusal("ask_privately")
    kept = round_draft.ask(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    if kept.draft_state != round_draft.READY:
        return say("findings.machine.asked", number=args.issue)
    report = round_next.led(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    return _read_back(ctx, report, kept.draft, machine=True, drafted=True)


@answers("round.summary")
def summary_answer(ctx: Ctx) -> str | None:
    """1 posts it, 2 asks for other words."""
    assert ctx.dialog is not None
    kept = ctx.dialog.data
    ctx.intent = "round.summary"
    if said(ctx, _CHANGE):
        ctx.ask("round.words", number=kept["number"])
        return say("findings.words_ask")
    if said(ctx, NO):
        return say("cancelled")
    if not said(ctx, _PUBLISH):
        return None
    round_next.sum_up(ctx.tx, ctx.speaker, number=kept["number"], text=kept["text"], machine=kept["machine"], now=ctx.now)
    return say("findings.summed", number=kept["number"])


@answers("round.words")
def words_answer(ctx: Ctx) -> str | None:
    """The host's own words, read back once more."""
    assert ctx.dialog is not None
    ctx.intent = "round.summary"
    if said(ctx, NO):
        return say("cancelled")
    if len(ctx.text.strip()) < 4:
        return None
    report = round_next.led(ctx.tx, ctx.speaker, ctx.dialog.data["number"], now=ctx.now)
    return _read_back(ctx, report, ctx.text.strip(), machine=False, drafted=False)


# --- what all accept, further ---------------------------------------------------------------------------------
@command("round.poll", "共识投票 {issue}", "共识投票 {I} {rest}", "{I} 共识投票", "{I} 共识投票 {rest}", role=Role.GRID_WORKER,
         topic="征言", usage="共识投票 I12 3、7 截止 明晚8点")
def ballot(ctx: Ctx, args: Args) -> str:
    """A poll on what all accept: shown before it goes out, with the deadline asked for when it was not said."""
    report = round_view.ready(ctx.tx, ctx.speaker.community_id, args.issue)
    which, rest = _which(args.rest)
    found = round_next.ballot(report, round_next.chosen(report, which))
    at = find_when(rest, ctx.now) if rest else None
    if rest and at is None:
        raise Refusal("findings.poll_how", number=args.issue)
    return polling.proposed(ctx, found.title, found.options, kind=found.kind, closes_at=at.at if at else None, issue=args.issue)


@command("round.resolve", "共识决议 {issue}", "共识决议 {I} {rest}", "{I} 共识决议", "{I} 共识决议 {rest}", role=Role.GRID_WORKER,
         topic="征言", usage="共识决议 I12 3、7 落实 物业 12月20日前")
def resolve(ctx: Ctx, args: Args) -> str:
    """What all accept as a resolution: read back, put on record after a yes."""
    report = round_next.led(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    which, rest = _which(args.rest)
    if rest and not _DOING.search(rest):
        raise Refusal("findings.resolve_how", number=args.issue)
    more = read_conclusion(f"采纳 {rest}", ctx.now)
    text = round_next.resolution(report, round_next.chosen(report, which))
    held = round_next.may_resolve(ctx.tx, report)
    if not ctx.dialogs_up:
        raise Refusal("talk.later")
    ctx.ask("round.resolve", number=report.issue.number, text=text, doer=more.doer,
            do_by=more.do_by.isoformat() if more.do_by else None)
    ctx.buttons(f"I{report.issue.number} {report.issue.title}", ("1", say("card.run")), ("2", say("card.later")))
    return say("findings.resolve_ask", number=report.issue.number, text=text, doer=more.doer, do_by=more.do_by,
               concludes=held is not None)


@answers("round.resolve")
def resolve_answer(ctx: Ctx) -> str | None:
    """Yes puts it on record."""
    assert ctx.dialog is not None
    kept: dict[str, Any] = ctx.dialog.data
    ctx.intent = "round.resolve"
    if said(ctx, NO):
        return say("cancelled")
    if not said(ctx, YES):
        return None
    round_next.resolve(ctx.tx, ctx.speaker, number=kept["number"], text=kept["text"], doer=kept["doer"],
                       do_by=datetime.fromisoformat(kept["do_by"]) if kept["do_by"] else None, now=ctx.now)
    return say("findings.resolved", number=kept["number"])


def _which(rest: str) -> tuple[list[int], str]:
    """The statements named by their numbers, and what comes after: `3、7 截止 明晚8点`; a date is no number."""
    rest = rest.strip()
    found = _NUMBERS.match(rest)
    if found is None or re.match(r"[月日号点时:：.\d]", rest[found.end():]):
        return [], rest
    return [int(n) for n in re.findall(r"\d+", found[0])], rest[found.end():].strip()
