"""What a grid worker asks for in the morning: what is on today, this week, and whether to be told unasked."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import bulletins
from texts.say import say


@command("agenda.today", "今日", "今日待办", role=Role.GRID_WORKER, others_pass=True, topic="待办", usage="今日")
def today(ctx: Ctx, args: Args) -> str:
    """What is due today, overdue, or waits for an answer."""
    _in_private(ctx)
    return bulletins.today(ctx.tx, ctx.speaker.community_id, now=ctx.now)


@command("agenda.week", "本周", "本周待办", role=Role.GRID_WORKER, others_pass=True, topic="待办", usage="本周")
def week(ctx: Ctx, args: Args) -> str:
    """The same until Sunday."""
    _in_private(ctx)
    return bulletins.this_week(ctx.tx, ctx.speaker.community_id, now=ctx.now)


@command("agenda.stop", "(不要|取消|关闭)早报", role=Role.GRID_WORKER, others_pass=True, topic="待办", usage="不要早报")
def stop(ctx: Ctx, args: Args) -> str:
    """No message in the morning any more."""
    bulletins.want_mornings(ctx.tx, ctx.speaker, False, now=ctx.now)
    return say("agenda.stopped")


@command("agenda.want", "(要|恢复|打开)早报", role=Role.GRID_WORKER, others_pass=True)
def want(ctx: Ctx, args: Args) -> str:
    """The message in the morning again."""
    bulletins.want_mornings(ctx.tx, ctx.speaker, True, now=ctx.now)
    return say("agenda.wanted")


def _in_private(ctx: Ctx) -> None:
    if not ctx.private:
        raise Refusal("ask_privately")
