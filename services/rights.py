"""What residents ask about their own data, and until when it has to be done: put on record, reminded of, answered with a reason.

15 working days at most from the day it was asked (个人信息保护法 第50条: 建立便捷的受理和处理机制; the number is ours).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import Actor, Role
from models import secret
from models.base import Tx
from models.rights import data_request
from models.tables import person
from services import audit, browse, deadlines, outbox, people
from texts.normal import plain
from texts.say import say

DAYS = 15  # working days
NEAR = 3  # so many working days before, staff are reminded
KINDS = ("copy", "correct", "delete", "withdraw", "other")
LONGEST = 300
_REASON = 4  # characters of a refusal's reason


def ask(tx: Tx, actor: Actor, *, person_id: int, kind: str, text: str = "", now: datetime) -> Row[Any]:
    """Puts a request on record and tells the staff; one that is open already is not asked twice."""
    who = tx.first(select(person.c.community_id).where(person.c.id == person_id, person.c.erased_at.is_(None),
                                                       person.c.joined_into.is_(None)))
    if who is None or (actor.community_id is not None and actor.community_id != who.community_id):
        raise Refusal("person.unknown")
    if kind not in KINDS or (kind in ("correct", "other") and not text.strip()):
        raise Refusal("rights.what")
    text = text.strip()[:LONGEST]
    for row in tx.all(select(data_request).where(data_request.c.person_id == person_id, data_request.c.state == "open",
                                                 data_request.c.kind == kind)):
        if (row.text or "") == text:
            return row
    due = deadlines.in_days(tx, None, now, DAYS)
    new = tx.add(data_request, community_id=who.community_id, person_id=person_id, kind=kind, text=text or None,
                 entered_by=actor.who, state="open", asked_at=now, due_at=due)
    audit.note(tx, actor, "rights.ask", f"request:{new}", now=now, community_id=who.community_id, kind=kind, person=person_id)
    row = by_id(tx, new)
    _tell_staff(tx, row, "asked", now)
    return row


def by_id(tx: Tx, key: int, community_id: int | None = None) -> Row[Any]:
    """The request people call R12; a Refusal when there is none here."""
    query = select(data_request).where(data_request.c.id == key)
    row = tx.first(query if community_id is None else query.where(data_request.c.community_id == community_id))
    if row is None:
        raise Refusal("rights.unknown", number=key)
    return row


def of_person(tx: Tx, persons: list[int]) -> list[Row[Any]]:
    """What these persons asked, the newest first."""
    return tx.all(select(data_request).where(data_request.c.person_id.in_(persons)).order_by(data_request.c.id.desc()).limit(50))


def open_ones(tx: Tx, community_id: int | None, *, ended: int = 0) -> list[Row[Any]]:
    """What waits, the most urgent first; and so many that are over."""
    mine = [] if community_id is None else [data_request.c.community_id == community_id]
    waiting = tx.all(select(data_request).where(data_request.c.state == "open", *mine).order_by(
        data_request.c.due_at, data_request.c.id).limit(200))
    over = tx.all(select(data_request).where(data_request.c.state != "open", *mine).order_by(
        data_request.c.ended_at.desc()).limit(ended)) if ended else []
    return waiting + over


def finish(tx: Tx, actor: Actor, row: Row[Any], *, answer: str = "", now: datetime) -> bool:
    """Notes that it was done, and tells who asked; False when no account of theirs can be reached.

    Nobody is told of what was not done: to withdraw is carried out here, a deletion ends with the deletion itself, and of
    the rest it must be said how it was done.
    """
    answer = answer.strip()
    if row.kind == "delete" and row.state == "open":
        raise Refusal("rights.delete_first", number=row.id)
    if row.kind == "withdraw" and row.state == "open" and actor.role.covers(Role.GRID_WORKER):
        people.leave(tx, people.as_person(tx, row.person_id), now=now, by=actor)
        answer = answer or say("rights.withdrawn")
    if not answer and row.state == "open":
        raise Refusal("rights.how", number=row.id)
    return _end(tx, actor, row, "done", answer, now)


def refuse(tx: Tx, actor: Actor, row: Row[Any], *, reason: str, now: datetime) -> bool:
    """Notes why it is not done, and tells who asked (False: nobody can be reached); without a reason nothing is refused."""
    if len(plain(reason).strip()) < _REASON:
        raise Refusal("rights.reason")
    return _end(tx, actor, row, "refused", reason.strip(), now)


def on_record(tx: Tx, actor: Actor, *, person_id: int, community_id: int, kind: str, now: datetime) -> None:
    """What somebody did about their own data themselves, or staff for them: asked and done at once; open ones of the kind too."""
    done = {"state": "done", "ended_at": now, "ended_by": actor.who}
    ended = tx.execute(update(data_request).where(data_request.c.person_id == person_id, data_request.c.state == "open",
                                                  data_request.c.kind == kind).values(done)).rowcount
    if not ended:
        tx.add(data_request, community_id=community_id, person_id=person_id, kind=kind, entered_by=actor.who, asked_at=now,
               due_at=now, **done)


def drop_open(tx: Tx, persons: list[int], *, now: datetime) -> None:
    """Ends what else somebody asked who is forgotten now."""
    tx.execute(update(data_request).where(data_request.c.person_id.in_(persons), data_request.c.state == "open").values(
        state="done", ended_at=now, ended_by="system"))


def _end(tx: Tx, actor: Actor, row: Row[Any], state: str, answer: str, now: datetime) -> bool:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    done = tx.execute(update(data_request).where(data_request.c.id == row.id, data_request.c.state == "open").values(
        state=state, ended_at=now, ended_by=actor.who, answer=answer[:LONGEST]))
    if not done.rowcount:
        raise Refusal("rights.over", number=row.id)
    audit.note(tx, actor, f"rights.{state}", f"request:{row.id}", now=now, community_id=row.community_id, kind=row.kind,
               words=audit.digest(answer))
    return outbox.to_person(tx, person_id=row.person_id, key=f"request:{row.id}:{state}", now=now, weight=outbox.RESULT, text=say(
        f"rights.told.{state}", request=row, answer=answer[:LONGEST]))


# --- what is corrected --------------------------------------------------------------------------------------------
def set_phone(tx: Tx, actor: Actor, *, person_id: int, number: str, now: datetime) -> None:
    """Keeps or removes the number somebody can be called at; sealed, and found again only by the whole number."""
    where = _check(tx, actor, person_id)
    tx.execute(update(person).where(person.c.id == person_id).values(
        phone=number or None, phone_mark=secret.mark(number) if number else None))
    audit.note(tx, actor, "person.phone", f"person:{person_id}", now=now, community_id=where, cleared=not number)


def set_name(tx: Tx, actor: Actor, *, person_id: int, name: str, now: datetime) -> None:
    """Corrects a name that staff have checked."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    where = _check(tx, actor, person_id)
    tx.execute(update(person).where(person.c.id == person_id).values(name=" ".join(name.split())[:32] or None))
    audit.note(tx, actor, "person.name", f"person:{person_id}", now=now, community_id=where, cleared=not name)


def called_at(tx: Tx, number: str, community_id: int | None) -> list[int]:
    """Who gave this number, by its keyed hash; while keys are changed by the old one too."""
    query = select(func.coalesce(person.c.joined_into, person.c.id)).distinct().where(
        person.c.phone_mark.in_(secret.ring().marks(number)))
    return list(tx.connection.scalars(query if community_id is None else query.where(person.c.community_id == community_id)))


def _check(tx: Tx, actor: Actor, person_id: int) -> int:
    """The community of somebody whose data this actor may put right: their own, or as staff of the place."""
    row = tx.first(select(person.c.community_id).where(person.c.id == person_id, person.c.erased_at.is_(None),
                                                       person.c.joined_into.is_(None)))
    if row is None or (actor.community_id is not None and actor.community_id != row.community_id):
        raise Refusal("person.unknown")
    if actor.person_id != person_id and not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    return int(row.community_id)


# --- reminding ----------------------------------------------------------------------------------------------------
def any_due(tx: Tx, *, now: datetime) -> bool:
    """True when something must be reminded of."""
    return _next(tx, now) is not None


def remind_due(tx: Tx, *, now: datetime) -> bool:
    """Reminds the staff of the most urgent request: once when it comes near, then every day it is late. False: none left."""
    row = _next(tx, now)
    if row is None:
        return False
    tx.execute(update(data_request).where(data_request.c.id == row.id).values(reminded_at=now))
    _tell_staff(tx, row, "late" if row.due_at <= now else "near", now)
    return True


def _next(tx: Tx, now: datetime) -> Row[Any] | None:
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    soon = tx.first(select(data_request.c.due_at).where(data_request.c.state == "open", data_request.c.due_at <= now + timedelta(
        days=NEAR + 12)).limit(1))  # so many days a holiday takes at most; mostly nothing is near
    if soon is None:
        return None
    near = deadlines.in_days(tx, None, now, NEAR)
    late = (data_request.c.due_at <= now) & (data_request.c.reminded_at < today)
    return tx.first(select(data_request).where(data_request.c.state == "open", data_request.c.due_at <= near, or_(
        data_request.c.reminded_at.is_(None), late)).order_by(data_request.c.due_at, data_request.c.id).limit(1))


def _tell_staff(tx: Tx, row: Row[Any], what: str, now: datetime) -> None:
    day = now.astimezone(SHANGHAI).date().isoformat()
    text = say(f"rights.staff.{what}", request=row, who=browse.labels(tx, {row.person_id})[row.person_id],
               days=deadlines.workdays(tx, None, now, row.due_at) if row.due_at > now else 0)
    for each in people.staff_of(tx, row.community_id):
        outbox.to_person(tx, person_id=each, key=f"request:{row.id}:{what}:{day}:person:{each}", text=text, now=now,
                         weight=outbox.REMINDER)
