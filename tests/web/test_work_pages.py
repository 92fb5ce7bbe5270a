"""Work in the console: the board, one deed on many, deeds on one, commands as in chat, a poll as a form, files to take away."""

import io
import json
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select, update

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM, Role
from models.tables import audit as audit_table
from models.tables import ballot, chat, issue, issue_event, message, outbox, party, person, poll
from services import accounts, audit, issue_staff, parties, polls
from tests.web.desk import EVIL, NOW, Desk, token


@pytest.fixture
def office(desk: Desk) -> dict[str, Any]:
    """The east with a grid worker, a party with a member, three issues and a group that can be posted to."""
    where = _where(desk)
    with desk.db.write() as tx:
        zhou = tx.add(person, community_id=where, name="周敏", role="grid_worker", told_version=1, consent_version=1, created_at=NOW)
        ids = [desk.ids["east"]["issue"], *(
            tx.add(issue, community_id=where, number=n, state="submitted", category="parking", title=f"停车{n}", text=f"停车难{n}",
                   submitter_id=desk.ids["east"]["person"], created_at=NOW, changed_at=NOW) for n in (2, 3))]
        firm = tx.add(party, community_id=where, name="绿城物业", kind="property")
        tx.execute(update(chat).where(chat.c.id == desk.ids["east"]["group"]).values(post_channel="webhook", post_address="key"))
        parties.add_member(tx, SYSTEM, parties.by_id(tx, firm), person_id=zhou, now=NOW)
        audit.seal(tx)
    return {"where": where, "zhou": zhou, "issues": ids, "party": firm, "client": desk.client("east")}


def _where(desk: Desk) -> int:
    with desk.db.read() as tx:
        return int(tx.scalar(select(issue.c.community_id).where(issue.c.id == desk.ids["east"]["issue"])))


def press(client: FlaskClient, path: str, **data: Any) -> Any:
    """Sends a form and follows to the page it leads to."""
    return client.post(path, data={"csrf_token": token(client, "/console/password"), **data}, follow_redirects=True)


def states(desk: Desk, ids: list[int]) -> list[str]:
    """Where these issues stand."""
    with desk.db.read() as tx:
        found = {row.id: row.state for row in tx.all(select(issue.c.id, issue.c.state).where(issue.c.id.in_(ids)))}
    return [found[i] for i in ids]


def test_many_are_done_at_once_and_each_says_what_came_of_it(desk: Desk, office: dict[str, Any]) -> None:
    """Assigned together; what cannot be is told with the chat's words; the same form twice does it once."""
    client, ids = office["client"], office["issues"]
    page = client.get("/console/board").text
    assert "待受理" in page and page.count('name="issue"') == 3 and "I3 停车3" in page and "<script>" not in page
    with desk.db.write() as tx:
        actor = SYSTEM.__class__("account:1", SYSTEM.role, office["where"])
        issue_staff.reject(tx, actor, number=3, reason="归交警管", now=NOW)
        audit.seal(tx)
    form = {"deed": "issue.assign", "issue": [str(i) for i in ids] + [str(desk.ids["west"]["issue"]), "9" * 19, "x"],
            "party": "绿城物业", "until": "3个工作日", "words": "先看看", "nonce": "n1"}
    page = press(client, "/console/board", **form).text
    assert "2 件办成，1 件没有办成" in page and page.count("已派给绿城物业") == 2
    assert states(desk, [*ids, desk.ids["west"]["issue"]]) == ["assigned", "assigned", "rejected", "submitted"]
    with desk.db.read() as tx:
        before = tx.scalar(select(func.count()).select_from(issue_event))
    again = press(client, "/console/board", **form).text  # the very same form again
    assert "2 件办成，1 件没有办成" in again
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(issue_event)) == before
        said = tx.all(select(message).where(message.c.channel == "console").order_by(message.c.id))
        assert [m.text for m in said[:2]] == [f"I{n} 派给 绿城物业 3个工作日 理由 先看看" for n in (1, 2)]
        assert {m.person_id for m in said} == {None}
        done = tx.all(select(audit_table).where(audit_table.c.action == "order.give"))
        assert len(done) == 3 and {d.actor for d in done} == {tx.scalar(select(audit_table.c.actor).where(
            audit_table.c.action == "account.login"))} and audit.verify(tx).ok
    assert "已催绿城物业尽快办" in press(client, "/console/board", deed="issue.nudge", issue=[str(ids[0])], nonce="n2").text
    assert "刚催过" in press(client, "/console/board", deed="issue.nudge", issue=[str(ids[0])], nonce="n3").text
    desk.now += timedelta(days=9)
    client = desk.client("east")
    page = client.get("/console/board?by=due&category=parking").text.split('class="board"')[1]
    assert page.count('class="issue late"') == 1 and "停车2" in page and "east电梯" not in page
    assert press(client, "/console/board", deed="issue.nudge", nonce="n4").status_code == 400  # nothing ticked
    assert press(client, "/console/board", deed="issue.vanish", issue=[str(ids[0])], nonce="n5").status_code == 400


def test_many_are_ticked_in_a_list_and_the_list_is_come_back_to(desk: Desk, office: dict[str, Any]) -> None:
    """With the list's filters kept; what cannot be is told line by line, the same form twice is one deed, nothing of elsewhere."""
    client, ids = office["client"], office["issues"]
    page = client.get("/console/issues?kind=submitted").text
    assert page.count('name="issue"') == 3 and 'value="/console/issues?kind=submitted"' in page
    form = {"deed": "issue.accept", "issue": [str(ids[1]), str(ids[2]), str(desk.ids["west"]["issue"])], "nonce": "n1",
            "back": "/console/issues?kind=submitted"}
    for _ in range(2):
        page = press(client, "/console/board", **form).text
        assert "2 件办成。" in page and 'href="/console/issues?kind=submitted"' in page and 'class="board"' not in page
    assert states(desk, [*ids, desk.ids["west"]["issue"]]) == ["submitted", "accepted", "accepted", "submitted"]
    page = press(client, "/console/board", **{**form, "nonce": "n2", "issue": [str(i) for i in ids]}).text
    assert "1 件办成，2 件没有办成" in page and page.count('<tr>') == 3
    assert 'href="/console/"' in press(client, "/console/board", **{**form, "nonce": "n3", "back": "https://evil.example/"}).text
    assert "还没有勾选" in press(client, "/console/board", deed="issue.accept", nonce="n4", back="/console/issues").text
    polls_page = client.get("/console/polls").text
    assert polls_page.count('name="poll"') == 2 and 'value="poll.remind"' in polls_page and 'value="poll.void"' not in polls_page


def test_an_issues_page_offers_what_fits_and_does_it_by_the_chats_rules(desk: Desk, office: dict[str, Any]) -> None:
    """Accept, then no more accept; a result without a photo is refused with what to do."""
    client, key = office["client"], office["issues"][1]
    page = client.get(f"/console/issues/{key}").text
    assert 'value="issue.accept"' in page and 'value="issue.reject"' in page and 'value="issue.resume"' not in page
    assert press(client, f"/console/issues/{key}/deed", deed="issue.accept", nonce="a").status_code == 200
    assert press(client, f"/console/issues/{key}/deed", deed="issue.reject", words="", nonce="b").status_code == 400
    assert press(client, f"/console/issues/{key}/deed", deed="issue.assign", party="没有的单位", nonce="c").status_code == 400
    assert press(client, f"/console/issues/{key}/deed", deed="issue.assign", party="绿城物业", nonce="d").status_code == 200
    page = client.get(f"/console/issues/{key}").text
    assert 'value="issue.accept"' not in page and 'value="issue.nudge"' in page
    assert desk.client("west").post(f"/console/issues/{key}/deed", data={}).status_code == 400  # no token
    assert press(desk.client("west"), f"/console/issues/{key}/deed", deed="issue.accept", nonce="e").status_code == 404


def test_commands_are_given_as_in_chat_but_nobody_votes_for_another(desk: Desk, office: dict[str, Any]) -> None:
    """In the name of one of the staff; what residents must do themselves is no command here."""
    client, zhou = office["client"], str(office["zhou"])
    listing = client.get("/console/order").text
    assert "发起投票 要不要装电梯" in listing and "撤票" not in listing and "删除我的数据" not in listing
    assert "绿城物业" in press(client, "/console/order", say="通讯录", person=zhou, nonce="1").text
    assert "已受理" in press(client, "/console/order", say="受理 I2", person=zhou, nonce="2").text
    with desk.db.read() as tx:
        before = tx.scalar(select(func.count()).select_from(ballot))
    for words in ("P1 1", "撤票 P1", "删除我的数据", "同意", "I1 附议"):
        assert "没有这样的命令" in press(client, "/console/order", say=words, person=zhou, nonce=words).text, words
    assert "请选一位工作人员" in press(client, "/console/order", say="值班表", person=str(desk.ids["west"]["person"]), nonce="3").text
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ballot)) == before
    code = press(client, "/console/order", say="绑定码 3幢2单元501", person=zhou, nonce="4").text
    found = re.search(r"\d{6}", code[code.index("办成"):])
    assert found and found.group() not in client.get("/console/messages").text  # for one pair of eyes


def asked(page: str) -> dict[str, str]:
    """What the form with the answers to an order's question holds."""
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[-1] for name in ("question", "nonce")}


def test_what_an_order_asks_is_answered_once_and_by_who_was_asked(desk: Desk, office: dict[str, Any]) -> None:
    """A poll put together step by step; a changed question, an old one and somebody else's are no answer, and nothing is done."""
    client, zhou = office["client"], str(office["zhou"])
    first = press(client, "/console/order", say="发起投票 要不要装门禁", person=zhou, nonce="1").text
    assert "有哪些选项" in first and 'name="question"' in press(
        client, "/console/order", say="发起投票 要不要装门禁", person=zhou, nonce="1").text  # the same form again is asked again
    second = press(client, "/console/order/answer", **asked(first), say="同意 反对").text
    assert "什么时候截止" in second
    third = press(client, "/console/order/answer", **asked(second), say="明晚8点").text
    assert "请看一遍" in third and 'value="发布"' in third
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="other", password="a long password", community_id=office["where"], now=NOW)
        audit.seal(tx)
    kept = asked(third)
    for who, question in ((client, f"x{kept['question']}"), (client, ""), (desk.client("other"), kept["question"])):
        assert "已经过了时间" in press(who, "/console/order/answer", question=question, nonce="9", say="发布").text
    assert 'name="question"' in press(client, "/console/order/answer", question=kept["question"], nonce="8", say="什么").text
    notice = press(client, "/console/place/deed", deed="notice.post", notice="周五上午停水", person=zhou, nonce="7").text
    lost = press(client, "/console/order/answer", **asked(notice), say="什么")
    assert lost.status_code == 400 and "没有听懂" in lost.text and 'name="question"' in lost.text
    for _ in range(2):
        assert "P3 已开始" in press(client, "/console/order/answer", **kept, say="发布").text
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(poll).where(poll.c.title == "要不要装门禁")) == 1 and audit.verify(tx).ok


def test_a_poll_is_looked_at_three_ways_and_published_once(desk: Desk, office: dict[str, Any]) -> None:
    """The preview leaves nothing behind, number included; publishing twice opens one; who voted when is then on its page."""
    client = office["client"]
    form = {"title": f"要不要装充电桩{EVIL}", "options": "装在东门\n装在西门\n不装", "kind": "single", "closes": "2026-03-05T20:00",
            "poll_class": "straw", "secrecy": "named", "person": str(office["zhou"]), "issue": "2", "nonce": "p"}
    with desk.db.read() as tx:
        before = _everything(tx)
    wrong = press(client, "/console/polls/new", **form | {"issue": "停车那件"})
    assert wrong.status_code == 400 and "没看懂是哪个议题" in wrong.text and "公开谁选了什么" not in wrong.text.replace("不公开", "不")
    assert "预览" in press(client, "/console/polls/new", **form | {"issue": "I2"}).text  # as it is called everywhere
    page = press(client, "/console/polls/new", **form).text
    assert "预览" in page and "P3" in page and page.count("装在东门") >= 5 and "<script>" not in page
    assert "会发到 1 个群：east群" in page and "应参加" in page
    with desk.db.read() as tx:
        assert _everything(tx) == before
    for wrong in ({"options": "装"}, {"options": "装\n装"}, {"closes": "2026-03-01T20:00"}, {"closes": "x"}, {"title": ""},
                  {"person": "999"}, {"kind": "score", "low": "1", "high": "1"}, {"kind": "budget"}, {"issue": "99"}, {"scope": "9幢"},
                  {"kind": "lottery"}, {"secrecy": "all"}):
        answer = press(client, "/console/polls/new", **form | wrong, publish="1")
        assert answer.status_code == 400 and 'role="alert"' in answer.text, wrong
    opened = press(client, "/console/polls/new", **form, publish="1")
    again = press(client, "/console/polls/new", **form, publish="1")
    assert opened.request.path == again.request.path and "P3 要不要装充电桩" in opened.text
    with desk.db.write() as tx:
        row = tx.execute(select(poll).where(poll.c.community_id == office["where"], poll.c.number == 3)).one()
        assert (row.opened_by, row.kind, row.issue_id) == (office["zhou"], "single", office["issues"][1])
        assert tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.key.like(f"poll:{row.id}:open:%"))) == 1
        assert tx.scalar(select(func.count()).select_from(poll).where(poll.c.community_id == office["where"])) == 3
        polls.close(tx, SYSTEM, row, reason=None, now=NOW + timedelta(days=3))
        audit.seal(tx)
    for kind, more in (("stance", {"options": ""}), ("ranked", {"seats": "2"}), ("budget", {"limit": "50000", "options": "长椅 2万元\n路灯 3万元"}),
                       ("signup", {"options": "", "places": "20"}), ("score", {}), ("times", {}), ("multiple", {"most": "2"}), ("approval", {})):
        assert "预览" in press(client, "/console/polls/new", **form | {"kind": kind, "issue": ""} | more).text, kind


def _everything(tx: Any) -> list[Any]:
    return [tx.all(select(table).order_by(*table.primary_key)) for table in (poll, outbox, message, audit_table, issue)]


def test_lists_and_a_whole_case_are_taken_away_safely(desk: Desk, office: dict[str, Any]) -> None:
    """A workbook whose cells are text; a zip with the course, what was said, photos, polls and the chain, fingerprinted."""
    client, key = office["client"], office["issues"][0]
    with desk.db.write() as tx:
        tx.execute(update(issue).where(issue.c.id == office["issues"][1]).values(title="=cmd()|' /C calc'!A0"))
        tx.execute(update(poll).where(poll.c.id == desk.ids["east"]["poll1"]).values(issue_id=key))
        tx.execute(update(message).where(message.c.external_id == "m-east").values(reply="记下了，编号 I1"))
    csrf = token(client, "/console/password")
    book = load_workbook(io.BytesIO(client.post("/console/issues.xlsx", data={"csrf_token": csrf}).data))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert any(str(cell.value).startswith("'=cmd") for cell in cells) and all(cell.data_type != "f" for cell in cells)
    assert "west" not in str([cell.value for cell in cells])
    votes = load_workbook(io.BytesIO(client.post(f"/console/polls/{desk.ids['east']['poll1']}.xlsx", data={"csrf_token": csrf}).data))
    assert "金丝雀同意" in str([c.value for row in votes.worksheets[0].iter_rows() for c in row])
    answer = client.post(f"/console/issues/{key}.zip", data={"csrf_token": csrf})
    files = zipfile.ZipFile(io.BytesIO(answer.data))
    names = files.namelist()
    assert {"01-概况.txt", "02-经过.csv", "03-消息.csv", "06-审计记录.csv", "P1/投票情况.txt", "manifest.json"} <= set(names)
    assert any(name.startswith("05-照片/") for name in names)
    cast = files.read("P1/谁投了什么.csv").decode()
    assert "算没算" in cast and "金丝雀同意" in cast and "已计入" in cast and not any(n.startswith("P2/谁") for n in names)
    assert "金丝雀同意" in files.read("P1/投票情况.txt").decode() and "电梯坏了" in files.read("03-消息.csv").decode()
    prints = json.loads(files.read("manifest.json"))["sha256"]
    assert prints.keys() == set(names) - {"manifest.json"}
    with desk.db.write() as tx:
        tx.execute(update(issue).where(issue.c.id == key).values(anonymous=True))
        tx.execute(update(poll).where(poll.c.id == desk.ids["east"]["poll1"]).values(anonymous=True, hides=True))
    hushed = zipfile.ZipFile(io.BytesIO(client.post(f"/console/issues/{key}.zip", data={"csrf_token": csrf}).data))
    text = "".join(hushed.read(n).decode("utf-8", "ignore") for n in hushed.namelist() if n.endswith((".txt", ".csv")))
    assert "李east" not in text and "金丝雀同意：1" not in text and "P1/谁投了什么.csv" not in hushed.namelist()
    with desk.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(audit_table).where(audit_table.c.action == "issue.export")) == 2


def test_a_unit_answers_who_voted_when_and_whether_it_was_counted(desk: Desk, office: dict[str, Any]) -> None:
    """A named ballot with its time and its course; of a poll that is not public only that somebody took part."""
    client, flat = office["client"], desk.ids["east"]["home"]
    page = client.get(f"/console/homes/{flat}").text
    named, secret = page[page.index("P1 "):], page[page.index("P2 "):page.index("P1 ")]
    assert "金丝雀同意" in named and "10:00" in named and "现在计入" in named and "<script>" not in page
    assert "参加了" in secret and "金丝雀" not in secret and "10:00" not in secret
    with desk.db.write() as tx:
        tx.execute(update(ballot).where(ballot.c.poll_id == desk.ids["east"]["poll1"]).values(choice=""))
        tx.execute(update(ballot).where(ballot.c.poll_id == desk.ids["east"]["poll2"]).values(choice=""))
    page = client.get(f"/console/homes/{flat}").text
    assert "已撤票，不计" in page and "P2 " not in page
    assert desk.client("west").get(f"/console/homes/{flat}").status_code == 404


def test_who_only_looks_does_nothing_here(desk: Desk, office: dict[str, Any]) -> None:
    """The board and every deed are for those who work; a private ticket is worked on by them, and nothing to the property."""
    with desk.db.write() as tx:
        tx.execute(update(issue).where(issue.c.id == office["issues"][2]).values(private=True))
        for role in (Role.PROPERTY, Role.AUDITOR, Role.GRID_WORKER):
            accounts.create(tx, SYSTEM, username=str(role), password="a long password", community_id=office["where"], now=NOW, role=role)
        audit.seal(tx)
    hidden, open_one = office["issues"][2], office["issues"][1]
    worker = desk.client("grid_worker")
    page = worker.get("/console/board").text
    assert "停车2" in page and "停车3" in page and 'name="deed"' in page and "P1 要不要装" in page
    for who in ("property", "auditor"):
        client = desk.client(who)
        assert client.get("/console/board").status_code == 404
        assert press(client, f"/console/issues/{open_one}/deed", deed="issue.accept", nonce="x").status_code == 404
        assert 'name="deed"' not in client.get(f"/console/issues/{open_one}").text
    assert desk.client("property").get(f"/console/issues/{hidden}").status_code == 404
    assert press(worker, f"/console/issues/{hidden}/deed", deed="issue.accept", nonce="x").status_code == 200
