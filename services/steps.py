"""The one way an issue changes its state: the table decides, the step is written, clocks end and begin, the chain notes it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from domain.errors import Refusal
from domain.guards import Facts
from domain.lifecycle import BEFORE, OPEN, TABLE, Act, Step, Who, step
from domain.roles import Actor, Role
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.hot import Hot
from models.tables import issue, issue_event, objection, poll, supporter
from services import audit, parties, similar, timers

_EVENT = Hot(insert(issue_event).values({n: bindparam(n) for n in (
    "issue_id", "at", "act", "from_state", "to_state", "actor_id", "text", "party_id", "inner", "facts")}))
_BY_ID = Hot(select(issue).where(issue.c.id == bindparam("issue_id")))


def by_id(tx: Tx, issue_id: int) -> Row[Any]:
    """The issue with this id."""
    row = tx.first(_BY_ID, {"issue_id": issue_id})
    assert row is not None  # issues are never deleted
    return row


def take(tx: Tx, actor: Actor, row: Row[Any], act: Act, *, now: datetime, facts: Facts | None = None, note: str | None = None,
         keep: dict[str, Any] | None = None, **values: Any) -> Row[Any]:
    """Takes one step of the table and returns the issue as it then is; of two who act at once, the second is told.

    `note` is what the timeline says, `keep` what figures need of this step, `values` what the issue remembers.
    """
    state = State(row.state)
    hands = hands_of(tx, actor, row, now=now)
    taken = step(state, act, hands, facts_of(tx, row, facts, now), number=row.number)
    to = taken.to or _before(tx, row)
    moved = tx.execute(update(issue).where(issue.c.id == row.id, issue.c.state == state, issue.c.version == row.version)
                       .values({"state": to, "version": row.version + 1, "changed_at": now} | values))
    if moved.rowcount != 1:
        raise Refusal("issue.changed_meanwhile")
    timers.leave(tx, row.id, to, now=now)
    after = by_id(tx, row.id)
    _begin(tx, after, taken, now)
    if (to in OPEN) != (state in OPEN):
        (similar.enter if to in OPEN else similar.leave)(tx, after)
    event(tx, row.id, act, actor, now=now, before=state, after=to, text=note, facts=keep,
          party_id=row.party_id if Who.ASSIGNEE in hands & taken.who else None)
    audit.note(tx, actor, f"issue.{act}", f"issue:{row.id}", now=now, community_id=row.community_id, before=state, after=to,
               words=audit.digest(note) if note else None)
    return after


def may(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> list[Act]:
    """What this person could do to the issue as it stands, conditions aside: for buttons and pages."""
    hands = hands_of(tx, actor, row, now=now)
    return [act for (state, act), found in TABLE.items() if state == row.state and hands & found.who]


def hands_of(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> set[Who]:
    """In which capacities somebody can act on this issue; a party without members has the staff act for it."""
    if actor.who == "system":
        return {Who.CLOCK}
    hands = {Who.STAFF} if actor.role.covers(Role.GRID_WORKER) else set()
    hands |= {Who.ADMIN} if actor.role.covers(Role.ADMIN) else set()
    if actor.person_id is not None:
        hands |= {Who.SUBMITTER} if actor.person_id == row.submitter_id else set()
        hands |= {Who.HOST} if actor.person_id == row.host_id else set()
        if row.state == State.CLOSED and tx.first(select(supporter.c.id).where(
                supporter.c.issue_id == row.id, supporter.c.person_id == actor.person_id)):
            hands.add(Who.SUPPORTER)
    if row.party_id is not None and parties.acts_for(tx, actor, row.party_id, now=now):
        hands.add(Who.ASSIGNEE)
    return hands


def facts_of(tx: Tx, row: Row[Any], facts: Facts | None, now: datetime) -> Facts:
    """What the guards look at: the issue's own facts beside those of the act."""
    published = row.state == State.PUBLICITY
    return replace(
        facts or Facts(), now=now, open_objections=open_objections(tx, row.id) if published else 0,
        published=published and any(t.round == 0 for t in timers.running(tx, row.id, Timer.PUBLICITY)),
        track=row.track, private=row.private, danger=row.urgency == "critical", agreed=row.agreed,
        designated=row.designated, dispatched=row.party_id is not None, due_at=row.due_at, extended=row.extended,
        closed_at=row.closed_at,
        own_way=bool(facts and facts.own_way) or bool(row.proposal),
        original=row.due_at - row.assigned_at if row.due_at and row.assigned_at else Facts().original)


def open_objections(tx: Tx, issue_id: int) -> int:
    """How many objections to the published result of a vote on the issue wait for an answer."""
    return int(tx.scalar(select(func.count()).select_from(objection).join(poll, poll.c.id == objection.c.poll_id).where(
        poll.c.issue_id == issue_id, poll.c.state == "closed", objection.c.answer.is_(None))))


def event(tx: Tx, issue_id: int, act: str, actor: Actor, *, now: datetime, before: str | None = None, after: str | None = None,
          text: str | None = None, party_id: int | None = None, inner: bool = False, facts: dict[str, Any] | None = None) -> None:
    """One line of the issue's course; `inner` ones are for staff only."""
    tx.execute(_EVENT, {"issue_id": issue_id, "at": now, "act": act, "from_state": before, "to_state": after,
                        "actor_id": actor.person_id, "text": text, "party_id": party_id, "inner": inner, "facts": facts})


def _begin(tx: Tx, row: Row[Any], taken: Step, now: datetime) -> None:
    """Starts the clocks of the step; work is due when it was promised."""
    for kind in taken.starts:
        due = row.due_at if kind is Timer.WORK and row.due_at is not None else None
        timers.start(tx, kind, row.id, due or timers.due_at(tx, kind, now, urgency=row.urgency))


def _before(tx: Tx, row: Row[Any]) -> State:
    """Where the issue was before what ended it."""
    was = tx.scalar(select(issue_event.c.from_state).where(issue_event.c.issue_id == row.id, issue_event.c.to_state == row.state)
                    .order_by(issue_event.c.id.desc()).limit(1))
    return State(was) if was in BEFORE else State.SUBMITTED
