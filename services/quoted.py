"""Takes somebody's words out of what the bot has said to others: lists, bulletins, answers that quote them."""

import re
from datetime import datetime

from sqlalchemy import func, or_, select, update

from models.base import Tx
from models.tables import forward, message, outbox, session
from texts.say import say

_LEAST = 4  # characters; what is shorter (好的, 同意) could be anybody's


def take_out(tx: Tx, words: str, *, community_id: int, since: datetime, beside: str = "", answers: str = "") -> None:
    """Strikes the words in posts, gone or not, and in the minutes of sessions, and forgets answers that hold them.

    Only where `beside`, a pattern, stands too; answers only of messages whose intent begins so, sealed ones among them.
    """
    if len(words) < (1 if beside else _LEAST):
        return
    for table in (outbox, forward):
        for each in tx.all(select(table.c.id, table.c.text).where(
                table.c.community_id == community_id, table.c.created_at >= since, table.c.text.contains(words, autoescape=True))):
            if re.search(beside, each.text):
                tx.execute(update(table).where(table.c.id == each.id).values(text=each.text.replace(words, say("issue.struck"))))
    held = session.c.community_id == community_id, session.c.minutes.contains(words, autoescape=True)
    if not beside:
        tx.execute(update(session).where(*held).values(minutes=func.replace(session.c.minutes, words, say("issue.struck"))))
    if not answers:
        return
    for each in tx.all(select(message.c.id, message.c.reply, message.c.payload).where(
            message.c.community_id == community_id, message.c.received_at >= since, message.c.intent.startswith(answers),
            or_(message.c.reply.is_not(None), message.c.payload.is_not(None)))):
        if words in f"{each.reply}\n{each.payload}":
            tx.execute(update(message).where(message.c.id == each.id).values(reply=None, card=None, payload=None))
