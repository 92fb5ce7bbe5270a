"""The chain finds every kind of tampering and names the first bad row."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, update

from domain.roles import SYSTEM
from models.base import Database, Tx
from models.tables import audit as table
from models.tables import audit_head
from services import audit

NOW = datetime(2026, 3, 2, 2, 0, 0, 123456, tzinfo=UTC)


def fill(db: Database, rows: int = 6) -> None:
    """A chain of a few deeds, several to a transaction."""
    for start in range(0, rows, 2):
        with db.write() as tx:
            for n in (start, start + 1):
                audit.note(tx, SYSTEM, "test.deed", f"thing:{n}", now=NOW, number=n, words="话")
            audit.seal(tx)


def change(tx: Tx) -> None:
    """Somebody edits a row."""
    tx.execute(update(table).where(table.c.seq == 3).values(detail="{}"))


def remove(tx: Tx) -> None:
    """Somebody removes a row."""
    tx.execute(delete(table).where(table.c.seq == 4))


def cut(tx: Tx) -> None:
    """Somebody cuts the tail."""
    tx.execute(delete(table).where(table.c.seq > 4))


def swap(tx: Tx) -> None:
    """Somebody swaps two rows."""
    tx.execute(update(table).where(table.c.seq == 2).values(seq=99))
    tx.execute(update(table).where(table.c.seq == 3).values(seq=2))
    tx.execute(update(table).where(table.c.seq == 99).values(seq=3))


def forge(tx: Tx) -> None:
    """Somebody appends a row of their own."""
    last = tx.execute(select(table).where(table.c.seq == 6)).one()
    tx.execute(insert(table).values(**dict(last._mapping) | {"seq": 7, "prev": last.hash}))


def test_an_untouched_chain_verifies(db: Database) -> None:
    """Also after reading times back from either database."""
    fill(db)
    with db.read() as tx:
        verdict = audit.verify(tx)
        assert verdict.ok and verdict.rows == 6
        assert verdict.head == tx.scalar(select(audit_head.c.hash))
        part = audit.verify(tx, most=4)
        assert part.more and part.rows == 4 and audit.verify(tx, since=part, most=4) == verdict


@pytest.mark.parametrize(("deed", "seq"), [(change, 3), (remove, 4), (cut, 5), (swap, 2), (forge, 7)])
def test_tampering_is_found(db: Database, deed: Callable[[Tx], None], seq: int) -> None:
    """The first bad row is named."""
    fill(db)
    with db.write() as tx:
        deed(tx)
    with db.read() as tx:
        assert audit.verify(tx).bad_seq == seq
        walked = audit.verify(tx, most=2)
        while walked.more:
            walked = audit.verify(tx, since=walked, most=2)
        assert walked.bad_seq == seq  # piece by piece as well


def test_nothing_is_noted_when_the_deed_is_undone(db: Database) -> None:
    """Deed and note are one transaction."""
    with pytest.raises(ZeroDivisionError), db.write() as tx:
        audit.note(tx, SYSTEM, "test.deed", "thing:1", now=NOW)
        audit.seal(tx)
        raise ZeroDivisionError
    with db.read() as tx:
        assert audit.verify(tx).rows == 0
