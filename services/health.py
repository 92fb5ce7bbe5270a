"""What shows whether an installation works: its signs of life, what it could not send and why, clocks that break."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from models.base import Tx
from models.tables import heartbeat, outbox
from services import timers

BACKUP = "backup"  # its row among the heartbeats: when the last one was made


@dataclass(frozen=True, slots=True)
class Dead:
    """Posts of one account that could not be sent for one reason."""

    channel: str
    why: str
    count: int


@dataclass(frozen=True, slots=True)
class Health:
    """For the first page."""

    dead: list[Dead]
    overdue: int
    failing: int


def look(tx: Tx, community_id: int | None, *, now: datetime) -> Health:
    """The commonest reasons first; clocks are the whole installation's."""
    mine = [] if community_id is None else [outbox.c.community_id == community_id]
    count = func.count()
    rows = tx.all(select(outbox.c.channel, func.coalesce(outbox.c.error, "").label("why"), count.label("n"))
                  .where(outbox.c.state == "dead", *mine).group_by(outbox.c.channel, outbox.c.error)
                  .order_by(count.desc(), outbox.c.channel).limit(5))
    return Health([Dead(r.channel, r.why, r.n) for r in rows], timers.overdue(tx, now=now), len(timers.failing(tx)))


def last_backup(tx: Tx) -> datetime | None:
    """When the last backup was made."""
    found: datetime | None = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == BACKUP))
    return found
