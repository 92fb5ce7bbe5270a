"""The product with one bug in it, to show that the fault test would find it: `LINYI_PLANTED=... planted.py serve`."""

import os
import sys
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Any

from sqlalchemy import update

import app
from bot import delivery, inbox
from models import commit
from models.base import Tx
from models.tables import outbox
from ops import house
from services import ballots
from services import outbox as outbox_service


def memory() -> None:
    """Repeats are known only to the process that heard the first."""
    seen: dict[tuple[str, str], Any] = {}
    good = inbox.first_sight

    def first_sight(tx: Tx, heard: Any, **more: Any) -> inbox.Sight:
        sight = good(tx, heard, **more)
        first = seen.setdefault((heard.channel, heard.external_id), heard)
        return inbox.Sight(sight.message_id, first is not heard, sight.reply)

    inbox.first_sight = first_sight


def mark_first() -> None:
    """A post is marked as sent when it is taken, before it has gone out."""
    good = delivery.Delivery._claim

    def claim(self: delivery.Delivery) -> Any:
        rows = good(self)
        with self.db.write() as tx:
            for row in rows:
                tx.execute(update(outbox).where(outbox.c.id == row.id).values(
                    state="sent", sent_at=self.clock(), lease_until=None))
        return rows

    delivery.Delivery._claim = claim  # type: ignore[method-assign]


def send_inside() -> None:
    """Posts to groups go out in the middle of the transaction that decided them."""
    built: dict[str, Any] = {}
    good_build, good_put = house.build, outbox_service.put

    def build(settings: Any = None) -> house.House:
        found = good_build(settings)
        built.update(found.channels)
        return found

    def put(tx: Tx, *, key: str, channel: str, address: str, text: str = "", facts: Any = None, at: Any, now: Any,
            **more: Any) -> None:
        if channel == "webhook":
            kind = "text" if facts is None else "chart"
            built[channel].send(delivery._post(SimpleNamespace(  # type: ignore[arg-type]
                kind=kind, address=address, text=text, facts=facts, target=more["target"], key=key)))
        good_put(tx, key=key, channel=channel, address=address, text=text, facts=facts, at=at, now=now, **more)
        if channel == "webhook":
            tx.execute(update(outbox).where(outbox.c.key == key).values(state="sent", sent_at=now))

    house.build, outbox_service.put = build, put


@dataclass
class _Lazy:
    """A writer that answers each caller at once and commits when it has gathered enough."""

    writer: commit.GroupCommit

    def together(self, batch: list[commit._Job]) -> None:
        until = monotonic() + 0.4
        with self.writer.db.write() as tx:
            job: commit._Job | None = batch[0]
            while job is not None:
                job.result = job.unit(tx)
                job.finish()
                job = self._wait(batch, until)
            self.writer.before_commit(tx)

    def _wait(self, batch: list[commit._Job], until: float) -> commit._Job | None:
        import queue
        while (left := until - monotonic()) > 0:
            try:
                job = self.writer._queue.get(timeout=left)
            except queue.Empty:
                return None
            if job is not None and job.move("running"):
                batch.append(job)
                return job
        return None


def reply_first() -> None:
    """The reply goes out before what it promises is committed."""
    commit.GroupCommit._together = lambda self, batch: _Lazy(self).together(batch)  # type: ignore[method-assign]


def last_arrival() -> None:
    """The ballot that arrives last counts, whenever it was sent."""
    good = ballots._put

    def put(tx: Tx, speaker: Any, row: Any, voter: str, home_id: Any, old: Any, choice: str, sent_at: Any,
            message_id: Any, now: Any) -> Any:
        return good(tx, speaker, row, voter, home_id, old, choice, max(sent_at, old.sent_at) if old else sent_at, message_id, now)

    ballots._put = put


BUGS = {bug.__name__: bug for bug in (memory, mark_first, send_inside, reply_first, last_arrival)}

if __name__ == "__main__":
    BUGS[os.environ["LINYI_PLANTED"]]()
    sys.exit(app.main())
