"""Early warning as staff overrule it, in private: I12 标红 理由, I12 等级 黄 理由."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from domain.warning import Level
from services import issues, warning
from texts.say import say

_LEVELS = {"红": Level.RED, "橙": Level.ORANGE, "黄": Level.YELLOW, "蓝": Level.BLUE, "无": Level.NONE}
_AUTO = "自动"


@command("issue.red", "{I} 标红", "{I} 标红 {rest}", "标红 {issue}", "标红 {issue} {rest}", role=Role.GRID_WORKER,
         topic="待办", usage="I12 标红 两家已经动手")
def red(ctx: Ctx, args: Args) -> str:
    """Sets the highest level."""
    return _decide(ctx, args.issue, Level.RED, args.rest)


@command("issue.level", "{I} (等级|预警) {rest}", role=Role.GRID_WORKER, topic="待办", usage="I12 等级 黄 已经上门劝过")
def level(ctx: Ctx, args: Args) -> str:
    """Sets another level, or leaves it to the score again."""
    word, _, reason = args.rest.replace("，", " ").partition(" ")
    word = word.removesuffix("色")
    if word not in _LEVELS and word != _AUTO:
        raise Refusal("warning.levels", number=args.issue)
    return _decide(ctx, args.issue, _LEVELS.get(word), reason)


def _decide(ctx: Ctx, number: int, wanted: Level | None, reason: str) -> str:
    if not ctx.private:
        raise Refusal("ask_privately")
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, number, lock=True)
    before, after = warning.decide(ctx.tx, ctx.speaker, row, level=wanted, reason=reason, now=ctx.now)
    return say("warning.decided", number=row.number, before=before, after=after, auto=wanted is None)
