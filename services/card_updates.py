"""Cards that are out on phones: which may still be changed, and taking the buttons off when what they ask is over."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from domain.card import Card
from models.base import Tx
from models.tables import card_sent, outbox
from services import outbox as queue

LIFE = timedelta(hours=72)  # of a response_code
MARGIN = timedelta(minutes=5)  # the update must arrive before its end
_ABOUT_MOST = 40


def remember(tx: Tx, *, about: str, channel: str, task_id: str, address: str, code: str, now: datetime) -> None:
    """Notes that a card may be changed once more, as its sending or a touch has allowed."""
    if code and about and len(about) <= _ABOUT_MOST:
        tx.add(card_sent, about=about, channel=channel, task_id=task_id, address=address, code=code, at=now)


def replace(tx: Tx, card: Card, *, community_id: int | None, now: datetime) -> int:
    """Queues the card anew for every phone that has it, once each by its newest code; returns how many.

    Sent at any hour: a card that changes disturbs nobody. One that has not gone out yet goes out as it is now.
    """
    tx.execute(update(outbox).where(outbox.c.kind == "card", outbox.c.state == "waiting",
                                    outbox.c.key.like(card.about.replace("-", ":") + ":%")).values(facts=card.pack()))
    rows = tx.all(select(card_sent).where(card_sent.c.about == card.about, card_sent.c.used_at.is_(None))
                  .order_by(card_sent.c.id.desc()).with_for_update())
    done: set[tuple[str, str, str]] = set()
    for row in rows:
        phone = (row.channel, row.task_id, row.address)
        if phone in done or row.at <= now - LIFE + MARGIN:
            continue
        done.add(phone)
        _queue(tx, row, card, community_id, now)
    if rows:
        tx.execute(update(card_sent).where(card_sent.c.id.in_([row.id for row in rows])).values(used_at=now))
    return len(done)


def _queue(tx: Tx, row: Any, card: Card, community_id: int | None, now: datetime) -> None:
    tx.add(outbox, key=f"card:{row.id}:update", community_id=community_id, channel=row.channel, target=f"card:{row.id}",
           address=f"{row.task_id}|{row.address}|{row.code}", kind="update", text=card.closed or card.title, facts=card.pack(),
           weight=queue.RESULT, state="waiting", attempts=0, next_at=now, doubtful=False, quiet=False, created_at=now)
