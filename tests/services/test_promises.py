"""A promise is never silent, and a closed matter is open again where too many say that it was not kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.errors import Refusal
from domain.lifecycle import Act
from domain.promises import Answers, Rule, broken
from domain.roles import SYSTEM, Role
from domain.timers import Timer
from models.base import Database
from models.tables import promise, timer
from services import issue_staff, issues, promises, steps, timers, work
from tests.services.test_similar import place, put, resident

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(("answers", "expected"), [
    (Answers(9, 2, 0, 1), False),  # exactly a third is not above it
    (Answers(9, 1, 0, 1), False),  # two answers of nine asked are too few
    (Answers(9, 1, 1, 2), True), (Answers(2, 1, 0, 1), True), (Answers(1, 0, 0, 1), True), (Answers(2, 0, 0, 1), False), (Answers(), False)])
def test_when_a_promise_counts_as_not_kept(answers: Answers, expected: bool) -> None:
    assert broken(answers, Rule()) == expected


def test_a_promise_reminds_daily_and_not_kept_opens_the_closed_matter_again(db: Database) -> None:
    """Long after the seven days in which a resident may; each clock has a follower until somebody answers."""
    with db.write() as tx:
        where = place(tx)
        people = [resident(tx, where) for _ in range(4)]
        grid = resident(tx, where, Role.GRID_WORKER)
        row = put(tx, people[0], "3幢2单元电梯坏了")
        for friend in people[1:]:
            issues.support(tx, friend, number=row.number, now=NOW)
        issue_staff.accept(tx, grid, number=row.number, now=NOW)
        work.resolve(tx, grid, number=row.number, words="先修好了，年内更换 无需现场", now=NOW)
        steps.take(tx, SYSTEM, steps.by_id(tx, row.id), Act.CONFIRM, now=NOW)
        with pytest.raises(Refusal, match="promise.not_yours"):
            promises.make(tx, people[1], number=row.number, owner="物业", due_at=NOW + 9 * DAY, text="更换曳引机", now=NOW)
        kept = promises.make(tx, grid, number=row.number, owner="物业", due_at=NOW + 9 * DAY, text="更换曳引机", now=NOW)
        now = NOW
        for _ in range(14):
            now += DAY
            while timers.fire_due(tx, now=now):
                pass
            assert len(timers.running(tx, row.id, Timer.PROMISE)) == 1
        fired = tx.all(select(timer.c.fired_at).where(timer.c.kind == Timer.PROMISE, timer.c.fired_at.is_not(None)))
        assert len(fired) == 7 and promises.days_late(kept, now) == 5  # the day before, when due, and each day since
        assert promises.report(tx, grid, number=row.number, result="曳引机已更换", now=now)[0] == 4
        for who, said in zip(people, (1, 3, 3), strict=False):
            promises.answer(tx, who, said, now=now)
        after = steps.by_id(tx, row.id)
        assert (after.state, after.reopened) == ("in_progress", 1) and after.due_at > now
        assert list(tx.connection.scalars(select(promise.c.state).order_by(promise.c.id))) == ["broken", "open"]
        with pytest.raises(Refusal, match="promise.not_asked"):
            promises.answer(tx, people[3], 1, now=now)
