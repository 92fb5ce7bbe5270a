"""A long random walk through the life of issues: valid and invalid acts by anybody, clocks, lost transactions, restarts.

3,000 actions in the ordinary run; `LINYI_WALK=100000` walks further (`make faults`). After every action: states change only by
the table, with one event and one version each; no clock runs where it must not, and none is lost. At every restart the whole
database is compared with what was seen; in the end the chain is verified and the figures are recomputed from the log.
"""

import logging
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.guards import Facts
from domain.lifecycle import BEFORE, TABLE, TERMINAL, Act
from domain.roles import SYSTEM, Actor, Role
from domain.states import State
from domain.timers import Timer, lives_in
from models.base import Database, Tx
from models.tables import community, issue, issue_event, party, party_member, person, timer
from services import audit, figures, issue_staff, issues, outbox, promises, rating, steps, timers, work
from services.issues import Report
from services.people import Speaker

ACTIONS = int(os.environ.get("LINYI_WALK", "3000"))
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BATCH = 25  # actions of one transaction
ALIVE = 40
BY_HAND = frozenset({Act.MERGE, Act.UNMERGE, Act.SUBMIT})  # more than a step: only through their verbs
NEEDED = {State.DRAFT: {Timer.DRAFT}, State.SUBMITTED: {Timer.ANSWER}, State.ASSIGNED: {Timer.SIGN, Timer.CONTACT, Timer.WORK},
          State.IN_PROGRESS: {Timer.WORK}, State.SUSPENDED: {Timer.REVIEW}, State.TRANSFERRED: {Timer.FOLLOW},
          State.RESOLVED: {Timer.CONFIRM}, State.PUBLICITY: {Timer.PUBLICITY}}


@dataclass
class Seen:
    """What the walk believes of the database."""

    state: dict[int, str] = field(default_factory=dict)
    version: dict[int, int] = field(default_factory=dict)
    last_event: int = 0
    fired: set[int] = field(default_factory=set)


class Walk:
    """One walk over one SQLite file."""

    def __init__(self, url: str, seed: int):
        self.chance, self.now, self.seen = random.Random(seed), START, Seen()
        self.url, self.db = url, Database(url)
        self.taken = self.refused = self.restarts = self.lost = 0
        self.used: set[tuple[str, str]] = set()
        with self.db.write() as tx:
            self.where = tx.add(community, code="walk", name="走", last_issue=0, last_poll=0)
            self.people = [self._person(tx, role) for role in [Role.RESIDENT] * 8 + [Role.GRID_WORKER] * 2 + [Role.ADMIN]]
            self.parties = [tx.add(party, community_id=self.where, name=f"单位{n}", kind="property") for n in range(3)]
            for n, who in enumerate(self.people[5:8]):
                tx.add(party_member, party_id=self.parties[n % 2], person_id=who.id)
        self.actors: list[Actor] = [*self.people, SYSTEM, Actor("account:1", Role.ADMIN, self.where)]

    def _person(self, tx: Tx, role: Role) -> Speaker:
        who = tx.add(person, community_id=self.where, role=role, told_version=1, consent_version=1, created_at=START)
        return Speaker(f"person:{who}", role, self.where, who, told=True, consented=True)

    # --- the way --------------------------------------------------------------------------------------------------
    def go(self, actions: int) -> None:
        """So many actions, in transactions of which some are lost, with restarts between them."""
        for _ in range(actions // BATCH):
            before, now, lost = deepcopy(self.seen), self.now, self.chance.random() < 0.04
            try:
                with self.db.write() as tx:
                    for _ in range(BATCH):
                        self._act(tx)
                    if lost:
                        raise _Killed
                    audit.seal(tx)
            except _Killed:
                self.seen, self.now, self.lost = before, now, self.lost + 1
            if lost or self.chance.random() < 0.1:
                self._restart()

    def _restart(self) -> None:
        """The process ends; the next one finds everything in the file."""
        self.db.close()
        self.db, self.restarts = Database(self.url), self.restarts + 1
        with self.db.read() as tx:
            found = tx.all(select(issue.c.id, issue.c.state, issue.c.version))
            assert {r.id: r.state for r in found} == self.seen.state and {r.id: r.version for r in found} == self.seen.version
            every: dict[int, list[Any]] = defaultdict(list)
            for row in tx.all(select(timer).order_by(timer.c.id)):
                every[row.issue_id].append(row)
            for issue_id in self.seen.state:
                self._clocks(issue_id, every[issue_id])

    def _act(self, tx: Tx) -> None:
        choice = self.chance.choices(_DEEDS, _WEIGHTS)[0]
        try:
            with tx.savepoint():
                choice(self, tx)
            self.taken += 1
        except Refusal:
            self.refused += 1
        self._look(tx)

    # --- what must hold ---------------------------------------------------------------------------------------------
    def _look(self, tx: Tx) -> None:
        """Compares what happened with the table and with what was there before."""
        touched = set()
        for line in tx.all(select(issue_event).where(issue_event.c.id > self.seen.last_event).order_by(issue_event.c.id)):
            self.seen.last_event = line.id
            touched.add(line.issue_id)
            if line.to_state is None:
                self.seen.version[line.issue_id] += line.act in ("inherit", "excuse", "count")
                continue
            if line.from_state is None:
                assert (line.act, line.to_state) == (Act.SUBMIT, State.SUBMITTED)
                self.seen.state[line.issue_id], self.seen.version[line.issue_id] = line.to_state, 0
                continue
            assert line.from_state == self.seen.state[line.issue_id], "a step that nobody saw"
            step = TABLE[State(line.from_state), Act(line.act)]
            assert line.to_state == step.to or (step.to is None and line.to_state in BEFORE)
            self.seen.state[line.issue_id] = line.to_state
            self.seen.version[line.issue_id] += 1
            self.used.add((line.from_state, line.act))
        assert tx.scalar(select(func.sum(issue.c.version))) in (sum(self.seen.version.values()), None), "a change without an event"
        for issue_id in touched:
            assert tx.scalar(select(issue.c.state).where(issue.c.id == issue_id)) == self.seen.state[issue_id]
            self._clocks(issue_id, tx.all(select(timer).where(timer.c.issue_id == issue_id).order_by(timer.c.id)))

    def _clocks(self, issue_id: int, rows: list[Any]) -> None:
        """No clock runs where it must not; each that the state needs runs, or did its work as the last of its kind."""
        state, last = State(self.seen.state[issue_id]), {}
        for row in rows:
            running = row.fired_at is None and row.ended_at is None
            assert not running or lives_in(Timer(row.kind), state), (row.kind, state)
            last[row.kind] = running or row.fired_at is not None or last.get(row.kind) == "running"
        for kind in NEEDED.get(state, ()):
            assert last.get(kind), f"{state} has lost {kind}"

    # --- the deeds ----------------------------------------------------------------------------------------------------
    def who(self) -> Actor:
        """Anybody."""
        return self.chance.choice(self.actors)

    def one(self) -> Speaker:
        """Anybody who speaks."""
        return self.chance.choice(self.people)

    def pick(self, tx: Tx) -> Any:
        """An issue, more often one that goes on."""
        over = [*map(str, TERMINAL), State.CLOSED] if self.chance.random() < 0.8 else []
        ids = [i for i, state in self.seen.state.items() if state not in over and state != State.DRAFT]
        if not ids:
            raise Refusal("nothing")
        found = steps.by_id(tx, self.chance.choice(ids[-120:]))
        if found.number is None:  # a draft that was forgotten: nobody can name it
            raise Refusal("nothing")
        return found

    def number(self, tx: Tx) -> int:
        """The number of one, or of none."""
        return int(self.pick(tx).number) if self.chance.random() < 0.97 else 99_999

    def later(self) -> datetime:
        """A moment in the next days, or the last."""
        return self.now + timedelta(hours=self.chance.randint(-10, 200))

    def report(self) -> Report:
        """Something to report."""
        n = self.chance.randint(1, 9)
        return Report(f"{n}幢电梯第{self.chance.random():.6f}次坏了", f"{n}幢电梯坏了", self.chance.choice(["elevator", "noise", "pet"]), f"{n}幢",
                      self.chance.choice(["normal", "normal", "urgent", "critical"]))

    def facts(self) -> Facts:
        """Conditions that hold or do not."""
        yes = self.chance.random() < 0.8
        return Facts(reason="说明白了" if yes else "", result="已经换好新的主板恢复运行" if yes else "", evidence=yes, party=yes, decided=yes,
                     outside="城管局 123" if yes else "", own_way=yes, open_objections=0 if yes else 1, return_until=self.later(),
                     longer=timedelta(hours=self.chance.randint(-5, 60)), review_at=self.later())


class _Killed(Exception):
    """The process ends in the middle of a transaction."""


def _register(walk: Walk, tx: Tx) -> None:
    if sum(s not in TERMINAL and s != State.CLOSED for s in walk.seen.state.values()) < ALIVE:
        issues.register(tx, walk.one(), walk.report(), chat_id=None, now=walk.now)


def _draft(walk: Walk, tx: Tx) -> None:
    """Drafts have no events until they are something: what is there is noted here."""
    kept = issues.draft(tx, walk.one(), walk.report(), chat_id=None, same_as=None, now=walk.now)
    walk.seen.state[kept] = State.DRAFT
    walk.seen.version.setdefault(kept, 0)


def _confirm_draft(walk: Walk, tx: Tx) -> None:
    row = issues.pending(tx, walk.one(), since=walk.now - timedelta(days=2))
    if row is not None:
        (issues.submit if walk.chance.random() < 0.6 else issues.drop)(tx, walk.one() if walk.chance.random() < 0.1 else _of(walk, row),
                                                                       issue_id=row.id, now=walk.now)


def _of(walk: Walk, row: Any) -> Speaker:
    return next(p for p in walk.people if p.id == row.submitter_id)


def _step(walk: Walk, tx: Tx) -> None:
    """Any act at all on any issue; now and then with an issue as it was before somebody else acted."""
    row = walk.pick(tx)
    mine = [a for s, a in TABLE if s == row.state and a not in BY_HAND]
    act = walk.chance.choice(mine if mine and walk.chance.random() < 0.7 else [a for a in Act if a not in BY_HAND])
    actor = _able(walk, row, act) if walk.chance.random() < 0.6 else walk.who()
    values: dict[str, Any] = {}
    if act is Act.ASSIGN:
        values = {"party_id": walk.chance.choice(walk.parties)} | ({"due_at": walk.later()} if walk.chance.random() < 0.8 else {})
    if act is Act.EXTEND:
        values = {"due_at": walk.later(), "extended": row.extended + 1}
    if act is Act.CONFIRM:
        values = {"solved": walk.chance.choice([True, False, None]),
                  "rating": walk.chance.choice([None, "very_satisfied", "satisfied", "fair", "dissatisfied"])}
    steps.take(tx, actor, row, act, now=walk.now, facts=walk.facts(), **values)
    if walk.chance.random() < 0.1:  # the same issue as it was
        with pytest.raises(Refusal), tx.savepoint():
            steps.take(tx, actor, row, act, now=walk.now, facts=walk.facts())


def _able(walk: Walk, row: Any, act: Act) -> Actor:
    """Somebody whose hand the act may need."""
    submitter = [p for p in walk.people if p.id == row.submitter_id]
    return walk.chance.choice([*submitter, walk.people[-1], SYSTEM, *walk.people[5:8]])


def _support(walk: Walk, tx: Tx) -> None:
    issues.support(tx, walk.one(), number=walk.number(tx), now=walk.now)


def _withdraw(walk: Walk, tx: Tx) -> None:
    row = walk.pick(tx)
    issues.withdraw(tx, _of(walk, row) if walk.chance.random() < 0.7 else walk.one(), number=row.number, now=walk.now)


def _answer(walk: Walk, tx: Tx) -> None:
    row = walk.pick(tx)
    who = _of(walk, row) if walk.chance.random() < 0.8 else walk.one()
    if walk.chance.random() < 0.5:
        rating.confirm(tx, who, number=row.number, rating=walk.chance.choice([None, "satisfied", "fair"]), now=walk.now)
    else:
        rating.dispute(tx, who, number=row.number, rating=None, words="", now=walk.now)


def _accept(walk: Walk, tx: Tx) -> None:
    issue_staff.accept(tx, walk.who(), number=walk.number(tx), now=walk.now)


def _reject(walk: Walk, tx: Tx) -> None:
    issue_staff.reject(tx, walk.who(), number=walk.number(tx), reason=walk.chance.choice(["", "属交警职责，请打 122"]), now=walk.now)


def _merge(walk: Walk, tx: Tx) -> None:
    issue_staff.merge(tx, walk.who(), number=walk.number(tx), into=walk.number(tx), now=walk.now)


def _unmerge(walk: Walk, tx: Tx) -> None:
    merged = [i for i, s in walk.seen.state.items() if s == State.MERGED]
    number = steps.by_id(tx, walk.chance.choice(merged)).number if merged else 99_999
    issue_staff.unmerge(tx, walk.who(), number=number, now=walk.now)


def _resolve(walk: Walk, tx: Tx) -> None:
    work.resolve(tx, walk.who(), number=walk.number(tx), words=walk.chance.choice(["", "已换新主板，恢复运行 无需现场"]), now=walk.now)


def _excuse(walk: Walk, tx: Tx) -> None:
    figures.excuse(tx, walk.who(), number=walk.number(tx), reason=walk.chance.choice(["", "要求每天换一次电梯"]), now=walk.now)


def _promise(walk: Walk, tx: Tx) -> None:
    promises.make(tx, walk.who(), number=walk.number(tx), owner="单位0", due_at=walk.later(), text="更换曳引机", now=walk.now)


def _keep(walk: Walk, tx: Tx) -> None:
    promises.report(tx, walk.who(), number=walk.number(tx), result="已经更换曳引机", now=walk.now)


def _judge(walk: Walk, tx: Tx) -> None:
    promises.answer(tx, walk.one(), walk.chance.choice([1, 2, 3, 3, 3]), now=walk.now)


def _time(walk: Walk, tx: Tx) -> None:
    """Time passes, sometimes a week in which nothing ran; then everything due does its work, once."""
    walk.now += timedelta(minutes=walk.chance.choice([0, 1, 20, 60, 600, 1500, 4500, 12000]))
    while timers.fire_due(tx, now=walk.now):
        pass
    assert not timers.failing(tx)
    assert not tx.first(select(timer.c.id).where(timer.c.fired_at.is_(None), timer.c.ended_at.is_(None), timer.c.due_at <= walk.now))


_CHANCES: dict[Callable[[Walk, Tx], None], int] = {
    _register: 10, _draft: 2, _confirm_draft: 3, _step: 45, _support: 8, _withdraw: 1, _answer: 4, _accept: 12, _reject: 1, _merge: 3,
    _unmerge: 3, _resolve: 2, _excuse: 1, _promise: 2, _keep: 2, _judge: 3, _time: 3}
_DEEDS, _WEIGHTS = list(_CHANCES), list(_CHANCES.values())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Every clock does something, and each time it does is noted; one that has no work on this branch of life only ticks."""
    logging.getLogger("services.timers").setLevel(logging.CRITICAL)
    monkeypatch.setattr(outbox, "_roads", {})  # nobody is written to: telling has tests of its own
    rung: list[int] = []

    def noted(does: timers.Due) -> timers.Due:
        def ring(tx: Tx, clock: Any, row: Any, now: datetime) -> None:
            rung.append(clock.id)
            does(tx, clock, row, now)
        return ring
    monkeypatch.setattr(timers, "_does", {kind: noted(timers._does.get(kind, lambda *_: None)) for kind in Timer})
    yield rung


def test_a_long_walk_never_leaves_the_table_and_loses_no_clock(sqlite_db: Database, counted: list[int]) -> None:
    walk = Walk(sqlite_db.url.render_as_string(hide_password=False), seed=int(os.environ.get("LINYI_WALK_SEED", "6")))
    try:
        walk.go(ACTIONS)
        with walk.db.read() as tx:
            assert audit.verify(tx).ok
            cases = figures.from_log(tx)
            assert figures.differences(tx, cases) == []
            everything = figures.Asked(walk.where)
            assert figures.recount(tx, cases, everything, walk.now) == figures.sheet(tx, everything, walk.now)
            rung = tx.scalar(select(func.count()).where(timer.c.fired_at.is_not(None)))
        assert rung > 50 and walk.restarts > 5 and walk.lost > 2 and min(walk.taken, walk.refused) > ACTIONS / 10
        missed = {(str(s), str(a)) for s, a in TABLE} - walk.used
        assert ACTIONS < 100_000 or not missed, f"never gone: {missed}"
        print(f"{walk.taken} done, {walk.refused} refused, {walk.restarts} restarts, {walk.lost} lost, {rung} clocks, "
              f"{len(walk.used)} of {len(TABLE)} steps")
    finally:
        walk.db.close()
