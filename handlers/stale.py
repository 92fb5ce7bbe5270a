"""A bare yes, no or number after a question that is gone: asked about again, never taken for something else."""

from bot import inbox
from bot.context import Ctx
from bot.router import ear
from handlers.privacy import NO, YES, said
from texts.say import say


@ear(25, "stale")
def stale(ctx: Ctx) -> str | None:
    """The words answer a question of ours that has been forgotten (Redis was away, or ten minutes are over)."""
    if ctx.dialog is not None or not (said(ctx, YES | NO) or ctx.heard.strip().isdecimal()):
        return None
    last = inbox.last_intent(ctx.tx, ctx.speaker.id, before=ctx.message_id, chat_id=ctx.chat_id)
    if last is None or not last.endswith("?"):
        return None
    ctx.asked = True  # the next bare word answers this, and nothing else
    return say("question_gone")
