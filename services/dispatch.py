"""Sending somebody: who does it and until when, by the staff's word or by the directory; and sending it back."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from domain.clock import SHANGHAI
from domain.errors import Forbidden, Refusal
from domain.guards import Facts
from domain.lifecycle import Act, Who
from domain.roles import Actor, Role
from domain.states import State
from domain.timers import Timer
from domain.workdays import end_of, last_before
from models.base import Tx
from models.tables import issue_event, person
from services import cards, directory, issues, limits, parties, people, steps, telling, timers, triage, workcalendar
from texts.mask import mask

SOON = "soon"  # a clock of work that reminds before it is due
ABOVE = "above"  # one that tells the level above when it is long overdue
_BEFORE_MIDNIGHT = timedelta(hours=15)  # nine in the morning
NO_VISIT = "无需现场"


def held(tx: Tx, actor: Actor, number: int, *, now: datetime) -> Row[Any]:
    """The issue for somebody who works for the community or has to do it, held until the transaction ends."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    if not steps.hands_of(tx, actor, row, now=now) & {Who.STAFF, Who.ASSIGNEE}:
        raise Forbidden("dispatch.not_yours", number=row.number)
    return row


def accepted(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> Row[Any]:
    """A fresh issue is accepted by what is done with it."""
    return steps.take(tx, actor, row, Act.ACCEPT, now=now) if row.state == State.SUBMITTED else row


# --- sending ----------------------------------------------------------------------------------------------------
def assign(tx: Tx, actor: Actor, *, number: int, party: Row[Any], now: datetime, due_at: datetime | None = None, reason: str = "",
           designated: bool = False, tell_followers: bool = True) -> Row[Any]:
    """Sends a party; its members are told and have a working day to sign. What came back twice is for an admin to decide.

    Designating may also take it from the party that has it: that party is told, and every clock of the work begins anew.
    """
    row = held(tx, actor, number, now=now)
    _may_decide(tx, actor, row, designated)
    row = accepted(tx, actor, row, now=now)
    due_at = due_at or timers.due_at(tx, row.community_id, Timer.WORK, now, urgency=row.urgency)
    if due_at <= now:
        raise Refusal("dispatch.past")
    if party.id == row.party_id:
        raise Refusal("dispatch.has_it", number=row.number, party=party.name)
    heard, had = triage.own_way(tx, actor, row, reason=reason, now=now), row.party_id
    row = steps.take(tx, actor, row, Act.ASSIGN, now=now, facts=Facts(party=True, own_way=heard, decided=designated),
                     note=party.name if not reason else f"{party.name}（{reason}）",
                     keep={"designated": designated, "reason": reason},
                     party_id=party.id, due_at=due_at, signed_at=None, extended=0, designated=designated or row.designated)
    if had is not None:
        telling.persons(tx, row, "taken_away", parties.members(tx, had, now=now), now, unit=party.name)
    remind_before(tx, row, now)
    telling.persons(tx, row, "assigned", parties.members(tx, party.id, now=now), now, notify=True, card=cards.task(tx, row),
                    party=party.name, due=due_at, place=row.place,
                    designated=row.designated, text=mask(row.text))
    if tell_followers:
        telling.followers(tx, row, "assigned", now, party=party.name, due=due_at)
    return row


def choice(tx: Tx, row: Row[Any]) -> Row[Any] | None:
    """Whom the directory names for an issue: the first who has not sent it back."""
    gone = set(tx.connection.scalars(select(issue_event.c.party_id).where(
        issue_event.c.issue_id == row.id, issue_event.c.act == Act.RETURN)))
    return next((p for p in directory.responsible(tx, row.community_id, row.category, row.place) if p.id not in gone), None)


def provisional(tx: Tx, row: Row[Any]) -> bool:
    """True when the deadline may move, because the holidays of its year are not announced."""
    return row.due_at is not None and workcalendar.provisional(tx, row.due_at.date())


def _may_decide(tx: Tx, actor: Actor, row: Row[Any], designated: bool) -> None:
    """Who decides about what was sent back too often: an admin, and where nobody is one, the grid workers."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.refused", usage="")
    if (designated or row.returned > limits.of().returns) and not actor.role.covers(Role.ADMIN) and admins(tx, row.community_id):
        raise Refusal("dispatch.supervisor", number=row.number, returned=row.returned)


def admins(tx: Tx, community_id: int) -> list[int]:
    """The admins who can be asked in chat."""
    staff = people.staff_of(tx, community_id)
    return list(tx.connection.scalars(select(person.c.id).where(person.c.id.in_(staff), person.c.role == Role.ADMIN)
                                      .order_by(person.c.id)))


def remind_before(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Begins the clock that reminds on the morning of the working day before the work is due."""
    assert row.due_at is not None
    last = (row.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    at = end_of(last_before(last, workcalendar.of(tx, row.community_id))) - _BEFORE_MIDNIGHT
    if at > now:
        timers.start(tx, Timer.WORK, row.id, at, about=SOON)


# --- sending back -------------------------------------------------------------------------------------------------
def send_back(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """A party says that it is not theirs (退单); the staff hear of it, and the second time the admins."""
    row = held(tx, actor, number, now=now)
    until = limits.of().return_within.after(row.assigned_at, workcalendar.of(tx, row.community_id)) if row.assigned_at else None
    party = parties.by_id(tx, row.party_id) if row.party_id else None
    row = steps.take(tx, actor, row, Act.RETURN, now=now, facts=Facts(reason=reason, return_until=until), note=reason,
                     keep={"party": row.party_id}, party_id=None, due_at=None, assigned_at=None, returned=row.returned + 1)
    facts = {"party": party.name if party else "", "reason": reason, "returned": row.returned}
    above = admins(tx, row.community_id) if row.returned > limits.of().returns else []
    telling.persons(tx, row, "sent_back", [i for i in people.staff_of(tx, row.community_id) if i not in above], now, **facts)
    telling.persons(tx, row, "decide", above, now, notify=True, **facts)
    return row
