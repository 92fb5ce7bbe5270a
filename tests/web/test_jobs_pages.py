"""A party's own account: linked by the admin, sees its orders alone, and does with them what its members do in chat."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM, Actor, Deed, Role
from models.accounts import account_party
from models.tables import audit as audit_table
from models.tables import issue, issue_event, party, photo, promise
from services import accounts, audit, dispatch, parties, posts
from tests.web.desk import NOW, Desk, token


def press(client: FlaskClient, path: str, **data: Any) -> Any:
    """Sends a form."""
    return client.post(path, data={"csrf_token": token(client, "/console/account"), **data}, content_type="multipart/form-data")


def picture() -> tuple[io.BytesIO, str]:
    """A photo as a phone sends it."""
    into = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(into, "JPEG")
    return io.BytesIO(into.getvalue()), "done.jpg"


@pytest.fixture
def firm(desk: Desk) -> dict[str, Any]:
    """A property with two orders in the east and an account of its foreman, not yet linked."""
    place, who = desk.ids["east"]["place"], desk.ids["east"]["person"]
    staff = Actor("account:1", Role.ADMIN, place)
    with desk.db.write() as tx:
        firms = [tx.add(party, community_id=place, name=name, kind="property") for name in ("绿城物业", "电梯维保")]
        foreman = accounts.create(tx, SYSTEM, username="foreman", password="a long password", community_id=place, now=NOW,
                                  role=Role.PROPERTY)
        ids = []
        for number, title in ((2, "3幢电梯又停了"), (3, "5幢路灯不亮"), (4, "井盖松动")):
            ids.append(tx.add(issue, community_id=place, number=number, state="accepted", category="elevator", title=title,
                              text=f"{title}，我叫王芳，电话13812345678", submitter_id=who, place="3幢2单元", created_at=NOW, changed_at=NOW))
            to = parties.by_id(tx, firms[1 if number == 4 else 0])
            dispatch.assign(tx, staff, number=number, party=to, now=NOW)
        audit.seal(tx)
    return {"place": place, "firms": firms, "account": foreman, "issues": ids, "client": desk.client("foreman")}


def link(desk: Desk, firm: dict[str, Any]) -> FlaskClient:
    """The admin ticks the party on the account's page."""
    admin = desk.client("east")
    assert press(admin, f"/console/accounts/{firm['account']}/parties", party=str(firm["firms"][0])).status_code == 302
    client: FlaskClient = firm["client"]
    return client


def test_the_admin_says_for_whom_an_account_acts(desk: Desk, firm: dict[str, Any]) -> None:
    """Until then it is told what to ask for; it ends with the role, and nobody links to another community's party."""
    client, at = firm["client"], f"/console/accounts/{firm['account']}"
    assert client.get("/console/").location.endswith("/console/jobs") and "还没有对应的单位" in client.get("/console/jobs").text
    admin = desk.client("east")
    assert "绿城物业" in admin.get(at).text and "代表哪些单位" in admin.get(at).text
    with desk.db.write() as tx:
        foreign = tx.add(party, community_id=desk.ids["west"]["place"], name="西苑物业", kind="property")
    assert press(admin, f"{at}/parties", party=[str(foreign), str(firm["firms"][0])]).status_code == 302
    page = client.get("/console/jobs").text
    assert "3幢电梯又停了" in page and "5幢路灯不亮" in page and "井盖松动" not in page and "西苑" not in page
    with desk.db.read() as tx:
        assert [r.party_id for r in tx.all(select(account_party))] == [firm["firms"][0]]
        note = tx.first(select(audit_table).where(audit_table.c.action == "account.parties"))
        assert note is not None and '"before":[]' in note.detail
        worker = posts.id_of(tx, "east")
    assert press(admin, f"/console/accounts/{worker}/parties", party=str(firm["firms"][0])).status_code == 400  # no role to act for one
    assert press(desk.client("west"), f"{at}/parties", party=str(foreign)).status_code == 404
    assert press(admin, f"{at}/give", role="committee").status_code == 302
    with desk.db.read() as tx:
        assert tx.all(select(account_party)) == []


def test_the_foreman_does_on_the_page_what_members_do_in_chat(desk: Desk, firm: dict[str, Any]) -> None:
    """Takes it on, says how it goes, shows the work done; the same steps, events and guards as in chat."""
    client, key = link(desk, firm), firm["issues"][0]
    page = client.get(f"/console/jobs/{key}").text
    assert "接单" in page and "王*" in page and "王芳" not in page and "13812345678" not in page and "3幢2单元" in page
    assert set(re.findall(r'name="deed" value="([^"]+)"', page)) == {
        "issue.sign", "issue.contact", "issue.resolve", "photo", "issue.extend", "promise.make", "issue.whistle", "issue.return"}
    at = f"/console/jobs/{key}"
    signed = press(client, at, deed="issue.sign", nonce="1").text
    assert "已签收" in signed and set(re.findall(r'name="deed" value="([^"]+)"', signed)) == {
        "issue.contact", "issue.resolve", "photo", "issue.extend", "promise.make", "issue.whistle"}
    assert press(client, at, deed="issue.contact", nonce="2", words="已经停梯检查，配件明天到").status_code == 200
    refused = press(client, at, deed="issue.resolve", nonce="3", words="换了新的主板，电梯恢复运行")
    assert refused.status_code == 400 and "照片" in refused.text  # a result needs a photo, as in chat
    assert press(client, at, deed="promise.make", nonce="4", party="绿城物业", until="3月20日前", words="每月检查一次").status_code == 200
    done = press(client, at, deed="issue.resolve", nonce="5", words="换了新的主板，电梯恢复运行", photo=picture())
    assert done.status_code == 200 and "待回访" in client.get(at).text
    with desk.db.read() as tx:
        row = tx.execute(select(issue).where(issue.c.id == key)).one()
        assert row.state == "resolved" and row.signed_at == NOW and row.contacted_at == NOW
        shown = tx.execute(select(photo).where(photo.c.issue_id == key)).one()
        assert shown.kind == "evidence" and shown.person_id is None
        acts = tx.all(select(issue_event.c.act, issue_event.c.party_id).where(issue_event.c.issue_id == key))
        assert {a.act for a in acts} >= {"take_on", "contact", "resolve", "photo_evidence", "promise"}
        assert all(a.party_id == firm["firms"][0] for a in acts if a.act in ("take_on", "contact", "resolve"))
        by = {r.actor for r in tx.all(select(audit_table).where(audit_table.c.object == f"issue:{key}", audit_table.c.at == NOW))}
        assert f"account:{firm['account']}" in by
        assert tx.execute(select(promise.c.party_id)).scalars().all()[-1] == firm["firms"][0]
    assert client.get(f"{at}/photos/{shown.id}.jpg").mimetype == "image/jpeg"
    assert client.get(f"/console/jobs/{firm['issues'][1]}/photos/{shown.id}.jpg").status_code == 404  # not of that order
    assert "每月检查一次" in client.get("/console/jobs").text
    assert press(client, at, deed="promise.report", nonce="6", words="这个月已经检查过").status_code == 200
    assert "等居民评" in client.get("/console/jobs").text


def test_longer_back_and_what_is_no_photo(desk: Desk, firm: dict[str, Any]) -> None:
    """Asks for longer; sends back what is not theirs, and it is gone from their list; a file that is no photo is refused."""
    client, (lift, lamp, other) = link(desk, firm), firm["issues"]
    asked = press(client, f"/console/jobs/{lift}", deed="issue.extend", nonce="1", until="2个工作日", words="配件还没到货")
    assert asked.status_code == 200 and "申请" in asked.text
    wrong = press(client, f"/console/jobs/{lift}", deed="photo", nonce="2", photo=(io.BytesIO(b"%PDF"), "x.jpg"))
    assert wrong.status_code == 400 and "不是能看的照片" in wrong.text
    twice = [press(client, f"/console/jobs/{lift}", deed="photo", nonce=n, photo=picture()).status_code for n in "34"]
    assert twice == [200, 400]  # the same photo is there already
    short = press(client, f"/console/jobs/{lamp}", deed="issue.return", nonce="5", words="")
    assert short.status_code == 400
    back = press(client, f"/console/jobs/{lamp}", deed="issue.return", nonce="6", words="路灯归市政管，不归物业")
    assert back.status_code == 200 and "5幢路灯不亮" not in back.text.partition('role="status"')[2].partition("</p>")[2]
    assert client.get(f"/console/jobs/{lamp}").status_code == 404
    assert press(client, f"/console/jobs/{other}", deed="issue.sign", nonce="7").status_code == 404
    assert press(client, f"/console/jobs/{lift}", deed="issue.accept", nonce="8").status_code == 400  # no work of staff by this way
    assert not Role.PROPERTY.may(Deed.WORK) and client.get("/console/board").status_code == 404


def test_a_party_that_is_closed_or_lost_shows_nothing_more(desk: Desk, firm: dict[str, Any]) -> None:
    """What an account may do is asked at every request."""
    client, key = link(desk, firm), firm["issues"][0]
    assert client.get(f"/console/jobs/{key}").status_code == 200
    admin = desk.client("east")
    assert press(admin, f"/console/accounts/{firm['account']}/parties").status_code == 302  # nothing ticked
    assert client.get(f"/console/jobs/{key}").status_code == 404 and "还没有对应的单位" in client.get("/console/jobs").text
