"""What is told when an opinion round is over."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from models.base import Tx
from models.rounds import opinion, opinion_vote
from models.tables import chat, issue
from services import outbox
from texts.say import say


def at_close(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Posts how many took part in a round that has just been closed."""
    number = tx.scalar(select(issue.c.number).where(issue.c.id == row.issue_id))
    statements = tx.scalar(select(func.count()).where(opinion.c.round_id == row.id, opinion.c.state == "shown"))
    people, votes = tx.execute(select(func.count(func.distinct(opinion_vote.c.person_id)), func.count()).where(
        opinion_vote.c.round_id == row.id)).one()
    text = say("round.over", round=row, number=number, statements=statements, people=people, votes=votes)
    for c in tx.connection.scalars(select(chat.c.id).where(chat.c.community_id == row.community_id).order_by(chat.c.id)):
        outbox.to_chat(tx, chat_id=c, key=f"round:{row.id}:over:chat:{c}", text=text, now=now, weight=outbox.RESULT)
