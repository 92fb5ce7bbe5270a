"""Whose affair an issue is first, in words that staff see and correct; the residents' own proposal before anybody is sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Refusal
from domain.lifecycle import OPEN
from domain.roles import Actor, Role
from domain.triage import Track, judge
from models.base import Tx
from models.tables import issue
from services import audit, sight, similar, steps, telling
from texts.say import say
from texts.words import kind as called
from understanding import affair

PRIVATE = "private"  # said instead of a track: a ticket between two
_REASON = 2  # characters


def values(text: str, kind: str, *, private: bool = False) -> dict[str, Any]:
    """What an issue with these words and of this kind is kept as; what is private stays so."""
    about = called(kind)
    found = judge(about.like, Track(about.track), affair.shows(text))
    why = "，".join(say(f"triage.why.{code}", category=kind) for code in found.why)
    return {"track": str(found.track), "track_why": why, "private": private or found.private}


def of_health(row: Row[Any]) -> bool:
    """True when the issue is private because of what it tells of somebody."""
    return "health" in affair.shows(row.text)


def corrected(value: str, reason: str) -> dict[str, Any]:
    """What an issue is kept as when a person says whose it is."""
    why = reason.strip()[:200] or say("triage.why.person")
    return {"private": True, "track_why": why} if value == PRIVATE else {"track": value, "track_why": why}


def make_private(tx: Tx, row: Row[Any], *, now: datetime) -> None:
    """Says to who raised an issue that others see it no longer."""
    telling.persons(tx, row, "made_private", [row.submitter_id], now)


def publish(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> Row[Any]:
    """Lets everybody see a private ticket; only who raised it can say so."""
    if actor.person_id != row.submitter_id:
        raise Refusal("triage.not_yours_to_publish", number=row.number)
    if row.private:
        tx.execute(update(issue).where(issue.c.id == row.id).values(private=False, changed_at=now))
        row = steps.by_id(tx, row.id)
        if row.state in OPEN:
            similar.enter(tx, row)
        signed = sight.hidden(actor, row)
        steps.event(tx, row.id, "publish", signed, now=now)
        audit.note(tx, signed, "issue.publish", f"issue:{row.id}", now=now)
    return row


# --- the residents' own proposal (献策) ----------------------------------------------------------------------------
def asks_for_ideas(row: Row[Any]) -> bool:
    """True when who raised it should be asked what the residents could do themselves."""
    return row.track == Track.SELF and not row.private and not row.proposal and row.urgency != "critical"


def propose(tx: Tx, actor: Actor, row: Row[Any], *, text: str, now: datetime) -> Row[Any]:
    """Puts down what somebody thinks the residents can do themselves; the first proposal is the issue's own."""
    if row.state not in OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    if not row.proposal:
        tx.execute(update(issue).where(issue.c.id == row.id).values(proposal=text, changed_at=now))
    signed = sight.hidden(actor, row)
    steps.event(tx, row.id, "propose", signed, now=now, text=text)
    audit.note(tx, signed, "issue.propose", f"issue:{row.id}", now=now, words=audit.digest(text))
    return steps.by_id(tx, row.id)


def call_for_ideas(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> bool:
    """Asks in the group, in the name of the grid worker, what the residents could do themselves; False when no group hears it."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    if row.state not in OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    if row.private:
        raise Refusal("guard.public", number=row.number)
    steps.event(tx, row.id, "ask_ideas", actor, now=now)
    audit.note(tx, actor, "issue.ask_ideas", f"issue:{row.id}", now=now)
    return telling.group(tx, row, "ideas", now)


def own_way(tx: Tx, actor: Actor, row: Row[Any], *, reason: str, now: datetime) -> bool:
    """Whether somebody may be sent: the residents were heard first, or a reason says why not, which is put on record.

    For `Facts(own_way=…)` of what sends an issue to somebody; what is not the residents' own affair needs neither.
    """
    if row.track != Track.SELF or row.proposal:
        return True
    if len(reason.strip()) < _REASON:
        return False
    steps.event(tx, row.id, "own_way_skipped", actor, now=now, text=reason.strip(), inner=True)
    return True


def forget_proposals(tx: Tx, issue_id: int, said: set[str]) -> None:
    """Removes the issue's own proposal when it is one of these, because who made it wants to be forgotten."""
    kept = tx.scalar(select(issue.c.proposal).where(issue.c.id == issue_id))
    if kept in said:
        tx.execute(update(issue).where(issue.c.id == issue_id).values(proposal=None))


# --- what is never put to a vote -----------------------------------------------------------------------------------
def check_votable(title: str, options: tuple[str, ...] | list[str] = ()) -> None:
    """Refuses a poll that would put danger or wrong to a vote."""
    what = affair.never_voted(title, options)
    if what is not None:
        raise Refusal("triage.never_voted", what=what)
