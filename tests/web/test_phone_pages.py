"""The residents' pages: who sees what, acting as in chat, once, and nobody in somebody else's name."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from models.tables import community, identity, issue, message, person, poll
from services import notices, pages
from tests.web.town import ISSUE, POLL, Town


def test_a_ballot_on_the_page_is_the_ballot_of_the_chat(town: Town) -> None:
    """Cast here, changed in chat, seen here, withdrawn here: one ballot."""
    phone = town.phone("李叔")
    assert "记下了：同意" in town.press(phone, POLL, "投票", option="1").text
    assert town.choices() == ["0"]
    assert "改好了" in town.stage.play("李叔(私聊): P1 反对")[0]
    page = phone.get(POLL).text
    assert "您现在选的是：反对" in page and town.choices() == ["1"]
    assert "您现在选的是：反对" in phone.get("/m/test/me").text
    town.press(phone, POLL, "撤回我的票")
    assert town.choices() == [] and "您现在选的是" not in phone.get(POLL).text


@pytest.mark.parametrize("number", [9, 10, 12, 123, 100_000])
def test_a_poll_of_any_number_has_its_page(town: Town, number: int) -> None:
    """P10 is not the tenth character of P1: its page opens and takes the ballot."""
    with town.stage.db.write() as tx:
        tx.execute(update(poll).values(number=number))
    path = pages.path_of("poll", "test", number)
    assert "记下了：同意" in town.press(town.phone("李叔"), path, "投票", option="1").text
    assert town.choices() == ["0"]


def test_the_same_form_twice_is_one_ballot(town: Town) -> None:
    """A double tap, or the back button."""
    phone = town.phone("李叔")
    page = phone.get(POLL).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)) | {"option": "1", "choose": "1"}
    town.stage.now += timedelta(seconds=1)
    assert [phone.post("/m/test/say", data=fields).status_code for _ in range(2)] == [302, 302]
    with town.stage.db.read() as tx:
        assert len(tx.all(select(message.c.id).where(message.c.external_id == f"page:{fields['nonce']}"))) == 1


def test_nothing_chosen_is_said_and_nothing_is_counted(town: Town) -> None:
    """An empty form asks to choose."""
    assert "还没有选" in town.press(town.phone("李叔"), POLL, "投票").text and town.choices() == []


def test_a_newcomer_consents_and_adds_a_comment_without_chat(town: Town) -> None:
    """The question of the bot is answered by its buttons on the page."""
    phone = town.phone("小赵")
    answer = town.press(phone, ISSUE, "提交补充", words="昨天又停了")
    assert "回复 1" in answer.text and ">同意</button>" in answer.text
    nonce = re.findall(r"told=([\w-]+)", answer.request.path + "?" + answer.request.query_string.decode())[0]
    done = town.press(phone, f"{ISSUE}?told={nonce}", "同意")
    assert "已补充到 I1" in done.text and "昨天又停了" in phone.get(ISSUE).text


def test_issues_are_seconded_and_rated_on_their_page(town: Town) -> None:
    """By neighbours, and by who raised it."""
    assert "已附议 I1" in town.press(town.phone("陈老师"), ISSUE, "我也遇到了，附议").text
    town.stage.play("周敏: 受理 I1")
    town.stage.play("周敏: 办结 I1 已换主板")
    assert "满意</button>" not in town.phone("陈老师").get(ISSUE).text
    town.press(town.phone("李叔"), ISSUE, "基本满意")
    with town.stage.db.read() as tx:
        assert tx.execute(select(issue.c.state, issue.c.rating, issue.c.solved)).one() == ("closed", "fair", True)


def test_a_stranger_sees_the_question_and_can_do_nothing(town: Town) -> None:
    """No form without being recognised; a forged one is refused."""
    stranger = town.phone()
    page = stranger.get(POLL)
    assert page.status_code == 200 and "要不要装电梯" in page.text and "<form" not in page.text and "用微信登录" in page.text
    answer = stranger.post("/m/test/say", data={"nonce": "x", "token": "x", "says": "P1", "option": "1", "choose": "1", "here": POLL})
    assert answer.status_code == 403 and town.choices() == []


def test_a_form_needs_the_token_of_this_browser(town: Town) -> None:
    """Another site, or another person's form, cannot vote."""
    phone, other = town.phone("李叔"), town.phone("陈老师")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', other.get(POLL).text))
    data = fields | {"option": "1", "choose": "1"}
    assert phone.post("/m/test/say", data=data).status_code == 400
    assert phone.post("/m/test/say", data=data | {"token": ""}).status_code == 400
    assert town.choices() == []


@pytest.mark.parametrize("path", [POLL[:-1] + "0" if POLL[-1] != "0" else POLL[:-1] + "1", POLL.replace("/test/", "/other/"),
                                  POLL.replace("P1-", "P2-"), POLL.replace("P1-", "I1-"), POLL.replace("P1-", "X1-"),
                                  POLL + ".png.png", "/m/other/", "/m/other/me"])
def test_a_guessed_address_does_not_exist(town: Town, path: str) -> None:
    """The mark belongs to kind, community and number."""
    assert town.phone("李叔").get(path).status_code == 404


def test_somebody_of_another_community_is_a_stranger_here(town: Town) -> None:
    """They see what the link shows and cannot act."""
    phone = town.phone("李叔")
    with town.stage.db.write() as tx:
        elsewhere = tx.add(community, code="other", name="别处", last_issue=0, last_poll=0)
        tx.execute(update(person).values(community_id=elsewhere))
    assert "<form" not in phone.get(POLL).text
    assert phone.post("/m/test/say", data={"nonce": "x", "token": "x", "says": "附议 I1"}).status_code == 403


def test_erased_is_out(town: Town) -> None:
    """The cookie of somebody who was erased opens a new, empty person."""
    phone = town.phone("李叔")
    town.press(phone, POLL, "投票", option="1")
    town.stage.play("李叔(私聊): 删除我的数据")
    town.stage.play("李叔(私聊): 1")
    assert "您现在选的是" not in phone.get(POLL).text and "<li>3幢2单元501</li>" not in phone.get("/m/test/me").text


def test_the_way_from_wechat_cannot_be_forged(town: Town) -> None:
    """Wrong state, no state cookie, a used or wrong code, another host to return to."""
    client = town.app.test_client()
    town.account.holder = "o-李叔"
    away = client.get("/m/enter?next=https://evil.example/m/x")
    query = parse_qs(urlsplit(away.location).query)
    assert away.location.startswith("https://open.example/connect/oauth2/authorize?") and away.location.endswith("#wechat_redirect")
    assert query["scope"] == ["snsapi_base"] and query["response_type"] == ["code"] and query["appid"] == ["wx1"]
    assert client.get("/m/back?code=good&state=other").status_code == 400
    assert town.app.test_client().get(f"/m/back?code=good&state={query['state'][0]}").status_code == 400
    assert client.get(f"/m/back?code=used&state={query['state'][0]}").status_code == 400
    back = client.get(f"/m/back?code=good&state={query['state'][0]}")
    assert back.status_code == 302 and urlsplit(back.location).netloc in ("", "localhost") and "evil" not in back.location


def test_wechats_own_browser_is_recognised_by_itself(town: Town) -> None:
    """By its name, or by the mark it leaves on shared links; and never in a circle."""
    client = town.app.test_client()
    assert client.get(POLL, headers={"User-Agent": "Mozilla MicroMessenger/8.0"}).status_code == 302
    assert client.get(f"{POLL}?from=groupmessage").status_code == 302
    assert client.get(f"{POLL}?from=groupmessage&seen=1").status_code == 200


def test_a_secret_poll_tells_only_its_voter(town: Town) -> None:
    """No count while it is open; the own choice on the own phone only."""
    town.stage.play("周敏: 发起投票 换不换物业 选项 换 不换 匿名 范围 全小区 截止 明晚8点")
    path = pages.path_of("poll", "test", 2)
    mine = town.phone("李叔")
    assert "记下了" in town.press(mine, path, "投票", option="1").text
    assert "您现在选的是：换" in mine.get(path).text and "票数截止后公布" in mine.get(path).text
    assert "您现在选的是" not in town.phone("陈老师").get(path).text


def test_a_closed_poll_shows_its_result_and_takes_no_ballot(town: Town) -> None:
    """The page that was open too long says so."""
    phone = town.phone("李叔")
    town.press(phone, POLL, "投票", option="1")
    form = re.findall(r"<form.*?</form>", phone.get(POLL).text, re.DOTALL)[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    town.stage.play("时间 2026-03-03 20:01")
    page = phone.get(POLL).text
    assert "已结束" in page and "1 票（100%）" in page and "<form" not in page
    late = phone.post("/m/test/say", data=fields | {"option": "2", "choose": "1"}, follow_redirects=True)
    assert "截止" in late.text and "小议说" in late.text, late.text
    assert town.choices() == ["0"]
    assert phone.get(f"{POLL}.png").data.startswith(b"\x89PNG")


def test_pages_are_small_and_need_no_script(town: Town) -> None:
    """At most 30 kB with the style sheet, no script at all, nothing from elsewhere."""
    phone = town.phone("陈老师")
    for path in (POLL, ISSUE, "/m/test/", "/m/test/me"):
        page = phone.get(path).text
        assert len(page.encode()) + len(phone.get("/m/static/phone.css").data) < 30_000
        assert "<script" not in page and "http://" not in page.replace("http://localhost", "") and "https://" not in page
        assert 'lang="zh-CN"' in page


@pytest.mark.parametrize("here", ["http://[", "//evil.example/m/", "/m/\\evil", "/m/\r\nSet-Cookie: a=b", "/m/" + "x" * 5000, "/m/\0"])
def test_a_strange_way_back_leads_to_the_front_door(town: Town, here: str) -> None:
    """No error, no foreign host, no cookie that is too long."""
    client = town.app.test_client()
    town.account.holder = "o-李叔"
    away = client.get("/m/enter", query_string={"next": here})
    state = parse_qs(urlsplit(away.location).query)["state"][0]
    assert client.get(f"/m/back?code=good&state={state}").location == "/m/"


def test_strange_characters_in_a_form_are_left_out(town: Town) -> None:
    """A NUL would be refused by PostgreSQL; nobody can send one from a keyboard, a program can."""
    answer = town.press(town.phone("李叔"), ISSUE, "提交补充", words="昨天\0又停了")
    assert "已补充到 I1" in answer.text and "昨天又停了" in answer.text


def test_nothing_personal_is_kept_by_a_cache_or_shown_in_a_frame(town: Town) -> None:
    """Pages, refusals and the way to WeChat alike."""
    for client, path in ((town.phone("李叔"), POLL), (town.phone("李叔"), "/m/test/me"), (town.phone(), "/m/test/me"),
                         (town.phone(), "/m/back"), (town.phone(), "/m/test/P9-0")):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store" and "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert client.head(path).data == b"" and client.options(path).status_code in (200, 404)


def test_what_the_bot_answered_is_shown_to_nobody_else(town: Town) -> None:
    """The address with the answer, opened on another phone."""
    answer = town.press(town.phone("李叔"), POLL, "投票", option="1", follow=False)
    assert "记下了：同意" in town.phone("李叔").get(answer.location).text
    assert "记下了" not in town.phone("陈老师").get(answer.location).text and "记下了" not in town.phone().get(answer.location).text


def test_the_page_of_notices_allows_nothing_by_itself(town: Town) -> None:
    """It only says what is allowed; the platform's event is what counts."""
    phone = town.phone("李叔")
    page = phone.get("/m/test/notices")
    assert "现在没有允许过的提醒" in page.text and "<form" not in page.text
    assert phone.post("/m/test/notices").status_code == 405
    with town.stage.db.write() as tx:
        notices.grant(tx, identity_id=tx.scalar(select(identity.c.id).where(identity.c.external_id == "o-李叔")),
                      template="remind", event_id="e1", now=town.stage.now)
    assert "还有 1 条" in phone.get("/m/test/notices").text
