"""What is talked about: issues that seem to be one matter, for staff, and the words of the week, for everybody."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import proposals
from texts.say import say

SHOWN = 5  # groups in one answer


@command("issue.similar", "(相似|相似议题|查看相似)", role=Role.GRID_WORKER, usage="相似")
def similar(ctx: Ctx, args: Args) -> str:
    """Open issues that may be one matter, with the command that would merge them; nothing is merged by looking."""
    if not ctx.private:
        raise Refusal("ask_privately")
    groups = proposals.groups(ctx.tx, ctx.speaker.home_community, most=SHOWN + 1)
    return say("issue.similar", groups=groups[:SHOWN], more=len(groups) > SHOWN)


@command("issue.topics", "(热点|热点话题|本周热点|大家在说什么)", usage="热点")
def topics(ctx: Ctx, args: Args) -> str:
    """The words of the week with their issues, without names."""
    return say("issue.topics", topics=proposals.topics(ctx.tx, ctx.speaker.home_community, now=ctx.now))
