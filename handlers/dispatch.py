"""Sending a party, and what it does then, in exact words: 派给, 签收, 联系, 延期, 退单, 挂起, 转, 办结, 吹哨."""

from typing import Any

from sqlalchemy import Row

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import deadlines, dispatch, issue_staff, levels, overdue, parties, work
from texts.say import say

STAFF = Role.GRID_WORKER
TOPIC = "派单"


@command("issue.assign", "{I} (派给|派单给|交给) {rest}", "派单 {issue} {rest}", "派给 {issue} {rest}", role=STAFF, topic=TOPIC,
         usage="I12 派给 物业 3个工作日")
def assign(ctx: Ctx, args: Args) -> str:
    """Sends the party that is named, with its own deadline if one is said."""
    return _assign(ctx, args, designated=False)


@command("issue.designate", "指定 {issue} (给)? {rest}", "{I} 指定 (给)? {rest}", role=STAFF, topic=TOPIC, usage="指定 I12 物业")
def designate(ctx: Ctx, args: Args) -> str:
    """Decides who does it; it cannot be sent back again."""
    return _assign(ctx, args, designated=True)


def _assign(ctx: Ctx, args: Args, *, designated: bool) -> str:
    party, rest = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    terms, _, reason = rest.partition("理由")
    asked = deadlines.asked(ctx.tx, ctx.speaker.community_id, terms, now=ctx.now) if terms.strip() else None
    if terms.strip() and asked is None:
        raise Refusal("dispatch.until", said=terms.strip())
    row = dispatch.assign(ctx.tx, ctx.speaker, number=args.issue, party=party, now=ctx.now, due_at=asked.at if asked else None,
                          reason=reason.strip(" :，,："), designated=designated)
    return _sent(ctx, row, party, asked.provisional if asked else False)


@command("issue.dispatch", "派单 {issue}", "{I} 派单", role=STAFF, topic=TOPIC, usage="派单 I12")
def auto(ctx: Ctx, args: Args) -> str:
    """Sends whom the directory names, and says why; asks when it names nobody."""
    row = dispatch.held(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    party = dispatch.choice(ctx.tx, row)
    if party is None:
        return say("dispatch.nobody", issue=row, names=[p.name for p in parties.listed(ctx.tx, row.community_id)])
    row = dispatch.assign(ctx.tx, ctx.speaker, number=args.issue, party=party, now=ctx.now)
    why = say("dispatch.by_directory", issue=row, party=party.name, near=party.building_id is not None)
    return f"{why}\n{_sent(ctx, row, party, False)}"


def _sent(ctx: Ctx, row: Row[Any], party: Row[Any], provisional: bool) -> str:
    return say("dispatch.sent", issue=row, party=party.name, members=len(parties.members(ctx.tx, party.id, now=ctx.now)),
               provisional=provisional or dispatch.provisional(ctx.tx, row))


@command("issue.sign", "(签收|接单) {issue}", "{I} (签收|接单)", topic=TOPIC, usage="签收 I12")
def sign(ctx: Ctx, args: Args) -> str:
    """The party takes it on."""
    row = work.sign(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("work.signed", issue=row, provisional=dispatch.provisional(ctx.tx, row))


@command("issue.contact", "联系 {issue}", "联系 {issue} {rest}", "{I} 联系 {rest}", topic=TOPIC, keeps_words=True,
         usage="联系 I12 已电话说明，明天上午来修")
def contact(ctx: Ctx, args: Args) -> str:
    """The first word with who raised it."""
    if len(args.rest) < 2:
        raise Refusal("work.what_said", number=args.issue)
    return say("work.contacted", issue=work.contact(ctx.tx, ctx.speaker, number=args.issue, words=args.rest, now=ctx.now))


@command("issue.return", "(退单|退回) {issue}", "(退单|退回) {issue} {rest}", "{I} (退单|退回)", "{I} (退单|退回) {rest}",
         topic=TOPIC, keeps_words=True, usage="退单 I12 这段路归市政管")
def send_back(ctx: Ctx, args: Args) -> str:
    """The party says that it is not theirs."""
    row = dispatch.send_back(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now)
    return say("work.sent_back", issue=row)


@command("issue.extend", "延期 {I}", "延期 {I} {rest}", "{I} 延期", "{I} 延期 {rest}", topic=TOPIC, keeps_words=True,
         usage="延期 I12 3个工作日 配件还没到货")
def extend(ctx: Ctx, args: Args) -> str:
    """Longer, by a grid worker at once, else when one agrees."""
    row, to, done = work.extend(ctx.tx, ctx.speaker, number=args.issue, words=args.rest, now=ctx.now)
    return say("work.extended" if done else "work.asked", issue=row, to=to)


@command("issue.extend_yes", "同意延期 {issue}", "{I} 同意延期", role=STAFF, topic=TOPIC, usage="同意延期 I12")
def allow(ctx: Ctx, args: Args) -> str:
    """Agrees to the longer time that was asked for."""
    row = work.allow(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("work.extended", issue=row, to=row.due_at)


@command("issue.extend_no", "不同意延期 {issue}", "不同意延期 {issue} {rest}", "{I} 不同意延期 {rest}", role=STAFF, topic=TOPIC,
         usage="不同意延期 I12 老人等着用")
def deny(ctx: Ctx, args: Args) -> str:
    """Does not agree, and says why."""
    return say("work.denied", issue=work.deny(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now))


@command("issue.suspend", "挂起 {issue}", "挂起 {issue} {rest}", "{I} 挂起 {rest}", role=STAFF, topic=TOPIC,
         usage="挂起 I12 到12月20日 等维修资金批下来")
def suspend(ctx: Ctx, args: Args) -> str:
    """Sets it aside until a day."""
    row, at = work.suspend(ctx.tx, ctx.speaker, number=args.issue, words=args.rest, now=ctx.now)
    return say("work.suspended", issue=row, at=at)


@command("issue.resume", "恢复 {issue}", "{I} 恢复", role=STAFF, topic=TOPIC, usage="恢复 I12")
def resume(ctx: Ctx, args: Args) -> str:
    """Goes on with it."""
    row = work.resume(ctx.tx, ctx.speaker, issue_staff.held(ctx.tx, ctx.speaker, args.issue), now=ctx.now)
    return say("work.resumed", issue=row)


@command("issue.transfer", "{I} 转 {rest}", "转 {I} {rest}", role=STAFF, topic=TOPIC, usage="I12 转 城管局 回执 2026031234")
def transfer(ctx: Ctx, args: Args) -> str:
    """Hands it to a unit outside."""
    row = work.transfer(ctx.tx, ctx.speaker, number=args.issue, outside=args.rest, now=ctx.now)
    return say("work.transferred", issue=row)


@command("issue.resolve", "办结 {issue}", "办结 {issue} {rest}", "{I} 办结", "{I} 办结 {rest}", keeps_words=True, topic=TOPIC,
         usage="办结 I12 已换新主板，恢复运行")
def resolve(ctx: Ctx, args: Args) -> str:
    """Reports what was done."""
    row = work.resolve(ctx.tx, ctx.speaker, number=args.issue, words=args.rest, now=ctx.now)
    return say("issue.resolved.staff", issue=row, days=issue_staff.confirm_days(ctx.tx, row))


@command("issue.whistle", "吹哨 {issue}", "吹哨 {issue} {rest}", "{I} 吹哨 {rest}", topic=TOPIC, keeps_words=True,
         usage="吹哨 I12 三家单位都说不归自己管")
def whistle(ctx: Ctx, args: Args) -> str:
    """Calls the level above."""
    row, names, reached = levels.blow(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now)
    return say("whistle.blown", issue=row, names=names, reached=reached, due=levels.answer_due(ctx.tx, row))


@command("issue.whistle_answer", "应哨 {issue}", "应哨 {issue} {rest}", "{I} 应哨 {rest}", topic=TOPIC, keeps_words=True,
         usage="应哨 I12 明天上午现场协调")
def answer(ctx: Ctx, args: Args) -> str:
    """Whoever was called says what they do."""
    return say("whistle.answered", issue=levels.reply(ctx.tx, ctx.speaker, number=args.issue, words=args.rest, now=ctx.now))


@command("issue.nudge", "(催办|催) {I}", "{I} (催办|催一下)", role=STAFF, topic=TOPIC, usage="催办 I12")
def nudge(ctx: Ctx, args: Args) -> str:
    """Asks the party that has it to get on with it."""
    row, reached = overdue.nudge(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("nudge.done", issue=row, party=parties.by_id(ctx.tx, row.party_id).name, reached=reached)
