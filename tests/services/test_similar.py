"""The index of open issues: what is the same is found, and what is over, erased or elsewhere is not; and the proposed groups."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from domain.roles import Role
from models.base import Database, Tx
from models.tables import community, issue, issue_group, issue_term, person
from ops import database
from services import audit, erasure, grouping, issue_staff, issues, proposals, similar
from services.issues import Report
from services.people import Speaker
from texts import words

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def resident(tx: Tx, where: int, role: Role = Role.RESIDENT) -> Speaker:
    """Somebody of the community who has consented."""
    who = tx.add(person, community_id=where, role=role, told_version=1, consent_version=1, created_at=NOW)
    return Speaker(f"person:{who}", role, where, who, told=True, consented=True)


def place(tx: Tx, name: str = "here") -> int:
    """A community."""
    return tx.add(community, code=name, name=name, last_issue=0, last_poll=0)


def read(text: str) -> Report:
    """A report as the handler understands it."""
    return Report(text, words.title(text), words.category(text) or "other", words.place(text))


def put(tx: Tx, speaker: Speaker, text: str, now: datetime = NOW) -> Any:
    """One issue on record."""
    return issues.register(tx, speaker, read(text), chat_id=None, now=now)


def found(tx: Tx, where: int, text: str) -> int | None:
    """The number of the open issue that says the same."""
    row = issues.same_open(tx, where, read(text))
    return None if row is None else row.number


def terms(tx: Tx) -> int:
    """How many rows the index has."""
    return int(tx.scalar(select(func.count()).select_from(issue_term)))


def test_the_same_is_found_among_many_of_its_kind(db: Database) -> None:
    """The three hundredth of one kind is found as well as the first; the best match wins."""
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        for n in range(1, 301):
            put(tx, who, f"{n}幢电梯坏了没人修")
        assert [found(tx, where, f"{n}号楼的电梯又坏了") for n in (1, 150, 300)] == [1, 150, 300]
        assert found(tx, where, "301幢电梯坏了") is None and found(tx, where, "7幢楼道灯不亮") is None


def test_what_was_filed_under_another_kind_is_found_when_the_words_are_the_same(db: Database) -> None:
    """A category may be corrected later; the neighbour still says the same thing."""
    with db.write() as tx:
        where = place(tx)
        row = put(tx, resident(tx, where), "北门快递柜旁边的窨井冒水")
        tx.execute(update(issue).where(issue.c.id == row.id).values(category="other"))
        assert found(tx, where, "北门快递柜旁边窨井又冒水了") == 1
        assert found(tx, where, "北门快递柜打不开") is None


def test_another_community_s_issues_are_not_found(db: Database) -> None:
    """Nor do they take up places among the candidates."""
    with db.write() as tx:
        here, there = place(tx, "here"), place(tx, "there")
        put(tx, resident(tx, here), "3幢电梯坏了没人修")
        assert found(tx, there, "3幢电梯坏了没人修") is None and found(tx, here, "3幢电梯坏了没人修") == 1


def test_drafts_are_not_found_and_what_is_over_leaves_the_index(db: Database) -> None:
    """Draft, submitted, declined; merged; withdrawn."""
    with db.write() as tx:
        where = place(tx)
        who, staff = resident(tx, where), resident(tx, where, Role.GRID_WORKER)
        draft = issues.draft(tx, who, read("3幢电梯坏了"), chat_id=None, same_as=None, now=NOW)
        assert terms(tx) == 0 and found(tx, where, "3幢电梯坏了") is None
        issues.submit(tx, who, issue_id=draft, now=NOW)
        assert found(tx, where, "3幢电梯坏了") == 1
        issue_staff.reject(tx, staff, number=1, reason="不属于小区的事", now=NOW)
        assert terms(tx) == 0 and found(tx, where, "3幢电梯坏了") is None
        put(tx, who, "5幢电梯坏了")
        put(tx, who, "北门路灯不亮")
        one = terms(tx)
        issue_staff.merge(tx, staff, number=3, into=2, now=NOW)
        assert 0 < terms(tx) < one
        issues.withdraw(tx, who, number=2, now=NOW)
        assert terms(tx) == 0


def test_erasing_a_person_leaves_nothing_in_the_index(db: Database) -> None:
    """Also of an issue that goes on without their words."""
    with db.write() as tx:
        where = place(tx)
        who, other = resident(tx, where), resident(tx, where)
        put(tx, who, "3幢电梯坏了没人修")
        put(tx, who, "北门路灯不亮")
        issues.support(tx, other, number=1, now=NOW)
        erasure.erase(tx, who, now=NOW)
        assert terms(tx) == 0 and found(tx, where, "3幢电梯坏了没人修") is None
        assert tx.scalar(select(issue.c.state).where(issue.c.number == 1)) == "submitted"
        assert similar.reindex(tx) == 0


def test_the_index_is_built_anew_from_open_issues(db: Database) -> None:
    """As the migration does for what is there already."""
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        for n in range(5):
            put(tx, who, f"{n + 1}幢电梯坏了")
        before = tx.all(select(issue_term).order_by(issue_term.c.term, issue_term.c.issue_id))
        assert similar.reindex(tx, step=2) == 5
        assert tx.all(select(issue_term).order_by(issue_term.c.term, issue_term.c.issue_id)) == before


def test_the_index_holds_no_words(db: Database) -> None:
    """Numbers only, and different ones for the same words in another community."""
    with db.write() as tx:
        for name in ("here", "there"):
            put(tx, resident(tx, place(tx, name)), "3幢电梯坏了没人修")
        rows = tx.all(select(issue_term))
        assert all(isinstance(value, int) for row in rows for value in row)
        assert len({row.term for row in rows}) == len(rows)


@pytest.mark.parametrize("count", [30, 600])
def test_a_search_reads_no_more_when_more_is_open(db: Database, count: int) -> None:
    """What is in every issue is followed to the newest only; the statements stay the same few."""
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        for _ in range(count):
            put(tx, who, "电梯太吵了")
        put(tx, who, "广场舞音响太响")
        assert found(tx, where, "电梯太吵了") is not None and found(tx, where, "广场舞音响太响了") == count + 1
        assert len(similar.candidates(tx, where, words.Matter("电梯太吵了", "noise", None))) <= similar.COMPARED


def test_groups_are_proposed_once_and_followed(db: Database) -> None:
    """Found by the clock; a second look finds nothing to do; what is merged falls out; new ones come in after a while."""
    with db.write() as tx:
        where = place(tx)
        who, staff = resident(tx, where), resident(tx, where, Role.GRID_WORKER)
        for text in ("3幢2单元电梯停运没人修", "北门路灯不亮", "三幢二单元电梯又停运了", "5幢电梯停运"):
            put(tx, who, text)
        audit.seal(tx)
    assert grouping.group_due(db, now=NOW) == 1 and grouping.group_due(db, now=NOW + timedelta(hours=1)) == 0
    assert _numbers(db, where) == [[1, 3]]
    with db.write() as tx:
        put(tx, who, "北门那个路灯又不亮了")
        issue_staff.merge(tx, staff, number=3, into=1, now=NOW)
        audit.seal(tx)
    assert _numbers(db, where) == [] and grouping.group_due(db, now=NOW + timedelta(minutes=5)) == 0
    assert grouping.group_due(db, now=NOW + timedelta(minutes=11)) == 1 and _numbers(db, where) == [[2, 5]]
    with db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(issue).where(issue.c.state == "merged")) == 1  # by hand


def _numbers(db: Database, where: int) -> list[list[int]]:
    with db.read() as tx:
        return [[g.first.number, *(i.number for i in g.others)] for g in proposals.groups(tx, where)]


def test_of_two_schedulers_one_keeps_its_groups(db: Database) -> None:
    """The other finds that it was done meanwhile."""
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        ids = [put(tx, who, text).id for text in ("3幢电梯停运", "3幢电梯又停运")]
        audit.seal(tx)
    for _ in range(2):
        with db.write() as tx:
            grouping._keep(tx, where, 2, [ids], NOW)
    with db.read() as tx:
        assert len(tx.all(select(issue_group))) == 2


def test_comparing_holds_no_lock(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are answered while the scheduler compares."""
    with sqlite_db.write() as tx:
        where = place(tx)
        put(tx, resident(tx, where), "3幢电梯停运")
        audit.seal(tx)
    begun: list[str] = []
    event.listen(sqlite_db.engine, "begin", lambda connection: begun.append("begin"))

    def compare(said: Any) -> list[list[int]]:
        with sqlite_db.write() as tx:
            tx.execute(update(community).values(name="written meanwhile"))
        return []

    monkeypatch.setattr(grouping.themes, "groups", compare)
    assert grouping.group_due(sqlite_db, now=NOW) == 1 and len(begun) == 4


def test_topics_have_words_and_numbers_of_confirmed_issues_only(db: Database) -> None:
    """Not of drafts, withdrawn or declined ones, nor of last week's, nor the community's own name."""
    with db.write() as tx:
        where = place(tx, "车库")
        people = [resident(tx, where) for _ in range(3)]
        staff = resident(tx, where, Role.GRID_WORKER)
        put(tx, people[0], "3幢水管漏水", NOW - timedelta(days=8))
        put(tx, people[1], "车库水管漏水")
        put(tx, people[2], "1幢水管漏水")
        put(tx, people[0], "车库门禁坏了")
        put(tx, people[1], "南边门禁失灵")
        issue_staff.reject(tx, staff, number=5, reason="不属于小区的事", now=NOW)
        issues.draft(tx, people[2], read("北边门禁失灵"), chat_id=None, same_as=None, now=NOW)
        topics = proposals.topics(tx, where, now=NOW)
        assert [(t.word, [i.number for i in t.issues], t.people) for t in topics] == [("水管漏水", [2, 3], 2)]
        erasure.erase(tx, people[1], now=NOW)
        assert proposals.topics(tx, where, now=NOW) == []


def test_the_migration_enters_what_is_open_already(tmp_path: Path) -> None:
    """A community that has used the product for a year finds its old issues, too."""
    from alembic import command

    db = Database(f"sqlite:///{tmp_path / 'old.db'}")
    command.upgrade(database._config(db), "0002")
    with db.write() as tx:
        where = place(tx)
        who = resident(tx, where)
        for number, (text, state) in enumerate((("3幢电梯坏了没人修", "accepted"), ("北门路灯不亮", "closed")), 1):
            tx.add(issue, community_id=where, number=number, state=state, category=words.category(text), place=words.place(text), title=text,
                   text=text, submitter_id=who.id, created_at=NOW, changed_at=NOW)
    database.upgrade(db)
    with db.read() as tx:
        assert found(tx, where, "3号楼电梯又坏了") == 1 and found(tx, where, "北门路灯不亮了") is None
    db.close()
