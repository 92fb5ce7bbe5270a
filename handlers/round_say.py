"""A round as residents take part in it: say one thing, answer one statement after the other, change what one said."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from bot import inbox, router
from bot.context import Ctx
from bot.router import Args, answers, command, ear
from domain.errors import Refusal
from handlers.confirm import read_back
from handlers.privacy import NO, YES, said
from services import cards, deliberation, issues, opinions, outbox, round_statements, round_voice, round_votes, rounds
from texts.rounds import answer as answer_in
from texts.rounds import numbered, point, proposes, stops, thinks
from texts.say import say
from texts.words import category
from understanding import danger

ASKED = "round.ask"  # the intent of what was answered with a statement
_STATEMENT = re.compile(r"征言\s*[Ii]\s*\d{1,6}[\s,，:：;；。]*|征言[\s,，:：;；。]*", re.IGNORECASE)
_ALMOST = re.compile(r"(?:第\s*)?\d{1,4}\s*条?(?:[\s,，:：]+\S{0,6})?")
_GRUNT = re.compile(r"\d{1,3}|[^\dA-Za-z]{1,3}")  # too short to be anything but an answer that went wrong; P1 2 is a ballot
_OTHER = re.compile(r"\s*(?:情况|进度|列表|结果|小结|资料|待审)")  # other commands, said without their number
_NUMBERS = re.compile(r"\d{1,4}")
_AGES = {"under35": re.compile(r"35\s*岁?以下|年轻人"), "35to59": re.compile(r"35\s*岁?[到至~-]\s*(?:59|60)\s*岁?|中年"),
         "60plus": re.compile(r"60\s*岁?以上|老年|退休")}
_TENURES = {"owner": re.compile("业主"), "tenant": re.compile("租户|租客|租房")}
_WINDOW = timedelta(minutes=30)  # a bare number means the last statement only so soon after it


# --- one statement after the other ------------------------------------------------------------------------------
@command("round.next", "(征言|下一条)", "(征言|下一条) {I}", "{I} (征言|下一条)", topic="征言", usage="征言 I12")
def following(ctx: Ctx, args: Args) -> str:
    """The next statement to answer."""
    row = _round(ctx, args.issue)
    if not ctx.private:
        raise Refusal("round.privately", number=args.issue)
    return _served(ctx, row)


@ear(15, "round.answer")
def heard(ctx: Ctx) -> str | None:
    """The answer to the statement that lies before somebody; what is neither answer nor command gets a clear sentence."""
    if not ctx.private or ctx.dialog is not None or ctx.message.quote or ctx.message.tap is not None or not _just_asked(ctx):
        return None
    value, row = answer_in(ctx.heard), _last_round(ctx)
    if row is None or (value is None and not stops(ctx.heard) and not _GRUNT.fullmatch(ctx.heard)):
        return None
    ctx.intent = ASKED
    if stops(ctx.heard):
        ctx.intent = "round.stop"
        return say("round.stopped", number=row.issue_number)
    one = round_votes.before(ctx.tx, ctx.speaker.id, row.id)
    if one is None:
        return _served(ctx, row)
    if value is None:
        ctx.asked = True
        return say("round.how_answer")
    if not _fresh(ctx):
        return f"{say('round.still')}\n{_served(ctx, row)}"
    return _voted(ctx, row, one.number, value)


def _just_asked(ctx: Ctx) -> bool:
    last = inbox.last_intent(ctx.tx, ctx.speaker.id, before=ctx.message_id, chat_id=None)
    return last == f"{ASKED}?"


def _fresh(ctx: Ctx) -> bool:
    """Nothing came between the statement and this answer: no half hour, and no other message of ours."""
    at = inbox.last_heard(ctx.tx, ctx.speaker.id, before=ctx.message_id)
    return at is not None and ctx.now - at <= _WINDOW and not outbox.told_since(ctx.tx, ctx.speaker.id, at)


def _last_round(ctx: Ctx) -> Row[Any] | None:
    """The open round whose statement lies before somebody, or the only one."""
    open_now = rounds.open_here(ctx.tx, ctx.speaker.community_id)
    lying = [r for r in open_now if round_votes.before(ctx.tx, ctx.speaker.id, r.id) is not None]
    return next(reversed(lying or open_now), None)


def _served(ctx: Ctx, row: Row[Any]) -> str:
    """What lies before somebody now, with its card; or that there is nothing more."""
    found = round_votes.serve(ctx.tx, ctx.speaker, round_id=row.id, now=ctx.now)
    number = row.issue_number
    if found.statement is None:
        ctx.intent = "round.done"
        key = "enough_today" if found.enough else "all_seen" if round_statements.shown(ctx.tx, row.id) else "no_statements"
        return say(f"round.{key}", number=number, daily=row.daily)
    ctx.intent, ctx.asked = ASKED, True
    ctx.card = cards.opinion(ctx.tx, row, found.statement, number)
    return say("round.ask", number=number, one=found.statement, nth=found.nth, daily=row.daily)


def _voted(ctx: Ctx, row: Row[Any], which: int, value: int) -> str:
    """Records the answer; in private the next statement follows at once."""
    lying = round_votes.before(ctx.tx, ctx.speaker.id, row.id)
    cast = round_votes.cast(ctx.tx, ctx.speaker, round_id=row.id, which=which, value=value, now=ctx.now)
    ctx.intent = "round.vote"
    if lying is not None and lying.id == cast.statement.id:
        return f"{say('round.voted', value=value)}\n{_served(ctx, row)}"
    told = say("round.changed" if cast.changed else "round.voted_one", which=cast.statement.number, value=value)
    return f"{told}\n{_served(ctx, row)}" if lying is not None else told


# --- saying something -------------------------------------------------------------------------------------------
@command("round.say", "征言 {I} {rest}", "{I} 征言 {rest}", r"征言[\s,:;]+ {rest}", keeps_words=True,
         topic="征言", usage="征言 I12 晚上九点以后别跳广场舞")
def speak(ctx: Ctx, args: Args) -> str:
    """Puts one statement into the round; a number and an answer is a vote on the one of that number."""
    row = _round(ctx, args.issue)
    vote = numbered(args.rest)
    if vote is not None:
        if not ctx.private:
            raise Refusal("round.privately", number=args.issue)
        return _voted(ctx, row, *vote)
    if not args.issue and _OTHER.match(args.rest):
        raise Refusal("round.more_how", number=row.issue_number)
    if _ALMOST.fullmatch(args.rest):
        raise Refusal("round.vote_how", number=row.issue_number)
    return state(ctx, row, _STATEMENT.sub("", ctx.text, count=1) if not args.issue else args.rest)


def state(ctx: Ctx, row: Row[Any], text: str) -> str:
    """Puts the words into a round; asks when another statement seems to say the same."""
    ctx.intent = "round.say"
    done = round_statements.put(ctx.tx, ctx.speaker, round_id=row.id, text=point(text), message_id=ctx.message_id, now=ctx.now)
    if done.like is not None and ctx.dialogs_up:
        ctx.ask("round.same", round=row.id, which=done.row.number, to=done.like.number, number=row.issue_number)
        ctx.buttons(say("card.same_point"), ("1", say("card.one_point")), ("2", say("card.two_points")))
    asks = done.like is not None and ctx.dialogs_up
    goes_on = ctx.private and not asks and round_votes.before(ctx.tx, ctx.speaker.id, row.id) is not None
    told = say("round.said", row=done.row, like=done.like if asks else None, masked=done.masked, again=done.again,
               number=row.issue_number, private=ctx.private and not goes_on)
    return f"{told}\n{_served(ctx, row)}" if goes_on else told


@answers("round.same")
def same(ctx: Ctx) -> str | None:
    """1 joins the two, 2 leaves them apart."""
    assert ctx.dialog is not None
    asked = ctx.dialog.data
    if said(ctx, NO) or "不一样" in ctx.heard:
        ctx.intent = "round.apart"
        return say("round.apart", which=asked["which"])
    if not said(ctx, YES) and not ctx.heard.startswith(("一样", "是同一个")):
        return None
    ctx.intent = "round.join"
    other = round_statements.join(ctx.tx, ctx.speaker, round_id=asked["round"], which=asked["which"], to=asked["to"], now=ctx.now)
    return say("round.joined", other=other, which=asked["which"], number=asked["number"])


@ear(43, "round.say")
def certainly(ctx: Ctx) -> str | None:
    """Words that can only be meant for the round: after 征言, in reply to its card, or in the midst of its talk in private."""
    if ctx.heard.startswith("征言") and len(ctx.heard) >= 6:
        if _OTHER.match(ctx.heard[2:]):
            return None
        return _spoken(ctx, _STATEMENT.sub("", ctx.text, count=1), None)
    if len(ctx.heard) < 6 or not proposes(ctx.heard):
        return None
    number = router.quoted_number(ctx, "I") if ctx.message.quote and "征言" in ctx.message.quote else None
    if number is not None or (ctx.private and _in_its_talk(ctx)):
        return _spoken(ctx, ctx.text, number)
    return _perhaps(ctx)


def _perhaps(ctx: Ctx) -> str | None:
    """An opinion while nothing else is talked about, and of no other kind of matter, is read back: 1 puts it into the round."""
    held = instead(ctx, None) if thinks(ctx.heard) and not danger.signs(ctx.heard) else None
    if held is None or opinions.open_now(ctx.tx, ctx.speaker.community_id):
        return None
    matter = issues.by_number(ctx.tx, ctx.speaker.community_id, held.issue_number)
    here = category(ctx.text) in (None, "other", "property", matter.category)
    return read_back(ctx, f"征言 I{held.issue_number} {ctx.text}") if here else None


def _in_its_talk(ctx: Ctx) -> bool:
    last = inbox.last_intent(ctx.tx, ctx.speaker.id, before=ctx.message_id, chat_id=None) or ""
    at = inbox.last_heard(ctx.tx, ctx.speaker.id, before=ctx.message_id)
    return last.startswith("round.") and at is not None and ctx.now - at <= _WINDOW


def _spoken(ctx: Ctx, text: str, number: int | None) -> str | None:
    open_now = [r for r in rounds.open_here(ctx.tx, ctx.speaker.community_id) if number in (None, r.issue_number)]
    if len(open_now) != 1:
        return say("round.which", rounds=open_now) if open_now else None
    if not ctx.speaker.consented:
        ctx.intent = "round.say"
        return router.ask_consent(ctx, f"征言 I{open_now[0].issue_number} {text}")
    return state(ctx, open_now[0], text)


def instead(ctx: Ctx, number: int | None) -> Row[Any] | None:
    """The open round that an opinion belongs to when its matter is not talked about otherwise; None when there is no such round."""
    open_now = [r for r in rounds.open_here(ctx.tx, ctx.speaker.community_id) if number in (None, r.issue_number)]
    if len(open_now) != 1:
        return None
    matter = issues.by_number(ctx.tx, ctx.speaker.community_id, open_now[0].issue_number)
    held = deliberation.current(ctx.tx, matter)
    return open_now[0] if held is None or held.phase < 0 else None


def with_reason(ctx: Ctx, number: int, reason: str) -> str:
    """The sentence that tells of a reason which also went into the round of the same matter; '' when it did not."""
    matter = issues.by_number(ctx.tx, ctx.speaker.community_id, number)
    done = round_statements.reason(ctx.tx, ctx.speaker, matter, reason, message_id=ctx.message_id, now=ctx.now)
    return "" if done is None or done.again else f"\n{say('round.reason_added', row=done.row)}"


# --- one's own ----------------------------------------------------------------------------------------------------
@command("round.take_back", "撤回征言 {I} {rest}", topic="征言", usage="撤回征言 I12 3")
def take_back(ctx: Ctx, args: Args) -> str:
    """Takes one's own statement out."""
    which = _NUMBERS.search(args.rest)
    if which is None:
        raise Refusal("round.which_how", number=args.issue)
    row = rounds.of_issue(ctx.tx, ctx.speaker.community_id, args.issue)
    round_statements.take_back(ctx.tx, ctx.speaker, round_id=row.id, which=int(which[0]), now=ctx.now)
    return say("round.taken_back", which=int(which[0]))


@command("round.part", "拆开征言 {I} {rest}", topic="征言", usage="拆开征言 I12 5")
def part(ctx: Ctx, args: Args) -> str:
    """Lets a statement stand by itself again."""
    which = _NUMBERS.search(args.rest)
    if which is None:
        raise Refusal("round.which_how", number=args.issue)
    row = rounds.of_issue(ctx.tx, ctx.speaker.community_id, args.issue)
    round_statements.part(ctx.tx, ctx.speaker, round_id=row.id, which=int(which[0]), now=ctx.now)
    return say("round.parted", which=int(which[0]))


@command("round.trait", "征言资料 {rest}", keeps_words=True, topic="征言", usage="征言资料 60岁以上 租户")
def trait(ctx: Ctx, args: Args) -> str:
    """What somebody tells of themselves so that their group is heard."""
    if not ctx.private:
        raise Refusal("ask_privately")
    if re.search("不说|删|不留", args.rest):
        round_voice.tell_of_me(ctx.tx, ctx.speaker, age_band="", tenure="", now=ctx.now)
        return say("round.trait_gone")
    age, tenure = (next((name for name, words in known.items() if words.search(args.rest)), None) for known in (_AGES, _TENURES))
    round_voice.tell_of_me(ctx.tx, ctx.speaker, age_band=age, tenure=tenure, now=ctx.now)
    return say("round.trait")


def _round(ctx: Ctx, number: int) -> Row[Any]:
    """The round of this matter, or the only one that is open."""
    open_now = rounds.open_here(ctx.tx, ctx.speaker.community_id)
    found = [r for r in open_now if not number or r.issue_number == number]
    if len(found) == 1:
        return found[0]
    if number:
        raise Refusal("round.closed", number=rounds.number_of(ctx.tx, rounds.of_issue(ctx.tx, ctx.speaker.community_id, number)))
    lying = [r for r in open_now if round_votes.before(ctx.tx, ctx.speaker.id, r.id) is not None]
    if len(lying) == 1:
        return lying[0]
    raise Refusal("round.which", rounds=open_now) if open_now else Refusal("round.none_open")
