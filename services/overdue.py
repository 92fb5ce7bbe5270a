"""What happens when nobody signs, gets in touch or gets done in time: reminders each day, then the level above."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import issue_event
from services import dispatch, issues, levels, limits, parties, steps, telling, timers, workcalendar

NUDGE, NUDGE_EVERY = "nudge", timedelta(hours=4)


@timers.on(Timer.SIGN, Timer.CONTACT)
def _silent(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Not signed, or nobody has got in touch: says so to the party and the staff, again each day."""
    assert row is not None
    signed = row.state != State.ASSIGNED
    news = "unsigned" if clock.kind == Timer.SIGN else "uncontacted"
    steps.event(tx, row.id, news, SYSTEM, now=now, inner=clock.round > 0, party_id=row.party_id)
    if signed or clock.kind == Timer.SIGN:  # one reminder is enough for who has not even signed
        _remind(tx, row, news, now, notify=clock.round == 0)
    timers.again(tx, clock, now)


@timers.on(Timer.WORK)
def _late(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Due soon: a reminder. Overdue: one each day, and after two working days the level above hears of it."""
    assert row is not None
    if clock.about == dispatch.SOON:
        _remind(tx, row, "soon", now)
    elif clock.about == dispatch.ABOVE:
        steps.event(tx, row.id, "supervise", SYSTEM, now=now, party_id=row.party_id)
        telling.persons(tx, row, "supervise", levels.above(tx, row, now=now), now, notify=True, due=row.due_at,
                        party=_party(tx, row))
    else:
        if clock.round == 0:
            timers.start(tx, Timer.WORK, row.id, _supervised_from(tx, row.community_id, clock.due_at), about=dispatch.ABOVE)
        steps.event(tx, row.id, "overdue", SYSTEM, now=now, inner=clock.round > 0, party_id=row.party_id,
                    facts={"day": clock.round + 1})
        _remind(tx, row, "overdue", now, notify=clock.round == 0, days=clock.round + 1)
        timers.again(tx, clock, now)


def _supervised_from(tx: Tx, community_id: int, due_at: datetime) -> datetime:
    """When it is long overdue, counted from the day it was due; midnight belongs to the day that ends."""
    return limits.of().supervise_after.after(due_at - timedelta(microseconds=1), workcalendar.of(tx, community_id))


def _remind(tx: Tx, row: Row[Any], news: str, now: datetime, *, notify: bool = False, **facts: Any) -> None:
    """Tells the party; the staff too, unless it is only soon, and always when nobody acts for the party."""
    who = parties.members(tx, row.party_id, now=now) if row.party_id is not None else []
    told = telling.persons(tx, row, f"{news}.party", who, now, notify=notify, due=row.due_at, **facts)
    if news != "soon" or not told:
        telling.staff(tx, row, news, now, due=row.due_at, party=_party(tx, row), **facts)


def _party(tx: Tx, row: Row[Any]) -> str:
    return str(parties.by_id(tx, row.party_id).name) if row.party_id is not None else ""


def nudge(tx: Tx, actor: Actor, *, number: int, now: datetime) -> tuple[Row[Any], int]:
    """Staff ask the party to get on with it (催办), at most once in some hours; gives how many of its people can be reached."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    if row.party_id is None or row.state not in (State.ASSIGNED, State.IN_PROGRESS):
        raise Refusal("nudge.nobody", number=row.number)
    last = tx.scalar(select(func.max(issue_event.c.at)).where(issue_event.c.issue_id == row.id, issue_event.c.act == NUDGE))
    if last is not None and now - last < NUDGE_EVERY:
        raise Refusal("nudge.again", number=row.number, hours=NUDGE_EVERY // timedelta(hours=1))
    row = steps.mark(tx, actor, row, NUDGE, now=now, inner=True, party_id=row.party_id)
    who = parties.members(tx, row.party_id, now=now)
    return row, telling.persons(tx, row, "nudged", who, now, notify=True, due=row.due_at)
