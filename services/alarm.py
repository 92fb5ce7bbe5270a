"""Dangers: who is on duty hears of them at any hour, and everybody who works here when that reaches nobody."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from domain.roles import SYSTEM
from domain.timers import Timer
from models.base import Tx
from services import audit, dispatch, notices, outbox, people, roster, steps, telling, timers
from services.people import Speaker
from texts.say import say

_CRITICAL_AGAIN, _NEXT_DAY = timedelta(minutes=15), timedelta(days=1)


def alert(tx: Tx, speaker: Speaker, *, key: str, category: str, place: str | None, hotline: str, now: datetime) -> int:
    """Tells the person on duty about a danger, else every grid worker of the community; returns how many can be reached."""
    text = say("issue.alert", category=category, place=place, hotline=hotline)

    def told(who: list[int]) -> int:
        return sum(outbox.to_person(tx, person_id=i, key=f"{key}:alert:person:{i}", text=text, now=now, quiet=False,
                                    notice=notices.alarm(category, place, now=now), weight=outbox.DANGER) for i in who)

    duty = roster.on_duty(tx, speaker.community_id, now=now)
    reached = told(duty) or told([i for i in people.staff_of(tx, speaker.community_id) if i not in duty])
    audit.note(tx, speaker, "issue.alert", key, now=now, reached=reached, duty=len(duty))
    return reached


@timers.on(Timer.ANSWER)
def _unanswered(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Nobody has accepted or declined in time: the staff hear of it each day; of a danger everybody at once, then the admins."""
    assert row is not None
    steps.event(tx, row.id, "late", SYSTEM, now=now, inner=True)
    if row.urgency != "critical":
        telling.staff(tx, row, "unanswered", now, urgency=row.urgency)
        timers.again(tx, clock, now, after=_NEXT_DAY)
        return
    staff = people.staff_of(tx, row.community_id)
    who = (dispatch.admins(tx, row.community_id) if clock.round else []) or staff
    duty = [i for i in roster.on_duty(tx, row.community_id, now=now) if i not in who] if not clock.round else []
    telling.persons(tx, row, "alarm_unanswered", [*who, *duty], now, quiet=False, weight=outbox.DANGER, notify=True,
                    place=row.place, category=row.category, again=clock.round)
    timers.again(tx, clock, now, after=_CRITICAL_AGAIN if clock.round < 3 else _NEXT_DAY)
