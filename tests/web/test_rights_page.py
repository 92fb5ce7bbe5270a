"""Residents' rights in the browser: staff see the beginning of a name, look with a reason, and carry out what was asked."""

import io
import json
import re
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.rights import data_request, reveal
from models.tables import audit, home, person, residence
from services import mydata
from tests.web.desk import EVIL, Desk, token
from tests.web.town import Town


def _post(desk: Desk, client: FlaskClient, deed: str, key: int, **said: str) -> int:
    csrf = token(client, "/console/password")
    return client.post(f"/console/people/{key}/{deed}", data={"csrf_token": csrf} | said).status_code


def _actions(desk: Desk) -> list[str]:
    with desk.db.read() as tx:
        return [r.action for r in tx.all(select(audit.c.action).order_by(audit.c.seq))]


def test_a_name_is_shown_once_for_a_reason_and_the_person_sees_who_looked(desk: Desk) -> None:
    """Masked on every page and in every file; no reason, no name; what was looked at is on record, without the words."""
    client, key = desk.client("east"), desk.ids["east"]["person"]
    assert _post(desk, client, "correct", key, phone="138 1234 5678") == 302
    page = f"/console/people/{key}/data"
    assert "138****5678" in (text := client.get(page).text) and "李**" in text and "李east" not in text and "13812345678" not in text
    assert _post(desk, client, "reveal", key, why="") == 400 and _post(desk, client, "reveal", key, why="other", note="看") == 400
    csrf = token(client, "/console/password")
    shown = client.post(f"/console/people/{key}/reveal", data={"csrf_token": csrf, "why": "contact", "note": f"上门修灯{EVIL}"})
    assert shown.status_code == 200 and "李east" in shown.text and "13812345678" in shown.text and EVIL not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "李east" not in client.get(page).text and "联系本人办事" in client.get(page).text
    with desk.db.read() as tx:
        row = tx.execute(select(reveal)).one()
        assert (row.person_id, row.why, row.note) == (key, "contact", f"上门修灯{EVIL}")
        [noted] = tx.all(select(audit).where(audit.c.action == "person.reveal"))
        assert '"why":"contact"' in noted.detail and "上门" not in noted.detail and noted.object == f"person:{key}"
    found = client.post("/console/requests/find", data={"csrf_token": csrf, "phone": "138-1234-5678"})
    assert found.status_code == 302 and found.location.endswith(page)
    assert client.post("/console/requests/find", data={"csrf_token": csrf, "phone": "1381234567"}).status_code == 200
    assert desk.client("west").get(page).status_code == 404


def test_a_request_is_carried_out_from_the_list_to_the_end(desk: Desk) -> None:
    """Entered at the desk, seen late, refused only with a reason; corrected and copied; what others may not see is not in it."""
    client, key = desk.client("east"), desk.ids["east"]["person"]
    assert _post(desk, client, "ask", key, kind="correct", text="") == 400
    assert _post(desk, client, "ask", key, kind="delete", text="本人书面申请") == 302
    listed = client.get("/console/requests").text
    assert "R1" in listed and "删除" in listed and "李east" not in listed and ">R2<" not in listed  # R2 is of the other community
    csrf = token(client, "/console/password")
    assert client.post("/console/requests/1/end", data={"csrf_token": csrf, "refuse": "1", "words": "不"}).status_code == 400
    assert client.post("/console/requests/1/end", data={"csrf_token": csrf, "refuse": "1", "words": "没有证明"}).status_code == 302
    assert client.post("/console/requests/1/end", data={"csrf_token": csrf, "done": "1"}).status_code == 400
    assert "没有证明" in client.get("/console/requests/1").text
    assert _post(desk, client, "correct", key, name="李建国") == 302
    with desk.db.read() as tx:
        flat = tx.scalar(select(residence.c.home_id).where(residence.c.person_id == key))
    assert _post(desk, client, "correct", key, home=str(flat)) == 302 and _post(desk, client, "correct", key, home=str(flat)) == 400
    copy = client.post(f"/console/people/{key}/copy", data={"csrf_token": csrf})
    archive = zipfile.ZipFile(io.BytesIO(copy.data))
    words = json.dumps(json.loads(archive.read("data.json")), ensure_ascii=False)
    assert "李建国" in words and "不公开的投票" in words and words.count("金丝雀同意") == 1 and EVIL in words
    assert EVIL not in archive.read("我的数据.html").decode()
    assert {"rights.ask", "rights.refused", "person.name", "home.unbind", "rights.copy"} <= set(_actions(desk))


def test_a_person_is_deleted_only_when_it_is_meant(desk: Desk) -> None:
    """The word must be typed and the proof named; afterwards the pages know nobody of that number, and the request is done."""
    client, key = desk.client("east"), desk.ids["east"]["person"]
    assert _post(desk, client, "ask", key, kind="delete") == 302
    assert _post(desk, client, "erase", key, sure="删", proof="face") == _post(desk, client, "erase", key, sure="删除", proof="") == 400
    assert _post(desk, client, "erase", key, sure="删除", proof="face") == 302
    assert client.get(f"/console/people/{key}/data").status_code == 404
    with desk.db.read() as tx:
        row = tx.execute(select(person).where(person.c.id == key)).one()
        assert row.name is None and row.erased_at is not None
        assert {r.state for r in tx.all(select(data_request.c.state).where(data_request.c.person_id == key))} == {"done"}
        assert tx.first(select(home.c.id)) is not None
    assert client.get("/console/requests").status_code == client.get("/console/requests/1").status_code == 200


def test_nobody_is_told_of_a_deletion_that_has_not_happened(desk: Desk) -> None:
    """“办好了” ends no deletion: the page leads to where it is done, and what was done by a wrong click is nothing."""
    client, key = desk.client("east"), desk.ids["east"]["person"]
    assert _post(desk, client, "ask", key, kind="delete", text="本人来了") == 302
    with desk.db.read() as tx:
        [asked] = tx.connection.scalars(select(data_request.c.id).where(data_request.c.kind == "delete"))
    csrf, page = token(client, "/console/password"), client.get(f"/console/requests/{asked}").text
    assert 'name="done"' not in page and f"/console/people/{key}/data#erase" in page
    no = client.post(f"/console/requests/{asked}/end", data={"csrf_token": csrf, "done": "1", "words": "删了"})
    assert no.status_code == 400 and "资料还没有删除" in no.text
    assert _state(desk, asked) == "open" and '<details class="card" id="erase" open>' in client.get(f"/console/people/{key}/data").text
    assert _post(desk, client, "erase", key, sure="删除", proof="face") == 302
    assert _state(desk, asked) == "done" and "已删除这个人的资料" in client.get("/console/requests?said=erased").text


def test_what_was_done_is_said_and_a_withdrawal_is_carried_out(desk: Desk) -> None:
    """A correction does not end without a word on how; ending a withdrawal withdraws the consent, in the name of who did it."""
    client, key = desk.client("east"), desk.ids["east"]["person"]
    assert _post(desk, client, "ask", key, kind="correct", text="姓名应为王芳") == 302
    assert _post(desk, client, "ask", key, kind="withdraw") == 302
    csrf = token(client, "/console/password")
    with desk.db.read() as tx:
        ids = {r.kind: r.id for r in tx.all(select(data_request).where(data_request.c.person_id == key))}
    no = client.post(f"/console/requests/{ids['correct']}/end", data={"csrf_token": csrf, "done": "1", "words": " "})
    assert no.status_code == 400 and "请写明是怎么办的" in no.text and _state(desk, ids["correct"]) == "open"
    assert "停止保存和发消息" in client.get(f"/console/requests/{ids['withdraw']}").text
    assert client.post(f"/console/requests/{ids['withdraw']}/end", data={"csrf_token": csrf, "done": "1"}).status_code == 302
    with desk.db.read() as tx:
        row = tx.execute(select(person).where(person.c.id == key)).one()
        assert row.left_at is not None and row.consented_at is None
        [noted] = tx.all(select(audit).where(audit.c.action == "person.leave"))
        assert noted.actor.startswith("account:") and noted.object == f"person:{key}"


def _state(desk: Desk, key: int) -> str:
    with desk.db.read() as tx:
        return str(tx.scalar(select(data_request.c.state).where(data_request.c.id == key)))


def test_numbers_in_what_people_said_are_hidden_in_the_console(desk: Desk) -> None:
    """Lists, files and pages show what was said without phones and identity cards."""
    from models.tables import issue, message
    with desk.db.write() as tx:
        tx.execute(message.update().values(text="我的电话 13812345678"))
        tx.execute(issue.update().values(text="联系 13812345678", title="联系 13812345678"))
    client = desk.client("east")
    for path in ("/console/messages", "/console/issues", f"/console/issues/{desk.ids['east']['issue']}"):
        assert "138****5678" in (text := client.get(path).text) and "13812345678" not in text, path
    assert "13812345678" not in desk.csv(client, "/console/messages.csv") + desk.csv(client, "/console/issues.csv")


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_resident_reads_and_takes_their_data_on_the_page(town: Town) -> None:
    """From chat by a link, or signed in; who has neither sees nothing; that a copy was taken is on record."""
    town.stage.play("页面 https://m.example")
    said = "".join(town.stage.play("李叔(私聊): 我的数据"))
    path = re.findall(r"https://m\.example(/m/\S+)", said)[0]
    stranger = town.app.test_client()
    page = stranger.get(path)
    assert page.status_code == 200 and "李叔" in page.text and "3幢2单元501" in page.text and "没有工作人员看过" in page.text
    assert page.headers["Cache-Control"] == "no-store" and "180 天" in page.text
    file = stranger.get(f"{path}.zip")
    assert "电梯停了一周" in json.dumps(json.loads(zipfile.ZipFile(io.BytesIO(file.data)).read("data.json")), ensure_ascii=False)
    assert stranger.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404
    assert stranger.get(f"{path}x.zip").status_code == 404
    assert "R1 要副本：已办" in stranger.get(path).text
    phone = town.phone("李叔")
    assert "我的数据" in phone.get("/m/test/me").text
    there = phone.get("/m/test/data")
    assert there.status_code == 302 and "李叔" in phone.get(there.location).text
    assert town.app.test_client().get("/m/test/data").status_code in (302, 404)
    mine = there.location
    assert ">提交</button>" not in stranger.get(path).text  # who only has the address reads
    assert "138****5678" in town.press(phone, mine, "提交", words="13812345678").text
    asked = town.press(phone, mine, "删除我的数据")
    assert "不能恢复" in asked.text
    assert "您的数据已删除" in town.press(phone, f"{asked.request.path}?{asked.request.query_string.decode()}", "确定删除").text
    assert "您的数据已删除" in stranger.get(path).text and stranger.get(f"{path}.zip").status_code == 404
    town.stage.now += mydata.LINK_LIFE
    town.stage.now += mydata.LINK_LIFE
    assert stranger.get(path).status_code == 404
