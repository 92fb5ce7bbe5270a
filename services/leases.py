"""Who may do what only one process may do: a row with an owner and an end, taken, renewed and given back."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from models.base import Tx
from models.tables import lease


def take(tx: Tx, name: str, owner: str, *, now: datetime, lasts: timedelta) -> bool:
    """Takes the lease if it is free, has ended, or is ours already; False while somebody else holds it.

    Renewing is taking again: it fails when the lease had ended and another owner has it by now.
    """
    insert = insert_postgres if tx.postgres else insert_sqlite
    first = tx.execute(insert(lease).values(name=name, owner=owner, until=now + lasts)
                       .on_conflict_do_nothing(index_elements=["name"]))
    if first.rowcount == 1:
        return True
    mine = tx.execute(update(lease).where(lease.c.name == name, or_(lease.c.owner == owner, lease.c.until <= now))
                      .values(owner=owner, until=now + lasts))
    return mine.rowcount == 1


def release(tx: Tx, name: str, owner: str) -> None:
    """Gives the lease back, so that the next owner need not wait for its end."""
    tx.execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner))
