"""Clocks as rows: they outlive every process, fire once, and are late rather than lost.

A service registers what happens with `@on(Timer.…)`. Firing marks the row in the transaction of what it causes. A clock whose
work breaks is put off, so that the others go on.
"""

import logging
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from domain.states import State
from domain.timers import SPANS, Span, Timer, lives_in, span
from models.base import TransactionLost, Tx
from models.hot import Hot
from models.tables import issue, timer
from services import voices, workcalendar

log = logging.getLogger(__name__)
Due = Callable[[Tx, Row[Any], Row[Any] | None, datetime], None]  # clock, issue (if it has one), now
_AGAIN = timedelta(minutes=5)
_DAILY = timedelta(days=1)
_WAITS = timer.c.fired_at.is_(None) & timer.c.ended_at.is_(None)
_START = Hot(insert(timer).values({n: bindparam(n) for n in ("issue_id", "kind", "about", "due_at", "round", "failures")}))
_does: dict[Timer, Due] = {}
_spans: dict[tuple[Timer, str], Span] = dict(SPANS)


def configure(spans: dict[tuple[Timer, str], Span]) -> None:
    """Tells how long each clock takes in this installation; called once at start."""
    _spans.clear()
    _spans.update(SPANS | spans)


def on(*kinds: Timer) -> Callable[[Due], Due]:
    """Registers what happens when a clock of this kind is due."""
    def register(does: Due) -> Due:
        _does.update(dict.fromkeys(kinds, does))
        return does
    return register


def start(tx: Tx, kind: Timer, issue_id: int | None, due_at: datetime, *, about: str = "", round: int = 0) -> None:
    """Starts a clock."""
    tx.execute(_START, {"issue_id": issue_id, "kind": kind, "about": about, "due_at": due_at, "round": round, "failures": 0})


def due_at(tx: Tx, community_id: int | None, kind: Timer, now: datetime, *, urgency: str = "") -> datetime:
    """When a clock that starts now is due in this community."""
    return span(kind, urgency, _spans).after(now, workcalendar.of(tx, community_id))


def end(tx: Tx, issue_id: int, *kinds: Timer, now: datetime, about: str | None = None) -> None:
    """Ends the clocks of these kinds: nobody needs them any more."""
    same = [timer.c.about == about] if about is not None else []
    tx.execute(update(timer).where(timer.c.issue_id == issue_id, timer.c.kind.in_(kinds), _WAITS, *same).values(ended_at=now))


def leave(tx: Tx, issue_id: int, to: State, *, now: datetime) -> None:
    """Ends every clock that does not run in the state the issue comes to."""
    over = [t for t in Timer if not lives_in(t, to)]
    tx.execute(update(timer).where(timer.c.issue_id == issue_id, timer.c.kind.in_(over), _WAITS).values(ended_at=now))


def restart(tx: Tx, issue_id: int, to: State, *, ended_at: datetime) -> None:
    """Lets the clocks go on that were ended at that moment and run in this state, with the hour they had."""
    alive = [t for t in Timer if lives_in(t, to)]
    tx.execute(update(timer).where(timer.c.issue_id == issue_id, timer.c.ended_at == ended_at, timer.c.fired_at.is_(None),
                                   timer.c.kind.in_(alive)).values(ended_at=None))


def running(tx: Tx, issue_id: int, *kinds: Timer) -> list[Row[Any]]:
    """The clocks of an issue that go on, the next first."""
    wanted = [timer.c.kind.in_(kinds)] if kinds else []
    return tx.all(select(timer).where(timer.c.issue_id == issue_id, _WAITS, *wanted).order_by(timer.c.due_at, timer.c.id))


def again(tx: Tx, row: Row[Any], now: datetime, *, after: timedelta = _DAILY) -> None:
    """Starts a clock that has just fired once more, from now on: a long outage brings one reminder, not thirty."""
    start(tx, Timer(row.kind), row.issue_id, now + after, about=row.about, round=row.round + 1)


def fire_due(tx: Tx, *, now: datetime) -> bool:
    """Lets the first due clock do its work, and marks it in the same transaction; False when none is due.

    The issue is held before the clock, in the order in which everybody holds them.
    """
    for row in tx.all(select(timer).where(_WAITS, timer.c.due_at <= now).order_by(timer.c.due_at, timer.c.id).limit(20)):
        about = None
        if row.issue_id is not None:
            about = tx.first(select(issue).where(issue.c.id == row.issue_id).with_for_update(skip_locked=True))
            if about is None:
                continue
        mine = tx.execute(update(timer).where(timer.c.id == row.id, _WAITS).values(fired_at=now))
        if mine.rowcount == 1:
            with voices.speaking(tx, about.community_id) if about is not None else nullcontext():
                _do(tx, row, about, now)
            return True
    return False


def _do(tx: Tx, row: Row[Any], about: Row[Any] | None, now: datetime) -> None:
    try:
        with tx.savepoint():
            _does[Timer(row.kind)](tx, row, about, now)
    except TransactionLost:
        raise
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__))  # the frames, never the values
        log.error("clock %s of kind %s failed: %s\n%s", row.id, row.kind, type(error).__name__, where)
        later = now + _AGAIN * min(2 ** row.failures, 288)
        tx.execute(update(timer).where(timer.c.id == row.id).values(fired_at=None, due_at=later, failures=row.failures + 1))


def overdue(tx: Tx, *, now: datetime) -> int:
    """How many clocks are due and have not fired."""
    return int(tx.scalar(select(func.count()).select_from(timer).where(_WAITS, timer.c.due_at <= now)))


def failing(tx: Tx) -> list[Row[Any]]:
    """The clocks whose work broke and is tried again: a person should look."""
    return tx.all(select(timer).where(_WAITS, timer.c.failures > 0).order_by(timer.c.id).limit(50))
