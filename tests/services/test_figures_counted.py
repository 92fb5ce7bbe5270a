"""Figures of real courses: by the database and from the log alone, the same to the last digit; and tampering is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from domain.errors import Refusal
from domain.figures import Figure, Rate
from domain.guards import Facts
from domain.lifecycle import Act
from domain.roles import SYSTEM, Role
from models.base import Database, Tx
from models.tables import building, issue, party, party_member
from services import figures, issue_staff, issues, steps
from services.figures import GROUPS, Asked
from services.issues import Report
from services.people import Speaker
from tests.services.test_similar import place, resident

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Town:
    """A community in which things are reported and done."""

    def __init__(self, tx: Tx):
        self.tx, self.now = tx, NOW
        self.where = place(tx)
        self.residents = [resident(tx, self.where) for _ in range(4)]
        self.grid, self.admin = resident(tx, self.where, Role.GRID_WORKER), resident(tx, self.where, Role.ADMIN)
        tx.add(building, community_id=self.where, name="3幢")
        self.parties = [tx.add(party, community_id=self.where, name=name, kind="property") for name in ("物业", "城管")]
        self.workers = [resident(tx, self.where) for _ in self.parties]
        for each, who in zip(self.parties, self.workers, strict=True):
            tx.add(party_member, party_id=each, person_id=who.id)

    def report(self, who: int = 0, category: str = "elevator", where: str | None = "3幢2单元") -> int:
        """Something is put on record and accepted."""
        told = Report(f"{where}的事{self.now}", "一件事", category, where)
        number = issues.register(self.tx, self.residents[who], told, chat_id=None, now=self.now).number
        issue_staff.accept(self.tx, self.grid, number=number, now=self.now)
        return int(number)

    def act(self, number: int, act: Act, who: Speaker | None = None, facts: Facts | None = None, **values: Any) -> None:
        """One step of it."""
        row = issues.by_number(self.tx, self.where, number)
        facts = facts or Facts(party=True, own_way=True, reason="说明白了", result="已经换好新的主板恢复运行", evidence=True,
                               return_until=self.now + DAY)
        steps.take(self.tx, who or self.grid, row, act, now=self.now, facts=facts, **values)

    def send(self, number: int, to: int = 0, hours: int = 48) -> None:
        """It is sent to a party."""
        self.act(number, Act.ASSIGN, party_id=self.parties[to], due_at=self.now + hours * HOUR)

    def done(self, number: int, to: int = 0) -> None:
        """The party takes it on, speaks with whoever raised it, and reports it done."""
        for act in (Act.TAKE_ON, Act.CONTACT, Act.RESOLVE):
            self.act(number, act, self.workers[to])


@pytest.fixture
def told(db: Database) -> Any:
    """A month of courses, each for an edge of a formula."""
    with db.write() as tx:
        town = Town(tx)
        first = town.report()  # in time, solved, content
        town.send(first)
        town.done(first)
        town.act(first, Act.CONFIRM, town.residents[0], solved=True, rating="satisfied")
        late = town.report(1, "noise", "5幢")  # late in everything, not solved
        town.send(late, 1, 1)
        town.now += 6 * DAY
        town.done(late, 1)
        town.act(late, Act.DISPUTE, town.residents[1], solved=False, rating="dissatisfied", due_at=town.now + 5 * DAY)
        back = town.report(2, "noise", None)  # sent back once, sent to another, silence, opened again
        town.send(back)
        town.act(back, Act.RETURN, town.workers[0])
        town.send(back, 1)
        town.done(back, 1)
        town.act(back, Act.CONFIRM, SYSTEM)
        town.act(back, Act.REOPEN, town.residents[2])
        silence = town.report(3, "pet", "3幢")
        town.send(silence)
        town.done(silence)
        town.act(silence, Act.CONFIRM, SYSTEM)
        town.now += 25 * DAY  # December
        unreasonable = town.report(0, "pet", "3幢1单元101")
        town.send(unreasonable)
        town.done(unreasonable)
        figures.excuse(tx, town.admin, number=unreasonable, reason="要求每天换新电梯", now=town.now)
        open_ = town.report(0)
        town.send(open_, 0, 1)
        yield town


def test_each_figure_counts_what_its_formula_says(told: Town) -> None:
    found = figures.sheet(told.tx, Asked(told.where), told.now)
    assert found.rates == {Figure.RESPONSE: Rate(3, 4), Figure.SOLVED: Rate(1, 2), Figure.SATISFIED: Rate(1, 2),
                           Figure.ON_TIME: Rate(2, 2), Figure.RETURNED: Rate(1, 5), Figure.REOPENED: Rate(1, 3)}
    assert (found.raised, found.silent, found.excused) == (6, 1, 1)
    november = figures.sheet(told.tx, Asked(told.where, "2026-11"), told.now)
    assert (november.raised, november.rates[Figure.RETURNED]) == (4, Rate(1, 4))
    assert figures.sheet(told.tx, Asked(told.where, "2026-11", building="3幢"), told.now).raised == 2
    assert str(figures.sheet(told.tx, Asked(told.where, "2026-10"), told.now).rates[Figure.SOLVED]) == "—"


def test_what_was_sent_back_counts_for_the_party_that_sent_it_back(told: Town) -> None:
    """Not for the one that has it now; and for a party that has nothing any more."""
    def of() -> dict[str, Rate]:
        return {name: found.rates[Figure.RETURNED] for name, _, found in figures.table(told.tx, Asked(told.where), "party", told.now)}
    assert of() == {"物业": Rate(1, 4), "城管": Rate(0, 2)}
    street = told.tx.add(party, community_id=told.where, name="市政", kind="department")
    told.parties.append(street)
    told.workers.append(resident(told.tx, told.where))
    told.tx.add(party_member, party_id=street, person_id=told.workers[2].id)
    told.send(told.report(1), 2)
    told.act(7, Act.RETURN, told.workers[2])
    assert of() == {"物业": Rate(1, 4), "城管": Rate(0, 2), "市政": Rate(1, 1)}
    assert figures.sheet(told.tx, Asked(told.where), told.now).rates[Figure.RETURNED] == Rate(2, 6)  # nobody has it, and it was sent


def test_the_log_alone_gives_the_same_to_the_last_digit(told: Town) -> None:
    """Over everything and over each category, party, building and month."""
    cases = figures.from_log(told.tx)
    assert figures.differences(told.tx, cases) == []
    asked = [Asked(told.where)] + [narrowed for by in GROUPS for _, narrowed, _ in figures.table(told.tx, Asked(told.where), by, told.now)]
    assert len(asked) >= 10
    for each in asked:
        assert figures.recount(told.tx, cases, each, told.now) == figures.sheet(told.tx, each, told.now), each


@pytest.mark.parametrize(("column", "value"), [
    ("solved", True), ("rating", "fair"), ("contacted_at", NOW), ("due_at", NOW + 90 * DAY), ("returned", 0), ("reopened", 0),
    ("resolved_at", NOW), ("contact_due", None), ("excused", "悄悄不算"), ("state", "closed"), ("party_id", None), ("created_at", NOW - 40 * DAY)])
def test_a_number_changed_in_the_table_is_found(told: Town, column: str, value: Any) -> None:
    told.tx.execute(update(issue).where(issue.c.number == (2 if column not in ("returned", "reopened") else 3)).values({column: value}))
    found = figures.differences(told.tx, figures.from_log(told.tx))
    assert [(number, name) for number, name, _, _ in found] == [
        (3 if column in ("returned", "reopened") else 2, {"created_at": "raised_at"}.get(column, column))]


def test_each_number_opens_exactly_the_issues_it_was_counted_from(told: Town) -> None:
    """Above and below the line of every figure, for everything and for each part of it."""
    for asked in [Asked(told.where), *(narrowed for by in GROUPS for _, narrowed, _ in figures.table(told.tx, Asked(told.where), by, told.now))]:
        found = figures.sheet(told.tx, asked, told.now)
        expected = {"": found.raised, "silent": found.silent, "excused": found.excused}
        for figure, rate in found.rates.items():
            expected |= {figure: rate.of, f"{figure}.met": rate.met}
        for which, count in expected.items():
            listed = select(func.count()).select_from(figures.listed(asked, which, told.now).subquery())
            assert told.tx.scalar(listed) == count, (asked, which)


def test_only_an_admin_leaves_a_matter_out_and_says_why(told: Town) -> None:
    for actor, reason, key in ((told.grid, "不合理", "figures.admin_only"), (told.admin, "x", "figures.why")):
        with pytest.raises(Refusal, match=key):
            figures.excuse(told.tx, actor, number=1, reason=reason, now=told.now)
    figures.excuse(told.tx, told.admin, number=5, reason="", now=told.now)
    assert figures.sheet(told.tx, Asked(told.where), told.now).excused == 0
    assert figures.differences(told.tx, figures.from_log(told.tx)) == []
