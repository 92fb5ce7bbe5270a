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
from domain.timers import Timer, lives_in
from models.base import Tx
from models.hot import Hot
from models.tables import issue, issue_event, objection, poll
from services import audit, claimed, evidence, joined, parties, sight, similar, timers, warning

_EVENT = Hot(insert(issue_event).values({n: bindparam(n) for n in (
    "issue_id", "at", "act", "from_state", "to_state", "actor_id", "made_by", "text", "party_id", "inner", "facts")}))
_KEPT = ("due_at", "contact_due", "assigned_at", "contacted_at", "resolved_at", "closed_at",  # figures are counted from these: a
         "party_id", "rating", "solved", "returned", "reopened")  # step that changes one says so in its event
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
    facts = facts_of(tx, row, facts, now)
    if act is Act.RESOLVE and not facts.evidence and hands & {Who.STAFF, Who.ASSIGNEE}:
        facts = replace(facts, evidence=evidence.shown(tx, actor, row, now=now))
    taken = step(state, act, hands, facts, number=row.number)
    to = taken.to or _before(tx, row)
    clocks = _clocks(tx, row, taken, to, now, values)
    values = _stamps(row, act, to, clocks, now) | values
    moved = tx.execute(update(issue).where(issue.c.id == row.id, issue.c.state == state, issue.c.version == row.version)
                       .values({"state": to, "version": row.version + 1, "changed_at": now} | values))
    if moved.rowcount != 1:
        raise Refusal("issue.changed_meanwhile")
    timers.leave(tx, row.id, to, now=now)
    if begun_anew := [kind for kind in clocks if lives_in(kind, state) and lives_in(kind, to)]:
        timers.end(tx, row.id, *begun_anew, now=now)
    for kind, due in clocks.items():
        timers.start(tx, kind, row.id, due)
    after = by_id(tx, row.id)
    claimed.follow(tx, state, after, now=now)
    if (to in OPEN) != (state in OPEN):
        (similar.enter if to in OPEN else similar.leave)(tx, after)
    signed = sight.hidden(actor, row)
    event(tx, row.id, act, signed, now=now, before=state, after=to, text=note, facts=_log(values) | (keep or {}) or None,
          party_id=row.party_id if Who.ASSIGNEE in hands & taken.who else None)
    audit.note(tx, signed, f"issue.{act}", f"issue:{row.id}", now=now, community_id=row.community_id, before=state, after=to,
               words=audit.digest(note) if note else None)
    return after


def check(tx: Tx, row: Row[Any], act: Act, hands: set[Who], facts: Facts, *, now: datetime) -> None:
    """Raises what would be said if these hands did it now; nothing is done."""
    step(State(row.state), act, hands, facts_of(tx, row, facts, now), number=row.number)


def mark(tx: Tx, actor: Actor, row: Row[Any], act: str, *, now: datetime, note: str | None = None, inner: bool = False,
         keep: dict[str, Any] | None = None, party_id: int | None = None, **values: Any) -> Row[Any]:
    """Puts something on the issue's record that leaves its state as it is; of two who act at once, the second is told."""
    moved = tx.execute(update(issue).where(issue.c.id == row.id, issue.c.version == row.version)
                       .values({"version": row.version + 1, "changed_at": now} | values))
    if moved.rowcount != 1:
        raise Refusal("issue.changed_meanwhile")
    signed = sight.hidden(actor, row)
    event(tx, row.id, act, signed, now=now, text=note, inner=inner, facts=keep, party_id=party_id)
    audit.note(tx, signed, f"issue.{act}", f"issue:{row.id}", now=now, community_id=row.community_id,
               words=audit.digest(note) if note else None)
    return by_id(tx, row.id)


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
        hands |= {Who.VOLUNTEER} if claimed.is_theirs(tx, row, actor.person_id) else set()
        if row.state == State.CLOSED and actor.person_id in {person_id for person_id, _ in joined.followers(tx, row.id)[1:]}:
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
    """One line of the issue's course; `inner` ones are for staff only. What is said may bring a warning at once."""
    tx.execute(_EVENT, {"issue_id": issue_id, "at": now, "act": act, "from_state": before, "to_state": after,
                        "actor_id": actor.person_id, "made_by": actor.beside_person,
                        "text": text, "party_id": party_id, "inner": inner, "facts": facts})
    if act in warning.WATCHED:
        warning.watch(tx, issue_id, act, now=now)


def _clocks(tx: Tx, row: Row[Any], taken: Step, to: State, now: datetime, values: dict[str, Any]) -> dict[Timer, datetime]:
    """The clocks that begin with the step and run where it leads, and when each is due; work is due when it was promised."""
    urgency, promised = values.get("urgency", row.urgency), values.get("due_at", row.due_at)
    return {kind: promised if kind is Timer.WORK and promised is not None
            else timers.due_at(tx, row.community_id, kind, now, urgency=urgency)
            for kind in taken.starts if lives_in(kind, to)}


def _stamps(row: Row[Any], act: Act, to: State, clocks: dict[Timer, datetime], now: datetime) -> dict[str, Any]:
    """What every step of a kind leaves on the issue, so that no verb can forget it."""
    left: dict[Act, dict[str, Any]] = {
        Act.SUBMIT: {"created_at": now},
        Act.ASSIGN: {"assigned_at": now, "contacted_at": None, "contact_due": clocks.get(Timer.CONTACT)},
        Act.RETURN: {"returned": row.returned + 1, "contact_due": None}, Act.CONTACT: {"contacted_at": row.contacted_at or now},
        Act.RESOLVE: {"resolved_at": now, "solved": None, "rating": None}, Act.REOPEN: {"reopened": row.reopened + 1}}
    work = {"due_at": clocks[Timer.WORK]} if Timer.WORK in clocks else {}
    return left.get(act, {}) | work | ({"closed_at": now} if to is State.CLOSED else {})


def _log(values: dict[str, Any]) -> dict[str, Any]:
    """The same as the event keeps it."""
    return {name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items() if name in _KEPT}


def _before(tx: Tx, row: Row[Any]) -> State:
    """Where the issue was before what ended it."""
    was = tx.scalar(select(issue_event.c.from_state).where(issue_event.c.issue_id == row.id, issue_event.c.to_state == row.state)
                    .order_by(issue_event.c.id.desc()).limit(1))
    return State(was) if was in BEFORE else State.SUBMITTED
