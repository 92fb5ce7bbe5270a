"""Merging and parting in any order, against a model of sets: nobody is counted twice, nobody and no clock is lost."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.roles import Role
from domain.states import State
from domain.timers import Timer
from models.base import Database, Tx
from models.tables import identity, issue, outbox
from services import issue_staff, issues, joined, joining, people, steps, timers
from services import outbox as posting
from services.roads import Road
from tests.services.test_similar import place, put, resident

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Model:
    """What should be so: of each issue its own people, and which issue it was joined into directly."""

    def __init__(self, tx: Tx, seed: int):
        self.tx, self.chance, self.now = tx, random.Random(seed), NOW
        self.where = place(tx)
        self.people = [resident(tx, self.where) for _ in range(9)]
        self.grid = resident(tx, self.where, Role.GRID_WORKER)
        self.raised: dict[int, int] = {}
        self.backed: dict[int, set[int]] = {}
        self.into: dict[int, int] = {}
        self.due: dict[int, datetime] = {}
        self.same: dict[int, int] = {}  # who was found to be somebody else
        self.left: set[int] = set()
        for n in range(6):
            row = put(tx, self.people[n % 3], f"{n}幢第{n}件事坏了", self.now)
            self.raised[row.number], self.backed[row.number] = self.people[n % 3].id, set()
            self.due[row.number] = timers.running(tx, row.id, Timer.ANSWER)[0].due_at

    def root(self, number: int) -> int:
        """Where it is dealt with."""
        while number in self.into:
            number = self.into[number]
        return number

    def whole(self, number: int) -> set[int]:
        """Everything that is dealt with there."""
        return {n for n in self.raised if self.root(n) == number}

    def stand(self, number: int) -> set[int]:
        """Everybody behind an issue, and behind what is joined into it."""
        return {self.same.get(p, p) for n in self.whole(number) for p in {self.raised[n]} | self.backed[n]}

    def deed(self) -> None:
        """Something somebody tries; the model follows only what was not refused."""
        self.now += HOUR * self.chance.randint(0, 2)
        self.chance.choices([self.support, self.merge, self.unmerge, self.withdraw, self.join, self.leave], [10, 6, 6, 1, 0.4, 0.2])[0]()

    def support(self) -> None:
        """Somebody stands behind one, by whichever number they know it."""
        who, number = self.chance.choice(self.people), self.chance.choice(list(self.raised))
        if who.id in self.same:
            return
        before = self.stand(self.root(number))
        _, behind, new = issues.support(self.tx, who, number=number, now=self.now)
        assert new == (who.id not in before)
        self.backed[number].add(who.id)
        assert behind == len(self.stand(self.root(number))) - 1

    def merge(self) -> None:
        """One goes into another; numbers lead to where they are dealt with."""
        number, into = self.chance.sample(list(self.raised), 2)
        source, target = issue_staff.merge(self.tx, self.grid, number=number, into=into, now=self.now)
        self.into[source.number] = target.number

    def unmerge(self) -> None:
        """One is taken out again, with all that was joined into it."""
        number = self.chance.choice(list(self.raised))
        _, target = issue_staff.unmerge(self.tx, self.grid, number=number, now=self.now)
        assert self.into.pop(number) == target.number

    def withdraw(self) -> None:
        """Whoever raised it takes it back: somebody behind it goes on, if there is anybody."""
        number = self.root(self.chance.choice(list(self.raised)))
        mine = self.same.get(self.raised[number], self.raised[number])
        owner = next(p for p in self.people if p.id == mine)
        others = self.stand(number) - {owner.id} - self.left
        row, passed = issues.withdraw(self.tx, owner, number=number, now=self.now)
        assert passed == bool(others)
        if passed:
            heir = steps.by_id(self.tx, row.id).submitter_id
            assert heir in others
            self.backed[number] = {p for p in self.backed[number] if self.same.get(p, p) != heir}
            self.raised[number] = heir

    def join(self) -> None:
        """Two of the people turn out to be one."""
        free = [p for p in self.people if p.id not in self.same and p.id not in self.left]
        old, new = sorted(self.chance.sample(free, 2), key=lambda p: p.id)
        offer = joining.offered(self.tx, new, code=joining.make_code(self.tx, old, now=self.now), now=self.now)
        assert offer is not None
        joining.join(self.tx, new, code_id=offer.code_id, now=self.now)
        self.same |= {new.id: old.id} | {k: old.id for k, v in self.same.items() if v == new.id}
        for number, who in self.raised.items():  # nobody stands behind their own
            self.backed[number] -= {p for p in self.backed[number] if self.same.get(p, p) == self.same.get(who, who)}

    def leave(self) -> None:
        """Somebody leaves: what they stand behind keeps their support, and nothing passes to them."""
        who = self.chance.choice([p for p in self.people if p.id not in self.same])
        people.leave(self.tx, who, now=self.now)
        self.left.add(who.id)

    def check(self) -> None:
        """The database says what the model says."""
        for number in self.raised:
            row = issues.asked(self.tx, self.where, number)
            if row.state == State.WITHDRAWN:
                continue
            assert (row.root_id is None) == (number not in self.into) == (row.state != State.MERGED)
            root = steps.by_id(self.tx, row.root_id or row.id)
            assert root.number == self.root(number)
            if number not in self.into:
                told = joined.followers(self.tx, row.id)
                assert {p for p, _ in told} == self.stand(number) and len(told) == len({p for p, _ in told})
                assert joined.behind(self.tx, row.id) == len(self.stand(number)) - 1
                column = self.tx.scalar(select(joined.behind_column()).select_from(issue).where(issue.c.id == row.id))
                assert column == joined.behind(self.tx, row.id)
                assert [c.due_at for c in timers.running(self.tx, row.id, Timer.ANSWER)] == [self.due[number]]
            else:
                assert not timers.running(self.tx, row.id)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_merging_and_parting_keeps_the_people_and_the_clocks(sqlite_db: Database, seed: int) -> None:
    done = 0
    with sqlite_db.write() as tx:
        model = Model(tx, seed)
        for _ in range(120):
            try:
                with tx.savepoint():
                    model.deed()
                done += 1
            except Refusal:
                pass
            model.check()
    assert done > 25


def test_the_middle_of_a_chain_takes_its_own_with_it(sqlite_db: Database) -> None:
    """I3 went into I2, and that into I1: taken out, I2 has I3 again, and I1 has only what was its own."""
    with sqlite_db.write() as tx:
        where = place(tx)
        first, second, third, friend = (resident(tx, where) for _ in range(4))
        grid = resident(tx, where, Role.GRID_WORKER)
        one, two, three = (put(tx, who, f"{n}幢第{n}件事坏了") for n, who in enumerate((first, second, third)))
        for source, target in ((3, 2), (2, 1)):
            issue_staff.merge(tx, grid, number=source, into=target, now=NOW)
        issues.support(tx, friend, number=3, now=NOW)
        assert [joined.behind(tx, one.id), joined.members(tx, one.id)] == [3, [one.id, two.id, three.id]]
        issue_staff.accept(tx, grid, number=1, now=NOW + HOUR)
        issue_staff.unmerge(tx, grid, number=2, now=NOW + 2 * HOUR)
        assert [joined.behind(tx, each.id) for each in (one, two)] == [0, 2]
        assert [steps.by_id(tx, each.id).state for each in (one, two, three)] == ["accepted", "submitted", "merged"]
        issue_staff.unmerge(tx, grid, number=3, now=NOW + 3 * HOUR)
        assert [joined.behind(tx, each.id) for each in (one, two, three)] == [0, 0, 1]
        assert all(timers.running(tx, each.id, Timer.ANSWER) for each in (two, three))


def test_nobody_is_told_twice_of_one_thing(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who raised one and backs the other hears once, under the number that is theirs."""
    monkeypatch.setattr(posting, "_roads", {"mp": Road(True)})
    with sqlite_db.write() as tx:
        where = place(tx)
        who, other = resident(tx, where), resident(tx, where)
        grid = resident(tx, where, Role.GRID_WORKER)
        for each in (who, other):
            tx.add(identity, person_id=each.id, channel="mp", external_id=f"o{each.id}", heard_at=NOW)
        put(tx, who, "1幢的灯坏了")
        put(tx, other, "2幢的门坏了")
        issues.support(tx, who, number=2, now=NOW)
        issue_staff.merge(tx, grid, number=2, into=1, now=NOW)
        before = tx.scalar(select(func.count()).select_from(outbox))
        issue_staff.accept(tx, grid, number=2, now=NOW)
        told = tx.all(select(outbox.c.target, outbox.c.text).offset(before).order_by(outbox.c.id))
        assert len(told) == len({row.target for row in told}) == 2
        assert ["I1" in told[0].text, "I2" in told[1].text] == [True, True]
