"""Sealing everything anew with the present data key, a few rows at a time, while everything runs.

What is left to do is what does not begin like the present key's values: a run that was broken off is simply begun again.
A value that somebody changes meanwhile is not touched, it is sealed with the present key already.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, Text, bindparam, func, select, type_coerce, update

from models import secret
from models.base import Tx
from models.keyring import PLAIN, WrongKey, sealer
from models.secret import Sealed, SealedBytes, SealedJson
from models.tables import metadata

BATCH = 500
PICTURES = 20  # at most so many at once, they are large


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one batch."""

    last: int | None  # the id it ended at; None: the column is done
    sealed: int
    lost: int  # what cannot be opened by any key that is set


def columns() -> list[Column[Any]]:
    """Every column that is encrypted at rest."""
    return [c for t in metadata.sorted_tables for c in t.columns if isinstance(c.type, Sealed | SealedBytes | SealedJson)]


def step(tx: Tx, column: Column[Any], after: int, limit: int = BATCH) -> Step:
    """Seals the next rows of a column behind this id."""
    table, ring = _of(column), secret.ring()
    stored, kept = _stored(column), _kept(column)
    limit = limit if kept is Text else min(limit, PICTURES)
    rows = tx.all(select(table.c.id, stored.label("stored")).where(
        table.c.id > after, column.is_not(None), _foreign(column, ring.opening)).order_by(table.c.id).limit(limit))
    change, lost = [], 0
    marked = next((c for c in table.columns if c.info.get("mark_of") == column.name), None)
    for row in rows:
        try:
            new = _anew(row.stored, may_be_plain=not isinstance(column.type, Sealed))
        except WrongKey:
            lost += 1
            continue
        change.append({"row": row.id, "was": row.stored, "new": new} | (
            {"mark": secret.mark(ring.open(new))} if marked is not None else {}))
    if change:
        values: dict[Any, Any] = {column: type_coerce(bindparam("new"), kept)}
        if marked is not None:
            values[marked] = bindparam("mark")
        tx.connection.execute(update(table).where(table.c.id == bindparam("row"), stored == bindparam("was", type_=kept))
                              .values(values), change)
    return Step(rows[-1].id if len(rows) == limit else None, len(change), lost)


def census(tx: Tx) -> Counter[str]:
    """How many values each key has sealed, by the key's name; see models/keyring.py for those that no key has."""
    found: Counter[str] = Counter()
    for column in columns():
        stored = func.substr(_stored(column), 1, 12).label("begin")
        for row in tx.all(select(stored, func.count().label("n")).where(column.is_not(None)).group_by(stored)):
            found[sealer(row.begin)] += row.n
    return found


def unknown(tx: Tx) -> Iterator[str]:
    """Names of keys that something was sealed with and that are not set here."""
    ring = secret.ring()
    return (name for name in sorted(census(tx)) if name not in ("old", PLAIN) and not ring.knows(name))


def _of(column: Column[Any]) -> Table:
    table = column.table
    assert isinstance(table, Table)
    return table


def _kept(column: Column[Any]) -> type[Text] | type[LargeBinary]:
    return LargeBinary if isinstance(column.type, SealedBytes) else Text


def _stored(column: Column[Any]) -> Any:
    """The column as it lies in the database."""
    return type_coerce(column, _kept(column))


def _anew(stored: Any, *, may_be_plain: bool) -> Any:
    """What is stored, sealed with the present key; WrongKey when it cannot be opened."""
    ring, plain = secret.ring(), may_be_plain and sealer(stored) == PLAIN
    if isinstance(stored, bytes):
        return ring.seal_bytes(stored if plain else ring.open_bytes(stored))
    return ring.seal(stored if plain else ring.open(stored))


def _foreign(column: Column[Any], opening: str) -> Any:
    """Sealed by another key than the present one, or not at all."""
    begins = opening if _kept(column) is Text else opening.encode()
    return func.substr(_stored(column), 1, len(opening)) != begins
