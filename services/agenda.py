"""What is on: what staff have to do by an hour, and what happened in a group's community over a stretch of time; no names."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select

from domain.lifecycle import OPEN, Act
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import issue, issue_event, message, poll, poll_chat, promise, timer
from services import paging
from texts.say import say

CALLS_OF = timedelta(hours=24)
_WORK = [State.ASSIGNED, State.IN_PROGRESS, State.TRANSFERRED]
_LOOK = [Timer.REVIEW, Timer.FOLLOW]
_OPEN = [str(s) for s in OPEN]
_MOST = 50
Things = list[tuple[str, str]]  # what people call it, and its title


@dataclass(frozen=True, slots=True)
class Agenda:
    """What waits for staff, the most pressing first."""

    overdue: Things = field(default_factory=list)
    due: Things = field(default_factory=list)
    unanswered: Things = field(default_factory=list)
    unsigned: Things = field(default_factory=list)
    look: Things = field(default_factory=list)
    polls: Things = field(default_factory=list)
    unrated: Things = field(default_factory=list)
    calls: int = 0  # people who asked for a human in the last day

    @property
    def sections(self) -> list[tuple[str, Things]]:
        """What there is, by name; what is empty is left out."""
        return [(name, things) for name in ("overdue", "due", "unanswered", "unsigned", "look", "polls", "unrated")
                if (things := getattr(self, name))]

    @property
    def empty(self) -> bool:
        """True when nothing waits for anybody here; that residents are still asked about results is no work."""
        return not self.calls and all(name == "unrated" for name, _ in self.sections)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened, as a group may read it."""

    new: Things
    accepted: Things
    decided: Things
    done: Things
    overdue: Things
    polls: Things

    @property
    def sections(self) -> list[tuple[str, Things]]:
        """What there is, by name; what is empty is left out."""
        return [(name, things) for name in ("new", "accepted", "decided", "done", "overdue", "polls")
                if (things := getattr(self, name))]


def of(tx: Tx, community_id: int | None, *, until: datetime, now: datetime) -> Agenda:
    """What waits for the community's staff until an hour."""
    here = [issue.c.community_id == community_id, issue.c.number.is_not(None)]
    looked = select(timer.c.issue_id).where(timer.c.kind.in_(_LOOK), timer.c.due_at <= until, timer.c.fired_at.is_(None),
                                            timer.c.ended_at.is_(None))
    _, first = paging.span(tx, paging.Filter(since=now - CALLS_OF), message.c.id, message.c.received_at)  # a log is long
    asked = tx.scalar(select(func.count(message.c.person_id.distinct())).where(
        message.c.community_id == community_id, message.c.id >= first, message.c.intent.in_(("handoff", "spoken.handoff")),
        message.c.received_at > now - CALLS_OF))
    return Agenda(
        overdue=_overdue(tx, *here, now=now),
        due=(_issues(tx, *here, issue.c.state.in_(_WORK), issue.c.due_at > now, issue.c.due_at <= until)
             + _promises(tx, *here, promise.c.due_at > now, promise.c.due_at <= until)),
        unanswered=_issues(tx, *here, issue.c.state == State.SUBMITTED),
        unsigned=_issues(tx, *here, issue.c.state == State.ASSIGNED),
        look=_issues(tx, *here, issue.c.id.in_(looked)),
        polls=_polls(tx, poll.c.community_id == community_id, poll.c.closes_at <= until),
        unrated=_issues(tx, *here, issue.c.state == State.RESOLVED), calls=int(asked or 0))


def week_of(tx: Tx, chat: Row[Any], *, since: datetime, now: datetime) -> Week:
    """What happened since then, for one group: what was raised there, and in the community's groups what came in private too."""
    theirs = issue.c.chat_id == chat.id
    here = [issue.c.community_id == chat.community_id, issue.c.number.is_not(None), ~issue.c.private,
            theirs if chat.building_id is not None else or_(theirs, issue.c.chat_id.is_(None))]
    shown = poll.c.id.in_(select(poll_chat.c.poll_id).where(poll_chat.c.chat_id == chat.id))
    return Week(
        new=_issues(tx, *here, issue.c.created_at > since, issue.c.state.in_([*_OPEN, State.CLOSED])),
        accepted=_acts(tx, here, since, Act.ACCEPT), decided=_acts(tx, here, since, Act.END_VOTE),
        done=_acts(tx, here, since, Act.RESOLVE),
        overdue=_overdue(tx, *here, now=now), polls=_polls(tx, shown))


def _overdue(tx: Tx, *here: Any, now: datetime) -> Things:
    """Work that should be done by now, and promises that nobody has answered for although they are due."""
    return _issues(tx, *here, issue.c.state.in_(_WORK), issue.c.due_at <= now) + _promises(tx, *here, promise.c.due_at <= now)


def _promises(tx: Tx, *conditions: Any) -> Things:
    rows = tx.all(select(issue.c.number, promise.c.owner, promise.c.text).join_from(promise, issue).where(
        promise.c.state == "open", *conditions).order_by(promise.c.due_at, promise.c.id).limit(_MOST))
    return [(f"I{row.number}", say("agenda.promise", owner=row.owner, text=row.text)) for row in rows]


def _acts(tx: Tx, here: list[Any], since: datetime, act: Act) -> Things:
    did = select(issue_event.c.issue_id).where(issue_event.c.act == act, issue_event.c.at > since)
    return _issues(tx, *here, issue.c.id.in_(did))


def _issues(tx: Tx, *conditions: Any) -> Things:
    rows = tx.all(select(issue.c.number, issue.c.title).where(*conditions).order_by(issue.c.id).limit(_MOST))
    return [(f"I{row.number}", row.title) for row in rows]


def _polls(tx: Tx, *conditions: Any) -> Things:
    rows = tx.all(select(poll.c.number, poll.c.title).where(poll.c.state == "open", *conditions).order_by(poll.c.id).limit(_MOST))
    return [(f"P{row.number}", row.title) for row in rows]
