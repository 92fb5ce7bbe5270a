"""Accounts as those who look after them see them: made, given roles, shut, opened; sessions seen and ended; communities changed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain.roles import SYSTEM, Role
from models.accounts import account_post
from models.tables import audit as audit_table
from models.tables import console_session, issue, issue_event
from services import accounts, audit, posts
from tests.web.desk import EVIL, NOW, Desk, sign_in, token

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # SQL that differs is in test_second_factor and test_door


def _make(desk: Desk, name: str, role: Role, *places: str) -> int:
    """An account with this role in these communities; in all when none is named."""
    with desk.db.write() as tx:
        first, *more = [desk.ids[p]["place"] for p in places] or [None]
        found = accounts.create(tx, SYSTEM, username=name, password="a long password", community_id=first, now=NOW, role=role)
        for place in more:
            tx.add(account_post, account_id=found, community_id=place, role=role)
        audit.seal(tx)
    return found


def _press(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={**form, "csrf_token": token(client, "/console/account")})


def test_an_admin_makes_an_account_and_its_owner_takes_it_over(desk: Desk) -> None:
    """The first password is shown once, has to be changed, and the account then works as what it is."""
    admin = desk.client("east")
    page = _press(admin, "/console/accounts/new", username="grid", role="grid_worker").text
    password = re.findall(r"初始密码：([a-z0-9-]+)", page)[0]
    assert password not in admin.get("/console/accounts").text and "网格员" in admin.get("/console/accounts").text
    client = desk.client()
    assert sign_in(client, "grid", password).location.endswith("/console/password")
    assert client.get("/console/issues").location.endswith("/console/password")
    form = {"old": password, "new": password, "csrf_token": token(client, "/console/password")}
    assert client.post("/console/password", data=form).status_code == 400  # the same again is no change
    assert client.post("/console/password", data=form | {"new": "one of my own"}).status_code == 200
    page = client.get("/console/").text
    assert "/console/messages" in page and "/console/audit" not in page and "/console/accounts" not in page
    assert sign_in(desk.client(), "grid", "one of my own").location.endswith("/console/")
    for wrong in ({"username": "grid"}, {"username": " "}, {"username": "x" * 65}, {"username": "a\x07b"}):
        assert _press(admin, "/console/accounts/new", role="auditor", **wrong).status_code == 400
    for role in ("street_admin", "system_admin"):
        answer = _press(admin, "/console/accounts/new", username="boss", role=role)
        assert answer.status_code == 400 and "不能给这个角色" in answer.text
    assert _press(admin, "/console/accounts/new", username="boss", role="resident").status_code == 400
    assert _press(admin, "/console/accounts/new", username="other", role="admin", community=str(desk.ids["west"]["place"])).status_code == 200
    with desk.db.read() as tx:
        made = posts.one(tx, SYSTEM, posts.id_of(tx, "other") or 0, now=NOW)
    assert made is not None and [p.community_id for p in made.posts] == [desk.ids["east"]["place"]]  # the own, whatever the form says


def test_shut_opened_unlocked_and_helped(desk: Desk) -> None:
    """Each deed does what it says at once, and stands in the chain."""
    key, admin = _make(desk, "worker", Role.GRID_WORKER, "east"), desk.client("east")
    at = f"/console/accounts/{key}"
    worker = desk.client("worker")
    assert worker.get("/console/").status_code == 200 and "正在登录 1 处" in admin.get(at).text
    assert _press(admin, f"{at}/do/sessions").status_code == 302 and worker.get("/console/").status_code == 302
    worker = desk.client("worker")
    assert _press(admin, f"{at}/do/disable").status_code == 302
    assert worker.get("/console/").status_code == 302 and sign_in(desk.client(), "worker").status_code == 401
    assert "已停用" in admin.get(at).text
    _press(admin, f"{at}/do/enable")
    for _ in range(5):
        sign_in(desk.client(), "worker", "wrong password")
    assert sign_in(desk.client(), "worker").status_code == 429 and "暂时锁住" in admin.get("/console/accounts").text
    _press(admin, f"{at}/do/unlock")
    assert sign_in(desk.client(), "worker").status_code == 302
    page = _press(admin, f"{at}/do/password").text
    password = re.findall(r"新密码：([a-z0-9-]+)", page)[0]
    assert sign_in(desk.client(), "worker").status_code == 401
    assert sign_in(desk.client(), "worker", password).location.endswith("/console/password")
    assert _press(admin, f"{at}/give", role="auditor").status_code == 302
    assert "只读审计" in admin.get(at).text
    assert _press(admin, f"{at}/take").location.endswith("/console/accounts") and admin.get(at).status_code == 404
    assert sign_in(desk.client(), "worker", password).status_code == 401
    with desk.db.read() as tx:
        done = list(tx.connection.scalars(select(audit_table.c.action).where(audit_table.c.object == f"account:{key}")))
        changes = list(tx.connection.scalars(select(audit_table.c.detail).where(audit_table.c.action == "account.role")))
    assert {"account.sessions_ended", "account.disable", "account.enable", "account.unlock", "account.password_reset", "account.role"} <= set(done)
    assert changes == ['{"after":"auditor","before":"grid_worker"}', '{"after":null,"before":"auditor"}']


def test_nobody_reaches_beyond_their_own(desk: Desk) -> None:
    """Not oneself, not who is more, not who is also elsewhere; the last admin of the system stays."""
    boss, admin = _make(desk, "boss", Role.SYSTEM_ADMIN), desk.client("east")
    both = _make(desk, "both", Role.GRID_WORKER, "east", "west")
    street = _make(desk, "street", Role.STREET_ADMIN, "east")
    mine = desk.ids["east"]["account"]
    for key in (mine, both, street):
        assert admin.get(f"/console/accounts/{key}").status_code == 200
        for deed in ("disable", "password", "sessions", "unlock", "second"):
            assert _press(admin, f"/console/accounts/{key}/do/{deed}").status_code == 400, (key, deed)
    assert _press(admin, f"/console/accounts/{street}/give", role="auditor").status_code == 400
    assert admin.get(f"/console/accounts/{boss}").status_code == 404 and admin.get(f"/console/accounts/{2**70}").status_code == 404
    assert _press(admin, f"/console/accounts/{both}/take").location.endswith("/console/accounts")  # here, not in west
    with desk.db.read() as tx:
        assert [r.community_id for r in tx.all(select(account_post).where(account_post.c.account_id == both))] == [desk.ids["west"]["place"]]
    second = _make(desk, "second", Role.SYSTEM_ADMIN)
    system = desk.client("second")
    assert _press(system, f"/console/accounts/{boss}/do/disable").status_code == 302
    with desk.db.write() as tx, pytest.raises(Exception) as no:
        posts.disable(tx, SYSTEM, second, now=NOW)
    assert getattr(no.value, "key", "") == "account.last"
    assert _press(system, f"/console/accounts/{both}/give", role="system_admin", community="0").status_code == 302
    for wrong in ({"role": "system_admin", "community": str(desk.ids["east"]["place"])}, {"role": "admin", "community": "999"}):
        assert _press(system, f"/console/accounts/{both}/give", **wrong).status_code == 400


def test_sessions_are_seen_and_ended_by_their_owner(desk: Desk) -> None:
    """Each with browser, address and times; one or all others; nobody else's."""
    client, west = desk.client("east"), desk.client("west")
    phone = desk.client()
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605 Mobile MicroMessenger/8.0"
    phone.post("/console/login", data={"username": "east", "password": "a long password", "csrf_token": token(phone)},
               headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": "10.9.8.7"})
    page = client.get("/console/account").text
    assert "微信 · iPhone" in page and "10.9.8.7" in page and "就是这里" in page and EVIL not in page
    ends = re.findall(r'action="(/console/account/sessions/\d+/end)"', page)
    assert len(ends) == 2  # the phone, and the one the desk was filled with
    assert _press(west, ends[0]).status_code == 404 and phone.get("/console/").status_code == 200
    assert _press(client, ends[0]).status_code == 302 and phone.get("/console/").status_code == 302
    phone = desk.client("east")
    assert _press(client, "/console/account/sessions/end").status_code == 302
    assert phone.get("/console/").status_code == 302 and client.get("/console/").status_code == 200


def test_a_street_goes_from_community_to_community(desk: Desk) -> None:
    """One at a time, each as if it were the only one; what waits in each is on one page. All together: test_several_communities."""
    _make(desk, "street", Role.STREET_ADMIN, "east", "west")
    client = desk.client("street")
    assert "我的社区" in client.get("/console/").text
    assert _press(client, "/console/switch", community=str(desk.ids["east"]["place"])).status_code == 302
    assert "east电梯" in client.get("/console/issues").text and "west电梯" not in client.get("/console/issues").text
    assert client.get(f"/console/issues/{desk.ids['west']['issue']}").status_code == 404
    page = client.get("/console/communities").text
    assert ">east<" in page and ">west<" in page and page.count("街道管理员") == 2 and "看全部社区" not in page
    assert _press(client, "/console/switch", community=str(desk.ids["west"]["place"])).status_code == 302
    assert "west电梯" in client.get("/console/issues").text and "east电梯" not in client.get("/console/issues").text
    assert client.get(f"/console/issues/{desk.ids['west']['issue']}").status_code == 200
    for nonsense in ("999", "", "x", "9" * 30, "-1"):
        assert _press(client, "/console/switch", community=nonsense).status_code == 404, nonsense
    one = desk.client("east")
    for elsewhere in (str(desk.ids["west"]["place"]), "0"):
        assert _press(one, "/console/switch", community=elsewhere).status_code == 404
    _make(desk, "boss", Role.SYSTEM_ADMIN)
    system = desk.client("boss")
    assert "west电梯" in system.get("/console/issues").text and "east电梯" in system.get("/console/issues").text
    _press(system, "/console/switch", community=str(desk.ids["west"]["place"]))
    assert "east电梯" not in system.get("/console/issues").text and "看全部社区" in system.get("/console/communities").text
    _press(system, "/console/switch", community="0")
    assert "east电梯" in system.get("/console/issues").text


def test_another_role_in_another_community(desk: Desk) -> None:
    """A grid worker of east who audits west."""
    key = _make(desk, "mixed", Role.GRID_WORKER, "east")
    with desk.db.write() as tx:
        tx.add(account_post, account_id=key, community_id=desk.ids["west"]["place"], role=Role.AUDITOR)
    client = desk.client("mixed")
    assert client.get("/console/audit").status_code == 404 and client.get("/console/words").status_code == 200
    _press(client, "/console/switch", community=str(desk.ids["west"]["place"]))
    assert client.get("/console/audit").status_code == 200 and client.get("/console/words").status_code == 404


def test_the_committee_sees_matters_but_neither_names_nor_private_ones(desk: Desk) -> None:
    """Nor can it find out by searching, nor from what staff noted among themselves."""
    ids = desk.ids["east"]
    with desk.db.write() as tx:
        row = tx.execute(select(issue).where(issue.c.id == ids["issue"])).one()
        tx.add(issue_event, issue_id=row.id, at=NOW, act="supplement", actor_id=ids["person"], text="内部记下的话", inner=True)
        hidden = tx.add(issue, **{k: v for k, v in row._mapping.items() if k not in ("id", "number", "private", "title")},
                        number=2, private=True, title="私事工单")
    _make(desk, "yewei", Role.COMMITTEE, "east")
    client, admin = desk.client("yewei"), desk.client("east")
    assert "私事工单" in admin.get("/console/issues").text and "私事工单" not in client.get("/console/issues").text
    assert client.get(f"/console/issues/{hidden}").status_code == 404
    page = client.get(f"/console/issues/{ids['issue']}").text
    assert "李**" not in page and "（居民）" in page and "内部记下的话" not in page and "李**" in admin.get(f"/console/issues/{ids['issue']}").text
    shown = client.get("/console/issues").text
    assert "李**" not in shown and 'name="person"' not in shown and "导出" not in shown
    assert client.get("/console/issues?person=没有这个人").text.count("<tr") == shown.count("<tr")
    assert "私事工单" not in client.get("/console/figures/issues").text and "私事工单" in admin.get("/console/figures/issues").text
    assert all(f"/console/{name}" not in client.get("/console/").text for name in ("people", "messages", "audit", "outbox"))


def test_a_link_to_a_thing_leads_there_after_signing_in(desk: Desk) -> None:
    """To a page of the console and nowhere else."""
    path = f"/console/issues/{desk.ids['east']['issue']}"
    client = desk.client()
    page = client.get(path)
    assert page.status_code == 404 and f'name="next" value="{path}"' in page.text and "电梯" not in page.text
    form = {"username": "east", "password": "a long password", "csrf_token": token(client)}
    assert client.post("/console/login", data=form | {"next": path}).location == path
    for evil in ("https://evil.example/console/", "//evil.example/console/", "/console//evil.example", "/console/../m/", "/console/\\evil",
                 "javascript:alert(1)", "/m/", "http://[", "/console/\nx", "\x00"):
        assert client.post("/console/login", data=form | {"next": evil}).location == "/console/", evil


def test_what_ended_long_ago_is_forgotten(desk: Desk) -> None:
    """Old sessions do not pile up."""
    desk.client("east")
    desk.now += timedelta(days=91)
    desk.client("east")
    with desk.db.read() as tx:
        assert len(tx.all(select(console_session).where(console_session.c.account_id == desk.ids["east"]["account"]))) == 1
