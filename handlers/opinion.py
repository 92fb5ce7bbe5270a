"""What residents say on a matter that is talked about, in exact words, in reply to its card, or in ordinary speech."""

import re

from bot import router
from bot.context import Ctx
from bot.router import Args, command, ear, meant
from domain.errors import Refusal
from domain.procedures import Deed
from handlers import issue as formal
from handlers import round_say, vote
from handlers.confirm import read_back
from services import ballots, conclusions, deliberation, dissents, issues, opinions
from texts.mask import mask
from texts.say import say
from texts.stances import bare_reason, stance
from understanding.meaning import Meaning

_RATINGS = {"满意": "good", "基本满意": "fair", "一般": "fair", "不满意": "bad"}
_NAMED = re.compile(r"[Ii]\s*(\d{1,6})(?!\d)")
_AFTER_NUMBER = re.compile(r"^.*?[Ii]\s*\d{1,6}[\s,，:：]*(?:我的意见是|我的意见|意见|表态)?[\s,，:：]*", re.DOTALL)


@command("talk.say", "(意见|表态) {I} {rest}", "{I} 我们?(还是|也|都)?(觉得|认为) {rest}", "{I} (我的意见是|意见|发言) {rest}",
         "{I} (支持|反对|中立|有条件|不同意|同意) {rest}", "{I} (反对|中立|不同意|同意)", keeps_words=True,
         topic="协商", usage="意见 I12 支持 先修再换")
def speak(ctx: Ctx, args: Args) -> str:
    """Puts a statement on record with the position that it takes."""
    return _stated(ctx, args.issue, _AFTER_NUMBER.sub("", ctx.text, count=1).strip() or args.rest)


@command("talk.propose", "(提议|建议|提问) {I} {rest}", "{I} (提议|建议|我提议|我建议) {rest}", keeps_words=True,
         topic="协商", usage="提议 I12 先贴通知")
def propose(ctx: Ctx, args: Args) -> str:
    """Puts a proposal, or a question to be talked about, on record."""
    held = round_say.instead(ctx, args.issue)
    if held is not None:
        return round_say.state(ctx, held, args.rest)
    asks = router.canonical(ctx.text).lstrip("/#@ ").startswith("提问")
    said = opinions.state(ctx.tx, ctx.speaker, number=args.issue, text=args.rest, stance=None, condition=None,
                          deed=Deed.ASK if asks else Deed.PROPOSE, now=ctx.now)
    return say("talk.said", number=args.issue, stance=None, condition=None, deed=said.deed) + (
        "" if asks else round_say.with_reason(ctx, args.issue, args.rest))


@command("talk.counts", "表态 {issue}", "{I} 表态", "{I} 意见")
def counts(ctx: Ctx, args: Args) -> str:
    """How many stand where, without names."""
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue)
    held = deliberation.last(ctx.tx, row.id)
    if held is None:
        raise Refusal("talk.none", number=row.number)
    card = conclusions.card(ctx.tx, held)
    return say("talk.standing", issue=row, held=held, phase=deliberation.phase_of(held), card=card,
               ratings=opinions.counts(ctx.tx, held.id, opinions.RATINGS), said=[mask(t) for t in opinions.said(ctx.tx, held.id)],
               answer=dissents.mine(ctx.tx, ctx.speaker, held) if ctx.private else "")


@command("talk.rate", "评议 {I} {rest}", "{I} 评议 {rest}", keeps_words=True, topic="协商", usage="评议 I12 满意")
def rate(ctx: Ctx, args: Args) -> str:
    """公众评事: what somebody thinks of what came of it."""
    word = next((w for w in ("不满意", "基本满意", "一般", "满意") if args.rest.startswith(w)), None)
    if word is None:
        raise Refusal("talk.rate_how", number=args.issue)
    row, found = opinions.rate(ctx.tx, ctx.speaker, number=args.issue, rating=_RATINGS[word],
                               text=args.rest[len(word):].strip(" ,，:：。"), now=ctx.now)
    return say("talk.rated", issue=row, ratings=found)


@ear(40, "talk.say")
def replied(ctx: Ctx) -> str | None:
    """A position in reply to the card of a matter that is talked about, or after its number."""
    named = _NAMED.match(ctx.heard)
    number = int(named[1]) if named else router.quoted_number(ctx, "I")
    if number is None or stance(ctx.text)[0] is None or number not in _open_now(ctx):
        return None
    return _heard(ctx, number, _AFTER_NUMBER.sub("", ctx.text, count=1).strip() if named else ctx.text)


@meant("opinion")
def opinion(ctx: Ctx, meaning: Meaning) -> str | None:
    """An opinion in ordinary words: a plain position is recorded, anything else is read back first."""
    named, open_now = str(meaning.slots.get("issue_id") or ""), _open_now(ctx)
    number = int(named[1:]) if named[1:].isdigit() else open_now[0] if len(open_now) == 1 else None
    if not open_now and (held := round_say.instead(ctx, number)) is not None and len(ctx.heard) >= 4:
        return read_back(ctx, f"征言 I{held.issue_number} {ctx.heard}")
    if number is None:
        return say("talk.which", numbers=open_now) if open_now else _nothing_open(ctx)
    if stance(ctx.text)[0] is not None:
        return _heard(ctx, number, ctx.text)
    return read_back(ctx, f"意见 I{number} {ctx.heard}") if len(ctx.heard) >= 4 else None


def _nothing_open(ctx: Ctx) -> str:
    """Nothing is talked about; near a poll it may have been meant as a ballot, of which nothing was counted."""
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    return vote.unclear_ballot(ctx, rows[0], "opinion") if rows else say("talk.none_open")


def _open_now(ctx: Ctx) -> list[int]:
    return [row.number for row in opinions.open_now(ctx.tx, ctx.speaker.community_id)]


def _heard(ctx: Ctx, number: int, text: str) -> str:
    ctx.intent = "talk.say"
    if not ctx.speaker.consented:
        return router.ask_consent(ctx, f"意见 I{number} {text}")
    return _stated(ctx, number, text)


def _stated(ctx: Ctx, number: int, text: str) -> str:
    """Records the words, with the position they take if it is plain."""
    if len(text) < 2:
        raise Refusal("talk.say_how", number=number)
    held = round_say.instead(ctx, number)
    if held is not None:
        return round_say.state(ctx, held, bare_reason(text) or text)
    found, condition = stance(text)
    said = opinions.state(ctx.tx, ctx.speaker, number=number, text=text, stance=found, condition=condition,
                          deed=Deed.SPEAK, now=ctx.now)
    return say("talk.said", number=number, stance=said.stance, condition=said.condition, deed=said.deed) + round_say.with_reason(
        ctx, number, bare_reason(text))


@command("talk.support", "{I} 支持")
def support(ctx: Ctx, args: Args) -> str:
    """支持 is a position while the matter is talked about, else it stands behind the issue."""
    if args.issue in _open_now(ctx):
        return _heard(ctx, args.issue, ctx.heard[-2:])
    ctx.intent = "issue.support"
    return formal.stand_behind(ctx, args.issue)
