"""What staff say about news they carry by hand into groups that no API reaches."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import forward, outbox
from texts.say import say


@command("forward.done", "已转发", "已转发 {Fs}", "{Fs} (已转发|已发)", role=Role.GRID_WORKER, others_pass=True,
         topic="转发", usage="已转发 F12")
def done(ctx: Ctx, args: Args) -> str:
    """Ticks off what was carried, and says which groups still wait."""
    _in_private(ctx)
    lines = []
    for row in forward.done(ctx.tx, ctx.speaker, list(args.forwards), now=ctx.now):
        total, served, left = forward.served(ctx.tx, row)
        lines.append(say("forward.done", number=row.id, group=row.name, total=total, served=served, left=left))
    return "\n".join(lines)


@command("forward.list", "待转发", role=Role.GRID_WORKER, others_pass=True, topic="转发", usage="待转发")
def waiting(ctx: Ctx, args: Args) -> str:
    """What is still to be carried, group by group."""
    _in_private(ctx)
    rows = forward.waiting(ctx.tx, ctx.speaker)
    return say("forward.list", rows=rows) if rows else say("forward.none")


@command("forward.kit", "{Fs}", role=Role.GRID_WORKER, others_pass=True)
def again(ctx: Ctx, args: Args) -> str:
    """Hands the finished text out once more."""
    _in_private(ctx)
    if not outbox.reaches(ctx.tx, ctx.speaker.id, ctx.now):
        raise Refusal("forward.unreachable")
    forward.again(ctx.tx, ctx.speaker, list(args.forwards), key=str(ctx.message_id), now=ctx.now)
    return say("forward.again", numbers=list(args.forwards))


@command("forward.drop", "不转 {Fs}", "不转 {Fs} {rest}", role=Role.GRID_WORKER, others_pass=True,
         topic="转发", usage="不转 F12 群已解散")
def drop(ctx: Ctx, args: Args) -> str:
    """Notes that these will not be carried, and why."""
    _in_private(ctx)
    rows = forward.drop(ctx.tx, ctx.speaker, list(args.forwards), reason=args.rest, now=ctx.now)
    return "\n".join(say("forward.dropped", number=row.id, group=row.name) for row in rows)


def _in_private(ctx: Ctx) -> None:
    if not ctx.private:
        raise Refusal("ask_privately")
