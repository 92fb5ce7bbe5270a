"""Ballots in ordinary words; what is not clear is asked about once and never counted."""

import re
from typing import Any

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.router import Args, answers, command, ear, meant
from domain.errors import Refusal
from handlers import round_say
from handlers.offer import offered
from services import around, ballots, cards, polls, standing, steps
from texts.choices import Choice, Unclear, poll_number
from texts.kinds import MARKS, pack, plainly, read
from texts.say import say
from texts.stances import vote_reason
from understanding import trained
from understanding.context import Context
from understanding.meaning import Meaning

_NUMBER = re.compile(r"[Pp]?\s*(\d{1,6})")


@ear(30, "vote")
def named(ctx: Ctx) -> str | None:
    """A plain choice for the poll that is named or quoted, whatever else may be open; anything less plain passes on."""
    number, words = poll_number(ctx.heard)
    number = router.quoted_number(ctx, "P") if number is None else number
    if number is None:
        return None
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, number)
    heard = read(words, row.kind, row.options, row.rules)
    if isinstance(heard, Unclear) and row.kind not in MARKS:
        return unclear_ballot(ctx, row, heard.reason)
    return _cast(ctx, row, heard) if isinstance(heard, str) else None


@ear(31, "vote")
def ordered(ctx: Ctx) -> str | None:
    """Points, an order, a sign-up, times or all of it without the poll's number, where only one open poll can be meant."""
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    heard = [(row, plainly(ctx.heard, row.kind, row.options, row.rules)) for row in rows]
    clear = [(row, said) for row, said in heard if isinstance(said, str)]
    if len(clear) == 1 and not any(isinstance(read(ctx.heard, r.kind, r.options, r.rules), str)
                                   for r in rows if r.kind in MARKS and r is not clear[0][0]):
        return _cast(ctx, *clear[0])
    if len(rows) == 1 and heard and isinstance(heard[0][1], Unclear):
        return unclear_ballot(ctx, rows[0], heard[0][1].reason)
    if len(clear) > 1:
        ctx.ask("vote.which", words=ctx.heard, polls=[row.number for row, _ in clear])
        return say("vote.which", polls=[row for row, _ in clear])
    return None


@meant("vote", "change_vote")
def ballot(ctx: Ctx, meaning: Meaning) -> str | None:
    """A ballot in ordinary words, for the poll that can only be meant."""
    row = _poll(ctx, meaning)
    return None if row is None or meaning.choice is None else _cast(ctx, row, pack(Choice(meaning.choice)))


@meant("vote_unclear")
def unclear(ctx: Ctx, meaning: Meaning) -> str | None:
    """Says that nothing was counted and how to vote; asks which poll when several are open; in a group only the first time."""
    row, reason = _poll(ctx, meaning), str(meaning.slots.get("reason") or "ambiguous")
    if row is None:
        rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
        if not rows:
            return None
        if reason == "ambiguous_poll":
            ctx.intent = "vote.which"
            fit = [r for r in rows if isinstance(read(ctx.heard, r.kind, r.options, r.rules), str)]
            rows = fit if len(fit) > 1 else rows
            ctx.ask("vote.which", words=ctx.heard, polls=[r.number for r in rows])
            return say("vote.which", polls=rows)
        row = rows[0]
    return unclear_ballot(ctx, row, reason)


def unclear_ballot(ctx: Ctx, row: Row[Any], reason: str) -> str:
    """Says that nothing was counted, why, how to vote, and what still counts; in a group only once."""
    ctx.intent = "vote.secret" if standing.discreet(row) else "vote.unclear"
    said = {"poll": row.number, "reason": reason}
    asked = ctx.dialog is not None and ctx.dialog.then == "vote.unclear" and ctx.dialog.data == said
    ctx.ask("vote.unclear", **said)
    ctx.card = cards.poll(ctx.tx, row)
    if asked and not ctx.private:
        return ""
    return say("vote.unclear", poll=row, reason=reason, mine=ballots.mine(ctx.tx, ctx.speaker, row) if ctx.private else None)


@meant("cancel_vote")
def take_back(ctx: Ctx, meaning: Meaning) -> str | None:
    """Takes the ballot back, in ordinary words."""
    number = str(meaning.slots.get("poll_id") or "P0")[1:]
    ctx.intent = "vote.withdraw"
    return withdraw(ctx, Args(poll=int(number)))


@answers("vote.which")
def which(ctx: Ctx) -> str | None:
    """Hears which of several polls the ballot was for."""
    assert ctx.dialog is not None
    found = _NUMBER.fullmatch(ctx.heard)
    if found is None or int(found.group(1)) not in ctx.dialog.data["polls"]:
        return None
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, int(found.group(1)))
    words = ctx.dialog.data["words"]
    heard = read(words, row.kind, row.options, row.rules)
    if isinstance(heard, str):
        return _cast(ctx, row, heard)
    meaning = trained.reader().read(words, Context(at_bot=True, open_polls=[around.poll_seen(row)]))
    if meaning.intent in ("vote", "change_vote") and meaning.choice is not None:
        return _cast(ctx, row, pack(Choice(meaning.choice)))
    return unclear(ctx, Meaning("vote_unclear", {"poll_id": f"P{row.number}", "reason": "ambiguous"}))


def _cast(ctx: Ctx, row: Row[Any], choice: str) -> str:
    ctx.intent = "vote.secret" if standing.discreet(row) else "vote"
    if ctx.message.tap is None:
        cast = _put(ctx, row, choice)
    else:
        try:
            with ctx.tx.savepoint():
                cast = _put(ctx, row, choice)
        except Refusal as no:  # the card that was touched tells why
            ctx.card = cards.poll(ctx.tx, row, told=say(no.key, **no.facts))
            return say(no.key, **no.facts)
    if ctx.draws and (ctx.message.tap is not None or ctx.private):  # in a group a new card would show the choice to everybody
        ctx.card = cards.poll(ctx.tx, row, mine=choice, told=say(
            "card.recorded", options=cast.said, by_family=cast.by_family))
    return say("vote.recorded", cast=cast, private=ctx.private) + _with_reason(ctx, row) + offered(ctx)


def _with_reason(ctx: Ctx, row: Row[Any]) -> str:
    """A reason said with a vote goes into the open round on the same matter; never one said with a vote nobody shall know,
    nor one of somebody who has not agreed that their words are kept."""
    if row.issue_id is None or row.kind not in ("single", "stance") or standing.discreet(row):
        return ""
    if ctx.message.tap is not None or not ctx.speaker.consented:
        return ""
    why = vote_reason(ctx.text)
    return round_say.with_reason(ctx, steps.by_id(ctx.tx, row.issue_id).number, why) if why else ""


def _put(ctx: Ctx, row: Row[Any], choice: str) -> ballots.Cast:
    return ballots.cast(ctx.tx, ctx.speaker, poll_id=row.id, choice=choice, sent_at=ctx.message.sent_at,
                        message_id=ctx.message_id, now=ctx.now)


def _poll(ctx: Ctx, meaning: Meaning) -> Row[Any] | None:
    said = str(meaning.slots.get("poll_id") or "")
    return polls.by_number(ctx.tx, ctx.speaker.community_id, int(said[1:])) if said[1:].isdigit() else None


@command("vote.withdraw", "(撤票|撤回我的票|撤回投票|取消投票)", "(撤票|撤回|取消投票) {P}", "{P} (撤票|撤回|取消)",
         usage="撤票 P5")
def withdraw(ctx: Ctx, args: Args) -> str:
    """Takes the ballot back."""
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll) if args.poll else _only(ctx)
    ballots.withdraw(ctx.tx, ctx.speaker, poll_id=row.id, sent_at=ctx.message.sent_at, message_id=ctx.message_id,
                     now=ctx.now)
    return say("vote.withdrawn", poll=row)


def _only(ctx: Ctx) -> Row[Any]:
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    mine = [row for row in rows if ballots.mine(ctx.tx, ctx.speaker, row)]
    if len(mine) != 1:
        raise Refusal("vote.withdraw_which", polls=mine)
    return mine[0]
