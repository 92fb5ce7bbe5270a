"""The waiting list of a sign-up: who waits, and who is told that a place has become free."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from models.base import Tx
from models.tables import ballot
from services import outbox, standing
from texts.say import say


def place(tx: Tx, row: Row[Any], receipt: str) -> int:
    """The place in the waiting list, from 1; 0 when this party has its places, or the poll has none."""
    queue = queued(tx, row)
    return queue.index(receipt) + 1 if receipt in queue else 0


def queued(tx: Tx, row: Row[Any]) -> list[str]:
    """The receipts of those who wait, first come first."""
    return list(standing.counted(tx, row)["waiting"]) if row.kind == "signup" else []


def tell(tx: Tx, row: Row[Any], before: list[str], *, mark: str, now: datetime) -> None:
    """Tells those who waited before and do not any more that they have their places."""
    still = set(queued(tx, row)) if before else set()
    for receipt in before:
        who = None if receipt in still else tx.scalar(select(ballot.c.person_id).where(
            ballot.c.poll_id == row.id, ballot.c.receipt == receipt, ballot.c.choice != ""))
        if who is not None:
            outbox.to_person(tx, person_id=who, key=f"poll:{row.id}:placed:{receipt}:{mark}", text=say("signup.placed", poll=row),
                             now=now)
