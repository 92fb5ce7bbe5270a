"""What grid workers do with an issue before anybody is sent: accept, decline, join, part."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain.errors import Refusal
from domain.guards import REOPEN_WITHIN, Facts
from domain.lifecycle import OPEN, Act
from domain.roles import Actor, Role
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from services import cards, issues, joined, steps, telling, timers

_OPEN = [str(s) for s in OPEN]


def held(tx: Tx, actor: Actor, number: int) -> Row[Any]:
    """The issue for somebody who works for the community, held until the transaction ends."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    return issues.by_number(tx, actor.community_id, number, lock=True)


def accept(tx: Tx, actor: Actor, *, number: int, now: datetime) -> Row[Any]:
    """Takes the issue on record as one to be dealt with."""
    row = steps.take(tx, actor, held(tx, actor, number), Act.ACCEPT, now=now)
    telling.followers(tx, row, "accepted", now)
    telling.group(tx, row, "accepted", now)
    return row


def reject(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """Declines an issue, with the reason and where to go instead."""
    row = steps.take(tx, actor, held(tx, actor, number), Act.REJECT, now=now, facts=Facts(reason=reason), note=reason,
                     reason=reason)
    telling.followers(tx, row, "rejected", now, reason=reason)
    return row


def merge(tx: Tx, actor: Actor, *, number: int, into: int, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """Joins an issue into another that says the same; the people behind either stand behind both while they are joined."""
    first, second = (held(tx, actor, n) for n in sorted((number, into)))  # in one order, so that two merges never cross
    source, target = (first, second) if number <= into else (second, first)
    if source.id == target.id:
        raise Refusal("issue.merge_self", number=source.number)
    if source.private or target.private:
        raise Refusal("triage.not_merged", number=(source if source.private else target).number)
    if target.state not in _OPEN:
        raise Refusal("issue.over", number=target.number, state=target.state)
    telling.followers(tx, source, "merged", now, into=target.number)
    source = steps.take(tx, actor, source, Act.MERGE, now=now)
    joined.join(tx, source, target, now=now)
    steps.event(tx, target.id, "merged_from", actor, now=now, text=f"I{source.number}")
    if target.submitter_id != source.submitter_id:
        telling.persons(tx, target, "joined_by", [target.submitter_id], now, other=source.number)
    return source, target


def unmerge(tx: Tx, actor: Actor, *, number: int, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """Takes a merge back: each issue has its own people, clocks and course again, whatever happened since."""
    root = held(tx, actor, number)
    row = issues.asked(tx, actor.community_id, number)
    if row.id == root.id:
        raise Refusal("issue.not_merged", number=number)
    target = joined.target_of(tx, row.id) or root
    joined_at = joined.part(tx, row, now=now)
    row = steps.take(tx, actor, steps.by_id(tx, row.id), Act.UNMERGE, now=now)
    timers.restart(tx, row.id, State(row.state), ended_at=joined_at)
    steps.event(tx, target.id, "parted_from", actor, now=now, text=f"I{row.number}")
    telling.followers(tx, row, "parted", now, other=target.number)
    if target.submitter_id != row.submitter_id:
        telling.persons(tx, target, "parted_from", [target.submitter_id], now, other=row.number)
    return row, target


def ask_whether_done(tx: Tx, row: Row[Any], now: datetime, *, but: int | None = None) -> None:
    """Tells everybody concerned what was done, and asks who raised it whether it is."""
    telling.followers(tx, row, "resolved", now, card=cards.rate(tx, row), but=but, result=row.result, days=confirm_days(tx, row),
                      again=REOPEN_WITHIN.days)
    telling.group(tx, row, "resolved", now, result=row.result)


def confirm_days(tx: Tx, row: Row[Any]) -> int:
    """How many days silence takes to be a yes."""
    due = timers.running(tx, row.id, Timer.CONFIRM)
    return (due[0].due_at - row.resolved_at).days if due else 0


def consult(tx: Tx, actor: Actor, row: Row[Any], *, poll_number: int, now: datetime) -> None:
    """Notes that an opinion poll was opened on the issue; a fresh issue is accepted by it."""
    if row.state == State.SUBMITTED:
        row = steps.take(tx, actor, row, Act.ACCEPT, now=now)
    steps.take(tx, actor, row, Act.CONSULT, now=now, note=f"P{poll_number}")
