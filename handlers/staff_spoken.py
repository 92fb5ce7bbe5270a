"""Staff orders in ordinary words: the exact command is read back and carried out after a yes."""

from bot.context import Ctx
from bot.router import meant
from domain.errors import Refusal
from domain.roles import Role
from handlers.confirm import read_back
from texts.say import say
from understanding.meaning import Meaning

_ORDERS = {  # how each is said exactly; {reason} may be empty, the others must be known
    "command_accept": "受理 {issue_id}", "command_reject": "不予受理 {issue_id} {reason}",
    "command_close": "结束 {target} {reason}",
    "command_cancel_poll": "作废 {poll_id} {reason}", "command_remind": "提醒 {poll_id}", "command_publish": "公布 {poll_id}",
}
_EXAMPLES = {"command_extend": "延期 P5 后天晚8点 很多邻居还没看到", "command_merge": "合并 I13 I12"}


@meant(*_ORDERS)
def order(ctx: Ctx, meaning: Meaning) -> str | None:
    """Puts the exact command together from what was understood."""
    _staff_only(ctx, meaning)
    facts = {"reason": ""} | {k: v for k, v in meaning.slots.items() if isinstance(v, str)}
    try:
        exact = _ORDERS[meaning.intent].format(**facts).strip()
    except KeyError:
        return say("order.which", intent=meaning.intent)
    return read_back(ctx, exact)


@meant("command_merge")
def merge(ctx: Ctx, meaning: Meaning) -> str | None:
    """The later number goes into the earlier one."""
    _staff_only(ctx, meaning)
    numbers = sorted((int(i[1:]) for i in meaning.slots.get("issue_ids", ())), reverse=True)
    if len(numbers) != 2:
        return say("order.write_like", order=_EXAMPLES["command_merge"])
    return read_back(ctx, f"合并 I{numbers[0]} I{numbers[1]}")


@meant("command_extend")
def extend(ctx: Ctx, meaning: Meaning) -> str | None:
    """A later deadline of a poll."""
    _staff_only(ctx, meaning)
    slots = meaning.slots
    until = slots.get("deadline") or slots.get("extend")
    if "poll_id" not in slots or not until:
        return say("order.write_like", order=_EXAMPLES["command_extend"])
    return read_back(ctx, f"延期 {slots['poll_id']} {until} {slots.get('reason', '')}".strip())


@meant("command_assign", "command_return", "command_escalate", "command_points", "command_notice")
def not_yet(ctx: Ctx, meaning: Meaning) -> str | None:
    """Understood, and not built yet: says so, and where it is done today."""
    _staff_only(ctx, meaning)
    return say("order.not_here", intent=meaning.intent)


def _staff_only(ctx: Ctx, meaning: Meaning) -> None:
    ctx.intent = f"spoken.{meaning.intent}"
    if not ctx.speaker.role.covers(Role.GRID_WORKER):
        raise Refusal("role.refused", usage="")
