"""One person behind several accounts: a code taken on the one, a yes on the other, and a day in which to take it back."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from domain.errors import Refusal
from domain.roles import Role
from models.base import Tx
from models.secret import fingerprint
from models.tables import home, issue, join_code, joining, message, person, residence
from services import audit, moving, outbox, round_order
from services.people import Speaker
from texts.say import say

CODE_LIFE = timedelta(minutes=15)
UNDO = timedelta(hours=24)
WRONG_PER_HOUR = 5
WRONG_PER_CODE = 10
WRONG_CODE = "join.wrong"  # the intent under which a wrong code stands in the message log


@dataclass(frozen=True, slots=True)
class Offer:
    """The account a code was taken on, as far as the other one may see it before the yes."""

    code_id: int
    since: datetime
    homes: tuple[str, ...]
    issues: int
    staff: bool  # the speaker's account is staff's, and the other will have its rights


def make_code(tx: Tx, speaker: Speaker, *, now: datetime) -> str:
    """Makes the code to say on the other account; an earlier one of this person ends."""
    live = join_code.c.used_at.is_(None), join_code.c.expires_at > now
    tx.execute(update(join_code).where(join_code.c.person_id == speaker.id, *live).values(expires_at=now))
    taken = set(tx.connection.scalars(select(join_code.c.code_hash).where(*live)))
    code = _number()
    while _hash(code) in taken:
        code = _number()
    tx.add(join_code, person_id=speaker.id, code_hash=_hash(code), failures=0, expires_at=now + CODE_LIFE, created_at=now)
    audit.note(tx, speaker, "person.join_code", speaker.who, now=now)
    return code


def offered(tx: Tx, speaker: Speaker, *, code: str, now: datetime) -> Offer | None:
    """What would be joined by this code; None when it is not right, unused and in time.

    Guessing is limited twice: by person and hour, and by code: a wrong one counts against every live code of the
    community, because nobody knows which was meant.
    """
    wrong = tx.scalar(select(func.count()).select_from(message).where(
        message.c.person_id == speaker.id, message.c.intent == WRONG_CODE, message.c.received_at > now - timedelta(hours=1)))
    if wrong >= WRONG_PER_HOUR:
        raise Refusal("join.too_often")
    live = join_code.c.used_at.is_(None), join_code.c.expires_at > now
    rows = tx.all(select(join_code.c.id.label("code_id"), person).join_from(join_code, person).where(
        join_code.c.code_hash == _hash(code), *live, person.c.left_at.is_(None), person.c.joined_into.is_(None)))
    if len(rows) != 1:
        count_wrong(tx, speaker, now=now)
        return None
    _check(rows[0], speaker)
    labels = tx.connection.scalars(select(home.c.label).join_from(residence, home).where(
        residence.c.person_id == rows[0].id, residence.c.until.is_(None)).order_by(home.c.id)).all()
    raised = tx.scalar(select(func.count()).where(issue.c.submitter_id == rows[0].id, issue.c.number.is_not(None)))
    return Offer(rows[0].code_id, rows[0].created_at, tuple(labels), int(raised), speaker.role is not Role.RESIDENT)


def count_wrong(tx: Tx, speaker: Speaker, *, now: datetime) -> None:
    """A wrong code counts against every live one of the community; one that was tried too often ends."""
    near = update(join_code).where(join_code.c.used_at.is_(None), join_code.c.expires_at > now, join_code.c.person_id.in_(
        select(person.c.id).where(person.c.community_id == speaker.community_id)))
    tx.execute(near.values(failures=join_code.c.failures + 1))
    tx.execute(near.where(join_code.c.failures >= WRONG_PER_CODE).values(expires_at=now))


def join(tx: Tx, speaker: Speaker, *, code_id: int, now: datetime) -> bool:
    """Makes one person of the two: who was met first stays; True when the other account could be told.

    Locked in one order by everybody: open polls, then persons, each by id (a ballot holds its poll, then its person).
    The role is the speaker's, who said yes: an account of staff gives its rights only from its own side, and an account
    with fewer rights cannot be the one that says yes. Consent is the stricter: a person who consented on one account
    only has not consented. What moves: services/moving.py.
    """
    polls = moving.open_polls(tx, speaker.community_id, now=now)
    code = tx.first(update(join_code).where(join_code.c.id == code_id, join_code.c.used_at.is_(None),
                                            join_code.c.expires_at > now).values(used_at=now).returning(join_code.c.person_id))
    if code is None:
        raise Refusal("join.gone")
    rows = {r.id: r for r in tx.all(select(person).where(person.c.id.in_([code.person_id, speaker.id])).order_by(person.c.id)
                                    .with_for_update())}
    giver, sayer = rows[code.person_id], rows[speaker.id]
    if any(r.joined_into is not None or r.erased_at is not None or r.left_at is not None for r in (giver, sayer)):
        raise Refusal("join.gone")
    _check(giver, speaker)
    told = outbox.to_person(tx, person_id=giver.id, key=f"join:{code_id}:told", weight=outbox.RESULT, now=now,
                            text=say("join.told", staff=sayer.role != Role.RESIDENT))
    old, new = sorted((giver, sayer), key=lambda r: (r.created_at, r.id))
    moved = moving.over(tx, old, new, polls, role=sayer.role, now=now)
    round_order.renamed(tx, [old.id, new.id], now)
    tx.add(joining, survivor_id=old.id, joined_id=new.id, at=now, moved=moved)
    audit.note(tx, speaker, "person.join", f"person:{old.id}", now=now, joined=new.id, role=sayer.role)
    return told


def undo(tx: Tx, speaker: Speaker, *, channel: str, sender: str, now: datetime) -> None:
    """Makes two persons of the one again: the last joining of this person, within a day.

    Accounts, groups, homes, issues and support go back to where they came from. Ballots of open polls that were not
    touched since are again what each had cast; one cast since the joining stays with the older person, and the younger
    has again what it had before. Closed polls keep what they counted. What was said and done in between (events of
    issues, messages) stays on record where it stands.
    """
    polls = moving.open_polls(tx, speaker.community_id, now=now)
    row = tx.first(select(joining).where(joining.c.survivor_id == speaker.id, joining.c.undone_at.is_(None),
                                         joining.c.at > now - UNDO).order_by(joining.c.id.desc()).limit(1).with_for_update())
    if row is None or row.moved is None:
        raise Refusal("join.nothing")
    tx.all(select(person.c.id).where(person.c.id.in_([row.survivor_id, row.joined_id])).order_by(person.c.id).with_for_update())
    moving.back(tx, row, polls, now=now)
    round_order.renamed(tx, [row.survivor_id, row.joined_id], now)
    tx.execute(update(joining).where(joining.c.id == row.id).values(undone_at=now, moved=None))
    audit.note(tx, speaker, "person.split", f"person:{row.survivor_id}", now=now, joined=row.joined_id)
    speaks = moving.owner(tx, channel, sender)
    outbox.to_person(tx, person_id=row.joined_id if speaks == row.survivor_id else row.survivor_id,
                     key=f"join:{row.id}:undone", text=say("join.undone"), weight=outbox.RESULT, now=now)


def forget(tx: Tx, *, now: datetime, limit: int = 50) -> int:
    """Forgets how to take back what can no longer be taken back."""
    old = select(joining.c.id).where(joining.c.at <= now - UNDO, joining.c.moved.is_not(None)).limit(limit)
    return tx.execute(update(joining).where(joining.c.id.in_(old)).values(moved=None)).rowcount


def _check(giver: Row[Any], speaker: Speaker) -> None:
    if giver.id == speaker.id:
        raise Refusal("join.same")
    if giver.community_id != speaker.community_id:
        raise Refusal("join.other_community")
    if not speaker.role.covers(Role(giver.role)):
        raise Refusal("join.staff_side")


def _number() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def _hash(code: str) -> str:
    return fingerprint("join", code)
