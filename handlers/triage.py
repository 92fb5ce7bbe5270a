"""Whose affair an issue is, private tickets, and what the residents could do themselves: I12 归口 政务, I12 公开, 献策, 征集."""

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.router import Args, answers, command
from domain.errors import Refusal
from domain.roles import Role
from domain.triage import Track
from handlers.privacy import NO, YES, said
from services import ballots, corrections, dictionary, issues, sight, triage
from texts.say import say
from understanding import trained
from understanding.context import Context

IDEA = "issue.idea"  # the question that stays open after an issue was registered
LONGEST = 500  # characters of a proposal
NAMES = {"自治": Track.SELF, "居民自治": Track.SELF, "共治": Track.SHARED, "政务": Track.PUBLIC, "部门": Track.PUBLIC,
          "私事": triage.PRIVATE, "私下": triage.PRIVATE}
_IDEAS = frozenset({"opinion", "objection", "supplement_issue", "chitchat"})


@command("issue.track", "{I} (归口|归属|分流) {rest}", role=Role.GRID_WORKER, topic="改正", usage="I12 归口 政务 要城管执法")
def track(ctx: Ctx, args: Args) -> str:
    """Says whose affair the issue is first, or that it is a private one; the reason is kept."""
    word, _, reason = args.rest.strip("。 ").replace("，", " ").partition(" ")
    if word not in NAMES:
        raise Refusal("triage.unknown", number=args.issue, said=word[:10])
    row, before = corrections.correct(ctx.tx, ctx.speaker, number=args.issue, field="track", value=str(NAMES[word]), now=ctx.now,
                                      reason=reason)
    return say("triage.corrected", number=row.number, before=before, after=str(NAMES[word]), private=row.private)


@command("issue.publish", "公开 {I}", "{I} 公开", topic="反映", usage="I12 公开")
def publish(ctx: Ctx, args: Args) -> str:
    """Who raised a private matter lets everybody see it."""
    row = sight.check(ctx.tx, ctx.speaker, issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue, lock=True), now=ctx.now,
                      aloud=not ctx.private)
    return say("triage.published", issue=triage.publish(ctx.tx, ctx.speaker, row, now=ctx.now))


@command("issue.propose", "(献策|出主意) {issue}", "(献策|出主意) {issue} {rest}", "{I} (献策|出主意) {rest}", keeps_words=True,
         topic="反映", usage="献策 I12 我们自己轮流打扫")
def propose(ctx: Ctx, args: Args) -> str:
    """What the residents could do themselves, from anybody at any time."""
    if len(args.rest) < 2:
        raise Refusal("triage.propose_how", number=args.issue)
    return _proposed(ctx, args.issue, args.rest)


@command("issue.ask_ideas", "征集 {issue}", "{I} 征集", role=Role.GRID_WORKER, topic="待办", usage="征集 I12")
def ask_ideas(ctx: Ctx, args: Args) -> str:
    """Asks the group what the residents could do themselves."""
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue, lock=True)
    told = triage.call_for_ideas(ctx.tx, ctx.speaker, row, now=ctx.now)
    return say("triage.called", issue=row, told=told)


def ask_for_idea(ctx: Ctx, row: Row) -> str:
    """One question after registering, which may be left alone; '' where it has no place."""
    if not triage.asks_for_ideas(row) or not ctx.dialogs_up:
        return ""
    ctx.ask(IDEA, issue=row.number)
    return "\n" + say("triage.ask", number=row.number)


@answers(IDEA)
def idea(ctx: Ctx) -> str | None:
    """Takes the next words as a proposal only if they are nothing else: no command, no ballot, no new report, no question."""
    assert ctx.dialog is not None
    if said(ctx, NO) or ctx.heard.strip("。.!, ") in ("没有", "没想法", "不知道", "没想好", "再说", "暂时没有"):
        ctx.intent = "issue.idea.no"
        return say("triage.no_idea", number=int(ctx.dialog.data["issue"]))
    if router.match(ctx.heard) is not None or said(ctx, YES) or len(ctx.heard) < 4:
        return None
    if ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now) or not _sounds_like_one(ctx):
        return None
    ctx.intent = "issue.propose"
    return _proposed(ctx, int(ctx.dialog.data["issue"]), ctx.text)


def _sounds_like_one(ctx: Ctx) -> bool:
    known = Context(at_bot=True, private=ctx.private, vocabulary=dictionary.words_of(ctx.tx, ctx.speaker.community_id))
    meaning = trained.reader().read(ctx.text, known)
    return meaning.intent in _IDEAS or (meaning.intent == "register_issue" and meaning.slots.get("kind") == "suggestion")


def _proposed(ctx: Ctx, number: int, text: str) -> str:
    row = sight.check(ctx.tx, ctx.speaker, issues.by_number(ctx.tx, ctx.speaker.community_id, number, lock=True), now=ctx.now,
                      aloud=not ctx.private)
    row = triage.propose(ctx.tx, ctx.speaker, row, text=text[:LONGEST], now=ctx.now)
    if row.anonymous and row.submitter_id == ctx.speaker.id:
        ctx.intent = sight.HUSHED
    return say("triage.proposed", issue=row)
