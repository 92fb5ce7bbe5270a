"""What belongs to a decision besides voting: objections and answers, proof of delivery, votes settled in writing."""

from bot.context import Ctx
from bot.router import Args, command
from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.roles import Role
from services import ballots, homes, owner_votes, polls, procedure
from texts.kinds import read, spoken
from texts.places import home as read_home
from texts.say import say


@command("vote.settle", "认定 {P}", "认定 {P} {rest}", role=Role.GRID_WORKER, usage="")
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


@command("poll.object", "异议 {P}", "异议 {P} {rest}", "{P} 异议 {rest}", usage="异议 P5 理由")
def objection(ctx: Ctx, args: Args) -> str:
    """Registers an objection to a decision; without a reason staff see them all."""
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    if not args.rest and ctx.private and ctx.speaker.role.covers(Role.GRID_WORKER):
        return say("procedure.list", poll=row, found=procedure.objections(ctx.tx, row.id))
    if not args.rest:
        raise Refusal("procedure.objection_how", number=row.number)
    return say("procedure.objected", poll=row, number=procedure.object_to(ctx.tx, ctx.speaker, row, args.rest, now=ctx.now))


@command("poll.answer", "答复异议 {P}", "答复异议 {P} {rest}", role=Role.GRID_WORKER, usage="")
def answer(ctx: Ctx, args: Args) -> str:
    """Answers an objection."""
    number, _, text = args.rest.strip().partition(" ")
    if not number.isdigit() or not text.strip():
        raise Refusal("procedure.answer_how", number=args.poll)
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    procedure.answer(ctx.tx, ctx.speaker, row, int(number[:6]), text.strip(), now=ctx.now)
    return say("procedure.answer.done", poll=row, number=number)


@command("poll.reached", "送达 {P}", "送达 {P} {rest}", role=Role.GRID_WORKER, usage="")
def reached(ctx: Ctx, args: Args) -> str:
    """Puts down that a home was given the notice at its door, or all the others by a public notice."""
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    if row.poll_class not in BY_AREA:
        raise Refusal("procedure.not_owners", number=row.number)
    where = read_home(args.rest)
    if args.rest == "公告":
        homes_of_poll = [each.home_id for each, how in procedure.doors(ctx.tx, row) if not how]
        count = procedure.note_reached(ctx.tx, ctx.speaker, row, homes_of_poll, "public", now=ctx.now)
    elif where is not None:
        home_id = homes.find(ctx.tx, row.community_id, where.label)
        same = [r.home_id for r in owner_votes.one_head(ctx.tx, row.id, home_id)]
        count = procedure.note_reached(ctx.tx, ctx.speaker, row, same, "door", now=ctx.now)
    else:
        raise Refusal("procedure.reached_how", number=row.number)
    return say("procedure.reached.done", count=count)
