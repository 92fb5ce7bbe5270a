"""What a round brings, through the services: the planted bridge is found, groups are named, nothing is said that nobody said."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from models.base import Database
from models.round_reports import round_report
from models.rounds import opinion, opinion_round, opinion_vote, person_trait
from models.tables import outbox as posts
from models.tables import person
from services import (
    audit,
    outbox,
    round_findings,
    round_making,
    round_material,
    round_next,
    round_picture,
    round_themes,
    round_view,
)
from services.roads import Road
from services.round_view import Report
from tests.services.crowd import BRIDGE, NOW, Crowd, close, gather


@pytest.fixture(autouse=True)
def roads() -> None:
    """One group road that shows pictures, and a 公众号."""
    outbox.configure({"webhook": Road(push_group=True), "mp": Road(push_person=True, images=False)}, outbox.QUIET)


def _reported(db: Database, crowd: Crowd) -> Report:
    close(db, crowd, now=NOW)
    assert round_making.make_due(db, now=NOW) == 1
    with db.read() as tx:
        row = tx.execute(select(opinion_round).where(opinion_round.c.id == crowd.round_id)).one()
        found = round_view.of(tx, row)
    assert found is not None
    return found


def test_the_planted_bridge_is_found_among_sixty_by_forty_in_three_buildings(db: Database) -> None:
    """Two camps cut across the buildings; of 60 statements one is meant by all, through noise."""
    crowd = gather(db)
    report = _reported(db, crowd)
    assert report.common == [crowd.bridge] and report.quote(crowd.bridge) == f"“{BRIDGE}”"
    names = [each["name"] for each in report.groupings]
    assert names == ["opinion", "building", "floor"] and report.accepted_by(crowd.bridge) == names
    assert report.opinion is not None and [g["label"] for g in report.opinion["groups"]] == ["甲", "乙"]
    assert report.opinion["groups"][0]["size"] + report.opinion["groups"][1]["size"] == 40
    assert all(report.typical(group) for group in report.opinion["groups"])
    assert all(group["shared"][0] == crowd.bridge for group in report.opinion["groups"])
    assert all(crowd.bridge in group["shared"] for each in report.groupings for group in each["groups"])
    key, (agrees, disagrees) = report.divided[0]
    assert key != crowd.bridge and agrees and disagrees


def test_nothing_stands_in_quotation_marks_that_nobody_said(sqlite_db: Database) -> None:
    """Lines, picture, posts and draft over several rounds: each quotation is a statement or its beginning."""
    crowd = gather(sqlite_db, people=24, statements=30, seed=5)
    report = _reported(sqlite_db, crowd)
    with sqlite_db.read() as tx:
        said = [row.text for row in tx.all(select(opinion))]
        posted = [row.text for row in tx.all(select(posts))]
    own = ("征言小结 I1 …", "征言结果 I1", "共识投票 I1", "共识决议 I1")  # how commands are written
    shown = [*round_view.lines(report), round_picture.words(report), round_next.draft(report), *posted]
    quotes = [q for text in shown for q in re.findall("“([^”]*)”", text) if q not in own]
    assert len(quotes) > 10
    for quote in quotes:
        assert quote in said or (quote.endswith("…") and any(text.startswith(quote[:-1]) for text in said)), quote


def test_findings_hold_no_sentences_and_no_persons(sqlite_db: Database) -> None:
    """What is kept can outlive anybody's wish to be forgotten: ids of statements, counts, places in no order."""
    crowd = gather(sqlite_db, people=24, statements=12)
    report = _reported(sqlite_db, crowd)
    kept = json.dumps(report.found, ensure_ascii=False)
    assert not any(word in kept for word in ("设计院", "第1种", "居民", "person"))
    assert report.found["map"] == sorted(report.found["map"]) and 12 <= len(report.found["map"]) <= 24
    assert all(sum(counts) >= 5 for counts in report.found["counts"].values())
    assert all(group["size"] >= 5 for each in report.groupings for group in each["groups"])


def test_joined_statements_and_joined_accounts_count_once(sqlite_db: Database) -> None:
    """Votes on a statement count for the one it was joined to, of two of one person the latest; hidden ones are in no list."""
    crowd = gather(sqlite_db, people=12, statements=6, noise=0, seen=1)
    with sqlite_db.write() as tx:
        rows = tx.all(select(opinion).order_by(opinion.c.number))
        first, second, gone = rows[0].id, rows[1].id, rows[5].id
        tx.execute(opinion.update().where(opinion.c.id == second).values(state="joined", joined_to=first))
        tx.execute(opinion.update().where(opinion.c.id == gone).values(state="hidden"))
        tx.execute(opinion_vote.update().where(opinion_vote.c.opinion_id == second).values(value=1, seq=10**18))
        tx.execute(person.update().where(person.c.id == crowd.people[1]).values(joined_into=crowd.people[0]))
        material = round_material.read(tx, tx.execute(select(opinion_round)).one())
    assert len(material.people) == 11 and second not in material.statements and material.hidden == [gone]
    mine = [(p, s, v) for p, s, v, _ in material.votes]
    assert len(mine) == len({(p, s) for p, s, _ in mine}) and all(v == 1 for _, s, v in mine if s == first)
    found = round_findings.compute(material)
    assert gone not in [key for key, _ in found["common"]] and gone not in found["shown"] and str(gone) not in found["counts"]


def test_a_circle_of_joined_statements_ends() -> None:
    """It cannot be made in chat, but a repair by hand must not hang the sweep."""
    rows = [SimpleNamespace(id=1, state="joined", joined_to=2), SimpleNamespace(id=2, state="joined", joined_to=1),
            SimpleNamespace(id=3, state="joined", joined_to=1), SimpleNamespace(id=4, state="shown", joined_to=None)]
    assert round_material.roots(rows)[4] == 4 and set(round_material.roots(rows)) == {1, 2, 3, 4}  # type: ignore[arg-type]


def test_two_schedulers_report_once_and_a_broken_report_is_tried_again(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds it done; what breaks is put off, and does not keep another round's report from being made."""
    crowd = gather(sqlite_db, people=6, statements=6)
    close(sqlite_db, crowd, now=NOW)
    close(sqlite_db, crowd, now=NOW)  # asked for twice

    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patch:
        patch.setattr(round_findings, "compute", broken)
        with pytest.raises(ExceptionGroup):
            round_making.make_due(sqlite_db, now=NOW)
    assert round_making.make_due(sqlite_db, now=NOW) == 0
    later = NOW + timedelta(minutes=3)
    assert round_making.make_due(sqlite_db, now=later) == 1 and round_making.make_due(sqlite_db, now=later) == 0
    with sqlite_db.read() as tx:
        assert [row.key for row in tx.all(select(posts).where(posts.c.kind == "chart"))] == [f"round:{crowd.round_id}:report:chat:1:chart"]
        assert tx.scalar(select(round_report.c.failures)) == 1 and audit.verify(tx).ok


@pytest.mark.parametrize(("room", "level"), [("501", 5), ("1203", 12), ("101", 1), ("B02", None), ("7", None), ("", None), ("10203", None)])
def test_the_floor_is_read_from_the_room(room: str, level: int | None) -> None:
    assert round_material.floor(room) == level


def test_themes_are_words_that_several_statements_share() -> None:
    """Never a word of the matter's own title, never a statement twice."""
    said = {1: "电梯费用按楼层分摊，一楼不用出钱", 2: "电梯装在北面，不挡一楼采光", 3: "先请设计院看采光再定", 4: "费用公开，每月公示一次电费账单",
            5: "装电梯后停车位不能减少", 6: "老人上下楼太难", 7: "一楼应当得到补偿", 8: "补偿标准由街道来定"}
    found = round_themes.themes(said, about="加装电梯")
    assert sorted(key for _, keys in found for key in keys) == list(said) and found[-1][0] == ""
    assert all(all(word in said[key] for key in keys) and len(keys) > 1 for word, keys in found[:-1])
    assert "电梯" not in [word for word, _ in found] and "采光" in [word for word, _ in found]


def test_owners_tenants_and_ages_are_groups_when_enough_have_told_it(sqlite_db: Database) -> None:
    """Ten owners and ten tenants are two groups; of sixteen young and four old only one is large enough, and one is no grouping."""
    crowd = gather(sqlite_db, people=20, statements=12)
    with sqlite_db.write() as tx:
        for n, person_id in enumerate(crowd.people):
            tx.add(person_trait, person_id=person_id, tenure="owner" if n < 10 else "tenant", age_band="60plus" if n < 4 else "under35", at=NOW)
    report = _reported(sqlite_db, crowd)
    sizes = {each["name"]: [(group["label"], group["size"]) for group in each["groups"]] for each in report.groupings}
    assert sorted(size for _, size in sizes["tenure"]) == [10, 10] and "age" not in sizes
    assert {"业主", "租户"} == {label for label, _ in sizes["tenure"]}
    assert "tenure" in report.accepted_by(crowd.bridge) and "业主和租户" in "".join(round_view.lines(report))
