"""Points in the console: who has how many, what for, and what a month has brought; the ledger's own rules hold here too."""

from datetime import timedelta
from typing import Any

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM, Role
from models.base import Database
from models.deeds import point
from models.tables import person
from services import accounts, audit, point_lists
from services.paging import Filter
from tests.web.desk import NOW, Desk, console_of, fill
from tests.web.test_work_pages import office, press

__all__ = ["office"]


def give(desk: Desk, where: int, person_id: int, amount: int, kind: str = "deed", **more: Any) -> int:
    """One line of the ledger."""
    with desk.db.write() as tx:
        return int(tx.add(point, community_id=where, person_id=person_id, at=more.pop("at", NOW), amount=amount, kind=kind,
                          reason=more.pop("reason", "巡逻"), made_by="system", key=f"t-{person_id}-{amount}-{kind}-{len(more)}", **more))


def test_the_list_goes_by_points_and_pages_without_a_gap(desk: Desk, office: dict[str, Any]) -> None:
    """The most first, of equals who came first; a page goes on where the last one ended, and one community sees its own."""
    where, balances = office["where"], [7, 30, 7, 1]
    with desk.db.write() as tx:
        people = [tx.add(person, community_id=where, name=f"甲{n}", role="resident", told_version=1, consent_version=1, created_at=NOW)
                  for n in range(len(balances))]
    for who, amount in zip(people, balances, strict=True):
        give(desk, where, who, amount)
    with desk.db.read() as tx:
        rows = point_lists.standings(tx, Filter(where)).rows
        assert [(row.id, row.balance) for row in rows] == [
            (people[1], 30), (people[0], 7), (people[2], 7), (desk.ids["east"]["person"], 5), (people[3], 1)]
        paged, before = [], None
        while True:
            page = point_lists.standings(tx, Filter(where, before=before, limit=2))
            paged += [row.id for row in page.rows]
            if (before := page.before) is None:
                break
        assert paged == [row.id for row in rows]
        assert {row.community_id for row in point_lists.standings(tx, Filter(None)).rows} == {where, desk.ids["west"]["place"]}


def test_what_was_taken_back_counts_on_neither_side(desk: Desk, office: dict[str, Any]) -> None:
    """Neither as gained nor as spent, in the list and in the sums of the month; last month is not this one."""
    where, who = office["where"], desk.ids["east"]["person"]
    give(desk, where, who, 40, at=NOW - timedelta(days=30))
    spent = give(desk, where, who, -12, "redeem")
    give(desk, where, who, 12, "reversal", reverses_id=spent)
    give(desk, where, who, -3, "redeem")
    with desk.db.read() as tx:
        row = next(row for row in point_lists.standings(tx, Filter(where)).rows if row.id == who)
        assert (row.balance, row.gained, row.spent, row.lines) == (42, 45, 3, 5)
        assert point_lists.sums(tx, where, now=NOW) == point_lists.Sums(people=1, held=42, given=5, spent=3)


def test_who_sees_all_gives_points_where_one_community_is_meant(db: Database) -> None:
    """The only one there is, or the one on the screen; of several together there are the rows alone."""
    town = Desk(db)
    town.app = console_of(town)
    fill(town, "east")
    with db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    form = 'name="deed" value="points.give"'
    assert form in town.client("boss").get("/console/points").text
    fill(town, "west")
    client = town.client("boss")
    together = client.get("/console/points").text
    assert form not in together and ">east<" in together and ">west<" in together
    assert form in client.get(f"/console/points?community={town.ids['west']['place']}").text


def test_points_are_given_by_the_rules_of_the_chat(desk: Desk, office: dict[str, Any]) -> None:
    """Nobody enters their own, nothing without a reason, nothing below zero; the record names the account and in whose name."""
    client, zhou = office["client"], str(office["zhou"])
    form = {"who": f"#{desk.ids['east']['person']}", "person": zhou}

    def said(deed: str, nonce: str, **fields: str) -> str:
        return str(press(client, "/console/place/deed", deed=f"points.{deed}", nonce=nonce, **{**form, **fields}).text)
    assert "+6 分，周六巡逻" in said("give", "1", amount="6", done="周六巡逻")
    assert "不能给自己记积分" in said("give", "2", amount="6", done="巡逻", who="周敏")
    assert "请写明是为了什么" in said("give", "3", amount="6", done="")
    assert "不够 60 分" in said("redeem", "4", amount="60", goods="大米一袋")
    assert "还有 8 分" in said("redeem", "5", amount="3", goods="牙膏")
    with desk.db.read() as tx:
        lines = point_lists.lines(tx, Filter(office["where"])).rows
        assert [(line.amount, line.made_by) for line in lines[:2]] == [(-3, f"account:{desk.ids['east']['account']}"), (
            6, f"account:{desk.ids['east']['account']}")] and audit.verify(tx).ok
    assert "已更正" in said("reverse", "6", line=str(lines[0].id), words="没有领走")
    ledger = client.get(f"/console/ledger?person=%23{desk.ids['east']['person']}").text
    assert "没有领走" in ledger and f"#{lines[0].id}" in ledger


def test_who_only_reads_sees_the_lists_and_no_forms(desk: Desk, office: dict[str, Any]) -> None:
    """An auditor reads; a property account does not know the page."""
    with desk.db.write() as tx:
        for role in (Role.AUDITOR, Role.PROPERTY):
            accounts.create(tx, SYSTEM, username=f"r-{role}", password="a long password", community_id=office["where"], now=NOW, role=role)
        audit.seal(tx)
    page = desk.client("r-auditor").get("/console/points").text
    assert "积分规则" in page and "points.give" not in page
    assert desk.client("r-property").get("/console/points").status_code == 404
