"""The console's page of figures: each number opens what it was counted from; only of one's own community; as a workbook."""

import io
import re
from html import unescape

from openpyxl import load_workbook

from domain.guards import Facts
from domain.lifecycle import Act
from domain.roles import Actor, Role
from models.tables import issue, party
from services import figures, issues, steps
from services.issues import Report
from services.people import Speaker
from tests.web.desk import EVIL, Desk, token

LINK = re.compile(r'<a href="(/console/figures/issues[^"]*)"[^>]*>(\d+)</a>')


def _fill(desk: Desk) -> None:
    """Some courses in the east, of two buildings and two parties, the newest with a formula for its name."""
    with desk.db.write() as tx:
        where = tx.first(issue.select().where(issue.c.id == desk.ids["east"]["issue"])).community_id
        who = Speaker("person:1", Role.RESIDENT, where, desk.ids["east"]["person"], told=True, consented=True)
        staff = Actor("account:1", Role.ADMIN, where)
        parties = [tx.add(party, community_id=where, name=name, kind="property") for name in ("物业", f"=2+2{EVIL}")]
        for n in range(4):
            row = issues.register(tx, who, Report(f"=1+{n}坏了", f"=1+{n}坏了", ("noise", "pet")[n % 2], f"{3 + n % 2}幢"), chat_id=None, now=desk.now)
            steps.take(tx, staff, row, Act.ACCEPT, now=desk.now)
            facts = Facts(party=True, own_way=True, result="已经换好新的主板恢复运行", evidence=True)
            for act in (Act.ASSIGN, Act.TAKE_ON, Act.RESOLVE)[: n or 1]:
                steps.take(tx, staff, steps.by_id(tx, row.id), act, now=desk.now, facts=facts,
                           **({"party_id": parties[n % 2]} if act is Act.ASSIGN else {}))
        figures.excuse(tx, staff, number=2, reason="要求每天换新电梯", now=desk.now)


def test_each_number_opens_a_list_of_that_length(desk: Desk) -> None:
    _fill(desk)
    client = desk.client("east")
    page = client.get("/console/figures")
    assert page.status_code == 200 and EVIL not in page.text
    links = LINK.findall(page.text)
    assert len(links) > 30
    for address, number in set(links):
        listed = client.get(unescape(address))
        assert listed.status_code == 200 and listed.text.count('href="/console/issues/') == int(number), address
        assert EVIL not in listed.text


def test_another_community_is_not_counted(desk: Desk) -> None:
    """Not even when its number is asked for in the address."""
    _fill(desk)
    west = desk.client("west")
    assert "=1+1" not in west.get("/console/figures/issues?community_id=1").text
    assert "=1+1" in desk.client("east").get("/console/figures/issues?community_id=2").text


def test_a_choice_narrows_the_page_and_what_is_no_choice_is_refused(desk: Desk) -> None:
    _fill(desk)
    client = desk.client("east")
    assert [n for a, n in LINK.findall(client.get("/console/figures?building=3幢").text)][0] == "2"
    assert [n for a, n in LINK.findall(client.get("/console/figures?month=2026-03").text)][0] == "5"
    assert [n for a, n in LINK.findall(client.get("/console/figures?month=2026-04").text)][0] == "0"
    for address, code in (("?month=x", 400), ("?month=2026-13", 400), ("?party_id=-1", 404), ("?party_id=٣", 404), ("?party_id=" + "9" * 40, 404),
                          ("/issues?which=all", 404), ("/issues?which=response.met", 200)):
        assert client.get(f"/console/figures{address}").status_code == code, address


def test_the_heat_is_a_picture_with_words_and_a_table(desk: Desk) -> None:
    _fill(desk)
    page = desk.client("east").get("/console/figures").text
    assert page.count('<svg class="heat"') == 2 and page.count("<summary>用表格看</summary>") == 2
    assert 'aria-label="类别与周"' in page and "style=" not in page and "http" not in page.replace("http-equiv", "")


def test_the_workbook_is_what_the_page_shows_and_no_cell_computes(desk: Desk) -> None:
    _fill(desk)
    client = desk.client("east")
    answer = client.post("/console/figures.xlsx", data={"csrf_token": token(client, "/console/password"), "month": "2026-03"})
    book = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["按类别", "按单位", "按楼栋", "按月份", "议题明细"]
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert not [c for c in cells if c.data_type == "f"] and any(str(c.value).startswith("'=1+") for c in cells)
    assert book["按类别"]["B2"].value == 5 and book["议题明细"].max_row == 6
    assert client.post("/console/figures.xlsx", data={"month": "2026-03"}).status_code == 400
    assert "export.xlsx" in desk.csv(client, "/console/audit.csv")


def test_promises_are_listed(desk: Desk) -> None:
    assert desk.client("east").get("/console/promises").status_code == 200
