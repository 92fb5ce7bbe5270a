"""An objection in ordinary words: read back as the exact command where a decision can be objected to."""

import re

from bot.context import Ctx
from bot.router import meant
from domain.classes import STRAW
from handlers import vote
from handlers.confirm import read_back
from services import ballots, opinions, polls, procedure
from texts.say import say
from understanding.meaning import Meaning

LONGEST = 300  # characters of it
_FIRST = re.compile(r"^\s*[PpIi]\s*\d{1,6}[\s,，:：]*")
_NAMED = re.compile(r"(?<![A-Za-z0-9])[Pp]\s*\d{1,6}(?!\d)")


@meant("objection")
def objection(ctx: Ctx, meaning: Meaning) -> str | None:
    """To a decision, to a matter that is talked about, or to a poll that decides nothing: each has its own way."""
    open_here = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    decisions = {row.number: row for row in procedure.open_to_objections(ctx.tx, ctx.speaker.community_id)}
    poll, issue = (str(meaning.slots.get(name) or "")[1:] for name in ("poll_id", "issue_id"))
    words = _FIRST.sub("", ctx.text)[:LONGEST]
    if open_here and _NAMED.search(ctx.heard) is None:  # it may as well be a ballot: nothing was counted
        more = [row for row in open_here if row.number in decisions]
        return "\n".join(filter(None, [vote.unclear_ballot(ctx, open_here[0], "opinion"),
                                       say("objection.like", number=more[0].number) if more else ""]))
    if poll.isdigit() and int(poll) in decisions:
        return read_back(ctx, f"异议 P{poll} {words}")
    if issue.isdigit() and int(issue) in [row.number for row in opinions.open_now(ctx.tx, ctx.speaker.community_id)]:
        return read_back(ctx, f"意见 I{issue} {words}")
    if poll.isdigit():
        row = polls.by_number(ctx.tx, ctx.speaker.community_id, int(poll))
        return say("objection.straw", number=row.number, over=row.poll_class != STRAW)
    if len(decisions) == 1:
        return read_back(ctx, f"异议 P{next(iter(decisions))} {words}")
    return say("objection.which", polls=list(decisions.values()))
