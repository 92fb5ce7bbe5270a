"""Consent at first contact, leaving, and erasure: a resident's rights by plain words."""

from bot import router
from bot.context import Ctx
from bot.router import Args, answers, command, meant
from domain.errors import Refusal
from services import erasure, people
from texts.say import say
from understanding.meaning import Meaning

YES = {"1", "是", "是的", "同意", "好", "好的", "可以", "确认", "确定", "嗯", "对", "行", "要", "登记"}
NO = {"2", "否", "不", "不用", "不要", "算了", "不是", "不同意", "取消"}


def said(ctx: Ctx, words: set[str]) -> bool:
    """True when the message is one of these words and nothing else."""
    return ctx.heard.strip("。.!, ") in words


@answers("consent")
def consent_answer(ctx: Ctx) -> str | None:
    """Yes consents, and does what was asked before; no forgets it."""
    if said(ctx, NO):
        ctx.intent = "consent.no"
        return say("consent.no")
    if not said(ctx, YES) or ctx.dialog is None:
        return None
    ctx.speaker = people.consent(ctx.tx, ctx.speaker, now=ctx.now)
    ctx.text = ctx.dialog.data["text"]
    ctx.heard = router.canonical(ctx.text)
    ctx.dialog = None
    found = router.match(ctx.heard)
    if found is None:
        ctx.intent = "consent.yes"
        return say("consent.yes")
    try:
        with ctx.tx.savepoint():  # the consent stands even when what was asked is refused
            return router.obey(ctx, *found)
    except Refusal as no:
        return router.refuse(ctx, no)


@command("privacy.leave", "退出", "退订", "撤回同意", "撤回我的同意", usage="退出")
def leave(ctx: Ctx, args: Args) -> str:
    """Stops messages and withdraws consent."""
    people.leave(ctx.tx, ctx.speaker, now=ctx.now)
    return say("privacy.left")


@command("privacy.delete", "删除我的数据", "删除我的信息", usage="删除我的数据")
def delete(ctx: Ctx, args: Args) -> str:
    """Asks once, because it cannot be undone."""
    if not ctx.dialogs_up:
        return say("privacy.delete.spell")
    ctx.ask("privacy.delete")
    ctx.buttons(say("card.delete"), ("1", say("card.delete_yes")), ("2", say("card.delete_no")))
    ctx.intent = "privacy.delete.asked"
    return say("privacy.delete.ask", accounts=people.accounts(ctx.tx, ctx.speaker.id))


@command("privacy.delete.now", "确认删除我的数据", usage="")
def delete_now(ctx: Ctx, args: Args) -> str:
    """The whole sentence is question and answer in one."""
    return erase(ctx)


@answers("privacy.delete")
def delete_answer(ctx: Ctx) -> str | None:
    """Yes erases."""
    if said(ctx, NO):
        ctx.intent = "privacy.delete.no"
        return say("privacy.delete.no")
    return erase(ctx) if said(ctx, YES) else None


@meant("privacy_delete")
def spoken_delete(ctx: Ctx, meaning: Meaning) -> str | None:
    """The wish to be forgotten, in ordinary words."""
    ctx.intent = "privacy.delete.asked"
    return delete(ctx, Args())


@meant("privacy_optout")
def spoken_leave(ctx: Ctx, meaning: Meaning) -> str | None:
    """The wish for no more messages: said how, because leaving also withdraws consent."""
    return say("privacy.leave_how")


def erase(ctx: Ctx) -> str:
    """Erases the person's words, names and homes; closed polls keep their counts."""
    erasure.erase(ctx.tx, ctx.speaker, now=ctx.now)
    ctx.intent = "privacy.delete"
    return say("privacy.deleted")
