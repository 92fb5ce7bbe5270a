"""What still waits for the owner of a 客户群."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import group_tasks
from texts.say import say


@command("group_task.list", "待确认", role=Role.GRID_WORKER, topic="转发", usage="待确认")
def listing(ctx: Ctx, args: Args) -> str:
    """The posts that no resident sees yet."""
    if not ctx.private:
        raise Refusal("ask_privately")
    rows = group_tasks.waiting(ctx.tx, ctx.speaker)
    return say("group_task.list", rows=rows) if rows else say("group_task.none")
