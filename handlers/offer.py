"""Offers one-time notices at the moment when somebody has just taken part."""

from bot.context import Ctx
from services import outbox


def offered(ctx: Ctx) -> str:
    """A line for the end of an answer in private, where the account has notices; '' when it is not the moment."""
    line = outbox.offer(ctx.tx, channel=ctx.message.channel, sender=ctx.message.sender, community_id=ctx.speaker.home_community,
                        now=ctx.now) if ctx.private else ""
    return f"\n{line}" if line else ""
