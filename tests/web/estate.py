"""A console over an estate where things have happened: an issue and the poll from it, polls that name nobody, an anonymous issue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select

import web
from domain.roles import SYSTEM
from models.base import Database
from models.tables import ballot_log, community, home, issue, message, outbox, poll
from services import accounts, audit
from tests.chat_script import Stage
from tests.web.desk import sign_in

EVIL = "<script>alert(1)</script>"
KEEP, OTHER = "续聘金丝雀", "另请布谷鸟"  # the options of the poll that names nobody
FIRST, SECOND = "推举画眉", "推举百灵"  # and of the secret one
PASSWORD = "a long password"
_TABLES = {"message": message, "issue": issue, "poll": poll, "ballot": ballot_log, "post": outbox, "home": home}
PLAY = f"""
时间 2026-03-02 10:00
群 翠苑三区: 周敏=网格员, 李叔@3幢2单元501, 陈老师, 小赵, 老钱, 吴姐, 小何
李叔: 反映 3幢2单元电梯停了一周没人修{EVIL}
周敏: 受理 I1
周敏: I1 投票 先大修还是换新 选项 大修 换新 截止 明晚8点
李叔(私聊): P1 大修
李叔(私聊): 改成换新
陈老师: P1 换新
周敏: 发起投票 物业合同到期怎么办 选项 {KEEP} {OTHER} 匿名 范围 全小区 截止 明晚8点
李叔(私聊): P2 {KEEP}
陈老师(私聊): P2 {OTHER}
周敏: 发起投票 推举监督员 选项 {FIRST} {SECOND} 秘密投票 范围 全小区 截止 明晚8点
李叔(私聊): P3 {FIRST}
小赵(私聊): P3 {SECOND}
陈老师(私聊): P3 {SECOND}
吴姐(私聊): P3 {FIRST}
小何(私聊): P3 {SECOND}
老钱(私聊): 匿名反映 北门棋牌室半夜还在打麻将
老钱: 今天天气真好
周敏: 受理 I2
""".strip().splitlines()


@dataclass
class Estate:
    """What happened, and the console over it."""

    stage: Stage
    app: Flask

    def client(self) -> FlaskClient:
        """The admin's browser, signed in."""
        client = self.app.test_client()
        assert sign_in(client, "admin", PASSWORD).status_code == 302
        return client

    def close_polls(self) -> None:
        """The next evening: results are counted, posted, and delivered."""
        self.stage.play("时间 2026-03-03 20:01")
        self.stage.play("时间 2026-03-03 20:03")

    def ids(self, kind: str) -> list[int]:
        """Every thing of this kind."""
        with self.stage.db.read() as tx:
            table = _TABLES[kind]
            return list(tx.connection.scalars(select(table.c.id).order_by(table.c.id)))

    def message_of(self, words: str) -> int:
        """The message in which these words are kept."""
        with self.stage.db.read() as tx:
            return int(tx.scalar(select(func.min(message.c.id)).where(message.c.text.contains(words, autoescape=True))))


def lines(page: str) -> list[str]:
    """The lines of a story or rows of a list, as text."""
    found = re.findall(r"<li[ >].*?</li>|<tr>.*?</tr>", page.partition("<main")[2], re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]


@pytest.fixture
def estate(db: Database, redis: Redis) -> Iterator[Estate]:
    """A day on which everything happened once; polls are still open."""
    stage = Stage(db, redis)
    for line in PLAY:
        stage.play(line)
    with db.write() as tx:
        accounts.create(tx, SYSTEM, username="admin", password=PASSWORD, community_id=tx.scalar(select(community.c.id)), now=stage.now)
        audit.seal(tx)
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    app.register_blueprint(web.console_blueprint(db, clock=lambda: stage.now, secure_cookies=False))
    yield Estate(stage, app)
    stage.close()
