"""The record of who did what: a hash chain written in the transaction of the deed itself.

`note` only remembers; `seal` links and writes all notes of a transaction just before its commit, so that the
chain's head is locked for the shortest time. Personal words never enter a note: they are hashed by the caller.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from domain.roles import Actor
from models.base import Tx
from models.hot import Hot
from models.tables import audit, audit_head

GENESIS = "0" * 64
_HEAD = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)
_LOCKED_HEAD = Hot(_HEAD.with_for_update())
_MOVE_HEAD = Hot(update(audit_head).where(audit_head.c.id == 1).values(seq=bindparam("seq"), hash=bindparam("hash")))
_APPEND = Hot(insert(audit).values({name: bindparam(name) for name in audit.c.keys()}))  # noqa: SIM118 - no dict


@dataclass(frozen=True, slots=True)
class Note:
    """One deed, not yet linked."""

    at: datetime
    community_id: int | None
    actor: str
    action: str
    object: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying the chain found, as far as it was walked."""

    rows: int
    head: str
    bad_seq: int | None = None  # the first row that does not fit
    why: str = ""
    more: bool = False  # there are rows behind `rows`: go on with `since=verdict`

    @property
    def ok(self) -> bool:
        """True when every row that was walked fits."""
        return self.bad_seq is None


BEGINNING = Verdict(0, GENESIS)


def note(tx: Tx, actor: Actor, action: str, obj: str, *, now: datetime, community_id: int | None = None, **detail: Any) -> None:
    """Remembers a deed for the chain; it is written only if the transaction commits."""
    where = community_id if community_id is not None else actor.community_id or None  # several at once: of none
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    tx.notes.append(Note(now, where, actor.who, action, obj, text))


def digest(words: str) -> str:
    """A stand-in for personal words, so that erasing them leaves the chain whole."""
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def seal(tx: Tx) -> None:
    """Links the remembered notes to the chain; called once, right before the commit."""
    if not tx.notes:
        return
    head = tx.first(_LOCKED_HEAD)
    if head is None:
        raise RuntimeError("the audit chain has no head row: run `app.py db upgrade`")
    seq, prev, rows = head.seq, head.hash, []
    for entry in tx.notes:
        seq += 1
        row = _row(entry, seq, prev)
        rows.append(row)
        prev = row["hash"]
    tx.execute(_APPEND, rows)
    tx.execute(_MOVE_HEAD, {"seq": seq, "hash": prev})
    tx.notes.clear()


def verify(tx: Tx, *, since: Verdict = BEGINNING, most: int | None = None) -> Verdict:
    """Walks the chain, all of it or at most so many rows behind where `since` came to, and names the first row that was changed,
    removed or added."""
    prev, seq = since.head, since.rows
    for row in islice(_walk(tx, seq or -1), most):
        if row.seq != seq + 1:
            return Verdict(seq, prev, seq + 1, "missing")
        seq += 1
        entry = Note(row.at, row.community_id, row.actor, row.action, row.object, row.detail)
        if row.prev != prev or row.hash != _link(entry, seq, prev):
            return Verdict(seq, prev, seq, "changed")
        prev = row.hash
    if seq - since.rows == most and tx.first(select(audit.c.seq).where(audit.c.seq > seq).limit(1)) is not None:
        return Verdict(seq, prev, more=True)
    head = tx.first(_HEAD)
    if head is None or (head.seq, head.hash) != (seq, prev):
        return Verdict(seq, prev, seq + 1, "cut")
    return Verdict(seq, prev)


def length(tx: Tx) -> int:
    """How many rows the chain has."""
    head = tx.first(_HEAD)
    return 0 if head is None else int(head.seq)


def _walk(tx: Tx, last: int, step: int = 5000) -> Iterator[Any]:
    while rows := tx.all(select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(step)):
        yield from rows
        last = rows[-1].seq


def _row(entry: Note, seq: int, prev: str) -> dict[str, Any]:
    return {
        "seq": seq, "at": entry.at, "community_id": entry.community_id, "actor": entry.actor, "action": entry.action,
        "object": entry.object, "detail": entry.detail, "prev": prev, "hash": _link(entry, seq, prev),
    }


def _link(entry: Note, seq: int, prev: str) -> str:
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = [prev, str(seq), at, str(entry.community_id), entry.actor, entry.action, entry.object, entry.detail]
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()
