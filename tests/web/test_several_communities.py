"""Whoever is admin of several communities sees them together, one by one, and nothing of any other."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM, Role
from models.accounts import account_post
from models.tables import audit as audit_table
from models.tables import issue, message
from services import accounts, audit
from tests.web.desk import NOW, OPEN, Desk, addresses, fill, token

HELD, OTHER = ("east", "north"), "west"


@pytest.fixture
def street(desk: Desk) -> FlaskClient:
    """An admin of the street over east and north; west is somebody else's."""
    fill(desk, "north")
    with desk.db.write() as tx:
        first, second = (desk.ids[name]["place"] for name in HELD)
        found = accounts.create(tx, SYSTEM, username="street", password="a long password", community_id=first, now=NOW, role=Role.STREET_ADMIN)
        tx.add(account_post, account_id=found, community_id=second, role=Role.STREET_ADMIN)
        audit.seal(tx)
    return desk.client("street")


def press(client: FlaskClient, path: str, **data: Any) -> Any:
    """Sends a form."""
    return client.post(path, data={"csrf_token": token(client, "/console/account"), **data})


def test_lists_board_figures_and_search_hold_all_of_ones_own(desk: Desk, street: FlaskClient) -> None:
    """And say of each row where it belongs."""
    front = street.get("/console/").text
    assert "全部（我的社区）" in front and front.count("east</b>") == 1 and front.count("north</b>") == 1 and "west" not in front
    for path, words in (("issues", "电梯"), ("promises", "更换"), ("messages", "电梯坏了"), ("outbox", "结果"), ("forwards", "转发"),
                        ("board", "电梯"), ("search?q=电梯", "电梯坏了"), ("search?q=I1", "电梯"), ("people", "<td"), ("homes", "3幢2单元501"),
                        ("polls", "要不要装"), ("live", "电梯坏了"), ("audit", "thing:"), ("similar", "east"), ("figures", "east")):
        page = street.get(f"/console/{path}")
        assert page.status_code == 200 and words in page.text, path
        assert "east" in page.text and "north" in page.text and "west" not in page.text, path
    for path in ("issues.csv", "messages.xlsx"):
        assert press(street, f"/console/{path}").status_code == 200
    figures = street.get("/console/figures").text
    assert f"community_id={desk.ids['north']['place']}" in figures and f"community_id={desk.ids['west']['place']}" not in figures
    assert street.get(f"/console/figures?community_id={desk.ids['north']['place']}").status_code == 200
    for path in ("figures", "figures/issues"):
        assert street.get(f"/console/{path}?community_id={desk.ids['west']['place']}").status_code == 404


def test_a_list_of_several_goes_on_without_a_gap(desk: Desk, street: FlaskClient) -> None:
    """Page after page: each row of one's own once, none of others."""
    with desk.db.write() as tx:
        for n in range(130):
            where = desk.ids[("east", "west", "north")[n % 3]]["place"]
            tx.add(message, channel="mp", external_id=f"x{n}", community_id=where, kind="text", intent="issue.report", text=f"第{n}句", reply="",
                   state="done", sent_at=NOW, received_at=NOW)
    seen: list[str] = []
    path = "/console/messages"
    while path:
        page = street.get(path).text
        seen += re.findall(r"第(\d+)句", page)
        more = re.search(r'href="(\?before=\d+)"', page)
        path = f"/console/messages{more[1]}" if more else ""
    assert sorted(map(int, seen)) == [n for n in range(130) if n % 3 != 1]


def test_a_thing_opens_as_in_its_own_community_and_is_changed_there(desk: Desk, street: FlaskClient) -> None:
    """Deeds on the board at once in both; each on record in the community of its thing; of others nothing exists."""
    for name in HELD:
        ids = desk.ids[name]
        for path in (f"issues/{ids['issue']}", f"polls/{ids['poll1']}", f"story/issue/{ids['issue']}", f"story/ballot/{ids['ballot']}",
                     f"homes/{ids['home']}", f"requests/{ids['request']}"):
            page = street.get(f"/console/{path}")
            assert page.status_code == 200 and f"全部（我的社区） · {name}" in page.text, path
    chosen = [str(desk.ids[name]["issue"]) for name in ("east", "north", "west")]
    done = press(street, "/console/board", deed="issue.accept", issue=chosen, nonce="n")
    assert done.status_code == 200 and "2 件办成" in done.text
    assert press(street, f"/console/issues/{desk.ids['north']['issue']}/deed", deed="issue.reject", words="归交警管", nonce="m").status_code in (200, 400)
    with desk.db.read() as tx:
        states = {row.id: row.state for row in tx.all(select(issue.c.id, issue.c.state))}
        assert [states[int(i)] for i in chosen][::2] == ["accepted", "submitted"]
        notes = tx.all(select(audit_table).where(audit_table.c.action == "order.give"))
        assert {n.community_id for n in notes} == {desk.ids[name]["place"] for name in HELD}


def test_what_is_about_one_community_asks_which(desk: Desk, street: FlaskClient) -> None:
    """The page that was wanted opens when one is chosen; then all pages are about that one, until all are chosen again."""
    asked = street.get("/console/setup/rules?x=1", follow_redirects=True).text
    assert "请选一个" in asked and 'value="/console/setup/rules?x=1"' in asked
    went = press(street, "/console/switch", community=str(desk.ids["north"]["place"]), next="/console/setup/rules?x=1")
    assert went.location.endswith("/console/setup/rules?x=1") and street.get(went.location).status_code == 200
    assert "east" not in street.get("/console/issues").text and "north" in street.get("/console/issues").text
    assert street.get(f"/console/issues/{desk.ids['east']['issue']}").status_code == 404
    assert press(street, "/console/switch", community="0", next="https://evil.example/").location.endswith("/console/")
    assert street.get(f"/console/issues/{desk.ids['east']['issue']}").status_code == 200
    assert press(street, "/console/switch", community=str(desk.ids["west"]["place"])).status_code == 404
    with desk.db.write() as tx:  # one of them is taken away: what is left is one
        tx.execute(update(account_post).where(account_post.c.community_id == desk.ids["north"]["place"],
                                              account_post.c.role == Role.STREET_ADMIN).values(role=Role.AUDITOR))
    assert "north" not in street.get("/console/issues").text and street.get(f"/console/issues/{desk.ids['north']['issue']}").status_code == 404


def test_no_address_shows_anything_of_a_community_that_is_not_held(desk: Desk, street: FlaskClient) -> None:
    """Every address of the console, asked with the ids of the other community while all of one's own are on the screen."""
    assert desk.app is not None
    desk.app.config["WTF_CSRF_ENABLED"] = False
    rules = {r.endpoint: r.rule for r in desk.app.url_map.iter_rules()}
    cookie = street.get_cookie("linyi_console", path="/console")
    assert cookie is not None
    for endpoint, method, path in addresses(desk, desk.ids[OTHER]):
        if endpoint in OPEN or path.endswith("/logout"):
            continue
        answer = street.open(path, method=method)
        street.set_cookie("linyi_console", cookie.value, path="/console")
        assert answer.status_code < 500, (method, path)
        if "<" in rules[endpoint]:
            assert answer.status_code in (404, 302) and b"west" not in answer.data, (method, path)
            assert answer.status_code == 404 or "/communities" in answer.location, (method, path)
        elif method == "GET":
            assert "west电梯".encode() not in answer.data and "李west".encode() not in answer.data, path
