"""Whistles (吹哨): a matter goes one level up, community, street, department, and whoever is called has to answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from domain.roles import SYSTEM, Actor
from domain.states import State
from domain.timers import LIVES, Timer
from models.base import Tx
from models.tables import issue_event
from services import cards, directory, dispatch, issues, parties, people, steps, telling, timers
from services.dispatch import held
from texts.mask import mask

LEVELS = ("community", "street", "department")
WHISTLE, HIGHER, ANSWERED = "whistle", "whistle_up", "whistle_answer"


def next_level(level: str) -> str | None:
    """The level above; None at the top."""
    at = LEVELS.index(level) + 1
    return LEVELS[at] if at < len(LEVELS) else None


def called(tx: Tx, row: Row[Any], level: str) -> list[Row[Any]]:
    """The parties a whistle calls at a level: of departments those that get such matters, else all."""
    if level == "community":
        return []
    known = parties.of_kind(tx, row.community_id, level)
    right = {p.id for p in directory.responsible(tx, row.community_id, row.category, row.place)}
    return [p for p in known if p.id in right] or known


def above(tx: Tx, row: Row[Any], *, now: datetime) -> list[int]:
    """Who is over those who deal with the issue now: the members at the next level and the admins; else the staff."""
    level = next_level(row.level)
    found = [i for p in (called(tx, row, level) if level else []) for i in parties.members(tx, p.id, now=now)]
    return list(dict.fromkeys([*found, *dispatch.admins(tx, row.community_id)])) or people.staff_of(tx, row.community_id)


def blow(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> tuple[Row[Any], list[str], int]:
    """Calls the next level; gives the issue, whom it called, and how many of them can be reached."""
    row = held(tx, actor, number, now=now)
    if State(row.state) not in LIVES[Timer.WHISTLE]:
        raise Refusal("whistle.not_now", number=row.number, state=row.state)
    if len(reason.strip()) < 2:
        raise Refusal("whistle.why", number=row.number)
    if timers.running(tx, row.id, Timer.WHISTLE):
        raise Refusal("whistle.waits", number=row.number, level=row.level)
    if next_level(row.level) is None:
        raise Refusal("whistle.top", number=row.number)
    return _up(tx, actor, row, WHISTLE, reason, now)


def answer_due(tx: Tx, row: Row[Any]) -> datetime | None:
    """By when the whistle that was blown last has to be answered."""
    waiting = timers.running(tx, row.id, Timer.WHISTLE)
    return waiting[0].due_at if waiting else None


def reply(tx: Tx, actor: Actor, *, number: int, words: str, now: datetime) -> Row[Any]:
    """Somebody of the level that was called answers: the clock ends, and everybody at work on it hears."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    mine = [p for p in called(tx, row, row.level) if parties.acts_for(tx, actor, p.id, now=now)]
    if not mine:
        raise Refusal("whistle.not_called", number=row.number)
    if not timers.running(tx, row.id, Timer.WHISTLE):
        raise Refusal("whistle.over", number=row.number)
    if len(words.strip()) < 2:
        raise Refusal("whistle.how", number=row.number)
    row = steps.mark(tx, actor, row, ANSWERED, now=now, note=f"{mine[0].name}：{words}", party_id=mine[0].id)
    timers.end(tx, row.id, Timer.WHISTLE, now=now)
    workers = parties.members(tx, row.party_id, now=now) if row.party_id is not None else []
    who = dict.fromkeys([*people.staff_of(tx, row.community_id), *workers])
    telling.persons(tx, row, "whistle_answered", [i for i in who if i != actor.person_id], now, party=mine[0].name, words=words)
    return row


@timers.on(Timer.WHISTLE)
def _unheard(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Nobody has answered in time: one level up, once; at the top the admins hear of it each period."""
    assert row is not None
    if next_level(row.level) is not None:
        _up(tx, SYSTEM, row, HIGHER, _reason(tx, row), now)
        return
    steps.event(tx, row.id, "whistle_unheard", SYSTEM, now=now)
    who = dispatch.admins(tx, row.community_id) or people.staff_of(tx, row.community_id)
    telling.persons(tx, row, "whistle_unheard", who, now, notify=True)
    timers.again(tx, clock, now, after=timers.due_at(tx, row.community_id, Timer.WHISTLE, now, urgency=row.urgency) - now)


def _up(tx: Tx, actor: Actor, row: Row[Any], act: str, reason: str, now: datetime) -> tuple[Row[Any], list[str], int]:
    level = next_level(row.level)
    assert level is not None
    due = timers.due_at(tx, row.community_id, Timer.WHISTLE, now, urgency=row.urgency)
    row = steps.mark(tx, actor, row, act, now=now, note=reason, level=level,
                     keep={"level": level, "due": due.isoformat(), "reason": reason})
    timers.start(tx, Timer.WHISTLE, row.id, due)
    rows = called(tx, row, level)
    who = dict.fromkeys(i for p in rows for i in parties.members(tx, p.id, now=now))
    reached = telling.persons(tx, row, "whistled", list(who), now, notify=True, card=cards.whistle(tx, row), level=level,
                              reason=reason, due=due, text=mask(row.text))
    if actor is SYSTEM or not reached:
        telling.staff(tx, row, "whistled_up", now, level=level, names=[p.name for p in rows], reached=reached)
    return row, [p.name for p in rows], reached


def to_street(tx: Tx, row: Row[Any], reason: str, *, now: datetime) -> None:
    """What was reopened too often is the street's: its members hear of it."""
    who = dict.fromkeys(i for p in parties.of_kind(tx, row.community_id, "street") for i in parties.members(tx, p.id, now=now))
    telling.persons(tx, row, "street", list(who) or dispatch.admins(tx, row.community_id), now, notify=True, reason=reason,
                    due=row.due_at, times=row.reopened)


def _reason(tx: Tx, row: Row[Any]) -> str:
    last = tx.first(select(issue_event.c.text).where(issue_event.c.issue_id == row.id, issue_event.c.act.in_([WHISTLE, HIGHER]))
                    .order_by(issue_event.c.id.desc()).limit(1))
    return str(last.text or "") if last else ""


