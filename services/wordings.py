"""What this installation says in its own words, kept in the database and soon said by every process."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.settings import wording
from services import audit, settings
from texts import say as catalogue
from texts import wording as words

EVERY = timedelta(seconds=5)  # how long another process may go on saying it as before
_seen: dict[str, Any] = {"at": None, "mark": None}


def refresh(tx: Tx, *, now: datetime) -> None:
    """Takes up what has been changed since; looks at most every few seconds."""
    if _seen["at"] is not None and timedelta(0) <= now - _seen["at"] < EVERY:
        return
    _seen["at"] = now
    row = tx.first(select(func.count(), func.max(wording.c.changed_at)).select_from(wording))
    mark = tuple(row) if row is not None else None
    if mark != _seen["mark"] and (mark is None or mark[0] or _seen["mark"] is not None):
        _take_up(tx)
    _seen["mark"] = mark


def own(tx: Tx) -> dict[str, Row[Any]]:
    """Every sentence that is said otherwise here, by its key."""
    return {row.name: row for row in tx.all(select(wording))}


def put(tx: Tx, actor: Actor, *, key: str, source: str, now: datetime) -> None:
    """Says a sentence in these words from now on; a Refusal says what is wrong with them."""
    settings.everywhere(tx, actor)
    check(key, source)
    source = source.replace("\r\n", "\n").strip("\n")
    before = tx.scalar(select(wording.c.source).where(wording.c.name == key))
    ours = source == catalogue.source_of(key).strip("\n")
    tx.execute(delete(wording).where(wording.c.name == key))
    if not ours:
        tx.add(wording, name=key, source=source, changed_at=now)
    if before != (None if ours else source):
        audit.note(tx, actor, "wording.set", f"wording:{key}"[:40], now=now, key=key, before=before, after=None if ours else source)


def changed() -> None:
    """The next look finds a change that this process has just committed."""
    _seen.update(at=None, mark="")


def check(key: str, source: str) -> None:
    """Refuses words that cannot be said."""
    if key not in words.known():
        raise Refusal("wording.key")
    found = words.problem(key, source.replace("\r\n", "\n"))
    if found is not None:
        raise Refusal(found[0], **found[1])


def _take_up(tx: Tx) -> None:
    catalogue.reword({name: row.source for name, row in own(tx).items() if name in words.known()
                      and words.problem(name, row.source) is None})
