"""What shows whether an installation works: its signs of life, what it could not send and why, clocks that break."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true

from domain.roles import Where
from models.base import Tx
from models.tables import chat, heartbeat, identity, message, outbox, permission, person
from services import outbox as outbox_service
from services import quota, timers
from services.paging import within

_HEARD, _FEW = 20, 5  # messages by which clocks are compared; tasks of a month that are nearly used up
BACKUP = "backup"  # its row among the heartbeats: when the last one was made
RESTORED = "restored"  # and when one was put back


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


def look(tx: Tx, community_id: Where, *, now: datetime) -> Health:
    """The commonest reasons first; clocks are the whole installation's."""
    count = func.count()
    rows = tx.all(select(outbox.c.channel, func.coalesce(outbox.c.error, "").label("why"), count.label("n"))
                  .where(outbox.c.state == "dead", within(outbox.c.community_id, community_id))
                  .group_by(outbox.c.channel, outbox.c.error)
                  .order_by(count.desc(), outbox.c.channel).limit(5))
    return Health([Dead(r.channel, r.why, r.n) for r in rows], timers.overdue(tx, now=now), len(timers.failing(tx)))


def skew_s(tx: Tx) -> float | None:
    """How many seconds our clock is ahead of the platforms' (behind: below 0), by the quickest of the last messages; None: too few.

    A message carries the second it was sent at by the platform's clock, and the way takes less than a second at best.
    """
    last = tx.all(select(message.c.sent_at, message.c.received_at).where(
        message.c.kind == "text", message.c.state == "done", message.c.external_id.not_like("page:%"))  # a page has our own clock
                  .order_by(message.c.id.desc()).limit(_HEARD))
    ways = sorted((r.received_at - r.sent_at).total_seconds() for r in last)
    return ways[0] if len(ways) == _HEARD else None


@dataclass(frozen=True, slots=True)
class Quota:
    """What one account may still send."""

    account: str
    people: int  # who have an account there
    open: int  # of them, who can be written to now
    permissions: int  # one-time notices that people have allowed and that are unused
    groups: list[tuple[str, int]]  # groups with few tasks left this month, and how many


def quotas(tx: Tx, community_id: Where, *, now: datetime) -> list[Quota]:
    """Of the accounts whose platform counts: a 公众号 within its window, a 客户群 by the month."""
    found = []
    for name, road in outbox_service.roads().items():
        if road.window is None and not road.by_hand:
            continue
        here = [identity.c.channel == name, person.c.erased_at.is_(None), within(person.c.community_id, community_id)]
        joined = select(func.count()).select_from(identity).join(person, person.c.id == identity.c.person_id).where(*here)
        heard = identity.c.heard_at > now - road.window if road.window is not None else true()
        unused = select(func.count()).select_from(permission).join(identity, identity.c.id == permission.c.identity_id).join(
            person, person.c.id == identity.c.person_id).where(*here, permission.c.used_at.is_(None))
        found.append(Quota(name, tx.scalar(joined), tx.scalar(joined.where(heard, identity.c.shut_at.is_(None),
                           identity.c.unreachable_at.is_(None))), tx.scalar(unused), _groups(tx, name, community_id, now)
                           if road.by_hand else []))
    return [q for q in found if q.groups or (q.people and _roads_window(q.account))]


def _roads_window(account: str) -> bool:
    return outbox_service.roads()[account].window is not None


def _groups(tx: Tx, channel: str, community_id: Where, now: datetime) -> list[tuple[str, int]]:
    left = [(row.name, quota.tasks_left(tx, row.id, now)) for row in tx.all(
        select(chat.c.id, chat.c.name).where(chat.c.post_channel == channel, within(chat.c.community_id, community_id))
        .order_by(chat.c.id).limit(200))]
    return [(name, n) for name, n in left if n <= _FEW]


def last_backup(tx: Tx) -> datetime | None:
    """When the last backup was made."""
    found: datetime | None = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == BACKUP))
    return found


def restored_after(tx: Tx, at: datetime) -> bool:
    """True when a backup was put back since then: what was told at that time may have been told before."""
    found: datetime | None = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == RESTORED))
    return found is not None and found >= at
