"""The residents' pages: who sees what, acting as in chat, once, and nobody in somebody else's name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select, update

import web
from bot.message import ChannelError
from models.base import Database
from models.tables import ballot, community, issue, message, person
from services import pages
from tests.chat_script import Stage

POLL = pages.path_of("poll", "test", 1)
ISSUE = pages.path_of("issue", "test", 1)


class Account:
    """A 公众号 whose platform knows who brought which code."""

    def __init__(self, stage: Stage):
        self.inner, self.holder = stage.channels["mp"], ""
        self.name, self.app_id, self.oauth_base, self.community = "mp", "wx1", "https://open.example", "test"
        self.capabilities, self.kind = self.inner.capabilities, "mp"

    def openid_of(self, code: str) -> str:
        """Who holds the phone; a code that is not `good` is refused."""
        if code != "good":
            raise ChannelError("errcode 40029", retryable=False, code=40029)
        return self.holder


@dataclass
class Town:
    """The stage of the chat scripts, with pages."""

    stage: Stage
    app: Flask
    account: Account

    def phone(self, who: str | None = None) -> FlaskClient:
        """A browser inside WeChat, its holder recognised when named."""
        client = self.app.test_client()
        if who:
            self.account.holder = f"o-{who}"
            away = client.get(f"/m/enter?next={POLL}")
            state = parse_qs(urlsplit(away.location).query)["state"][0]
            assert client.get(f"/m/back?code=good&state={state}").status_code == 302
        return client

    def press(self, client: FlaskClient, path: str, button: str, follow: bool = True, **more: Any) -> Any:
        """Sends the form on this page that has this button, as a browser would."""
        page = client.get(path).text
        form = next(f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if f">{button}</button>" in f)
        fields: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        name, value = re.findall(rf'<button(?: name="(\w*)" value="([^"]*)")?[^>]*>{button}</button>', form)[0]
        fields |= {name: value} if name else {}
        action = re.findall(r'action="([^"]+)"', form)[0]
        return client.post(action, data=fields | more, follow_redirects=follow)

    def choices(self) -> list[str]:
        """Every ballot that counts."""
        with self.stage.db.read() as tx:
            return [row.choice for row in tx.all(select(ballot.c.choice).where(ballot.c.choice != "").order_by(ballot.c.id))]


@pytest.fixture
def town(db: Database, redis: Redis) -> Iterator[Town]:
    """An open poll P1 and an issue I1 of 李叔."""
    stage = Stage(db, redis)
    stage.play("时间 2026-03-02 10:00")
    stage.play("群 翠苑三区: 周敏=网格员, 李叔@3幢2单元501, 陈老师, 小赵=新居民")
    stage.play("周敏: 发起投票 要不要装电梯 选项 同意 反对 弃权 范围 全小区 截止 明晚8点")
    stage.play("李叔: 反映 3幢2单元电梯停了一周没人修")
    app = Flask(__name__)
    account = Account(stage)
    csrf = web.init_app(app, "a secret for tests, thirty-two characters")
    pages_ = web.phone_blueprint(db, web.WechatLogin(app.secret_key, {"test": account}, secure=False),  # type: ignore[arg-type, dict-item]
                                 stage.pipeline.hear, clock=lambda: stage.now)
    app.register_blueprint(pages_)
    csrf.exempt(pages_)
    yield Town(stage, app, account)
    stage.close()


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
    assert "已解决</button>" not in town.phone("陈老师").get(ISSUE).text
    town.press(town.phone("李叔"), ISSUE, "已解决")
    with town.stage.db.read() as tx:
        assert tx.scalar(select(issue.c.state)) == "closed"


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
    phone = town.phone("李叔")
    for path in (POLL, ISSUE, "/m/test/", "/m/test/me"):
        page = phone.get(path).text
        assert len(page.encode()) + len(phone.get("/m/static/phone.css").data) < 30_000
        assert "<script" not in page and "http://" not in page.replace("http://localhost", "") and "https://" not in page
        assert 'lang="zh-CN"' in page
