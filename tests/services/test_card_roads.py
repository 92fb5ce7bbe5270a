"""What goes out where an account draws cards in private only."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from domain.card import Button, Card, Option
from models.base import Database
from models.tables import outbox as table
from services import outbox

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
VOTE = Card("poll-1", "P1", says="P1", options=(Option("1", "1 同意"),))
BUTTONS = Card("issue-7", "I7", buttons=(Button("附议 I7", "附议"),))
URL = "https://linyi.test/p/1"


@pytest.mark.parametrize(("target", "card", "kinds"), [
    ("identity:9", VOTE, ["card"]), ("identity:9", BUTTONS, ["text", "card"]), ("chat:3", VOTE, ["text"]), ("chat:3", BUTTONS, ["text"])])
def test_a_group_without_cards_gets_the_words_and_the_page(sqlite_db: Database, target: str, card: Card, kinds: list[str]) -> None:
    """Once, and with the address at their end."""
    outbox.configure({"app": outbox.Road(True, True, True, False)}, outbox.QUIET)
    with sqlite_db.write() as tx:
        outbox.put(tx, key="k", community_id=None, channel="app", target=target, address="a", text="要不要装电梯", card=card, url=URL,
                   at=NOW, now=NOW)
    with sqlite_db.read() as tx:
        rows: list[Any] = tx.all(select(table).order_by(table.c.id))
    assert [row.kind for row in rows] == kinds
    assert ("chat" not in target) or URL in rows[0].text
