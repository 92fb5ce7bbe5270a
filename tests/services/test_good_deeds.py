"""认领 and points: one claim at a time, a ledger that only grows, nothing below zero, and nothing for votes or complaints."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.errors import Refusal
from domain.points import SUPPORT_A_DAY, WORTH, Kind
from domain.roles import SYSTEM, Role
from models.base import Database, Tx
from models.deeds import claim, point
from models.tables import issue, issue_event, person
from services import audit, claims, erasure, issue_staff, issues, moving, points, rating, steps, timers, triage
from services.issues import Report
from services.people import Speaker
from tests.services.test_similar import place, resident

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ours(tx: Tx, who: Speaker, grid: Speaker, words: str = "楼道堆物大家一起清") -> int:
    """A matter that residents can settle themselves, accepted."""
    row = issues.register(tx, who, Report(words, words, "neighbor", "3幢"), chat_id=None, now=NOW)
    tx.execute(update(issue).where(issue.c.id == row.id).values(track="self"))
    issue_staff.accept(tx, grid, number=row.number, now=NOW)
    return int(row.number)


def done(tx: Tx, doer: Speaker, owner: Speaker | None, number: int, now: datetime = NOW + DAY) -> None:
    """The claim is reported, and confirmed by who raised it or by silence."""
    row = claims.complete(tx, doer, number=number, words="全部清走了，贴了轮值表", now=now)
    if owner is None:
        while timers.fire_due(tx, now=now + 4 * DAY):
            pass
        return
    rating.confirm(tx, owner, number=row.number, rating="satisfied", now=now)


def both(db: Database, first: Callable[[Tx], Any], second: Callable[[Tx], Any]) -> list[Any]:
    """Two at once, each in a transaction of its own: what came of each, or its refusal's key."""
    start = Barrier(2)

    def run(verb: Callable[[Tx], Any]) -> Any:
        start.wait()
        try:
            with db.write() as tx:
                return verb(tx)
        except Refusal as no:
            return no.key

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, (first, second)))


def test_of_two_who_take_it_on_at_once_one_does(db: Database) -> None:
    with db.write() as tx:
        where = place(tx)
        grid, owner, *two = [resident(tx, where, Role.GRID_WORKER), *(resident(tx, where) for _ in range(3))]
        number = ours(tx, owner, grid)
    came = both(db, *(lambda tx, who=who: claims.take_on(tx, who, number=number, until=None, now=NOW)[0].number for who in two))
    assert sorted(map(str, came)) == [str(number), "claim.taken"]
    with db.read() as tx:
        assert len(tx.all(select(claim))) == 1


def test_the_last_points_are_spent_once(db: Database) -> None:
    with db.write() as tx:
        where = place(tx)
        grid, who = resident(tx, where, Role.GRID_WORKER), resident(tx, where)
        points.give(tx, grid, person_id=who.id, amount=30, reason="周六巡逻", key="a", now=NOW)
        points.give(tx, grid, person_id=who.id, amount=30, reason="周六巡逻", key="a", now=NOW)  # delivered again
    came = both(db, *(lambda tx, n=n: points.redeem(tx, grid, person_id=who.id, amount=20, reason="大米", key=f"r{n}", now=NOW)
                      for n in range(2)))
    assert sorted(map(str, came)) == ["10", "points.too_few"]
    with db.write() as tx:
        assert points.balance(tx, who.id) == 10
        audit.seal(tx)
    with db.read() as tx:
        assert audit.verify(tx).ok


@pytest.mark.parametrize("silence", [False, True])
def test_points_come_when_it_is_done_each_once(sqlite_db: Database, silence: bool) -> None:
    """For who did it, whose proposal it was, who stood behind it before: not for who raised it, nor for who came afterwards."""
    with sqlite_db.write() as tx:
        where = place(tx)
        grid, owner, doer, wise, backer, late = [resident(tx, where, Role.GRID_WORKER), *(resident(tx, where) for _ in range(5))]
        number = ours(tx, owner, grid)
        triage.propose(tx, wise, issues.by_number(tx, where, number), text="每家出一个人", now=NOW)
        issues.support(tx, backer, number=number, now=NOW)
        claims.take_on(tx, doer, number=number, until=NOW + 2 * DAY, now=NOW)
        assert not tx.all(select(point))
        row = claims.complete(tx, doer, number=number, words="全部清走了", now=NOW + DAY)
        issues.support(tx, late, number=number, now=NOW + DAY + timedelta(minutes=1))
        if silence:
            while timers.fire_due(tx, now=NOW + 5 * DAY):
                pass
        else:
            rating.confirm(tx, owner, number=number, rating="satisfied", now=NOW + DAY)
        assert {who: points.balance(tx, who.id) for who in (owner, doer, wise, backer, late)} == {
            owner: 0, doer: WORTH[Kind.CLAIM], wise: WORTH[Kind.PROPOSAL], backer: WORTH[Kind.SUPPORT], late: 0}
        assert tx.scalar(select(claim.c.state)) == "done"
        points.for_done(tx, steps.by_id(tx, row.id), now=NOW + 9 * DAY)  # closed once more: nothing is given twice
        assert len(tx.all(select(point))) == 3


def test_ones_own_matter_pays_nothing_and_standing_behind_many_pays_little(sqlite_db: Database) -> None:
    with sqlite_db.write() as tx:
        where = place(tx)
        grid, owner, backer = resident(tx, where, Role.GRID_WORKER), resident(tx, where), resident(tx, where)
        for n in range(SUPPORT_A_DAY + 3):
            number = ours(tx, owner, grid, f"{n}幢楼道堆物大家一起清")
            issues.support(tx, backer, number=number, now=NOW)
            claims.take_on(tx, owner, number=number, until=NOW + 2 * DAY, now=NOW)
            done(tx, owner, owner, number)
        assert (points.balance(tx, owner.id), points.balance(tx, backer.id)) == (0, SUPPORT_A_DAY)


def test_a_claim_ends_when_somebody_is_sent_or_its_day_is_over(sqlite_db: Database) -> None:
    with sqlite_db.write() as tx:
        where = place(tx)
        grid, owner, doer, other = [resident(tx, where, Role.GRID_WORKER), *(resident(tx, where) for _ in range(3))]
        number = ours(tx, owner, grid)
        claims.take_on(tx, doer, number=number, until=NOW + DAY, now=NOW)
        for at, state in ((NOW + DAY, "open"), (NOW + 3 * DAY, "dropped")):
            while timers.fire_due(tx, now=at):
                pass
            assert tx.scalar(select(claim.c.state)) == state
        assert [e.act for e in tx.all(select(issue_event).order_by(issue_event.c.id))][-1] == "unclaim"
        claims.take_on(tx, other, number=number, until=NOW + 9 * DAY, now=NOW + 4 * DAY)
        for who, until, key in ((doer, NOW + 9 * DAY, "claim.taken"), (other, NOW + 50 * DAY, "claim.when"), (other, NOW, "claim.when")):
            with pytest.raises(Refusal, match=re.escape(key)):
                claims.take_on(tx, who, number=number, until=until, now=NOW + 4 * DAY)
        issue_staff_resolves = steps.hands_of(tx, doer, issues.by_number(tx, where, number), now=NOW)
        assert not issue_staff_resolves, "whoever had it once has no hand in it"
        for track, urgency, private in (("shared", "normal", False), ("self", "critical", False), ("self", "normal", True)):
            tx.execute(update(issue).values(track=track, urgency=urgency, private=private))
            with pytest.raises(Refusal, match="claim.not_ours|issue.unknown"):
                claims.take_on(tx, doer, number=number, until=None, now=NOW)


def test_who_was_forgotten_leaves_a_sum_and_no_words(sqlite_db: Database) -> None:
    """And what two accounts of one person earned goes together, and back."""
    with sqlite_db.write() as tx:
        where = place(tx)
        grid, owner, doer, twin = [resident(tx, where, Role.GRID_WORKER), *(resident(tx, where) for _ in range(3))]
        number = ours(tx, owner, grid)
        claims.take_on(tx, twin, number=number, until=NOW + DAY, now=NOW)
        points.give(tx, grid, person_id=twin.id, amount=7, reason="帮老人买药", key="t", now=NOW)
        points.give(tx, grid, person_id=doer.id, amount=3, reason="周六巡逻", key="d", now=NOW)
        old, new = (tx.execute(select(person).where(person.c.id == who.id)).one() for who in (doer, twin))
        moved = moving.over(tx, old, new, [], role=Role.RESIDENT, now=NOW)
        assert points.balance(tx, doer.id) == 10 and tx.scalar(select(claim.c.person_id)) == doer.id
        done(tx, doer, owner, number)
        assert points.balance(tx, doer.id) == 10 + WORTH[Kind.CLAIM]
        assert {"claim", "point"} <= moved.keys()
        erasure.erase(tx, doer, now=NOW + 2 * DAY)
        left = tx.all(select(point))
        assert {(row.person_id, row.reason) for row in left} == {(None, None)} and sum(row.amount for row in left) == 20
        assert tx.scalar(select(claim.c.person_id)) is None
        with pytest.raises(Refusal, match="points.no_line"):
            points.reverse(tx, grid, line=left[0].id, reason="记错了", now=NOW)


def test_nothing_in_the_house_edits_a_line_or_pays_for_a_vote() -> None:
    """The ledger is only added to, but for forgetting; and no code that counts votes or hears complaints knows it."""
    root = Path(__file__).parents[2]
    know = {path.name for folder in ("services", "handlers", "scheduler", "web", "bot") for path in (root / folder).rglob("*.py")
            if re.search(r"models\.deeds import .*\bpoint\b|import .*\bpoints\b", path.read_text("utf-8"))}
    assert know == {"points.py", "erasure.py", "moving.py", "rating.py", "point_lists.py", "lists.py"}  # the last two only show it
    words = (root / "services" / "points.py").read_text("utf-8")
    assert not re.search(r"\b(update|delete)\(", words) and "ballot" not in words
    assert set(Kind) == {"support", "proposal", "claim", "deed", "redeem", "reversal"} and SYSTEM.person_id is None
