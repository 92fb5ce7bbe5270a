"""Photos on their way in: which are to be fetched, what became of them, and what is said when one is given up."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select, update

from domain.roles import SYSTEM
from models.base import Tx
from models.tables import issue, photo
from services import audit, outbox, photos, steps
from texts.say import say

WAITS = tuple(timedelta(seconds=s) for s in (5, 20, 60, 150, 600, 3600))  # a bot's picture lies in its store for five minutes
LEASE = timedelta(seconds=60)  # longer than a fetch can take


def due(tx: Tx, *, now: datetime) -> list[Row[Any]]:
    """The photos to fetch now, the oldest first."""
    return tx.all(select(photo.c.id, photo.c.channel, photo.c.reference, photo.c.attempts, photo.c.next_at).where(
        photo.c.state == "waiting", photo.c.next_at <= now).order_by(photo.c.next_at, photo.c.id).limit(20))


def claim(tx: Tx, row: Row[Any], *, now: datetime) -> bool:
    """Takes a photo for one attempt; of two who want it, one gets it."""
    return tx.execute(update(photo).where(photo.c.id == row.id, photo.c.state == "waiting", photo.c.next_at == row.next_at).values(
        next_at=now + LEASE, attempts=row.attempts + 1)).rowcount == 1


def keep(tx: Tx, photo_id: int, picture: bytes, *, now: datetime) -> None:
    """Keeps the picture, written anew by services/photos.py, and forgets where it came from."""
    mark = sha256(picture).hexdigest()
    done = tx.execute(update(photo).where(photo.c.id == photo_id, photo.c.state == "waiting").values(
        data=picture, sha256=mark, state="kept", reference=None, next_at=None))
    if done.rowcount:  # erased meanwhile: nothing is kept
        audit.note(tx, SYSTEM, "photo.keep", f"photo:{photo_id}", now=now, sha256=mark)


def put_off(tx: Tx, row: Row[Any], *, now: datetime) -> None:
    """Tries again later, or gives up after the last time."""
    if row.attempts >= len(WAITS):
        give_up(tx, row.id, "unreachable", now=now)
        return
    tx.execute(update(photo).where(photo.c.id == row.id, photo.c.state == "waiting").values(next_at=now + WAITS[row.attempts]))


def give_up(tx: Tx, photo_id: int, why: str, *, now: datetime) -> None:
    """Notes that there is no picture, on the issue too, and tells who sent it what to do."""
    gone = tx.execute(update(photo).where(photo.c.id == photo_id, photo.c.state == "waiting").values(
        state="failed", error=why, reference=None, next_at=None))
    if not gone.rowcount:
        return
    row = tx.execute(select(photo.c.issue_id, photo.c.person_id, issue.c.number).join_from(photo, issue, isouter=True)
                     .where(photo.c.id == photo_id)).one()
    if row.issue_id is not None:
        steps.event(tx, row.issue_id, "photo_failed", SYSTEM, now=now, inner=True)
    audit.note(tx, SYSTEM, "photo.give_up", f"photo:{photo_id}", now=now, why=why)
    outbox.to_person(tx, person_id=row.person_id, key=f"photo:{photo_id}:failed", now=now, weight=outbox.RESULT,
                     text=say(f"photo.gone.{why}", number=row.number, mb=photos.BYTES // 1_000_000))
