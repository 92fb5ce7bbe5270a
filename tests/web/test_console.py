"""The console: what admins see and do there, and what never leaves it."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from domain.roles import SYSTEM
from domain.timers import Timer
from models.tables import audit as audit_table
from models.tables import ballot, community, heartbeat, issue, message, outbox, person, poll, timer
from services import accounts, audit, browse, export, paging, timers
from tests.web.desk import EVIL, LISTS, NOW, OPEN, Desk, addresses, token
from tests.web.gallery import PARTY_PAGES


def test_a_stranger_sees_nothing_but_the_login_page(desk: Desk) -> None:
    """Every address, from the route map: a new one is tested without being listed."""
    client = desk.client()
    csrf = token(client)
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        answer = client.open(path, method=method, data={"csrf_token": csrf} if method == "POST" else None)
        if endpoint in OPEN:
            assert answer.status_code in (200, 401, 429), path
        elif "<" in _rule(desk, endpoint):  # not even that it exists; a page offers to sign in
            assert answer.status_code == 404 and ('name="password"' in answer.text) == (method == "GET"), (method, path)
        else:
            assert answer.status_code == 302 and answer.location.endswith("/console/login"), (method, path)


def test_objects_of_another_community_do_not_exist(desk: Desk) -> None:
    """Not refused: not found; and its lists hold nothing of the other."""
    client = desk.client("west")
    csrf = token(client, "/console/password")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if "<" in _rule(desk, endpoint) and not endpoint.endswith("static"):
            answer = client.open(path, method=method, data={"csrf_token": csrf, "role": "admin"} if method == "POST" else None)
            assert answer.status_code == 404, (method, path)
    for name in LISTS:
        assert "east" not in client.get(f"/console/{name}").text, name
        assert "east" not in desk.csv(client, f"/console/{name}.csv"), name
    with desk.db.read() as tx:
        assert tx.scalar(select(person.c.role).where(person.c.id == desk.ids["east"]["person"])) == "resident"


def _rule(desk: Desk, endpoint: str) -> str:
    assert desk.app is not None
    return next(r.rule for r in desk.app.url_map.iter_rules() if r.endpoint == endpoint)


def test_an_account_of_every_community_sees_both(desk: Desk) -> None:
    """And which is which."""
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="all", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    client = desk.client("all")
    for name in LISTS:
        page = client.get(f"/console/{name}").text
        assert 'data-title="社区"' in page and ">east<" in page and ">west<" in page, name
    assert client.get(f"/console/issues/{desk.ids['east']['issue']}").status_code == 200
    assert "到期截止投票" in client.get("/console/sweeps").text  # which belong to none


def test_own_pages_show_what_is_there_and_escape_it(desk: Desk) -> None:
    """Attack strings in every field come out as text."""
    client = desk.client("east")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if method == "GET" and endpoint not in (*OPEN, *PARTY_PAGES, "console.register_template", "console.paper_photo", "console.photo",
                                                "console.round_png", "console.login_code"):  # no pages
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "<script>" not in answer.text, path
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "电梯" in client.get("/console/issues").text
    assert "3幢2单元501" in client.get("/console/messages").text


def test_reading_changes_nothing(desk: Desk) -> None:
    """No GET writes; even an export is asked for by a form, because that it was taken is noted."""
    client = desk.client("east")
    before = _state(desk)
    for _, method, path in addresses(desk, desk.ids["east"]):
        if method == "GET":
            client.get(path)
    assert _state(desk) == before


def _state(desk: Desk) -> list[Any]:
    with desk.db.read() as tx:
        return [tx.all(select(t).order_by(*t.primary_key)) for t in (person, outbox, issue, poll, ballot, audit_table)]


def test_every_form_needs_its_token(desk: Desk) -> None:
    """Without it nothing is done."""
    client = desk.client("east")
    for endpoint, method, path in addresses(desk, desk.ids["east"]):
        if method == "POST":
            assert client.post(path).status_code == 400, endpoint


def test_deeds_are_done_and_noted(desk: Desk) -> None:
    """A role, a code, a retry; each leaves a row in the chain."""
    client, ids = desk.client("east"), desk.ids["east"]
    csrf = token(client, "/console/password")
    assert client.post(f"/console/people/{ids['person']}/role", data={"role": "grid_worker", "csrf_token": csrf}).status_code == 302
    assert re.search(r"\d{6}", client.post(f"/console/homes/{ids['home']}/code", data={"csrf_token": csrf}).text)
    assert client.post(f"/console/outbox/{ids['outbox']}/retry", data={"csrf_token": csrf}).status_code == 302
    again = client.post(f"/console/outbox/{ids['outbox']}/retry", data={"csrf_token": csrf})
    assert again.status_code == 400 and "失败列表" in again.text
    with desk.db.read() as tx:
        done = set(tx.connection.scalars(select(audit_table.c.action)))
        assert {"person.role", "home.code", "outbox.retry", "account.login"} <= done
        assert tx.scalar(select(outbox.c.state).where(outbox.c.id == ids["outbox"])) == "waiting"
        assert audit.verify(tx).ok
    page = client.post("/console/audit/verify", data={"csrf_token": csrf}).text
    assert "首尾相连" in page


def test_a_person_is_renamed_and_the_name_stays_out_of_the_chain(desk: Desk) -> None:
    """Names are sealed at rest; the chain only knows that one was set."""
    client, ids = desk.client("east"), desk.ids["east"]
    csrf = token(client, "/console/password")
    assert client.post(f"/console/people/{ids['person']}/name", data={"name": "  王\u3000阿姨 ", "csrf_token": csrf}).status_code == 302
    assert "王**" in (page := client.get("/console/people").text) and "阿姨" not in page  # found by its whole, shown by its beginning
    assert "3幢2单元501" in client.get("/console/people?person=阿姨").text
    audit_page = client.get("/console/audit?kind=person.name").text
    assert "person.name" in audit_page and "阿姨" not in re.sub(r"<input[^>]*>", "", audit_page)
    client.post(f"/console/people/{ids['person']}/name", data={"name": "", "csrf_token": csrf})
    assert client.get("/console/people?person=阿姨").text.count("<tr") == 0


def test_an_issue_shows_its_supporters_and_its_way(desk: Desk) -> None:
    """Facts, timeline, and the polls opened from it."""
    client, ids = desk.client("east"), desk.ids["east"]
    with desk.db.write() as tx:
        tx.execute(update(poll).where(poll.c.id == ids["poll1"]).values(issue_id=ids["issue"]))
    page = client.get(f"/console/issues/{ids['issue']}").text
    assert "1 人附议" in page and "补充" in page and f'href="/console/polls/{ids["poll1"]}"' in page
    assert f'href="/console/issues/{ids["issue"]}"' in client.get(f"/console/polls/{ids['poll1']}").text


def test_the_first_page_says_what_runs_and_what_does_not(desk: Desk) -> None:
    """The scheduler's silence, dead posts, the head of the chain."""
    client = desk.client("east")
    assert "定时程序还没有运行" in client.get("/console/").text
    with desk.db.write() as tx:
        tx.add(heartbeat, name="scheduler", at=NOW - timedelta(seconds=7))
        head = tx.scalar(select(audit_table.c.hash).order_by(audit_table.c.seq.desc()).limit(1))
    page = client.get("/console/").text
    assert "定时程序运行正常（7 秒前）" in page and "有 1 条没有送出" in page and head[:16] in page
    assert "到期要办的事都按时办了" in page and "去查看和重发" in page
    with desk.db.write() as tx:
        tx.execute(update(outbox).where(outbox.c.state == "dead").values(error=EVIL))
        timers.start(tx, Timer.PROMISE, None, NOW)
        tx.execute(update(timer).values(failures=3))
    page = client.get("/console/").text
    assert "有 1 个时钟" in page and EVIL not in page and "&lt;script&gt;" in page
    desk.now += timedelta(minutes=2)
    assert "定时程序已 127 秒没有动静" in client.get("/console/").text


def test_a_ballot_that_is_not_public_is_nowhere(desk: Desk) -> None:
    """Neither on the poll's page, nor in the message log, nor in a file, nor by searching for the answer."""
    client, ids = desk.client("east"), desk.ids["east"]
    named, secret = (client.get(f"/console/polls/{ids[p]}").text for p in ("poll1", "poll2"))
    assert "投票记录" in named and named.count("金丝雀同意") == 2
    assert "李**" in secret and "李east" not in named + secret and secret.count("金丝雀同意") == 1  # the option's own line
    pages = [client.get("/console/messages").text, client.get("/console/messages?text=保密回执").text,
             desk.csv(client, "/console/messages.csv"), client.get("/console/outbox").text, client.get("/console/outbox?text=保密").text,
             desk.csv(client, "/console/outbox.csv"), client.get("/console/audit").text]
    assert all("保密回执2" not in text for text in pages) and all("保密回执1" in text for text in pages[:3])
    assert client.get("/console/messages?text=保密回执2").text.count("<tr") == 0
    assert client.get("/console/outbox?text=保密回执2").text.count("<tr") == 0
    assert "答复，见消息" in client.get("/console/outbox").text


def test_a_poll_s_file_holds_no_more_than_its_page(desk: Desk) -> None:
    """Named: voter, act, choice, time. Not public: who took part, in the order of their numbers, and nothing else."""
    client, ids = desk.client("east"), desk.ids["east"]
    named, secret = (desk.csv(client, f"/console/polls/{ids[p]}.csv") for p in ("poll1", "poll2"))
    assert "金丝雀同意" in named and "李**" in named and "李east" not in named and "3 月" not in named and "2026-03-02 10:00:00" in named
    rows = list(csv.reader(io.StringIO(secret.lstrip("\ufeff"))))
    assert [len(row) for row in rows] == [1, 1] and "李**" in rows[1][0]


def test_counts_of_a_ballot_that_is_not_public_are_seen_only_after_closing(desk: Desk) -> None:
    """While it is open, watching the counts move with the message log would tell who chose what."""
    client, ids = desk.client("east"), desk.ids["east"]
    assert "1 票（100%）" in client.get(f"/console/polls/{ids['poll1']}").text
    page = client.get(f"/console/polls/{ids['poll2']}").text
    assert "1 票" not in page and "<meter" not in page and "1 人参加" in page
    with desk.db.write() as tx:
        tx.execute(update(poll).where(poll.c.id == ids["poll2"]).values(
            state="closed", result={"marks": [1, 0], "ballots": 1, "asked": 4, "leaders": [0]}))
    page = client.get(f"/console/polls/{ids['poll2']}").text
    assert "1 票（100%）" in page and "应参加 4，参与率 25%" in page


def test_exports_cannot_become_formulas(desk: Desk) -> None:
    """Read back as a spreadsheet would: no cell starts a formula."""
    client = desk.client("east")
    for name in LISTS:
        text = desk.csv(client, f"/console/{name}.csv")
        assert text.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
        assert len(rows) >= 2, name
        assert not [c for row in rows for c in row if c[:1] in set("=+-@\t\r＝＋－＠") and c]
    assert "'=1+1" in desk.csv(client, "/console/messages.csv")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1+1", "＠x", "﹢1", "﹣1", " =1", "\u3000=1", "\r=1", "\u200b=1", "\u2060\u00a0@x"])
def test_a_cell_that_would_be_computed_is_text(cell: str) -> None:
    """Also full-width signs and leading blanks."""
    assert export.safe(cell) == f"'{cell}"
    assert export.safe("同意") == "同意" and export.safe(None) == "" and export.safe(3) == "3"


def test_paging_never_skips_or_repeats(desk: Desk) -> None:
    """Following 更早的 through everything shows each row once."""
    with desk.db.write() as tx:
        where = tx.scalar(select(community.c.id).where(community.c.code == "east"))
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"n{n}", "community_id": where, "kind": "text", "state": "done",
                                      "reply": f"答复{n:03d}号", "sent_at": NOW, "received_at": NOW} for n in range(130)])
    client, seen, path = desk.client("east"), [], "/console/messages"
    for _ in range(10):
        page = client.get(path).text
        seen += re.findall(r"答复(\d{3})号", page)
        older = re.search(r'rel="next" href="(\?[^"]*before=[^"]+)"', page)
        if older is None:
            break
        path = "/console/messages" + older.group(1).replace("&amp;", "&")
    assert seen == [f"{n:03d}" for n in reversed(range(130))]
    assert len(re.findall(r"答复\d{3}号", desk.csv(client, "/console/messages.csv"))) == 130


def test_a_search_looks_through_a_part_and_goes_on_from_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page never looks through more than its share, and nothing is lost between two pages."""
    monkeypatch.setattr(paging, "SCAN", 40)
    with desk.db.write() as tx:
        where = tx.scalar(select(community.c.id).where(community.c.code == "east"))
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"n{n}", "community_id": where, "kind": "text", "state": "done",
                                      "text": f"针{n:03d}线" if n % 50 == 0 else "草", "sent_at": NOW, "received_at": NOW} for n in range(300)])
    client, seen, path, pages = desk.client("east"), [], "/console/messages?text=针", 0
    while path:
        page = client.get(path).text
        pages += 1
        seen += re.findall(r"针(\d{3})线", page)
        older = re.search(r'rel="next" href="(\?[^"]*before=[^"]+)"', page)
        assert older is None or "接着往前找" in page
        path = "/console/messages" + older.group(1).replace("&amp;", "&") if older else ""
    assert seen == ["250", "200", "150", "100", "050", "000"] and pages >= 7
    assert re.findall(r"针(\d{3})线", desk.csv(client, "/console/messages.csv?text=针")) == seen
    with desk.db.read() as tx:
        lines = browse.log_lines(tx, community_id=where, since=NOW - timedelta(days=1), person="", kind="", text="针", limit=4)
    assert [re.findall(r"针(\d{3})线", line) for line in lines] == [["100"], ["150"], ["200"], ["250"]]


def test_a_day_is_found_by_halving(desk: Desk) -> None:
    """First and last minute included, gaps in the numbers or not."""
    days = [NOW + timedelta(days=n) for n in range(40)]
    with desk.db.write() as tx:
        where = tx.scalar(select(community.c.id).where(community.c.code == "east"))
        tx.execute(insert(message), [{"channel": "mp", "external_id": f"d{n}", "community_id": where, "kind": "text", "state": "done",
                                      "text": f"第{n:02d}天", "sent_at": at, "received_at": at} for n, at in enumerate(days)])
        tx.execute(delete(message).where(message.c.text.in_(["第05天", "第06天", "第20天"])))
    client = desk.client("east")
    found = re.findall(r"第(\d\d)天", client.get("/console/messages?since=2026-03-06&until=2026-03-11").text)
    assert found == ["09", "08", "07", "04"]
    with desk.db.read() as tx:
        keys = dict(tx.connection.execute(select(message.c.text, message.c.id)).all())
        for moment, first in ((days[7], "第07天"), (days[4] + timedelta(seconds=1), "第07天"), (days[0] - timedelta(days=9), None)):
            found_key = paging.first_since(tx, message.c.id, message.c.received_at, moment)
            rows = tx.all(select(message.c.id).where(message.c.id >= found_key).order_by(message.c.id).limit(1))
            assert rows[0].id == (keys[first] if first else min(keys.values()))
        assert paging.first_since(tx, message.c.id, message.c.received_at, days[-1] + timedelta(days=1)) > max(keys.values())


def test_hidden_characters_are_shown(desk: Desk) -> None:
    """Direction marks and controls cannot make a line read as something else."""
    with desk.db.write() as tx:
        tx.execute(update(issue).where(issue.c.id == desk.ids["east"]["issue"]).values(title="付\u202e款\x07👨\u200d👩", text="一\n二\u200b"))
    client = desk.client("east")
    for path in ("/console/issues", f"/console/issues/{desk.ids['east']['issue']}"):
        page = client.get(path).text
        assert "\u202e" not in page and "付⟨U+202E⟩款⟨U+0007⟩👨\u200d👩" in page, path


def test_what_is_not_there_is_said_in_plain_words(desk: Desk) -> None:
    """Also numbers larger than any key, and a form that was open for too long."""
    client = desk.client("east")
    for path in ("/console/issues/999999", f"/console/polls/{10**25}"):
        answer = client.get(path)
        assert answer.status_code == 404 and "没有这一页" in answer.text, path
    stale = client.post("/console/logout", data={"csrf_token": "old"})
    assert stale.status_code == 400 and "刷新后再提交" in stale.text


def test_filters_narrow_and_nonsense_does_not_break(desk: Desk) -> None:
    """Time, person, kind, text; quotes, wildcards and junk in every parameter."""
    client = desk.client("east")
    assert "电梯坏了" in client.get("/console/messages?person=李east&kind=issue&text=电梯&since=2026-03-02&until=2026-03-02").text
    for query in ("person=王", "kind=vote&text=电梯", "text=没有的话", "since=2026-03-03", "until=2026-03-01", "text=%25"):
        assert "电梯坏了" not in client.get(f"/console/messages?{query}").text, query
    for name in LISTS:
        for junk in ("'", '"', "%", "\\", "' OR 1=1 --", "９９", "\x00", "9" * 30, "-1", "0001-01-01", "9999-12-31", "\u202e", EVIL):
            for parameter in ("since", "until", "person", "kind", "text", "before"):
                answer = client.get(f"/console/{name}", query_string={parameter: junk})
                assert answer.status_code == 200 and "<script>" not in answer.text, (name, parameter, junk)


def test_a_person_who_was_joined_into_another_is_marked(desk: Desk) -> None:
    """The list says into whom, and their rights cannot be changed any more."""
    ids, client = desk.ids["east"], desk.client("east")
    with desk.db.write() as tx:
        where = tx.scalar(select(person.c.community_id).where(person.c.id == ids["person"]))
        other = tx.add(person, community_id=where, role="resident", told_version=1, consent_version=1,
                       created_at=desk.now, joined_into=ids["person"])
    assert f"#{ids['person']}" in client.get("/console/people").text
    csrf = token(client, "/console/password")
    client.post(f"/console/people/{other}/role", data={"role": "admin", "csrf_token": csrf})
    with desk.db.read() as tx:
        assert tx.scalar(select(person.c.role).where(person.c.id == other)) == "resident"
