"""Which issue a photo belongs to, and whether one shows what was done.

A photo belongs to the issue that its sender names, quotes, has just raised or has just worked on. One that belongs to nothing
yet stays loose for ten minutes, in which a report or a result takes it up, and is forgotten after a day.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, and_, delete, func, or_, select, update

from domain.errors import Refusal
from domain.lifecycle import OPEN
from domain.roles import Actor, Role
from domain.states import State
from models.base import Tx
from models.secret import fingerprint
from models.tables import issue, issue_event, party_member, photo, stand_in
from services import audit, joined, parties

NEAR = timedelta(minutes=10)
LOOSE_FOR = timedelta(days=1)
MOST = 9  # photos of one person about one issue
AN_HOUR = 20  # photos of one person
REPORT, EVIDENCE = "report", "evidence"
_OPEN = [str(s) for s in OPEN]
_WORK = [State.ASSIGNED, State.IN_PROGRESS, State.SUSPENDED]
_KEPT = photo.c.state != "failed"


def receive(tx: Tx, actor: Actor, *, channel: str, references: list[str], now: datetime) -> list[int]:
    """Takes note of photos that are still with the platform; they belong to nothing yet."""
    sent = int(tx.scalar(select(func.count()).select_from(photo).where(
        photo.c.person_id == actor.person_id, photo.c.at > now - timedelta(hours=1))))
    if sent + len(references) > AN_HOUR:
        raise Refusal("photo.too_many", most=AN_HOUR)
    ids = [tx.add(photo, community_id=actor.community_id, person_id=actor.person_id, kind=REPORT, channel=channel,
                  reference=reference, state="waiting", at=now, attempts=0, next_at=now) for reference in references]
    audit.note(tx, actor, "photo.receive", f"photo:{ids[0]}", now=now, count=len(ids))
    return ids


def candidates(tx: Tx, actor: Actor, *, now: datetime) -> list[Row[Any]]:
    """The issues a photo sent now may belong to: what its sender raised or worked on in the last minutes, newest first.

    For who has done neither: what is being worked on by a party of theirs.
    """
    own = issue.c.community_id == actor.community_id
    raised = and_(issue.c.submitter_id == actor.person_id, issue.c.created_at > now - NEAR, issue.c.number.is_not(None))
    did = select(issue_event.c.issue_id).where(issue_event.c.actor_id == actor.person_id, issue_event.c.at > now - NEAR,
                                               issue_event.c.act.in_(("take_on", "contact", "supplement", "resolve")))
    near = tx.all(select(issue).where(own, issue.c.state.in_(_OPEN), or_(issue.c.id.in_(did), raised))
                  .order_by(issue.c.changed_at.desc(), issue.c.id.desc()).limit(MOST))
    return near or tx.all(select(issue).where(own, issue.c.state.in_(_WORK), issue.c.party_id.in_(_parties(actor, now)))
                          .order_by(issue.c.changed_at.desc(), issue.c.id.desc()).limit(MOST))


def attach(tx: Tx, actor: Actor, row: Row[Any], ids: list[int], *, now: datetime) -> int:
    """Puts photos to an issue, as evidence when they come from who works on it; returns how many it now has from them."""
    kind = EVIDENCE if works_on(tx, actor, row, now=now) else REPORT
    here = int(tx.scalar(select(func.count()).select_from(photo).where(
        photo.c.issue_id == row.id, photo.c.person_id == actor.person_id, _KEPT)))
    if here + len(ids) > MOST:
        raise Refusal("photo.enough", number=row.number, most=MOST)
    tx.execute(update(photo).where(photo.c.id.in_(ids), photo.c.person_id == actor.person_id, photo.c.issue_id.is_(None)).values(
        issue_id=row.id, kind=kind))
    tx.add(issue_event, issue_id=row.id, at=now, act=f"photo_{kind}", actor_id=actor.person_id,
           made_by=actor.beside_person, inner=False)
    audit.note(tx, actor, "photo.attach", f"issue:{row.id}", now=now, community_id=row.community_id, kind=kind, count=len(ids))
    return here + len(ids)


def hand_in(tx: Tx, actor: Actor, row: Row[Any], pictures: list[bytes], *, now: datetime) -> int:
    """Puts pictures to an issue that came with a form, already written anew; one that is there already is not put there twice."""
    there = set(tx.connection.scalars(select(photo.c.sha256).where(photo.c.issue_id == row.id)))
    new = {mark: data for data in pictures if (mark := sha256(data).hexdigest()) not in there}
    ids = [tx.add(photo, community_id=row.community_id, person_id=actor.person_id, kind=REPORT, channel="console", data=data,
                  sha256=mark, state="kept", at=now) for mark, data in new.items()]
    if ids:
        attach(tx, actor, row, ids, now=now)
    return len(ids)


def take_up(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> int:
    """Gives an issue the loose photos its actor has just sent; returns how many."""
    ids = loose(tx, actor, now=now)
    if ids:
        attach(tx, actor, row, ids, now=now)
    return len(ids)


def loose(tx: Tx, actor: Actor, *, now: datetime) -> list[int]:
    """The photos somebody has just sent that belong to nothing yet."""
    if actor.person_id is None:
        return []
    return list(tx.connection.scalars(select(photo.c.id).where(
        photo.c.person_id == actor.person_id, photo.c.issue_id.is_(None), photo.c.at > now - NEAR, _KEPT)
        .order_by(photo.c.id).limit(MOST)))


def shown(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> bool:
    """True when a photo shows what was done; what the actor has just sent is taken for it."""
    take_up(tx, actor, row, now=now)
    return has_photo(tx, row.id, since=row.assigned_at)


def has_photo(tx: Tx, issue_id: int, since: datetime | None) -> bool:
    """True when somebody who works on the issue has sent a photo since then; a photo that could not be fetched is none."""
    after = [photo.c.at >= since] if since is not None else []
    return tx.first(select(photo.c.id).where(photo.c.issue_id == issue_id, photo.c.kind == EVIDENCE, _KEPT, *after)
                    .limit(1)) is not None


def works_on(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> bool:
    """True for members of the party that has to do it, and for the staff unless they raised it themselves."""
    if actor.role.covers(Role.GRID_WORKER):
        return actor.person_id != row.submitter_id or row.state in _WORK
    return row.party_id is not None and parties.acts_for(tx, actor, row.party_id, now=now)


def of_issue(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """Every photo of an issue and of what is joined into it, the oldest first, without the bytes."""
    return tx.all(select(photo.c.id, photo.c.issue_id, photo.c.kind, photo.c.state, photo.c.at, photo.c.error, photo.c.person_id)
                  .where(photo.c.issue_id.in_(joined.members(tx, issue_id))).order_by(photo.c.id).limit(60))


def public(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """What residents see: what was done, and what was raised by somebody who stands to it; nothing of a private matter."""
    open_ones = {row.id: row for row in tx.all(select(issue).where(issue.c.id.in_(joined.members(tx, issue_id)),
                                                                   ~issue.c.private))}
    return [p for p in of_issue(tx, issue_id) if p.state == "kept" and p.issue_id in open_ones and (
        p.kind == EVIDENCE or _stands_to(open_ones[p.issue_id], p))]


def picture(tx: Tx, photo_id: int) -> bytes | None:
    """The bytes of one photo; who may see it was asked before."""
    found: bytes | None = tx.scalar(select(photo.c.data).where(photo.c.id == photo_id, photo.c.state == "kept"))
    return found or None  # empty: its key is gone


def mark(photo_id: int) -> str:
    """What keeps a photo's address from being guessed."""
    return fingerprint("photo", str(photo_id))[:16]


def genuine(photo_id: int, said: str) -> bool:
    """True when the mark is ours."""
    return hmac.compare_digest(mark(photo_id).encode(), said.encode("utf-8", "replace"))


def forget_loose(tx: Tx, *, now: datetime) -> int:
    """Forgets photos that belong to nothing after a day."""
    return tx.execute(delete(photo).where(photo.c.issue_id.is_(None), photo.c.at <= now - LOOSE_FOR)).rowcount


def forget_of(tx: Tx, persons: list[int]) -> None:
    """Removes everything these persons sent."""
    tx.execute(delete(photo).where(photo.c.person_id.in_(persons)))


def _stands_to(row: Row[Any], sent: Row[Any]) -> bool:
    return sent.person_id == row.submitter_id and not row.anonymous


def _parties(actor: Actor, now: datetime) -> Any:
    """The parties somebody acts for, as a member or for one who is away."""
    away = select(stand_in.c.for_id).where(stand_in.c.person_id == actor.person_id, stand_in.c.starts_at <= now,
                                           stand_in.c.ends_at > now)
    return select(party_member.c.party_id).where(or_(party_member.c.person_id == actor.person_id,
                                                     party_member.c.person_id.in_(away)))

