"""Help that fits the person's role and one screen, and ways out of any talk."""

import re

from bot.context import Ctx
from bot.router import Args, command, meant, registry
from domain.roles import Role
from services import handoff as calls
from texts.say import has, say
from understanding.meaning import Meaning

OF_RESIDENTS = ("反映", "积分", "协商", "恳谈会")  # what anybody may want to know more of


@command("help", "帮助", "help", "使用说明", "怎么用", "[?]", usage="帮助")
def help_me(ctx: Ctx, args: Args) -> str:
    """Shows what this person can say here."""
    mine = [c for c in registry.commands if c.usage and not c.topic and ctx.speaker.role.covers(c.role)]
    staff = [c.usage for c in mine if c.role is not Role.RESIDENT]
    return say("help", staff=staff, role=ctx.speaker.role, topics=topics() if staff else [t for t in OF_RESIDENTS if t in topics()])


def topics() -> list[str]:
    """The subjects that have a help of their own."""
    return list(dict.fromkeys(c.topic for c in registry.commands if c.topic))


@command("help.topic", r"帮助\s+(?P<rest>\w{2,4})", usage="")
def help_topic(ctx: Ctx, args: Args) -> str:
    """What can be said about one subject, by somebody of this role."""
    mine = [c.usage for c in registry.commands if c.topic and c.topic == args.rest and c.usage and ctx.speaker.role.covers(c.role)]
    return say("help_topic", topic=args.rest, usages=mine) if mine else help_me(ctx, Args())


@command("cancel", "取消", usage="")
def cancel(ctx: Ctx, args: Args) -> str:
    """Leaves whatever was going on."""
    return say("cancelled" if ctx.dialog is not None else "nothing_to_cancel")


@meant("help")
def spoken_help(ctx: Ctx, meaning: Meaning) -> str | None:
    """Help that was asked for in ordinary words."""
    ctx.intent = "help"
    return help_me(ctx, Args())


@meant("greet")
def greet(ctx: Ctx, meaning: Meaning) -> str | None:
    """Answers a greeting with one line on what can be done here, and thanks with a word."""
    return say("thanks" if _THANKS.search(ctx.heard) else "greeting")


@command("handoff", "转人工", "人工", "找网格员", usage="转人工")
def handoff(ctx: Ctx, args: Args) -> str:
    """Tells the grid workers that this person wants one of them."""
    reached = calls.call(ctx.tx, ctx.speaker, key=f"message:{ctx.message_id}:handoff", now=ctx.now)
    return say("handoff.called" if reached else "handoff.nobody")


@meant("handoff")
def spoken_handoff(ctx: Ctx, meaning: Meaning) -> str | None:
    """The wish for a human, in ordinary words."""
    return handoff(ctx, Args())


@meant("ask_policy")
def policy(ctx: Ctx, meaning: Meaning) -> str | None:
    """What holds for the polls here; what only a person can answer goes to one."""
    topic = str(meaning.slots.get("topic") or "")
    return say(f"policy.{topic}") if has(f"policy.{topic}") else say("policy.other")


_THANKS = re.compile("谢|辛苦")
