"""Ballots in ordinary words; what is not clear is asked about once and never counted."""

import re
from typing import Any

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.router import Args, answers, command, ear
from domain.errors import Refusal
from services import ballots, polls
from texts.choices import Choice, Unclear, poll_number, read_choice
from texts.say import say

_NUMBER = re.compile(r"[Pp]?\s*(\d{1,6})")


@ear(30, "vote")
def vote(ctx: Ctx) -> str | None:
    """Hears a ballot for the poll that is named, quoted, or the only one open here."""
    number, words = poll_number(ctx.heard)
    if number is None:
        number = router.quoted_number(ctx, "P")
    if number is not None:
        row = polls.by_number(ctx.tx, ctx.speaker.community_id, number)
        return _hear(ctx, row, words, named=True)
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    heard = [(row, read_choice(words, row.options, most=row.most)) for row in rows]
    heard = [(row, read) for row, read in heard if read is not None]
    if not heard:
        return None
    if len(rows) == 1:
        return _hear(ctx, heard[0][0], words, named=False)
    if any(isinstance(read, Choice) for _, read in heard):
        ctx.intent = "vote.which"
        ctx.ask("vote.which", words=words, polls=[row.number for row in rows])
        return say("vote.which", polls=rows)
    return _unclear(ctx, heard[0][0], heard[0][1])


@answers("vote.which")
def which(ctx: Ctx) -> str | None:
    """Hears which of several polls the ballot was for."""
    assert ctx.dialog is not None
    found = _NUMBER.fullmatch(ctx.heard)
    if found is None or int(found.group(1)) not in ctx.dialog.data["polls"]:
        return None
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, int(found.group(1)))
    return _hear(ctx, row, ctx.dialog.data["words"], named=True)


def _hear(ctx: Ctx, row: Row[Any], words: str, *, named: bool) -> str | None:
    read = read_choice(words, row.options, most=row.most)
    if isinstance(read, Choice):
        ctx.intent = "vote.secret" if row.anonymous else "vote"
        cast = ballots.cast(ctx.tx, ctx.speaker, poll_id=row.id, choice=read.options, sent_at=ctx.message.sent_at,
                            message_id=ctx.message_id, now=ctx.now)
        return say("vote.recorded", cast=cast, private=ctx.private)
    if isinstance(read, Unclear) or named:
        return _unclear(ctx, row, read)
    return None


def _unclear(ctx: Ctx, row: Row[Any], read: Choice | Unclear | None) -> str:
    """Says that nothing was counted and how to vote; in a group only the first time."""
    ctx.intent = "vote.secret" if row.anonymous else "vote.unclear"
    said = {"poll": row.number, "reason": read.reason if isinstance(read, Unclear) else "unreadable"}
    asked = ctx.dialog is not None and ctx.dialog.then == "vote.unclear" and ctx.dialog.data == said
    ctx.ask("vote.unclear", **said)
    if asked and not ctx.private:
        return ""
    return say("vote.unclear", poll=row, reason=said["reason"])


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
