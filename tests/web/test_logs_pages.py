"""The logs answer questions: one box finds everything, a story tells the whole chain, and neither joins a person to a secret choice."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from domain.roles import SYSTEM, Actor, Role
from models.logs import anchor, delivery
from models.tables import audit as audit_table
from models.tables import community, home, issue, message, outbox
from services import accounts, audit, sight, story
from tests.web.desk import Desk, sign_in, token
from tests.web.estate import EVIL, FIRST, KEEP, OTHER, PASSWORD, SECOND, Estate, lines
from web import logs

VOTERS = ("李叔", "陈老师", "小赵", "吴姐", "小何", "3幢2单元501")


def _in_order(found: list[str], *parts: str) -> None:
    """Each part stands in a line after the one of the part before."""
    at = -1
    for part in parts:
        at = next((n for n in range(at + 1, len(found)) if part in found[n]), -2)
        assert at >= 0, f"{part} is not there, or not in this place: {found}"


def test_from_a_message_the_whole_chain_in_order(estate: Estate) -> None:
    """What was said, what became of it, the poll from it with each vote, the result, and that it reached the group."""
    estate.close_polls()
    client, said = estate.client(), estate.message_of("电梯停了")
    answer = client.get(f"/console/story/message/{said}")
    assert answer.status_code == 200 and EVIL not in answer.text
    found = lines(answer.text)
    _in_order(found, "您点的这一条",
              "登记", "受理 I1", "已受理", "I1 投票", "投票开始", "大修 后来改了或撤了", "换新 已计票", "陈** 投票", "投票截止", "【意向征集结果】P1", "已送出")
    assert EVIL in found[0] and "小议答" in found[0] and answer.text.count('aria-current="true"') == 1
    times = re.findall(r'<li class="[^"]*"[^>]*>\s*(?:<a[^>]*>)?<time datetime="([^"]+)"', answer.text)
    assert times == sorted(times) and len(times) >= 12
    same = {tuple(lines(client.get(f"/console/story/{kind}/{key}").text)) for kind, key in (
        ("issue", estate.ids("issue")[0]), ("poll", estate.ids("poll")[0]))}
    assert len(same) == 1  # from the issue and from its poll it is the same story
    for path in set(re.findall(r'href="(/console/story/[^"]+)"', answer.text)):
        assert client.get(path).status_code == 200, path


def test_who_voted_when_and_was_it_counted(estate: Estate) -> None:
    """Of one unit: each vote in a poll that names its voters; of the others only that somebody took part."""
    with estate.stage.db.read() as tx:
        flat = tx.scalar(select(home.c.id).where(home.c.label == "3幢2单元501"))
        empty = tx.scalar(select(home.c.id).where(home.c.label != "3幢2单元501").limit(1))
    client = estate.client()
    assert f"/console/story/home/{flat}" in client.get("/console/search?q=3-2-501").text
    assert "目前计入" in client.get(f"/console/story/home/{flat}").text
    estate.close_polls()
    client = estate.client()
    page = client.get(f"/console/story/home/{flat}").text
    found = lines(page)
    _in_order(found, "绑定 3幢2单元501 李*", "投票： 大修 后来改了或撤了", "改票： 换新 已计票", "P2 投过票，不公开选了什么", "P3 投过票，不公开选了什么")
    assert not any(option in page for option in (KEEP, OTHER, FIRST, SECOND))
    ballot = re.search(r'href="(/console/story/ballot/\d+)"', page)
    assert ballot is not None
    _in_order(lines(client.get(ballot[1]).text), "P1 大修", "大修", "改成换新", "换新 已计票")
    assert empty is None or "还没有人绑定这户" in client.get(f"/console/story/home/{empty}").text


def test_no_page_joins_a_person_to_a_choice_that_is_not_public(estate: Estate) -> None:
    """Every story of every thing, every list, every search and the live page, while the polls are open and when they are over:
    no line holds both an option and whoever voted, and a ballot of such a poll has no story."""
    lists = ["messages", "readings", "deliveries", "outbox", "audit", "logins", "reveals", "sweeps", "live", "live/rows"]
    queries = [*VOTERS, KEEP, FIRST, "P2", "P3", "推举", "今天", "2026年"]
    for over in (False, True):
        if over:
            estate.close_polls()
        client = estate.client()
        paths = [f"/console/story/{kind}/{key}" for kind in story.KINDS for key in estate.ids(kind)]
        paths += [f"/console/{name}" for name in lists] + [f"/console/search?q={words}" for words in queries]
        paths += [f"/console/{name}?{by}={words}" for name in lists[:5] for by in ("text", "person") for words in (KEEP, FIRST, "李叔")]
        gone = []
        for path in paths:
            answer = client.get(path)
            if answer.status_code == 404:
                gone.append(path)
                continue
            assert answer.status_code == 200, path
            for line in lines(answer.text):
                options = [option for option in (KEEP, OTHER, FIRST, SECOND) if option in line]
                # the words that opened a poll, and a result that went to somebody, hold every option and no choice of anybody
                assert len(options) != 1 or not any(who in line for who in VOTERS), (path, line)
        assert all(path.startswith("/console/story/ballot/") for path in gone) and len(gone) == 7, gone
    with estate.stage.db.read() as tx:
        sealed = tx.all(select(message.c.how, message.c.sure).where(message.c.intent == "vote.secret"))
    assert len(sealed) == 7 and all(row.how is row.sure is None for row in sealed)  # not even how surely it was understood


def test_who_raised_an_anonymous_issue_is_in_no_story(estate: Estate) -> None:
    """Under the masked name of a list either; neither forwards nor backwards, nor in what the person said before and after."""
    client = estate.client()
    issue = client.get(f"/console/story/issue/{estate.ids('issue')[1]}").text
    assert "棋牌室" in issue and "登记" in issue and "周敏" in issue and "老*" not in issue
    with estate.stage.db.read() as tx:
        hushed = tx.scalar(select(message.c.id).where(message.c.intent == "issue.anonymous"))
        later = tx.scalar(select(message.c.id).where(message.c.id > hushed).order_by(message.c.id).limit(1))
        told = tx.scalar(select(outbox.c.id).where(outbox.c.key.like("%:anonymous:%")))
    own = client.get(f"/console/story/message/{hushed}").text
    assert "（不公开）" in own and "老*" not in own and "棋牌室" not in own and len(lines(own)) == 1
    after = client.get(f"/console/story/message/{later}").text
    assert "老*" in after and "棋牌室" not in after and f"/message/{hushed}" not in after
    assert "老*" not in client.get(f"/console/story/post/{told}").text
    with estate.stage.db.write() as tx:  # a long answer is sent in parts, to the account of who asked
        who = tx.scalar(select(outbox.c.target).where(outbox.c.id == told))
        part = tx.add(outbox, key=f"message:{hushed}:part:2", community_id=1, channel="mp", target=who, address="o", kind="text", text="x",
                      state="sent", attempts=1, next_at=estate.stage.now, created_at=estate.stage.now, quiet=False, doubtful=False)
        tx.add(delivery, outbox_id=part, community_id=1, channel="mp", at=estate.stage.now, took_ms=1, attempt=1, result="sent")
    for path in (f"/console/story/post/{part}", f"/console/story/message/{hushed}", "/console/outbox", "/console/deliveries"):
        assert not [line for line in lines(client.get(path).text) if "老*" in line], path
    for line in lines(client.get("/console/search?q=老钱").text) + lines(client.get("/console/search?q=棋牌室").text):
        assert "老*" not in line or "棋牌室" not in line


def test_one_box_finds_everything(estate: Estate) -> None:
    """Numbers, homes, names, words and times, alone and together; each list is a link that shows all of it."""
    estate.close_polls()
    client = estate.client()

    def look(words: str) -> str:
        answer = client.get("/console/search", query_string={"q": words})
        assert answer.status_code == 200 and EVIL not in answer.text
        return str(answer.text)

    assert "P1" in look("i1 P1") and "先大修还是换新" in look("P1") and "没有 I77" in look("I77") and "没有 P" in look("P999999999999999999")
    assert "受理 I1" in look("M2 受理") and "/console/story/message/2" in look("m2")
    found = look("昨天 3幢2单元501 电梯")
    assert all(f'<span class="chip">{part}</span>' in found for part in ("3幢2单元501", "3 月 2 日", "文字“电梯”"))
    rows = [line for line in lines(found) if "电梯停了" in line]
    assert len(rows) == 2  # what was said, and the issue
    link = re.search(r'href="(/console/messages\?since=[^"]+)"', found)
    assert link is not None and "since=2026-03-02&until=2026-03-02" in unescape(link[1])
    assert [line for line in lines(client.get(unescape(link[1])).text) if "电梯停了" in line] == rows[:1]
    assert "没有找到" in look("今天 停了一周") and "没有找到" in look("谁也没说过的话") and "没有找到" not in look("李叔")
    assert "审计" in look("李叔") and "电梯停了" in look("李叔") and "3幢2单元501 李*" in look("李叔")
    assert "没有找到" in look("2幢") or "2幢" in look("2幢")
    for junk in ("'", "%", "\\", "I", "P0", "3-2-", "\x00", EVIL, "“", "1月40日", "9" * 100, "#1", "\u202e"):
        look(junk)


def test_lists_say_what_the_platform_answered_and_how_words_were_understood(estate: Estate) -> None:
    """Each try with the code and the words of the platform; the step that understood, and how surely; what sweeps did."""
    estate.stage.play("平台 45015 45015")
    estate.close_polls()
    client = estate.client()
    tried = lines(client.get("/console/deliveries").text)
    assert any("45015" in line and "没成" in line for line in tried) and any("已送出" in line and "翠苑三区" in line for line in tried)
    assert all("45015" not in line for line in lines(client.get("/console/deliveries?kind=sent").text))
    assert "45015" in client.get("/console/deliveries?text=45015").text
    with estate.stage.db.read() as tx:
        row = tx.first(select(delivery).where(delivery.c.code == 45015).limit(1))
        assert row is not None
    assert "45015" in client.get(f"/console/story/post/{row.outbox_id}").text
    read = lines(client.get("/console/readings").text)
    assert any("改成换新" in line and "平常话" in line and "%" in line for line in read)
    assert {line.split(" ")[-1] for line in lines(client.get("/console/readings?kind=command").text)[1:]} == {"口令"}
    swept = client.get("/console/sweeps").text
    assert "到期截止投票" in swept and "到期截止投票" in client.get("/console/sweeps?kind=close_polls").text
    assert "没有符合条件的记录" in client.get("/console/sweeps?kind=failed").text
    assert "登录" in client.get("/console/logins").text and "admin" in client.get("/console/logins?kind=account.login").text


def test_a_reveal_is_in_its_own_list(estate: Estate) -> None:
    """Whoever looked, whatever the deed is called before `.reveal`."""
    client = estate.client()
    assert "没有符合条件的记录" in client.get("/console/reveals").text
    csrf, issue = token(client, "/console/password"), estate.ids("issue")[1]
    client.post(f"/console/issues/{issue}/reveal", data={"reason": "核实举报", "csrf_token": csrf})
    found = client.get("/console/reveals").text
    assert "查看匿名反映人" in found and "admin" in found and "议题 I2" in found


def test_the_audit_log_says_in_words_what_was_done_to_what(estate: Estate) -> None:
    """No codes on the screen; the file has them too, for who recomputes the chain; a thing is found by the number people say."""
    client, page = estate.client(), "/console/audit"
    shown = re.sub(r"<option.*?</option>", "", client.get(page).text)
    assert "已受理" in shown and "议题 I1" in shown and "原来 待受理；改成 已受理" in shown and "后台账号 admin" in shown
    assert not re.search(r">\s*(issue|poll|account|person|points)[.:]\w+\s*<", shown) and "{&#34;" not in shown
    assert {"议题 I1"} == set(re.findall(r">(议题 I\d+)<", client.get(f"{page}?text=I1").text))
    file = client.post(f"{page}.csv", data={"csrf_token": token(client, "/console/password")}).text
    assert "issue.accept" in file and "issue:" in file and '""before"":""submitted""' in file


def test_the_chain_and_the_head_a_group_was_told_last(estate: Estate) -> None:
    """Nothing before a result went out; then the head of the poll whose result was delivered last; a rewritten chain is found."""
    client = estate.client()
    assert "还没有在群里公布过链头" in client.get("/console/audit").text
    estate.close_polls()
    client = estate.client()
    page = client.get("/console/audit").text
    card = re.search(r"最近一次在群里公布的链头：(.+?)</p>", page, re.DOTALL)
    assert card is not None and "翠苑三区" in card[1]
    told = re.search(r"随 (P\d) 的结果发到“翠苑三区”：留痕 (\d+) 号 (\w{16})", card[1])
    assert told is not None
    with estate.stage.db.read() as tx:
        posted = tx.connection.scalars(select(outbox.c.text).where(outbox.c.key.like("poll:%:result:chat:%"))).all()
    assert any(told[1] in text and f"留痕 {told[2]} 号 {told[3]}" in text for text in posted)

    def verified() -> str:
        return str(client.post("/console/audit/verify", data={"csrf_token": token(client, "/console/password")}).text)
    assert "链上没有" not in verified()
    with estate.stage.db.write() as tx:
        tx.execute(update(anchor).values(hash="f" * 64))
    said = verified()
    assert "群里公布过的留痕" in said and "ffffffffffffffff 链上没有" in said


def test_the_live_page_shows_what_comes_in(estate: Estate) -> None:
    """The rows it asks for hold the newest line, under a key of its own; asking does not keep a session alive."""
    client = estate.client()
    page = client.get("/console/live")
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"] and "script-src 'self'" in page.headers["Content-Security-Policy"]
    before = set(re.findall(r'data-key="([^"]+)"', page.text))
    estate.stage.play("李叔: 反映 5幢门口路灯晚上不亮")
    rows = client.get("/console/live/rows").text
    new = set(re.findall(r'data-key="([^"]+)"', rows)) - before
    assert {key.partition("-")[0] for key in new} == {"message", "audit"} and "路灯晚上不亮" in rows and "<html" not in rows
    for _ in range(6):
        estate.stage.now += timedelta(minutes=6)
        answer = client.get("/console/live/rows")
    assert answer.status_code == 302


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_story_of_many_lines_is_cut_around_where_one_came_in(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""
    monkeypatch.setattr(story, "LONGEST", 4)
    page = estate.client().get(f"/console/story/message/{estate.message_of('电梯停了')}").text
    assert "太长，只列出一部分" in page and "您点的这一条" in page and len(lines(page)) == 4


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_struck_words_are_in_no_story(estate: Estate) -> None:
    """The line stays, without what was said."""
    said = estate.message_of("电梯停了")
    with estate.stage.db.write() as tx:
        tx.execute(update(message).where(message.c.id == said).values(text=None, reply=None))
    page = estate.client().get(f"/console/story/message/{said}").text
    assert "（没有保存原话）" in page and "反映 3幢2单元电梯停了一周没人修" not in page


def test_stored_attacks_are_text_in_every_story(desk: Desk) -> None:
    """Names, titles, answers of platforms, options: shown as they are."""
    client = desk.client("east")
    ids = desk.ids["east"]
    for kind, key in (("message", "message"), ("issue", "issue"), ("poll", "poll1"), ("poll", "poll2"), ("ballot", "ballot"),
                      ("post", "outbox"), ("home", "home")):
        page = client.get(f"/console/story/{kind}/{ids[key]}").text
        assert "<script>" not in page and "&lt;script&gt;" in page, kind
    assert client.get(f"/console/story/poll/{10**25}").status_code == 404 and client.get("/console/story/ballot/99999").status_code == 404


def test_a_long_chain_is_verified_piece_by_piece(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer says how far it is and leads on by itself; nobody begins in the middle with an address of their own making."""
    monkeypatch.setattr(logs, "PIECE", 4)
    client, page = desk.client("east"), "/console/audit/verify"
    assert "开始核对" in client.get(page).text
    answer = client.post(page, data={"csrf_token": token(client, page)})
    assert answer.status_code == 200 and "已核对 4 条" in answer.text and "没有被改动" not in answer.text
    onward = answer.headers["Refresh"].partition("url=")[2]
    forged = re.sub(r"-4-", "-5-", onward)
    assert forged != onward and "开始核对" in client.get(forged).text
    steps = 1
    while "Refresh" in answer.headers:
        answer, steps = client.get(answer.headers["Refresh"].partition("url=")[2]), steps + 1
    assert "首尾相连" in answer.text and steps >= 2
    desk.now += timedelta(hours=2)
    client = desk.client("east")
    assert "开始核对" in client.get(onward).text  # a walk of long ago begins anew
    with desk.db.write() as tx:
        tx.execute(update(audit_table).where(audit_table.c.seq == 6).values(detail='{"more":1}'))
    answer = client.post(page, data={"csrf_token": token(client, page)})
    assert "第 6 条不对" in client.get(answer.headers["Refresh"].partition("url=")[2]).text
    with desk.db.write() as tx:
        tx.execute(update(audit_table).where(audit_table.c.seq == 1).values(detail="not what we write"))
    assert "not what we write" in client.get("/console/audit").text  # and can be looked at


def test_a_grid_worker_reads_the_chain_without_what_is_kept_for_the_audit(estate: Estate) -> None:
    """The same story line by line, but for who looked at what is hidden and who took what away; no record in search and live page."""
    estate.close_polls()
    stage = estate.stage
    with stage.db.write() as tx:
        where = tx.scalar(select(community.c.id))
        accounts.create(tx, SYSTEM, username="grid", password=PASSWORD, community_id=where, now=stage.now, role=Role.GRID_WORKER)
        boss = Actor("account:1", Role.ADMIN, where)
        for row in tx.all(select(issue)):
            sight.reveal(tx, boss, row, reason="居民来电核实", now=stage.now)
            for minutes, deed in enumerate(("issue.export", "issue.correct"), start=1):
                audit.note(tx, boss, deed, f"issue:{row.id}", now=stage.now + timedelta(minutes=minutes))
        audit.seal(tx)
    admin, grid = estate.client(), estate.app.test_client()
    assert sign_in(grid, "grid", PASSWORD).status_code == 302
    left_out: set[str] = set()
    for kind in ("message", "issue", "poll", "post"):
        for key in estate.ids(kind):
            whole, seen = (lines(client.get(f"/console/story/{kind}/{key}").text) for client in (admin, grid))
            assert [line for line in whole if line in seen] == seen
            left_out |= {line.partition(" I")[2] for line in whole if line not in seen}
    assert left_out == {f"{n} {what}" for n in (1, 2) for what in ("查看了匿名反映人 后台账号 admin 居民来电核实", "记入审计链 导出整件事 admin")}
    story_of_two = grid.get(f"/console/story/issue/{estate.ids('issue')[1]}").text
    assert "棋牌室" in story_of_two and "改正议题" in story_of_two and "来电核实" not in story_of_two
    assert "来电核实" in admin.get(f"/console/story/issue/{estate.ids('issue')[1]}").text
    found, everything = (client.get("/console/search?q=李叔").text for client in (grid, admin))
    assert "/console/audit?" in everything and "/console/audit" not in found and "电梯停了" in found
    assert 'class="is-audit"' in admin.get("/console/live").text
    live = grid.get("/console/live").text
    assert 'class="is-audit"' not in live and 'class="is-message"' in live
