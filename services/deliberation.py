"""The course of a deliberation: announced, its phases one after the other by clock, host or meeting, until it is concluded.

What people say is in services/opinions.py, how votes move the issue in services/voting.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Forbidden, Refusal
from domain.lifecycle import Act, Who
from domain.procedures import Course, Ending, Phase, course
from domain.roles import SYSTEM, Actor
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import deliberation, issue
from services import audit, issue_staff, issues, participants, quiet, steps, telling, timers, workcalendar
from services.people import Speaker

NOTICE = timedelta(days=3)  # 提前通报
FARTHEST = timedelta(days=60)
REMIND = timedelta(days=3)  # a phase that only the host can end is not forgotten
Phased = Callable[[Tx, Actor, Row[Any], Row[Any], Phase | None, bool, datetime], None]  # issue, deliberation, phase, begins or ends
_phased: list[Phased] = []
_TALKING = (State.CONSULTING, State.VOTING)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a matter shall be talked about."""

    course: Course
    who: list[participants.Who]
    host_id: int | None = None  # None: who asks for it
    starts_at: datetime | None = None  # None: as soon as the notice allows


# --- finding --------------------------------------------------------------------------------------------------
def last(tx: Tx, issue_id: int) -> Row[Any] | None:
    """The newest deliberation on an issue, over or not."""
    return tx.first(select(deliberation).where(deliberation.c.issue_id == issue_id).order_by(deliberation.c.id.desc()).limit(1))


def current(tx: Tx, row: Row[Any]) -> Row[Any] | None:
    """The deliberation that goes on."""
    found = last(tx, row.id)
    return found if found is not None and found.ended_at is None and row.state in _TALKING else None


def needed(tx: Tx, row: Row[Any]) -> Row[Any]:
    """The deliberation that goes on, or a Refusal that says how one is begun."""
    found = current(tx, row)
    if found is None:
        raise Refusal("talk.ended" if last(tx, row.id) is not None else "talk.none", number=row.number)
    return found


def phase_of(held: Row[Any]) -> Phase | None:
    """The phase that goes on; None while it is only announced."""
    return course(held.course).talks()[held.phase] if held.phase >= 0 else None


def leads(tx: Tx, actor: Actor, number: int, *, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """The issue, held, and its deliberation, for its host or somebody who works for the community."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    held = needed(tx, row)
    if not steps.hands_of(tx, actor, row, now=now) & {Who.HOST, Who.STAFF}:
        raise Forbidden("talk.not_host", number=row.number)
    return row, held


def deciding(row: Row[Any], held: Row[Any], how: Ending) -> Phase:
    """The phase that decides, once the time for opinions is over; a Forbidden says what has to come before."""
    phase = phase_of(held)
    if phase is None or not phase.ends:
        raise Forbidden("talk.too_early", number=row.number, phase=phase.name if phase else "", until=held.until or held.starts_at)
    if phase.span is not None and not held.talk_over:
        raise Forbidden("talk.window", number=row.number, phase=phase.name, until=held.until)
    if how not in phase.ends:
        raise Forbidden("talk.not_this_way", number=row.number, course=held.course["name"], ends=list(phase.ends))
    return phase


# --- beginning ------------------------------------------------------------------------------------------------
def announce(tx: Tx, actor: Speaker, plan: Plan, *, number: int, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """Announces a deliberation to all who take part, three days ahead at least; its clock begins it."""
    row = issue_staff.held(tx, actor, number)
    if current(tx, row) is not None:
        raise Refusal("talk.already", number=row.number)
    starts = quiet.of(tx, row.community_id).next_allowed(plan.starts_at or now + NOTICE)
    if starts < now + NOTICE or starts > now + FARTHEST:
        raise Refusal("talk.notice", number=row.number, days=NOTICE.days, most=FARTHEST.days, at=now + NOTICE)
    if row.state == State.SUBMITTED:
        row = steps.take(tx, actor, row, Act.ACCEPT, now=now)
    host = plan.host_id or actor.id
    row = steps.take(tx, actor, row, Act.CONSULT, now=now, note=plan.course.name, host_id=host, agreed=False)
    held_id = tx.add(deliberation, issue_id=row.id, course=plan.course.plain(), host_id=host, starts_at=starts, phase=-1,
                     created_at=now)
    participants.record(tx, held_id, plan.who or participants.find(tx, row.community_id, [participants.EVERYBODY[0]]))
    timers.start(tx, Timer.NOTICE, row.id, starts, about=f"d{held_id}")
    held = _get(tx, held_id)
    facts: dict[str, Any] = {"course": plan.course.name, "host": plan.course.host, "at": starts,
                             "phases": [p.name for p in plan.course.phases],
             "among": participants.shown(participants.of(tx, held_id))}
    telling.groups(tx, row, "talk_notice", now, **facts)
    telling.persons(tx, row, "talk_notice", participants.persons(tx, row.id, held_id, now=now), now, **facts)
    if host != actor.id:
        telling.persons(tx, row, "talk_host", [host], now, **facts)
    return row, held


def invite(tx: Tx, actor: Speaker, words: list[str], *, number: int, now: datetime) -> list[str]:
    """Adds to those who take part, and tells the new ones; returns all of them as they are shown."""
    row, held = leads(tx, actor, number, now=now)
    before = set(participants.persons(tx, row.id, held.id, now=now))
    participants.record(tx, held.id, participants.find(tx, row.community_id, words))
    who = participants.shown(participants.of(tx, held.id))
    steps.event(tx, row.id, "invite", actor, now=now)
    audit.note(tx, actor, "talk.invite", f"issue:{row.id}", now=now, community_id=row.community_id)
    fresh = [i for i in participants.persons(tx, row.id, held.id, now=now) if i not in before]
    telling.persons(tx, row, "talk_invited", fresh, now, at=held.starts_at, course=held.course["name"])
    return who


# --- phases ---------------------------------------------------------------------------------------------------
def begin(tx: Tx, held_id: int, row: Row[Any], now: datetime) -> None:
    """The announced hour has come: the first phase begins."""
    held = _get(tx, held_id)
    enter(tx, SYSTEM, row, held, 0, now, since=_on_time(held.starts_at, now))


def on_phase(hook: Phased) -> Phased:
    """Registers what else happens between two phases: first with what ends, then, when all is told, with what begins."""
    _phased.append(hook)
    return hook


def enter(tx: Tx, actor: Actor, row: Row[Any], held: Row[Any], place: int, now: datetime, *,
          since: datetime | None = None) -> Row[Any]:
    """Begins a phase, and with it the clock that ends it or asks its host not to forget it."""
    timers.end(tx, row.id, Timer.DISCUSSION, now=now, about=f"d{held.id}:{held.phase}")
    talks = course(held.course).talks()
    phase, before = talks[place], talks[place - 1] if place else None
    for hook in _phased:
        hook(tx, actor, row, held, before, False, now)
    ends = phase.span.after(since or now, workcalendar.of(tx, row.community_id)) if phase.span else None
    until = quiet.of(tx, row.community_id).closing(ends) if ends else None
    tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(phase=place, until=until, talk_over=False))
    timers.start(tx, Timer.DISCUSSION, row.id, until or now + REMIND, about=f"d{held.id}:{place}")
    steps.event(tx, row.id, "phase", actor, now=now, text=phase.name)
    audit.note(tx, actor, "talk.phase", f"issue:{row.id}", now=now, community_id=row.community_id, place=place)
    telling.groups(tx, row, "phase", now, phase=phase, before=before, until=until)
    telling.persons(tx, row, "phase_host", [held.host_id], now, phase=phase, until=until)
    held = _get(tx, held.id)
    for hook in _phased:
        hook(tx, actor, row, held, phase, True, now)
    return held


def over(tx: Tx, held_id: int, place: int, clock: Row[Any], row: Row[Any], now: datetime) -> None:
    """The time of a phase is over: the next begins, or the last is closed for opinions; else its host is reminded."""
    held = _get(tx, held_id)
    if held.ended_at is not None or held.phase != place or row.state != State.CONSULTING:
        return
    phase = course(held.course).talks()[place]
    if phase.span is not None and not phase.ends:
        enter(tx, SYSTEM, row, held, place + 1, now, since=_on_time(clock.due_at, now))
        return
    if phase.span is not None and not held.talk_over:
        tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(talk_over=True))
        steps.event(tx, row.id, "talk_over", SYSTEM, now=now, text=phase.name)
        telling.groups(tx, row, "talk_over", now, phase=phase)
    telling.persons(tx, row, "phase_waits", [held.host_id], now, phase=phase, notify=True,
                    key=f"{held.id}:{place}:{clock.id}")
    timers.again(tx, clock, now, after=REMIND)


def _on_time(due_at: datetime, now: datetime) -> datetime:
    """From when a phase counts: from when it was announced, but nobody loses time to an outage of ours."""
    return due_at if now - due_at < timedelta(hours=1) else now


def further(tx: Tx, actor: Actor, *, number: int, now: datetime) -> tuple[Row[Any], Phase]:
    """Ends a phase that its host ends; none can be skipped."""
    row, held = leads(tx, actor, number, now=now)
    phase = phase_of(held)
    if phase is None:
        raise Forbidden("talk.not_begun", number=row.number, at=held.starts_at)
    if phase.ends:
        raise Refusal("talk.decide", number=row.number, phase=phase.name, ends=list(phase.ends))
    if phase.span is not None:
        raise Forbidden("talk.no_skipping", number=row.number, phase=phase.name, until=held.until)
    if phase.meeting is not None:
        raise Forbidden("talk.meeting_first", number=row.number, phase=phase.name)
    held = enter(tx, actor, row, held, held.phase + 1, now)
    after = phase_of(held)
    assert after is not None
    return row, after


def resumed(tx: Tx, row: Row[Any], now: datetime) -> None:
    """A vote has decided nothing: the deliberation goes on where it was, and its host is not forgotten."""
    held = current(tx, row)
    if held is not None:
        timers.start(tx, Timer.DISCUSSION, row.id, now + REMIND, about=f"d{held.id}:{held.phase}")


def decided(tx: Tx, row: Row[Any], held: Row[Any], how: Ending, now: datetime, **values: Any) -> Row[Any]:
    """The deliberation is over."""
    timers.end(tx, row.id, Timer.DISCUSSION, now=now)
    tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(decided=how, ended_at=now, **values))
    return _get(tx, held.id)


def agree(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Nothing is in dispute any more: the issue may be handed to who carries it out."""
    done = tx.execute(update(issue).where(issue.c.id == row.id, issue.c.version == row.version).values(
        agreed=True, changed_at=now, version=row.version + 1))
    if done.rowcount != 1:
        raise Refusal("issue.changed_meanwhile")


def _get(tx: Tx, held_id: int) -> Row[Any]:
    return tx.execute(select(deliberation).where(deliberation.c.id == held_id)).one()
