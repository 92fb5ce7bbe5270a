"""Deliberation as its host and the grid worker lead it: announce, invite, go on, sum up, conclude, answer who disagreed."""

from bot.context import Ctx
from bot.router import Args, answers, command
from domain.errors import Refusal
from domain.roles import Role
from handlers.privacy import NO, YES, said
from services import conclusions, deliberation, dissents, participants, quiet, reviews
from services import courses as procedures
from services.conclusions import Conclusion
from services.deliberation import Plan
from texts.plans import read_conclusion, read_meeting, read_plan
from texts.say import say

STAFF = Role.GRID_WORKER


@command("talk.open", "协商 {issue}", "协商 {I} {rest}", "{I} 协商", "{I} 协商 {rest}", role=STAFF,
         topic="协商", usage="协商 I12 按 红茶议事会 主持 李叔 参加 物业、3幢 12月5日晚7点开始")
def announce(ctx: Ctx, args: Args) -> str:
    """Announces a deliberation by one of the procedures."""
    words = read_plan(args.rest, ctx.now)
    course = procedures.called(ctx.tx, ctx.speaker.community_id, words.course)
    if course is None or words.rest:
        raise Refusal("talk.which_course" if course is None else "talk.how", number=args.issue, said=words.course or words.rest,
                      known=[c.name for c in procedures.known(ctx.tx, ctx.speaker.community_id)])
    host = participants.person_called(ctx.tx, ctx.speaker.community_id, words.host) if words.host else None
    if words.host and host is None:
        raise Refusal("talk.who_unknown", names=[words.host], known=[])
    who = participants.find(ctx.tx, ctx.speaker.community_id, list(words.who))
    plan = Plan(course, who, host.id if host else None, words.starts_at)
    row, held = deliberation.announce(ctx.tx, ctx.speaker, plan, number=args.issue, now=ctx.now)
    return say("talk.opened", issue=row, course=course, at=held.starts_at, host=words.host,
               later=quiet.until(ctx.tx, ctx.speaker.community_id, ctx.now),
               who=participants.shown(participants.of(ctx.tx, held.id)))


@command("talk.courses", "协商程序", "议事程序")
def courses(ctx: Ctx, args: Args) -> str:
    """The procedures there are, with their phases."""
    return say("talk.courses", courses=procedures.known(ctx.tx, ctx.speaker.community_id))


@command("talk.invite", "邀请 {I} {rest}", "{I} (邀请|增加参加人) {rest}", topic="协商", usage="邀请 I12 李叔")
def invite(ctx: Ctx, args: Args) -> str:
    """Adds to those who take part."""
    words = read_plan(f"参加 {args.rest}", ctx.now).who
    return say("talk.invited_done", number=args.issue, who=deliberation.invite(
        ctx.tx, ctx.speaker, list(words), number=args.issue, now=ctx.now))


@command("talk.next", "下一步 {issue}", "{I} 下一步", topic="协商", usage="下一步 I12")
def further(ctx: Ctx, args: Args) -> str:
    """Ends a phase that its host ends."""
    row, phase = deliberation.further(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("talk.next", issue=row, phase=phase)


@command("talk.meeting", "会议 {I} {rest}", "{I} (会议|居民会议|党员大会) {rest}",
         topic="协商", usage="会议 I12 应到 30 实到 21 同意 16")
def meeting(ctx: Ctx, args: Args) -> str:
    """Puts down how a meeting went."""
    met = read_meeting(args.rest)
    if met is None:
        raise Refusal("talk.meeting_how", number=args.issue)
    held = conclusions.enter_meeting(ctx.tx, ctx.speaker, met, number=args.issue, now=ctx.now)
    return say("talk.meeting", number=held.row.number, phase=held.phase, met=met, quorate=met.quorate(held.rule),
               passed=met.passes(held.rule), further=held.further)


@command("talk.summary", "总结 {I} {rest}", "{I} 总结 {rest}", keeps_words=True, topic="协商", usage="总结 I12 大家同意先修后换")
def summary(ctx: Ctx, args: Args) -> str:
    """Reads the host's summary back; it is posted only after their yes."""
    row, held = deliberation.leads(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    conclusions.may_sum_up(row, held, args.rest)
    if not ctx.dialogs_up:
        raise Refusal("talk.later")
    ctx.ask("talk.summary", number=row.number, text=args.rest)
    ctx.buttons(f"I{row.number} {row.title}", ("1", say("card.run")), ("2", say("card.later")))
    return say("talk.summary_ask", issue=row, text=args.rest)


@answers("talk.summary")
def summary_answer(ctx: Ctx) -> str | None:
    """Yes posts the summary; no forgets it."""
    assert ctx.dialog is not None
    ctx.intent = "talk.summary"
    if said(ctx, NO):
        return say("cancelled")
    if not said(ctx, YES):
        return None
    row = conclusions.sum_up(ctx.tx, ctx.speaker, number=ctx.dialog.data["number"], text=ctx.dialog.data["text"], now=ctx.now)
    return say("talk.summed", issue=row)


@command("talk.conclude", "结论 {I} {rest}", "{I} 结论 {rest}", keeps_words=True,
         topic="协商", usage="结论 I12 采纳 先修后换 落实 物业 12月20日前")
def conclude(ctx: Ctx, args: Args) -> str:
    """Puts an agreement on record."""
    words = read_conclusion(args.rest, ctx.now)
    if len(words.text) < 2:
        raise Refusal("talk.conclude_how", number=args.issue)
    found = Conclusion(words.text, words.adopted, words.why, words.doer, words.do_by)
    row, waiting = conclusions.conclude(ctx.tx, ctx.speaker, found, number=args.issue, now=ctx.now)
    return say("talk.concluded", issue=row, waiting=waiting)


@command("talk.assembly", "提交居民会议 {issue}", "{I} 提交居民(代表)?会议", topic="协商", usage="提交居民会议 I12")
def assembly(ctx: Ctx, args: Args) -> str:
    """Hands the matter up to the residents' assembly."""
    return say("talk.assembly", issue=conclusions.assembly(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now))


@command("talk.dissents", "异议人 {issue}", "{I} 异议人", topic="协商", usage="异议人 I12")
def unwilling(ctx: Ctx, args: Args) -> str:
    """Who disagrees, under numbers; only in private."""
    if not ctx.private:
        raise Refusal("ask_privately")
    row, held = dissents.open_to(ctx.tx, ctx.speaker, args.issue, now=ctx.now)
    return say("talk.dissents", issue=row, found=dissents.listed(ctx.tx, ctx.speaker, held))


@command("talk.answer", "答复 {I} {rest}", "{I} 答复 {rest}", keeps_words=True,
         topic="协商", usage="答复 I12 2 先修是因为换新要走维修资金")
def answer(ctx: Ctx, args: Args) -> str:
    """Answers one of those who disagreed, in private."""
    number, _, text = args.rest.strip().partition(" ")
    if not number.isdigit() or not text.strip():
        raise Refusal("talk.answer_how", number=args.issue)
    left, sent = dissents.answer(ctx.tx, ctx.speaker, number=args.issue, whom=int(number[:6]), text=text.strip(), now=ctx.now)
    held = quiet.until(ctx.tx, ctx.speaker.community_id, ctx.now)
    return say("talk.answered", number=args.issue, whom=number, left=left, held=held, sent=sent)


@command("talk.review", "异议成立 {P} {rest}", role=Role.ADMIN, keeps_words=True,
         topic="协商", usage="异议成立 P5 1 有两户没有收到通知")
def review(ctx: Ctx, args: Args) -> str:
    """Upholds an objection to a result: the vote is held again."""
    number, _, reason = args.rest.strip().partition(" ")
    if not number.isdigit() or len(reason.strip()) < 2:
        raise Refusal("talk.review_how", number=args.poll)
    opened = reviews.uphold(ctx.tx, ctx.speaker, poll_number=args.poll, number=int(number[:6]), reason=reason.strip(), now=ctx.now)
    return say("talk.review", before=args.poll, poll=opened.row)
