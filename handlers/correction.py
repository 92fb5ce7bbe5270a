"""Staff puts right what was misunderstood: I12 类别 停车, I12 地点 北门, I12 意图 闲聊."""

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from handlers.triage import NAMES
from services import corrections, issues
from texts.places import place, room
from texts.say import say
from texts.words import categories, kind
from understanding.intents import NAMES as INTENTS


@command("issue.category", "{I} (类别|分类|类型) {rest}", role=Role.GRID_WORKER, topic="改正", usage="I12 类别 停车")
def category(ctx: Ctx, args: Args) -> str:
    """Another category; a touched card also says whose affair it is: `停车、政务`."""
    said, _, whose = args.rest.strip("。 ").partition("、")
    track = str(NAMES[whose]) if whose in NAMES else ""
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue)
    if track and track != ("private" if row.private else row.track):
        told = _corrected(ctx, args.issue, "track", track)
        return told if said == kind(row.category).name else f"{told}\n{_category(ctx, args.issue, said)}"
    return _category(ctx, args.issue, said)


def _category(ctx: Ctx, number: int, said: str) -> str:
    names = {c.name: code for code, c in categories().items()}
    code = said if said in categories() else names.get(said) or next((c for n, c in names.items() if said and said in n), None)
    if code is None:
        raise Refusal("issue.correct_category", said=said[:20], names=list(names))
    return _corrected(ctx, number, "category", code)


@command("issue.place", "{I} (地点|位置|地址) {rest}", role=Role.GRID_WORKER, topic="改正", usage="I12 地点 北门")
def where(ctx: Ctx, args: Args) -> str:
    """Another place."""
    said = args.rest.strip("。 ")
    found = room(said) or place(said) or (said if 2 <= len(said) <= 20 else None)
    if found is None:
        raise Refusal("issue.correct_place", number=args.issue)
    return _corrected(ctx, args.issue, "place", found)


@command("issue.intent", "{I} 意图 {rest}", role=Role.GRID_WORKER, usage="")
def intent(ctx: Ctx, args: Args) -> str:
    """What was taken for a report and was none; training learns from it, the issue itself is handled by 不予受理."""
    said = args.rest.strip("。 ")
    code = next((code for code, name in INTENTS.items() if name == said), None)
    if code is None:
        raise Refusal("issue.correct_intent",
            said=said[:20], names=[n for c, n in INTENTS.items() if not c.startswith("command_")])
    return _corrected(ctx, args.issue, "intent", code)


def _corrected(ctx: Ctx, number: int, field: str, value: str) -> str:
    row, before = corrections.correct(ctx.tx, ctx.speaker, number=number, field=field, value=value, now=ctx.now)
    shown = {"category": lambda v: kind(v).name, "intent": lambda v: INTENTS.get(v, v),
             "track": lambda v: say(f"terms.track.{v}")}
    name = shown.get(field, str)
    key = "issue.correct_same" if before == value else "issue.corrected"
    return say(key, number=row.number, what=say(f"terms.field.{field}"), before=name(before or "（未写）"), after=name(value))
