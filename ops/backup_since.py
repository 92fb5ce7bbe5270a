"""What happened after an older backup was made, as far as anything still tells: the database it replaces, and later backups."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from models.base import Database, Tx
from models.tables import outbox, poll
from ops.backup_file import BackupError, Manifest, key_name, read_manifest
from services import anchors, forgotten
from texts.say import clock

T = TypeVar("T")
MOST = 10_000  # posts that are looked through


@dataclass(frozen=True, slots=True)
class Told:
    """A result or a bulletin that came into a group."""

    head: anchors.Head
    group: str
    at: datetime
    poll: str  # P5 and its title; '' for a weekly bulletin

    @property
    def words(self) -> str:
        """For the one who restores."""
        return f"{clock(self.at)} 发到“{self.group}”：{self.poll or '每周一报'}（留痕 {self.head}）"


@dataclass(slots=True)
class Since:
    """What is known beside the backup itself."""

    present: bool  # there is a database, and it could be read
    told: list[Told] = field(default_factory=list)  # what came into groups, the last first
    erased: set[str] = field(default_factory=set)
    sent: dict[str, datetime] = field(default_factory=dict)  # posts that went out since, by their keys
    newer: Manifest | None = None  # of the newest backup that was made later

    def after(self, rows: int) -> list[Told]:
        """What came into groups and cannot stand on a chain of so many rows."""
        return [each for each in self.told if (each.head.seq or 0) >= rows]


@dataclass(slots=True)
class Outcome:
    """What a restore did and found out, for the one who did it."""

    former: str = ""
    held: int = 0
    had_gone: int = 0  # of what waited in the backup: sent since, by the database that was replaced
    erased: int = 0
    present: bool = False  # the database that was replaced could still be asked
    newer: Manifest | None = None
    told: list[Told] = field(default_factory=list)  # what came into groups since the backup
    due: list[str] = field(default_factory=list)  # polls that were open in the backup and are over by now
    strange: anchors.Head | None = None  # told to a group, older than the backup, and yet not on its chain
    behind: anchors.Head | None = None  # told to a group, and the backup does not reach it


def look(db: Database | None, source: Path, manifest: Manifest, folders: list[Path]) -> Since:
    """Asks the present database, if there is one that can be read, and the backups that lie about."""
    erased = _ask(db, forgotten.known)
    found = Since(erased is not None, erased=set(erased or ()))
    for row in _ask(db, lambda tx: anchors.arrived(tx, None, most=MOST)) or ():
        head, about = anchors.Head(row.seq, row.hash), f"P{row.number} {row.title}" if row.number else ""
        found.told.append(Told(head, row.group, row.at, about))
    after = select(outbox.c.key, outbox.c.sent_at).where(
        outbox.c.state == "sent", outbox.c.sent_at >= datetime.fromisoformat(manifest.made_at))
    found.sent = {row.key: row.sent_at for row in _ask(db, lambda tx: tx.all(after)) or ()}
    for path in sorted({each for folder in folders if folder.is_dir() for each in folder.glob(f"*{source.suffix}")}):
        try:
            other = read_manifest(path)
        except BackupError:
            continue
        if other.key != key_name() or other.database != manifest.database:
            continue
        found.erased |= set(other.erased)
        best = found.newer or manifest
        if path.resolve() != source.resolve() and (other.made_at, other.audit_rows) > (best.made_at, best.audit_rows):
            found.newer = other
    found.erased |= set(manifest.erased)
    return found


def due(tx: Tx, *, now: datetime) -> list[str]:
    """Polls that were open when the backup was made and whose time is over."""
    return [f"P{row.number} {row.title}" for row in tx.all(select(poll.c.number, poll.c.title).where(
        poll.c.state == "open", poll.c.closes_at <= now).order_by(poll.c.closes_at))]


def _ask(db: Database | None, question: Callable[[Tx], T]) -> T | None:
    """The answer; None when there is nobody to ask, or the database is broken or of a shape that we do not know."""
    if db is None:
        return None
    try:
        with db.read() as tx:
            return question(tx)
    except SQLAlchemyError:
        return None
