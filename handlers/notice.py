"""通知: a word of the staff to the groups of the community or of buildings, shown first and sent after a yes."""

import re

from bot.context import Ctx
from bot.router import Args, answers, command, meant
from domain.errors import Refusal
from domain.roles import Role
from handlers.privacy import NO, YES, said
from services import groupwide, quiet
from texts.say import say
from understanding.meaning import Meaning

STAFF = Role.GRID_WORKER
_DAY = re.compile("今天|今晚|今早|明天|明早|明晚|后天|昨天")
_VERB = re.compile(
    r"^[/#\s]*(?:小议)?[\s,，]*(?:请|麻烦|帮忙|帮我|替我|替物业)*(?:在)?(?:给大家|群里|给全体)?(?:发布?|群发|出|推送?|转发|说)?(?:一?个|一?条|一?则|一声|一下)?"
    r"(?:群)?(?:通知|公告|通告|广播|消息)?(?:一下|给大家|大家)?[\s:：,，]*")


@command("notice.post", "(发通知|发公告|通知|公告) {rest}", role=STAFF, others_pass=True, keeps_words=True, topic="待办",
         usage="通知 3幢 周五上午 9 点消防演练")
def notice(ctx: Ctx, args: Args) -> str:
    """Shows the notice as it will stand in the groups, and asks."""
    return _shown(ctx, args.rest)


@meant("command_notice")
def spoken(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same in ordinary words."""
    ctx.intent = "spoken.command_notice"
    if not ctx.speaker.role.covers(STAFF):
        raise Refusal("role.refused", usage="")
    return _shown(ctx, _VERB.sub("", ctx.text, count=1))


def _shown(ctx: Ctx, words: str) -> str:
    found = groupwide.prepare(ctx.tx, ctx.speaker, words)
    if not ctx.dialogs_up:
        raise Refusal("talk.later")
    ctx.ask("notice.post", words=words)
    ctx.buttons(say("notice.title"), ("1", say("card.run")), ("2", say("card.later")))
    held, day = _held(ctx), _DAY.search(words)
    return say("notice.ask", groups=found.names, text=found.text, held=held, shifted=day[0] if held and day else "")


@answers("notice.post")
def answer(ctx: Ctx) -> str | None:
    """Yes posts it; no forgets it."""
    assert ctx.dialog is not None
    ctx.intent = "notice.post"
    if said(ctx, NO):
        return say("cancelled")
    if not said(ctx, YES):
        return None
    found = groupwide.prepare(ctx.tx, ctx.speaker, ctx.dialog.data["words"])
    groupwide.post(ctx.tx, ctx.speaker, found, key=f"notice:{ctx.message_id}", now=ctx.now)
    return say("notice.posted", groups=found.names, held=_held(ctx))


def _held(ctx: Ctx) -> object:
    return quiet.until(ctx.tx, ctx.speaker.community_id, ctx.now)
