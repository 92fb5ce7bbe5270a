"""What those who raised an issue say of the result: 满意, 基本满意, 不满意, 未解决, 重开."""

from bot.context import Ctx
from bot.router import Args, command
from handlers.issue import hush
from services import rating
from texts.say import say

_SAID = {"非常满意": "very_satisfied", "满意": "satisfied", "基本满意": "fair", "不满意": "dissatisfied"}


@command("issue.solved", "(?P<rest>已解决|非常满意|满意|基本满意) {issue}",
         "{I} (?P<rest>已解决|非常满意|满意|基本满意)", topic="反映", usage="满意 I12")
def solved(ctx: Ctx, args: Args) -> str:
    """The submitter confirms that it is done, and how well."""
    return good(ctx, args.issue, _SAID.get(args.rest))


def good(ctx: Ctx, number: int, level: str | None) -> str:
    """Closes it with what the submitter thinks of it."""
    row = rating.confirm(ctx.tx, ctx.speaker, number=number, rating=level, now=ctx.now)
    hush(ctx, row)
    return say("issue.confirmed", issue=row)


@command("issue.unsolved", "(未解决|没解决|不满意) {issue}", "(未解决|没解决|不满意) {issue} {rest}", "{I} (未解决|没解决|"
    "不满意)", "{I} (未解决|没解决|不满意) {rest}", keeps_words=True,
    topic="反映", usage="未解决 I12 修好两天又坏了")
def unsolved(ctx: Ctx, args: Args) -> str:
    """The submitter says that it is not done; work goes on."""
    return bad(ctx, args.issue, "dissatisfied" if "不满意" in ctx.heard else None, args.rest)


def bad(ctx: Ctx, number: int, level: str | None, words: str) -> str:
    """Sends it back to work with what is wrong."""
    row, again = rating.dispute(ctx.tx, ctx.speaker, number=number, rating=level, words=words, now=ctx.now)
    hush(ctx, row)
    return say("rating.reopened" if again else "issue.disputed", issue=row)


@command("issue.reopen", "重开 {issue}", "重开 {issue} {rest}", "{I} 重开", "{I} 重开 {rest}", keeps_words=True,
         topic="反映", usage="重开 I12 修好两天又坏了")
def reopen(ctx: Ctx, args: Args) -> str:
    """Opens again what was closed."""
    row, missing = rating.reopen(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now)
    hush(ctx, row)
    return say("rating.asked", issue=row, missing=missing) if missing else say("rating.reopened", issue=row)
