"""A community in the middle of its work, made once by conversation and copied for whoever clicks through the console."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select, update

import web
from domain.roles import SYSTEM, Role
from models.base import Database
from models.logs import sweep_run
from models.tables import community, group_task, outbox, party
from services import accounts, audit, posts
from tests.chat_script import Stage
from tests.web.gallery import served
from web.desk import Platform, Seen

PASSWORD = "a long password"
PLAY = """
时间 2026-02-26 10:00
群 翠苑三区: 周敏=网格员, 王主任=管理员, 李叔@3幢2单元501, 陈老师@3幢1单元302, 赵姐@1幢1单元101, 钱伯@1幢1单元201, 小张
群 三幢业主群(手转): 李叔, 陈老师
周敏(私聊): 恳谈会 电动车充电怎么管 3月2日上午9点半
时间 2026-03-02 09:30
李叔(私聊): 提问 S1 充电桩装在哪
周敏(私聊): 问 S1 1 答 东门，下周动工
周敏(私聊): 结束 S1
时间 2026-03-02 10:00
名册 1幢1单元101 88.42 赵姐
名册 1幢1单元102 89.16 开发商
名册 1幢1单元201 88.42 钱伯
单位 物业: 小张
周敏(私聊): 物业 负责 电梯 路灯
李叔: 反映 3幢2单元电梯停运一周了没人修
李叔(照片 电梯):
赵姐: 反映 北门路灯不亮
周敏: 受理 I2
周敏: 派单 I2
钱伯: 反映 东门口总是乱停车，堵住出口
周敏: 受理 I3
周敏: 承诺 I3 物业 3月6日前 画好停车线
赵姐: 反映 3幢2单元电梯又停运，老人下不了楼
赵姐: 2
陈老师(私聊): 匿名反映 北门棋牌室半夜还在打麻将
周敏: I3 投票 停车线画在哪 选项 东墙 西墙 截止 3月2日晚上8点
李叔(私聊): P1 东墙
陈老师(私聊): P1 东墙
赵姐(私聊): P1 西墙
周敏(私聊): 发起征言 I3 停车怎么管 1天 种子 消防通道一律不停车；外来车白天只停一小时
李叔(私聊): 征言 I3 1 同意
陈老师(私聊): 征言 I3 1 同意
赵姐(私聊): 征言 I3 2 不同意
时间 2026-03-02 11:00
时间 2026-03-02 20:01
时间 2026-03-03 10:05
周敏: 发起投票 要不要装充电桩 选项 装在东门 不装 范围 全小区 每户一票 截止 3月5日晚上8点
李叔(私聊): P2 装在东门
周敏(私聊): 发起投票 更换物业公司 业主表决 范围 1幢 截止 3月5日晚上8点
赵姐(私聊): P3 同意
钱伯(私聊): 更正资料 姓名应为钱建国
周敏(私聊): 加分 李叔 5 周六巡逻两小时
陈老师(私聊): 今天天气真好
""".strip().splitlines()


@dataclass
class Busy:
    """The console over a copy of it, at an address, and what is in it by name."""

    db: Database
    app: Flask
    base: str
    now: datetime

    def values(self, column: Any, **where: Any) -> list[Any]:
        """This column of the rows with these values."""
        with self.db.read() as tx:
            query = select(column)
            for name, value in where.items():
                query = query.where(column.table.c[name] == value)
            return list(tx.connection.scalars(query))

    def one(self, table: Any, **where: Any) -> int:
        """The id of the only such row."""
        (found,) = self.values(table.c.id, **where)
        return int(found)

    def count(self, table: Any) -> int:
        """How many rows a table has."""
        with self.db.read() as tx:
            return int(tx.scalar(select(func.count()).select_from(table)))

    def count_of(self, column: Any, words: str) -> int:
        """In how many rows these words stand."""
        with self.db.read() as tx:
            return int(tx.scalar(select(func.count()).select_from(column.table).where(column.contains(words, autoescape=True))))

    def first(self, column: Any, words: str) -> int:
        """The id of the first row in which these words stand."""
        with self.db.read() as tx:
            return int(tx.scalar(select(func.min(column.table.c.id)).where(column.contains(words, autoescape=True))))


@pytest.fixture(scope="session")
def busy_template(sqlite_template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The database after the conversation, and the hour it then is."""
    path = tmp_path_factory.mktemp("busy") / "linyi.db"
    shutil.copy(sqlite_template, path)
    db = Database(f"sqlite:///{path}")
    with Redis.from_url(valkey_url, decode_responses=True) as redis:
        redis.flushall()
        stage = Stage(db, redis)
        for line in PLAY:
            stage.play(line)
        stage.close()
    _rest(db, stage.now)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path, stage.now


def _rest(db: Database, now: datetime) -> None:
    """What no conversation makes: accounts, a second community, a post the platform refused, a task of a 客户群, a sweep."""
    with db.write() as tx:
        here = tx.scalar(select(community.c.id))
        tx.add(community, code="second", name="桂花苑", last_issue=0, last_poll=0)
        accounts.create(tx, SYSTEM, username="boss", password=PASSWORD, community_id=None, now=now)
        accounts.create(tx, SYSTEM, username="admin", password=PASSWORD, community_id=here, now=now)
        accounts.create(tx, SYSTEM, username="front", password=PASSWORD, community_id=here, role=Role.GRID_WORKER, now=now)
        firm = accounts.create(tx, SYSTEM, username="firm", password=PASSWORD, community_id=here, role=Role.PROPERTY, now=now)
        posts.act_for(tx, SYSTEM, firm, [tx.scalar(select(party.c.id))], community_id=here, now=now)
        dead = tx.scalar(select(func.max(outbox.c.id)).where(outbox.c.state == "sent"))
        tx.execute(update(outbox).where(outbox.c.id == dead).values(state="dead", error="errcode 93000"))
        tx.add(group_task, outbox_id=dead, community_id=here, chat_id=1, channel="customer", msgid="m1", owner="周敏", state="waiting",
               created_at=now, reminders=0)
        tx.add(sweep_run, name="close_polls", at=now, took_ms=12, done=1)
        audit.seal(tx)


@pytest.fixture
def busy(busy_template: tuple[Path, datetime], tmp_path: Path) -> Iterator[Busy]:
    """A copy of its own, with the console over it."""
    path, now = busy_template
    shutil.copy(path, tmp_path / "busy.db")
    db = Database(f"sqlite:///{tmp_path / 'busy.db'}")
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    platform = Platform(lambda: [Seen("robot", "wecom_webhook", "test")], lambda name: [(True, "连得上")])
    app.register_blueprint(web.console_blueprint(db, clock=lambda: now, secure_cookies=False, platform=platform))
    with served(app) as base:
        yield Busy(db, app, f"{base}/console", now)
    db.close()
