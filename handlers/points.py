"""The ledger of points as residents and staff speak of it: 我的积分, 加分, 兑换, 冲正."""

import re

from bot.context import Ctx
from bot.router import Args, command, meant
from domain import points as rules
from domain.errors import Refusal
from domain.roles import Role
from handlers.confirm import read_back
from services import points, who
from texts.say import say
from understanding.meaning import Meaning

STAFF = Role.GRID_WORKER
TOPIC = "积分"
_GIVEN = re.compile(r"(?P<who>.+?)\s+(?:各|每人)?\s*[+]?(?P<n>\d{1,4})\s*个?(?:积分|分)?(?:[\s,，:：]+(?P<why>.*))?", re.DOTALL)
_TAKES = re.compile("扣|减|冲正|收回")
_AND = re.compile(r"[、,，和\s]+")


@command("points.mine", "(我的积分|积分|查积分)", topic=TOPIC, usage="我的积分")
def mine(ctx: Ctx, args: Args) -> str:
    """How many points the speaker has, and what each line was for; in a group it would show everybody."""
    if not ctx.private:
        raise Refusal("ask_privately")
    return say("points.mine", balance=points.balance(ctx.tx, ctx.speaker.id), lines=points.ledger(ctx.tx, ctx.speaker.id))


@command("points.rules", "积分规则", "积分怎么(算|来|得|拿)", topic=TOPIC, usage="积分规则")
def explain(ctx: Ctx, args: Args) -> str:
    """What is worth how much."""
    return say("points.rules", worth={kind.value: rules.WORTH[kind] for kind in rules.WORTH}, a_day=rules.SUPPORT_A_DAY)


@meant("ask_points")
def asked(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same in ordinary words; what one wants to have for them is handed out by staff."""
    ctx.intent = "points.mine"
    told = mine(ctx, Args())
    return f"{told}\n{say('points.where')}" if meaning.slots.get("redeem") else told


@command("points.of", "(查|看) 积分 {rest}", "积分 {rest}", role=STAFF, topic=TOPIC, usage="积分 李叔")
def of(ctx: Ctx, args: Args) -> str:
    """Somebody's lines, for staff in private."""
    if not ctx.private:
        raise Refusal("ask_privately")
    found = who.find(ctx.tx, ctx.speaker.home_community, args.rest)
    return say("points.of", name=who.name_of(ctx.tx, found), balance=points.balance(ctx.tx, found),
               lines=points.ledger(ctx.tx, found))


@command("points.give", "加分 {rest}", role=STAFF, keeps_words=True, topic=TOPIC, usage="加分 李叔 5 周六巡逻两小时")
def give(ctx: Ctx, args: Args) -> str:
    """Enters a deed, of one or several."""
    names, amount, reason = _read(args.rest, "points.give_how")
    found = [who.find(ctx.tx, ctx.speaker.home_community, name) for name in names]
    for person_id in dict.fromkeys(found):
        points.give(ctx.tx, ctx.speaker, person_id=person_id, amount=amount, reason=reason, key=f"message:{ctx.message_id}",
                    now=ctx.now)
    return say("points.given", names=[who.name_of(ctx.tx, i) for i in dict.fromkeys(found)], amount=amount, reason=reason)


@command("points.redeem", "兑换 {rest}", role=STAFF, keeps_words=True, others_pass=True, topic=TOPIC, usage="兑换 李叔 30 大米一袋")
def redeem(ctx: Ctx, args: Args) -> str:
    """Spends somebody's points for what was handed over."""
    names, amount, reason = _read(args.rest, "points.redeem_how")
    if len(names) != 1:
        raise Refusal("points.redeem_how")
    found = who.find(ctx.tx, ctx.speaker.home_community, names[0])
    left = points.redeem(ctx.tx, ctx.speaker, person_id=found, amount=amount, reason=reason, key=f"message:{ctx.message_id}",
                         now=ctx.now)
    return say("points.redeemed", name=who.name_of(ctx.tx, found), amount=amount, reason=reason, balance=left, private=ctx.private)


@command("points.reverse", "冲正 {rest}", role=STAFF, keeps_words=True, topic=TOPIC, usage="冲正 #12 记错了人")
def reverse(ctx: Ctx, args: Args) -> str:
    """Takes a line back by another."""
    number, _, reason = args.rest.lstrip("#第 ").partition(" ")
    if not number.isdigit() or len(number) > 9 or len(reason.strip()) < rules.LEAST_REASON:
        raise Refusal("points.reverse_how")
    person_id, amount, left = points.reverse(ctx.tx, ctx.speaker, line=int(number), reason=reason, now=ctx.now)
    return say("points.reversed.done", name=who.name_of(ctx.tx, person_id), line=int(number), amount=amount, balance=left,
               private=ctx.private)


def _read(words: str, how: str) -> tuple[list[str], int, str]:
    """Whose, how many, what for."""
    found = _GIVEN.fullmatch(words.strip())
    if found is None:
        raise Refusal(how)
    return [w for w in _AND.split(found["who"]) if w], int(found["n"]), (found["why"] or "").strip()


@meant("command_points")
def ordered(ctx: Ctx, meaning: Meaning) -> str | None:
    """In ordinary words: read back as the exact command; to take points away there is only 冲正 of one line."""
    ctx.intent = "spoken.command_points"
    if not ctx.speaker.role.covers(STAFF):
        raise Refusal("role.refused", usage="")
    slots = meaning.slots
    targets, amount, reason = slots.get("targets") or (), slots.get("points"), str(slots.get("reason") or "")
    if _TAKES.search(ctx.heard):
        return say("points.never_taken")
    if not targets or not amount or len(reason) < rules.LEAST_REASON:
        return say("order.write_like", order=say("points.example"))
    return read_back(ctx, f"加分 {'、'.join(targets)} {amount} {reason}")


