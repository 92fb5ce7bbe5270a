"""Staff orders in ordinary words: the exact command is read back and carried out after a yes."""

from bot.context import Ctx
from bot.router import meant
from domain.errors import Refusal
from domain.roles import Role
from handlers.confirm import read_back
from services import parties
from texts.say import say
from understanding.meaning import Meaning

_ORDERS = {  # how each is said exactly; {reason} may be empty, the others must be known
    "command_accept": "受理 {issue_id}", "command_reject": "不予受理 {issue_id} {reason}",
    "command_close": "结束 {target} {reason}",
    "command_cancel_poll": "作废 {poll_id} {reason}", "command_remind": "提醒 {poll_id}", "command_publish": "公布 {poll_id}",
}
_EXAMPLES = {"command_extend": "延期 P5 后天晚8点 很多邻居还没看到", "command_merge": "合并 I13 I12",
             "command_assign": "I12 派给 物业 3个工作日", "command_return": "退单 I12 这段路归市政管",
             "command_escalate": "吹哨 I12 三家单位都说不归自己管"}


@meant(*_ORDERS)
def order(ctx: Ctx, meaning: Meaning) -> str | None:
    """Puts the exact command together from what was understood."""
    _staff_only(ctx, meaning)
    facts = {"reason": ""} | {k: v for k, v in meaning.slots.items() if isinstance(v, str)}
    if meaning.intent == "command_close" and facts.get("target", "").startswith("I"):
        return read_back(ctx, f"办结 {facts['target']} {facts.get('result', '')}".strip())
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
    """A later deadline of a poll, or longer for the work on an issue."""
    slots = meaning.slots
    until = slots.get("deadline") or slots.get("extend")
    if "issue_id" in slots and until:
        _workers_only(ctx, meaning)
        return read_back(ctx, f"延期 {slots['issue_id']} {until} {slots.get('reason', '')}".strip())
    _staff_only(ctx, meaning)
    if "poll_id" not in slots or not until:
        return say("order.write_like", order=_EXAMPLES["command_extend"])
    return read_back(ctx, f"延期 {slots['poll_id']} {until} {slots.get('reason', '')}".strip())


@meant("command_assign")
def assign(ctx: Ctx, meaning: Meaning) -> str | None:
    """Sends the party that is meant; who it is must be in the directory."""
    _staff_only(ctx, meaning)
    slots = meaning.slots
    party, _ = parties.leading(ctx.tx, ctx.speaker.community_id, str(slots.get("assignee") or ""))
    if "issue_id" not in slots or party is None:
        return say("order.write_like", order=_EXAMPLES["command_assign"])
    return read_back(ctx, f"{slots['issue_id']} 派给 {party.name} {slots.get('deadline') or ''}".strip())


@meant("command_return", "command_escalate")
def up_or_back(ctx: Ctx, meaning: Meaning) -> str | None:
    """What a party or the staff cannot do alone goes back, or to the level above."""
    _workers_only(ctx, meaning)
    number, reason = meaning.slots.get("issue_id"), str(meaning.slots.get("reason") or "")
    if meaning.intent == "command_escalate" and not reason:
        reason = str(meaning.slots.get("assignee") or "") and f"请{meaning.slots['assignee']}协调"
    if not number or not reason:
        return say("order.write_like", order=_EXAMPLES[meaning.intent])
    return read_back(ctx, f"{'退单' if meaning.intent == 'command_return' else '吹哨'} {number} {reason}")


def _workers_only(ctx: Ctx, meaning: Meaning) -> None:
    """The staff, and whoever acts for a party."""
    ctx.intent = f"spoken.{meaning.intent}"
    if not parties.acts_for_any(ctx.tx, ctx.speaker, now=ctx.now):
        raise Refusal("role.refused", usage="")


def _staff_only(ctx: Ctx, meaning: Meaning) -> None:
    ctx.intent = f"spoken.{meaning.intent}"
    if not ctx.speaker.role.covers(Role.GRID_WORKER):
        raise Refusal("role.refused", usage="")
