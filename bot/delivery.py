"""Sends what the outbox holds: in order for each target, within its rate, patiently, and visibly giving up.

A row is claimed (`sending`, with a lease) and committed before the network is touched. When a sender dies in
between, nobody knows whether the post went out: the lease ends, the row is marked doubtful and sent again,
because a result that appears twice is better than one that never appears.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, func, or_, select, update

from bot import watch
from bot.message import TOO_OFTEN, Channel, ChannelError, Link, Outgoing, Sent, task_id
from bot.pace import Pace
from domain.card import Card
from domain.roles import SYSTEM
from models.base import Database, Tx
from models.logs import delivery
from models.tables import card_sent, outbox
from services import audit, chart, group_tasks, lost, quiet
from services import outbox as queue

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
WINDOW = timedelta(seconds=60)
PATIENCE = timedelta(days=2)  # with a platform that keeps asking for pauses
LONGEST_PAUSE = timedelta(hours=1)
GREETING = timedelta(days=3)  # so long a post waits until somebody speaks to the bot in its group
ASK_AGAIN = timedelta(minutes=10)
_LOOKED_AT = 500  # due rows looked through for those whose conversation has room
_AHEAD, _OTHER = outbox.alias(), outbox.alias()  # made once: an alias of a wide table costs more than the statement it is for


class Claim(NamedTuple):
    """A row that is ours to send."""

    row: Row[Any]
    lease: datetime  # when it stops being ours
    place: str = ""  # in the windows of its conversation


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again; waits are seconds."""

    attempts: int = 7
    first: float = 2
    factor: float = 4
    cap: float = 3600

    def wait(self, attempts: int) -> timedelta | None:
        """The pause after this many attempts; None when it is time to give up."""
        if attempts >= self.attempts:
            return None
        return timedelta(seconds=min(self.cap, self.first * self.factor ** (attempts - 1)))


class Delivery:
    """Takes due rows and sends them, several targets at a time, one post per target."""

    def __init__(self, db: Database, channels: dict[str, Channel], clock: Callable[[], datetime], *,
                 policy: RetryPolicy | None = None, threads: int = 4, without: frozenset[str] = frozenset(), only: str = "",
                 pace: Pace | None = None):
        self.db, self.channels, self.clock = db, channels, clock
        self.policy, self.threads, self.pace = policy or RetryPolicy(), threads, pace
        # an account whose own process sends is that process's alone
        self._mine = [outbox.c.channel == only] if only else [outbox.c.channel.not_in(without)] if without else []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="delivery") if threads > 1 else None

    def run_once(self) -> int:
        """Sends every post that is due now, one per target; returns how many were tried."""
        rows = self._claim()
        if self._pool is None:
            for claim in rows:
                self._send(claim)
        else:
            list(self._pool.map(self._send, rows))
        return len(rows)

    def _claim(self) -> list[Claim]:
        with self.db.read() as tx:  # a quick look, so that an idle tick never takes the write lock
            if tx.first(self._due(tx, self.clock()).limit(1)) is None and not self._stale(tx):
                return []
        claimed: list[Claim] = []
        diverted = 0
        with self.db.write() as tx:
            now = self.clock()
            tx.execute(update(outbox).where(outbox.c.state == "sending", outbox.c.lease_until < now).values(
                state="waiting", doubtful=True, lease_until=None))
            for row in tx.all(self._due(tx, now).limit(_LOOKED_AT)):
                if len(claimed) >= 2 * self.threads:  # no more than can be sent within the lease
                    break
                if self._too_late(tx, row, now):
                    diverted += 1
                    continue
                place = self._place(tx, row, now)
                if place is None:
                    continue
                mine = tx.execute(update(outbox).where(outbox.c.id == row.id, outbox.c.state == "waiting").values(
                    state="sending", lease_until=now + LEASE, attempts=row.attempts + 1))
                if mine.rowcount == 1:
                    claimed.append(Claim(row, now + LEASE, place))
                else:
                    self._give_back(row, place)
        return self._claim() if diverted and not claimed else claimed  # on its other road it is due at once

    def _due(self, tx: Tx, now: datetime) -> Any:
        """The first due row of each target, by weight and then by age; one being sent or retried holds back those behind it."""
        ahead = _AHEAD
        blocked = select(ahead.c.id).where(
            *_loud(tx, ahead, now),  # what waits for the morning holds nothing back
            ahead.c.target == outbox.c.target,
            or_(ahead.c.weight < outbox.c.weight, and_(ahead.c.weight == outbox.c.weight, ahead.c.id < outbox.c.id)),
            or_(ahead.c.state == "sending",
                and_(ahead.c.state == "waiting", or_(ahead.c.next_at <= now, ahead.c.attempts > 0))))
        return (select(outbox).where(outbox.c.state == "waiting", outbox.c.next_at <= now, *_loud(tx, outbox, now), *self._mine,
                                     ~blocked.exists(), ~self._in_flight().exists()).order_by(outbox.c.weight, outbox.c.id))

    def _in_flight(self) -> Any:
        return select(_OTHER.c.id).where(_OTHER.c.target == outbox.c.target, _OTHER.c.state == "sending")

    def _stale(self, tx: Any) -> bool:
        return tx.first(select(outbox.c.id).where(outbox.c.state == "sending", outbox.c.lease_until < self.clock())
                        .limit(1)) is not None

    def _place(self, tx: Any, row: Row[Any], now: datetime) -> str | None:
        """A place in the conversation's windows; None when there is none now."""
        channel = self.channels.get(row.channel)
        if channel is None:
            return ""
        recent = tx.scalar(select(func.count()).select_from(outbox).where(
            outbox.c.target == row.target, outbox.c.sent_at > now - WINDOW))
        if recent >= channel.capabilities.per_minute:
            return None
        if self.pace is None or channel.capabilities.own_sender:  # the one process of that account counts by itself
            return ""
        return self.pace.take(row.channel, row.address, channel.capabilities, now=now)

    def _give_back(self, row: Row[Any], place: str) -> None:
        if self.pace is not None:
            self.pace.give_back(row.channel, row.address, place)

    def _too_late(self, tx: Tx, row: Row[Any], now: datetime) -> bool:
        """The platform would refuse it by now: that costs no attempt, and another road is looked for."""
        if not queue.shut(tx, row, now=now):
            return False
        tx.execute(update(outbox).where(outbox.c.id == row.id).values(state="dead", error="too late for this road"))
        audit.note(tx, SYSTEM, "outbox.dead", f"outbox:{row.id}", now=now, community_id=row.community_id, key=row.key)
        lost.divert(tx, row, now=now, shut=True)
        audit.seal(tx)
        return True

    def _send(self, claim: Claim) -> None:
        row = claim.row
        channel = self.channels.get(row.channel)
        try:
            if channel is None:
                raise ChannelError(f"no channel named {row.channel}", retryable=False)
            sent = channel.send(_post(row))
        except ChannelError as error:
            self._failed(claim, error)
        except Exception as error:
            log.error("outbox %s: sending broke: %s", row.id, type(error).__name__)
            self._failed(claim, ChannelError(type(error).__name__, retryable=True, unknown=True))
        else:
            self._settle(claim, sent=sent, state="sent", sent_at=self.clock(), error=None, platform_id=sent.id[:128] or None,
                         **_struck(row))

    def _failed(self, claim: Claim, error: ChannelError) -> None:
        row = claim.row
        if not error.unknown:
            self._give_back(row, claim.place)
        channel = self.channels.get(row.channel)
        if error.code == TOO_OFTEN and self.pace is not None and channel is not None:
            whole = channel.capabilities.push_person  # there the account's quota is used up, elsewhere the conversation's
            self.pace.pause(row.channel, "" if whole else row.address, error.wait_s or WINDOW.total_seconds())
        now, attempts = self.clock(), row.attempts + 1
        values: dict[str, Any] = {"error": error.reason[:200], "doubtful": row.doubtful or error.unknown}
        pause = self.policy.wait(attempts) if error.retryable else None
        if _unspoken(row, error) and now - row.created_at < GREETING:
            values |= {"state": "waiting", "next_at": now + ASK_AGAIN, "attempts": max(1, row.attempts)}
        elif error.retryable and error.wait_s is not None and now - row.created_at < PATIENCE:
            # the platform said when: that is no failed attempt, though it still holds back those behind it. Asked in vain for
            # long, it is asked less and less often
            pause = max(timedelta(seconds=error.wait_s), min(LONGEST_PAUSE, (now - row.created_at) / 4))
            values |= {"state": "waiting", "next_at": now + pause, "attempts": max(1, row.attempts)}
        elif pause is not None:
            values |= {"state": "waiting", "next_at": now + pause}
        else:
            values |= {"state": "dead"}
            # the platform says how it stands with a person: another road is taken. A card it no longer knows answers when touched
            foreseen = error.shut or error.person_gone or row.kind == "update"
            log.log(logging.INFO if foreseen else logging.ERROR, "outbox %s is dead after %s attempts: %s", row.id, attempts,
                    error.reason)
        self._settle(claim, failed=error, **values)

    def _settle(self, claim: Claim, sent: Sent | None = None, failed: ChannelError | None = None, **values: Any) -> None:
        row, lease, result = claim.row, claim.lease, "again" if values["state"] == "waiting" else values["state"]
        with self.db.write() as tx:
            own = tx.execute(update(outbox).where(outbox.c.id == row.id, outbox.c.state == "sending", outbox.c.lease_until == lease)
                             .values(lease_until=None, **values))
            if own.rowcount != 1:  # the lease had ended and somebody else has it now
                return
            now = self.clock()
            tx.add(delivery, outbox_id=row.id, community_id=row.community_id, channel=row.channel, at=now, attempt=row.attempts + 1,
                   took_ms=max(0, int((now - lease + LEASE).total_seconds() * 1000)), result=result,
                   code=failed.code if failed is not None else None, reason=failed.reason[:200] if failed is not None else None,
                   platform_id=(sent.id[:128] or None) if sent is not None else None)
            if sent is not None and sent.code:
                tx.add(card_sent, about=row.facts["about"], channel=row.channel, task_id=task_id(row.facts["about"], row.key),
                       address=row.address, code=sent.code, at=self.clock())
            channel = self.channels.get(row.channel)
            if sent is not None and channel is not None and channel.capabilities.by_hand:
                group_tasks.begin(tx, row, msgid=sent.id, now=self.clock())
            if values["state"] in ("sent", "dead"):
                audit.note(tx, SYSTEM, f"outbox.{values['state']}", f"outbox:{row.id}", now=self.clock(),
                           community_id=row.community_id, key=row.key)
            if failed is not None and values["state"] == "waiting" and _unspoken(row, failed):
                lost.unspoken(tx, row, now=self.clock())
            if failed is not None and values["state"] == "dead":
                lost.divert(tx, row, gone=failed.person_gone, shut=failed.shut, now=self.clock())
            audit.seal(tx)
        watch.posted(row.channel, result)


def _loud(tx: Tx, table: Any, now: datetime) -> list[Any]:
    """That a post disturbs nobody now, or may; nothing where nobody sleeps."""
    up = quiet.awake(tx, table.c.community_id, now)
    return [] if up is None else [or_(table.c.quiet.is_(False), up)]


def _struck(row: Row[Any]) -> dict[str, Any]:
    """What is left of an answer that has gone: the message log says what may be known of it, and sealed words end here."""
    return {"text": "", "facts": None, "address": row.address.partition("\n")[0]} if row.key.startswith("message:") else {}


def _unspoken(row: Row[Any], error: ChannelError) -> bool:
    """True when the platform takes the post as soon as somebody has spoken to the bot in the group."""
    return error.shut and row.target.startswith("chat:")


def _post(row: Row[Any]) -> Outgoing:
    if row.kind == "chart":
        return Outgoing(row.address, "image", image=chart.draw(row.facts), group=row.target.startswith("chat:"), key=row.key)
    card = Card.unpack(row.facts) if row.kind in ("card", "update") else None
    link = Link(row.facts["url"], row.facts["title"], row.text) if row.kind == "link" else None
    return Outgoing(row.address, row.kind, text=row.text, card=card, link=link, facts=row.facts if row.kind == "notice" else None,
                    group=row.target.startswith("chat:"), key=row.key)
