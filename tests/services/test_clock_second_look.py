"""A clock that is due never acts on a state that changed while it was about to fire."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, select

from domain.guards import Facts
from domain.lifecycle import Act
from domain.roles import SYSTEM, Role
from domain.timers import Timer
from models.base import Database
from models.tables import issue, issue_event, timer
from services import issue_staff, issues, steps, timers
from services.issues import Report
from tests.services.test_similar import place, resident

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=4)


def test_silence_does_not_close_what_is_disputed_in_the_same_moment(postgres_db: Database) -> None:
    """The clock has found the issue waiting; before it holds it, the resident says that it is not solved."""
    db = postgres_db
    with db.write() as tx:
        where = place(tx)
        who, grid = resident(tx, where), resident(tx, where, Role.GRID_WORKER)
        number = issues.register(tx, who, Report("楼道灯不亮", "楼道灯不亮", "facility_light", "3幢"), chat_id=None, now=NOW).number
        issue_staff.accept(tx, grid, number=number, now=NOW)
        row = steps.take(tx, grid, issues.by_number(tx, where, number, lock=True), Act.RESOLVE, now=NOW,
                         facts=Facts(result="换好了灯泡，亮了"))
        assert [t.kind for t in timers.running(tx, row.id)] == [Timer.CONFIRM]
    meanwhile: list[str] = []

    def dispute(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Another process, between the clock's look and its hold on the issue."""
        if meanwhile or "FOR UPDATE SKIP LOCKED" not in statement:
            return
        meanwhile.append(statement)
        with db.write() as other:
            steps.take(other, who, issues.by_number(other, where, number, lock=True), Act.DISPUTE, now=LATER, solved=False)

    event.listen(db.engine, "before_cursor_execute", dispute)
    try:
        with db.write() as tx:
            assert timers.fire_due(tx, now=LATER) is False
    finally:
        event.remove(db.engine, "before_cursor_execute", dispute)
    assert meanwhile
    with db.read() as tx:
        assert tx.scalar(select(issue.c.state)) == "in_progress"
        assert tx.first(select(timer).where(timer.c.kind == Timer.CONFIRM)).fired_at is None
        assert not tx.all(select(issue_event).where(issue_event.c.act == Act.CONFIRM))


def test_a_clock_that_is_beaten_by_a_step_is_ended_by_it(db: Database) -> None:
    """Whoever comes first, the other finds nothing to do: no clock outlives its state."""
    with db.write() as tx:
        where = place(tx)
        who, grid = resident(tx, where), resident(tx, where, Role.GRID_WORKER)
        number = issues.register(tx, who, Report("楼道灯不亮", "楼道灯不亮", "facility_light", "3幢"), chat_id=None, now=NOW).number
    with db.write() as tx:
        issue_staff.accept(tx, grid, number=number, now=LATER)
        assert timers.fire_due(tx, now=LATER) is False
    with db.write() as tx:
        row = issues.by_number(tx, where, number, lock=True)
        steps.take(tx, grid, row, Act.RESOLVE, now=LATER, facts=Facts(result="换好了灯泡，亮了"))
    with db.write() as tx:
        assert timers.fire_due(tx, now=LATER + timedelta(days=4)) is True
    with db.read() as tx:
        assert [(e.act, e.actor_id) for e in tx.all(select(issue_event).order_by(issue_event.c.id))][-1] == (Act.CONFIRM, SYSTEM.person_id)
        assert tx.scalar(select(issue.c.state)) == "closed"
