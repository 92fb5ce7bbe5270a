"""A community is set up in the console: the guide, homes out of a table, groups, staff, parties, duty, accounts."""

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

import web
from domain.roles import SYSTEM
from models.tables import audit as audit_table
from models.tables import building, chat, community, directory, duty, home, identity, party, party_member, person
from services import accounts, audit
from tests.web.desk import EVIL, NOW, Desk, sign_in, token
from web.desk import Platform, Seen


@pytest.fixture
def newcomer(desk: Desk) -> FlaskClient:
    """An account of all communities, in a console that knows two accounts of config.yaml."""
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    seen = [Seen("mp", "mp", "guihua", "https://x.example/wire/mp"), Seen("robot", "wecom_webhook", "guihua", lacks=("LINYI_X",)),
            Seen("other", "mp", "east")]
    platform = Platform(lambda: seen, lambda name: [(True, f"{name} 通了"), (name == "mp", EVIL)], lambda name: (True, "菜单建好了"))
    app.register_blueprint(web.console_blueprint(desk.db, clock=lambda: NOW, secure_cookies=False, platform=platform))
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    client = app.test_client()
    sign_in(client, "boss")
    return client


def press(client: FlaskClient, path: str, **data: Any) -> Any:
    """Sends a form and follows to the page it leads to."""
    return client.post(path, data={"csrf_token": token(client, "/console/password"), **data}, follow_redirects=True,
                       content_type="multipart/form-data")


def table(*rows: list[Any]) -> io.BytesIO:
    """A workbook as somebody would fill it in."""
    book, into = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(into)
    into.seek(0)
    return into


def sealed(page: str) -> str:
    """What the preview hands back to be confirmed."""
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    return found.group(1)


def test_a_community_of_600_units_is_set_up_from_a_spreadsheet(desk: Desk, newcomer: FlaskClient) -> None:
    """From nothing: the community, its homes with the rows that are wrong, groups, staff, parties, duty, the test of an account."""
    client = newcomer
    assert press(client, "/console/setup/community", create="1", code="Gui Hua", name="桂花苑").status_code == 400
    page = press(client, "/console/setup/community", create="1", code="guihua", name="桂花苑").text
    with desk.db.read() as tx:
        where = tx.scalar(select(community.c.id).where(community.c.code == "guihua"))
    assert page.count("未开始") == 6 and "桂花苑" in page
    at = {"at": str(where)}
    _homes(desk, client, where, at)
    _crew(desk, client, where, at)
    guide = client.get("/console/setup").text
    assert "已有 600 户" in guide and "已有 2 个群" in guide and "2 位，1 位有账号" in guide and "现在值班 1 位" in guide
    assert guide.count("已完成") == 4 and guide.count("还差一点") == 2  # not yet: matters that nobody gets, an account, a poll
    with desk.db.read() as tx:
        rows = {r.action: json.loads(r.detail) for r in tx.all(select(audit_table).where(audit_table.c.community_id == where))}
        assert {"community.create", "register.import", "person.enter", "person.role", "chat.create", "party.create", "party.give",
                "party.join", "duty.put", "channel.test"} <= rows.keys()
        assert (rows["party.give"]["before"], rows["party.give"]["after"]) == ("elevator@3幢", "elevator@3幢,parking")
        assert "secret-key-9" not in str(rows) and "周敏" not in str(rows) and audit.verify(tx).ok


def _homes(desk: Desk, client: FlaskClient, where: int, at: dict[str, str]) -> None:
    """A table with wrong rows, looked at, taken in without them, and again when it is right."""
    units = [[f"{b}", f"{e}", f"{f}0{d}", 88.42] for b in range(1, 11) for e in (1, 2) for f in range(1, 16) for d in (1, 2)]
    bad = [["1", "1", "1601", "八十"], ["", "", EVIL, 70], ["1", "1", "101", 90]]
    page = press(client, "/console/setup/homes", **at, table=(table(["楼栋", "单元", "房号", "面积", "备注"], *units, *bad), "桂花.xlsx")).text
    assert "没有用到这几列：备注" in page and "业主有变" in page
    assert "导入 599 户" in page and "不是数字" in page and "没看懂" in page and "面积却不同" in page
    assert re.search(r">602</td>.*?1幢1单元1601", page, re.DOTALL) and "<script>" not in page  # the row as the table counts
    with desk.db.read() as tx:
        assert not tx.scalar(select(func.count()).select_from(home).where(home.c.community_id == where))  # only looked at
    slip = sealed(page)
    assert press(client, "/console/setup/homes", **at, sealed=slip).status_code == 400  # with errors only when one says so
    assert press(client, "/console/setup/homes", at=str(desk.ids["east"]["place"]), sealed=slip).status_code == 400
    assert press(client, "/console/setup/homes", **at, sealed=slip[:-8] + "AAAAAAA=").status_code == 400
    done = press(client, "/console/setup/homes", **at, sealed=slip, partly="on").text
    assert "已导入 599 户，其中新增 599 户" in done
    fixed = press(client, "/console/setup/homes", **at, table=(table(["楼栋", "单元", "房号", "面积"], *units), "桂花.xlsx")).text
    press(client, "/console/setup/homes", **at, sealed=sealed(fixed))
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(home).where(home.c.community_id == where, home.c.area_dm2 == 8842)) == 600
        assert tx.scalar(select(func.count()).select_from(building).where(building.c.community_id == where)) == 10


def _crew(desk: Desk, client: FlaskClient, where: int, at: dict[str, str]) -> None:
    """Staff, groups, a party with a member and its matters, duty, and the test of an account."""
    press(client, "/console/setup/staff", **at, name="周敏", role="grid_worker", channel="mp", external_id="o-zhou")
    press(client, "/console/setup/staff", **at, name=f"老李{EVIL}", role="admin")
    with desk.db.read() as tx:
        zhou = tx.execute(select(person).join(identity, identity.c.person_id == person.c.id).where(
            identity.c.external_id == "o-zhou")).one()
        assert (zhou.community_id, zhou.name, zhou.role, zhou.consent_version) == (where, "周敏", "grid_worker", 0)
    assert press(client, "/console/setup/groups", **at, name="桂花业主群", road="hand").status_code == 400  # nobody looks after it
    press(client, "/console/setup/groups", **at, name="桂花业主群", road="hand", keeper=str(zhou.id))
    press(client, "/console/setup/groups", **at, name="桂花大群", road="robot", address="secret-key-9")
    press(client, "/console/setup/parties", **at, deed="create", name="桂花物业", kind="property")
    with desk.db.read() as tx:
        key = str(tx.scalar(select(party.c.id).where(party.c.name == "桂花物业")))
        block = str(tx.scalar(select(building.c.id).where(building.c.community_id == where, building.c.name == "3幢")))
        group = tx.execute(select(chat).where(chat.c.name == "桂花大群")).one()
        assert (group.post_channel, group.post_address) == ("robot", "secret-key-9")
    press(client, "/console/setup/parties", **at, deed="join", key=key, person="周敏", leads="on")
    press(client, "/console/setup/parties", **at, deed="give", key=key, category="elevator", building=block)
    press(client, "/console/setup/parties", **at, deed="give", key=key, category="parking")
    press(client, "/console/setup/duty", **at, deed="put", person=str(zhou.id), since="2026-03-02", until="2026-03-08")
    tested = press(client, "/console/setup/accounts", **at, name="mp").text
    assert "mp 通了" in tested and "测试通过" in tested and "&lt;script&gt;" in tested and "LINYI_X" in tested and "other" not in tested
    assert press(client, "/console/setup/accounts", **at, name="other").status_code == 404
    assert "菜单建好了" not in tested and "菜单建好了" in press(client, "/console/setup/accounts", **at, name="mp", menu="1").text
    with desk.db.read() as tx:
        assert {(d.category, d.building_id) for d in tx.all(select(directory).where(directory.c.party_id == int(key)))} == {
            ("elevator", int(block)), ("parking", None)}
        assert [m.person_id for m in tx.all(select(party_member).where(party_member.c.party_id == int(key)))] == [zhou.id]
        assert tx.scalar(select(func.count()).select_from(duty).where(duty.c.community_id == where)) == 1


def test_houses_that_are_alike_need_no_table(desk: Desk, newcomer: FlaskClient) -> None:
    """A rule is looked at like a table; one that makes no sense is refused with what it must be."""
    at = {"at": str(_community(desk, "west"))}
    rule = {"first": "7", "last": "8", "entrances": "1", "floors": "11", "doors": "4"}
    page = press(newcomer, "/console/setup/homes", **at, **rule).text
    assert "导入 88 户" in page and ">7幢304<" in page and ">8幢<" in page
    assert "其中新增 88 户" in press(newcomer, "/console/setup/homes", **at, sealed=sealed(page)).text
    assert press(newcomer, "/console/setup/homes", **at, **rule | {"last": "6"}).status_code == 400
    assert "20000" in press(newcomer, "/console/setup/homes", **at, **rule | {"last": "900", "floors": "99"}).text
    book = load_workbook(io.BytesIO(newcomer.post("/console/setup/units.xlsx", data={
        "csrf_token": token(newcomer, "/console/password")}).data))
    assert [cell.value for cell in book.worksheets[0][1]][:3] == ["楼栋", "单元", "房号"]


def _community(desk: Desk, code: str) -> int:
    with desk.db.read() as tx:
        return int(tx.scalar(select(community.c.id).where(community.c.code == code)))


def test_nothing_of_another_community_is_set_up(desk: Desk) -> None:
    """The account of one community changes nothing in the other, whatever its forms say; nor does it make new ones."""
    client, east = desk.client("west"), desk.ids["east"]
    at = {"at": str(_community(desk, "east"))}
    assert press(client, "/console/setup/community", create="1", code="mine", name="我的").status_code == 404
    press(client, "/console/setup/community", **at, name="改名")
    assert press(client, "/console/setup/groups", **at, key=str(east["group"]), name="夺来").status_code == 400
    assert press(client, "/console/setup/staff", **at, key=str(east["person"]), role="admin").status_code == 400
    assert press(client, "/console/setup/staff", **at, key=str(east["person"]), role="king").status_code == 400
    assert press(client, "/console/setup/duty", deed="put", person=str(east["person"]), since="2026-03-02", until="2026-03-03").status_code == 400
    with desk.db.read() as tx:
        assert tx.scalar(select(community.c.name).where(community.c.code == "east")) == "east"
        assert tx.scalar(select(chat.c.name).where(chat.c.id == east["group"])) == "east群"
        assert tx.scalar(select(person.c.role).where(person.c.id == east["person"])) == "resident"
        notes = [json.loads(r.detail) for r in tx.all(select(audit_table).where(audit_table.c.action == "community.rename"))]
        assert notes == [{"before": "west", "after": "改名"}]
