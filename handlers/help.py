"""Help that fits the person's role and one screen, and ways out of any talk."""

from bot.context import Ctx
from bot.router import Args, command, ear, registry
from domain.roles import Role
from texts.say import say


@command("help", "帮助", "help", "使用说明", "怎么用", "[?]", usage="帮助")
def help_me(ctx: Ctx, args: Args) -> str:
    """Shows what this person can say here."""
    mine = [c for c in registry.commands if c.usage and ctx.speaker.role.covers(c.role)]
    return say("help", staff=[c.usage for c in mine if c.role is not Role.RESIDENT], role=ctx.speaker.role)


@command("cancel", "取消", usage="")
def cancel(ctx: Ctx, args: Args) -> str:
    """Leaves whatever was going on."""
    return say("cancelled" if ctx.dialog is not None else "nothing_to_cancel")


@ear(90, "greet")
def greet(ctx: Ctx) -> str | None:
    """Answers a greeting with one line on what can be done here."""
    if ctx.heard.strip("!,。~. ") in _THANKS:
        return say("thanks")
    return say("greeting") if ctx.heard.strip("!,。~. ") in _GREETINGS else None


_THANKS = {"谢谢", "多谢", "谢了", "谢谢小议", "辛苦了"}
_GREETINGS = {"你好", "您好", "在吗", "在不在", "小议", "hi", "hello", "嗨", "早上好", "晚上好", "你好呀"}
