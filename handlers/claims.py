"""What residents do themselves: 认领, 完成, 放弃; and who wants to be a volunteer."""

from datetime import timedelta

from bot.context import Ctx
from bot.router import Args, command, meant
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.states import State
from handlers.confirm import read_back
from handlers.issue import hush
from services import claims, deadlines, issues, parties, volunteers
from texts.say import say
from understanding.meaning import Meaning

TOPIC = "积分"


@command("claim.list", "认领", "(可以|能)认领(什么|的事)?", topic=TOPIC, usage="认领")
def listing(ctx: Ctx, args: Args) -> str:
    """What can be taken on, and in private what the speaker has taken on."""
    own = claims.mine(ctx.tx, ctx.speaker) if ctx.private else []
    return say("claim.list", issues=claims.open_to_all(ctx.tx, ctx.speaker.community_id), mine=own)


@command("claim.take", "(认领|我来认领|我认领) {issue}", "(认领|我来认领|我认领) {I} {rest}", "{I} (认领|我认领|我来认领)",
         "{I} 认领 {rest}", keeps_words=True, topic=TOPIC, usage="认领 I12 3月5日前")
def take_on(ctx: Ctx, args: Args) -> str:
    """Takes a matter on, until the day that is named."""
    asked = deadlines.asked(ctx.tx, ctx.speaker.community_id, args.rest, now=ctx.now) if args.rest else None
    if args.rest and asked is None:
        raise Refusal("claim.when", number=args.issue, days=claims.LONGEST.days)
    row, until = claims.take_on(ctx.tx, ctx.speaker, number=args.issue, until=asked.at if asked else None, now=ctx.now)
    hush(ctx, row)
    return say("claim.taken_on", issue=row, until=until)


@command("claim.done", "(完成|做完) {I}", "(完成|做完) {I} {rest}", "{I} (完成|做完)(了)?", "{I} (完成|做完)(了)? {rest}",
         keeps_words=True, topic=TOPIC, usage="完成 I12 楼道杂物已经清走")
def complete(ctx: Ctx, args: Args) -> str:
    """Reports it done."""
    row = claims.complete(ctx.tx, ctx.speaker, number=args.issue, words=args.rest[:500], now=ctx.now)
    hush(ctx, row)
    return say("claim.reported", issue=row)


@command("claim.give_up", "(放弃|放弃认领|取消认领|不认领了?) {I}", "{I} (放弃|放弃认领|取消认领|不认领了?)", topic=TOPIC,
         usage="放弃 I12")
def give_up(ctx: Ctx, args: Args) -> str:
    """Hands it back."""
    row = claims.give_up(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    hush(ctx, row)
    return say("claim.given_up", issue=row)


@meant("claim_task")
def claim(ctx: Ctx, meaning: Meaning) -> str | None:
    """In ordinary words: whoever acts for a party signs what it was sent; anybody takes on what is free."""
    number = str(meaning.slots.get("issue_id") or "")[1:]
    if not number.isdigit():
        return listing(ctx, Args())
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, int(number))
    theirs = row.party_id is not None and parties.acts_for(ctx.tx, ctx.speaker, row.party_id, now=ctx.now)
    if theirs and row.state == State.ASSIGNED:
        return read_back(ctx, f"签收 I{number}")
    if row.private:
        raise Refusal("issue.unknown", number=int(number))
    asked = deadlines.asked(ctx.tx, ctx.speaker.community_id, ctx.heard, now=ctx.now)
    day = (asked.at - timedelta(seconds=1)).astimezone(SHANGHAI) if asked else None
    return read_back(ctx, f"认领 I{number} {day.month}月{day.day}日前" if day else f"认领 I{number}")


@command("volunteer.offer", "(志愿者报名|报名志愿者|(我要|我想)?当志愿者)", topic=TOPIC, usage="志愿者报名")
def volunteer(ctx: Ctx, args: Args) -> str:
    """Tells the staff that somebody wants to be a volunteer."""
    return _offered(ctx, "")


@meant("join_volunteer")
def spoken_volunteer(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same in ordinary words."""
    ctx.intent = "volunteer.offer"
    return _offered(ctx, str(meaning.slots.get("activity") or ""))


def _offered(ctx: Ctx, activity: str) -> str:
    reached = volunteers.offer(ctx.tx, ctx.speaker, activity=activity, key=f"message:{ctx.message_id}:volunteer", now=ctx.now)
    return say("volunteer.told" if reached else "handoff.nobody", activity=activity)
