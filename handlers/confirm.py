"""Reads back an order that was spoken loosely, and carries it out after a yes."""

from bot import router
from bot.context import Ctx
from bot.router import answers
from domain.errors import Refusal
from handlers.privacy import NO, YES, said
from texts.say import say


def read_back(ctx: Ctx, order: str) -> str:
    """Asks whether this exact command shall be carried out."""
    found = router.match(router.canonical(order))
    assert found is not None  # orders are put together here, not by people
    ctx.intent = found[0].name
    if not ctx.speaker.role.covers(found[0].role):
        raise Refusal("role.refused", usage=found[0].usage)
    if not ctx.dialogs_up:
        return say("order.write", order=order)
    ctx.ask("order", order=order)
    ctx.buttons(order, ("1", say("card.run")), ("2", say("card.later")))
    return say("order.ask", order=order)


@answers("order")
def answer(ctx: Ctx) -> str | None:
    """Yes carries it out; no forgets it."""
    assert ctx.dialog is not None
    if said(ctx, NO):
        ctx.intent = "order.no"
        return say("cancelled")
    if not said(ctx, YES):
        return None
    ctx.text = ctx.dialog.data["order"]
    ctx.heard = router.canonical(ctx.text)
    found = router.match(ctx.heard)
    assert found is not None
    ctx.dialog = None
    return router.obey(ctx, *found)
