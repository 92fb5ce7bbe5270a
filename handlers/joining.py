"""Making one person of several accounts: a code here, said there, a yes, and the way back."""

import re

from bot.context import Ctx
from bot.router import Args, answers, command
from domain.errors import Refusal
from handlers.privacy import NO, YES, said
from services import joining, people
from texts.say import say

_CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")


@command("join.code", "关联账号", "(绑定|关联)另一个账号", "我的账号", usage="关联账号", keeps_words=True)
def make_code(ctx: Ctx, args: Args) -> str:
    """Gives the code to say on the other account, and how."""
    if not ctx.private:
        raise Refusal("ask_privately")
    code = joining.make_code(ctx.tx, ctx.speaker, now=ctx.now)
    return say("join.code", code=code, minutes=int(joining.CODE_LIFE.total_seconds()) // 60,
               accounts=people.accounts(ctx.tx, ctx.speaker.id))


@command("join.undo", "取消关联", usage="取消关联")
def undo(ctx: Ctx, args: Args) -> str:
    """Parts the accounts again."""
    if not ctx.private:
        raise Refusal("ask_privately")
    joining.undo(ctx.tx, ctx.speaker, channel=ctx.message.channel, sender=ctx.message.sender, now=ctx.now)
    return say("join.undone")


@command("join.now", "确认关联 {rest}", keeps_words=True)
def join_now(ctx: Ctx, args: Args) -> str:
    """The whole sentence is question and answer in one."""
    offer = _offer(ctx, args.rest)
    return _join(ctx, offer.code_id) if offer is not None else _wrong(ctx)


@command("join.ask", "关联 {rest}", usage="关联 六位码", keeps_words=True)
def ask(ctx: Ctx, args: Args) -> str:
    """Shows what would become one, and asks."""
    offer = _offer(ctx, args.rest)
    if offer is None:
        return _wrong(ctx)
    if not ctx.dialogs_up:
        return say("join.spell")
    ctx.ask("join.ask", code_id=offer.code_id)
    ctx.buttons(say("join.card"), ("1", say("join.card_yes")), ("2", say("card.later")))
    return say("join.ask", offer=offer)


@answers("join.ask")
def answer(ctx: Ctx) -> str | None:
    """Yes joins; no leaves two persons."""
    assert ctx.dialog is not None
    if said(ctx, NO):
        ctx.intent = "join.no"
        return say("join.no")
    return _join(ctx, ctx.dialog.data["code_id"]) if said(ctx, YES) else None


def _offer(ctx: Ctx, words: str) -> joining.Offer | None:
    if not ctx.private:
        raise Refusal("ask_privately")
    found = _CODE.search(words)
    if found is None:
        raise Refusal("join.code_missing")
    return joining.offered(ctx.tx, ctx.speaker, code=found[1], now=ctx.now)


def _wrong(ctx: Ctx) -> str:
    ctx.intent = joining.WRONG_CODE
    return say("join.wrong")


def _join(ctx: Ctx, code_id: int) -> str:
    ctx.intent = "join"
    told = joining.join(ctx.tx, ctx.speaker, code_id=code_id, now=ctx.now)
    return say("join.done", told=told)
