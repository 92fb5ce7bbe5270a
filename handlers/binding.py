"""Binding a person to a home with the one-time code that the grid worker hands over."""

import re

from bot.context import Ctx
from bot.router import Args, command, meant
from domain.errors import Refusal
from domain.roles import Role
from services import homes, owners
from services.people import homes_of
from texts.say import say
from texts.words import home as read_home
from understanding.meaning import Meaning

_CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)\s*$")


@command("bind.code", "绑定码 {rest}", role=Role.GRID_WORKER, usage="绑定码 3幢2单元501")
def make_code(ctx: Ctx, args: Args) -> str:
    """Makes a one-time code; only in private, because whoever reads it can use it."""
    if not ctx.private:
        raise Refusal("bind.code_private")
    label = _label(args.rest)
    code = homes.make_code(ctx.tx, ctx.speaker, home_id=homes.find(ctx.tx, ctx.speaker.home_community, label), now=ctx.now)
    return say("bind.code_made", label=label, code=code, days=homes.CODE_LIFE.days)


@command("owner.code", "业主码 {rest}", role=Role.GRID_WORKER, usage="业主码 3幢2单元501")
def make_owner_code(ctx: Ctx, args: Args) -> str:
    """Makes a one-time code for an owner whose certificate the grid worker has seen."""
    if not ctx.private:
        raise Refusal("bind.code_private")
    where, _, more = args.rest.strip().partition(" ")
    label, again = _label(where), more.endswith("重新")
    home_id = homes.find(ctx.tx, ctx.speaker.home_community, label)
    found = owners.meant(ctx.tx, ctx.speaker, home_id=home_id, label=label, name=more.removesuffix("重新").strip(), again=again,
                         now=ctx.now)
    code = homes.make_code(ctx.tx, ctx.speaker, home_id=home_id, owner_id=found.id, now=ctx.now)
    return say("owner.code_made", label=label, name=found.name, code=code, days=homes.CODE_LIFE.days)


@command("bind", "(绑定|业主) {rest}", usage="绑定 3幢2单元501 一次性码", keeps_words=True)
def bind(ctx: Ctx, args: Args) -> str:
    """Binds the speaker to the home they name, or proves them its owner, when the code is right."""
    if not ctx.private:
        raise Refusal("bind.private")
    found = _CODE.search(args.rest)
    if found is None:
        raise Refusal("bind.code_missing", label=_label(args.rest))
    label = _label(args.rest[: found.start()])
    if bound := homes.bind(ctx.tx, ctx.speaker, label=label, code=found.group(1), now=ctx.now):
        done = say("bind.done", label=label) if bound == "home" else say("owner.done", labels=owners.owned(ctx.tx, ctx.speaker.id))
        return f"{done}\n{say('join.hint')}"
    ctx.intent = homes.WRONG_CODE
    return say("bind.wrong")


@command("bind.mine", "我的房屋", "我的绑定", usage="")
def mine(ctx: Ctx, args: Args) -> str:
    """Tells the speaker which homes they are bound to; only in private."""
    if not ctx.private:
        raise Refusal("ask_privately")
    return say("bind.mine", labels=[label for _, _, label in homes_of(ctx.tx, ctx.speaker.id)],
               owned=owners.owned(ctx.tx, ctx.speaker.id))


@meant("bind_identity")
def spoken(ctx: Ctx, meaning: Meaning) -> str | None:
    """Somebody tells where they live: says how to be bound."""
    ctx.intent = "bind"
    room = str(meaning.slots.get("room") or "")
    return say("bind.how", label=room if read_home(room) else "3幢2单元501")


def _label(words: str) -> str:
    read = read_home(words)
    if read is None:
        raise Refusal("bind.unreadable")
    return read.label
