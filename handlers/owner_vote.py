"""Votes of owners, for those who run them: a difference between co-owners is ended on their written statement."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import ballots, homes, polls
from texts.kinds import read, spoken
from texts.places import home as read_home
from texts.say import say


@command("vote.settle", "认定 {P}", "认定 {P} {rest}", role=Role.GRID_WORKER, usage="认定 P5 3幢2单元501 同意 双方书面推选")
def settle(ctx: Ctx, args: Args) -> str:
    """Counts the held vote of a home as its owners have agreed in writing; the reason is on record."""
    if not ctx.private:
        raise Refusal("ask_privately")
    where, _, more = args.rest.partition(" ")
    choice, _, reason = more.strip().partition(" ")
    found = read_home(where)
    if found is None or not choice or not reason.strip():
        raise Refusal("vote.settle_how", number=args.poll)
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    said = read(choice, row.kind, row.options, row.rules)
    if not isinstance(said, str):
        raise Refusal("vote.settle_how", number=args.poll)
    home_id = homes.find(ctx.tx, row.community_id, found.label)
    count = ballots.settle(ctx.tx, ctx.speaker, row, home_id=home_id, choice=said, reason=reason.strip(), message_id=ctx.message_id,
                           now=ctx.now)
    return say("vote.settled.done", poll=row, label=found.label, said=spoken(said, row.kind, row.options), homes=count)
