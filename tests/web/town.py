"""An estate with pages for phones: an open poll P1, an issue I1, and a 公众号 that recognises whoever holds the phone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

import web
from bot.message import ChannelError
from models.base import Database
from models.tables import ballot
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
        self.js_base, self.subscriptions = "http://127.0.0.1:9", {"remind": "tmpl-remind", "result": "tmpl-result"}
        self.ticket = "t"

    def js_config(self, url: str) -> dict[str, Any]:
        """What the page gives to wx.config; nothing without a ticket."""
        if not self.ticket:
            raise ChannelError("errcode 48001", retryable=False, code=48001)
        return {"appId": self.app_id, "timestamp": 1, "nonceStr": "n", "signature": f"{self.ticket} {url}"}

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
    found = put_up(db, redis)
    yield found
    found.stage.close()


def put_up(db: Database, redis: Redis) -> Town:
    """The same, for whoever closes its stage."""
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
    return Town(stage, app, account)
