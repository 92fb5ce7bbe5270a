"""A whole life, erased, and then looked for everywhere: every table, every Redis key, every file, every page and every export.

Whoever keeps words of people in a new place finds out here when deletion does not reach it.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

import web
from bot.dialogs import LIFE_S
from domain.roles import SYSTEM
from models.base import Database
from models.tables import community, person
from services import accounts, audit, proving
from tests.chat_script import Stage
from tests.services.test_data_rights import everything
from tests.web.desk import sign_in

NAME, PHONE = "金丝雀", "13987651234"
PASSWORD = "a long password"
WORDS = {  # only this person says these; each goes another way into the database
    "report": "奇怪的锣鼓声", "more": "紫色的长颈鹿", "photo": "会唱歌的石头", "correct": "倒着走的钟", "supplement": "三条腿的凳子",
    "opinion": "透明的大理石", "propose": "倒挂的向日葵", "round": "八只脚的书桌", "question": "水做的楼梯", "objection": "没有门的城堡",
    "private": "会飞的拖把", "anonymous": "半夜的铜号角", "rating": "爬墙的自行车", "list": "背着走的钟楼", "unfinished": "冒烟的冰块",
    "vote": "方形的车轮", "withdrawn": "打鼾的石狮子"}
W = WORDS
LIFE = (
    "时间 2026-03-02 07:00", "页面 https://m.example", "早报 08:30", f"群 翠苑三区: 王阿姨=网格员, {NAME}@3幢2单元501, 陈老师@3幢2单元502, 小赵@3幢2单元401",
    "群 业主群(手转): 王阿姨, 陈老师",
    f"{NAME}: 反映 3幢2单元半夜有{W['report']}", "陈老师: 附议 I1", f"{NAME}: 补充 I1 还有{W['more']}", "王阿姨: 受理 I1",
    f"{NAME}(私聊 照片 锣): 反映 3幢2单元门口{W['photo']}", f"{NAME}(私聊): 匿名反映 地下室有{W['anonymous']}",
    f"{NAME}: 反映 北门有{W['withdrawn']}", f"{NAME}: 撤回 I4", "陈老师: 反映 5幢楼道灯不亮", f"{NAME}: 附议 I5",
    f"{NAME}: 补充 I5 我家门口也是，像{W['supplement']}", f"{NAME}(私聊): 我的电话 {PHONE}", f"{NAME}(私聊): 转人工",
    f"{NAME}(私聊): 更正资料 姓名应为{NAME}，{W['correct']}", "小赵: 反映 3幢门口的旧车棚要不要拆掉改成停车位", "王阿姨(私聊): 受理 I6",
    "王阿姨(私聊): 协商 I6 主持 王阿姨 参加 3幢 3月6日晚7点开始", "王阿姨(私聊): 发起征言 I1 晚上几点以后要安静 3天 种子 装修只在白天",
    f"{NAME}: 征言 I1 晚上别放{W['round']}", f"{NAME}(私聊): 征言", f"{NAME}(私聊): 1", "陈老师(私聊): 征言", "陈老师(私聊): 2",
    "王阿姨: 恳谈会 电动车充电怎么管 主持 王阿姨 3月6日晚7点", f"{NAME}: 参加 S1", f"{NAME}: 提问 S1 能不能装{W['question']}",
    "陈老师: 支持 S1 问1", "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", f"{NAME}(私聊): 同意，因为有{W['vote']}",
    f"{NAME}(私聊): P1 同意", "陈老师: P1 反对", f"陈老师: #接龙\n报名打疫苗\n1. 3幢2单元501 {NAME} {W['list']}\n2. 陈老师 报名",
    f"{NAME}(私聊): {W['private']}是怎么回事", "王阿姨(私聊): 看申请", "王阿姨(私聊): I1", "王阿姨(私聊): 今日", "王阿姨(私聊): 本周", "陈老师(私聊): 议题",
    "陈老师(私聊): S1", "陈老师(私聊): 热点", "王阿姨(私聊): 征言列表 I1", "王阿姨(私聊): 征言情况 I1", "王阿姨: 今日",
    "时间 2026-03-03 08:31", "时间 2026-03-03 20:01", "陈老师(私聊): P1", f"{NAME}(私聊): 异议 P1 {W['objection']}没有写进去", "时间 2026-03-06 19:01",
    f"{NAME}: 签到 S1", f"{NAME}: 举手 S1", f"{NAME}: 意见 I6 支持 可以换成{W['opinion']}", f"{NAME}: 提议 I6 改种{W['propose']}",
    "陈老师: 表态 I6", "王阿姨(私聊): I6", "王阿姨(私聊): 征言结果 I1", "陈老师(私聊): S1", "王阿姨: 结束提问 S1", "周报 09:00",
    "时间 2026-03-09 10:00", "王阿姨: 办结 I2 已清理", f"{NAME}(私聊): I2 没解决，还有{W['rating']}",
    f"{NAME}: 楼道里有{W['unfinished']}没人管")  # asked whether to register it, and silent: the words wait in Redis
KEPT_ON_PURPOSE = {"objection"}  # the record of a vote keeps what was objected, without who: services/erasure.py


@pytest.fixture
def life(db: Database, redis: Redis) -> Iterator[tuple[Stage, FlaskClient]]:
    """Everything that can be kept of a person, of neighbours something too, and an admin's browser."""
    stage = Stage(db, redis)
    for line in LIFE:
        stage.play(line)
    with db.write() as tx:
        accounts.create(tx, SYSTEM, username="admin", password=PASSWORD, community_id=tx.scalar(select(community.c.id)), now=stage.now)
        audit.seal(tx)
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    app.register_blueprint(web.console_blueprint(db, clock=lambda: stage.now, secure_cookies=False))
    client = app.test_client()
    assert sign_in(client, "admin", PASSWORD).status_code == 302
    yield stage, client
    stage.close()


def _in_redis(redis: Redis, *, later: bool = False) -> str:
    """Every key with what it holds, and what the server has written to its disk; `later`: when open questions have run out."""
    read = {"string": redis.get, "hash": redis.hgetall, "list": lambda k: redis.lrange(k, 0, -1), "set": redis.smembers,
            "zset": lambda k: redis.zrange(k, 0, -1, withscores=True), "stream": redis.xrange}
    if later:  # Redis lets them go by itself; to wait for it would be half an hour
        for key in redis.scan_iter("dialog:*"):
            assert 0 < redis.ttl(key) <= LIFE_S, key
            redis.delete(key)
    found = [f"{key} {read[redis.type(key)](key)}" for key in redis.scan_iter("*")]
    redis.save()
    folder = Path(redis.config_get("dir")["dir"])
    return "\n".join(found + [_bytes(path.read_bytes()) for path in folder.rglob("*") if path.is_file()])


def _in_files(db: Database) -> str:
    """Every file beside the database: the log of SQLite too, and whatever anybody may put there some day."""
    if not db.sqlite:
        return ""
    return "\n".join(_bytes(path.read_bytes()) for path in Path(str(db.url.database)).parent.rglob("*") if path.is_file())


def _bytes(data: bytes) -> str:
    """As text, with what is in archives (zip, xlsx, docx, epub) taken out of them."""
    if data[:4] != b"PK\x03\x04":
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(f"{name}\n{_bytes(archive.read(name))}" for name in archive.namelist())


def _in_console(client: FlaskClient) -> dict[str, str]:
    """Every page and every file that can be reached from the first page by following links and pressing buttons of exports."""
    found: dict[str, str] = {}
    waiting, kinds = ["/console/"], {}
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"\d+", "N", address.partition("?")[0])
        if address in found or kinds.get(kind, 0) >= 12 or "/static/" in address or "logout" in address:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(address, follow_redirects=True)
        found[address] = _bytes(answer.data) if answer.status_code == 200 else ""
        if answer.mimetype != "text/html":
            continue
        waiting += [unescape(link) for link in re.findall(r'href="(/console/[^"#]*)"', answer.text)]
        for form in re.findall(r'<form[^>]*action="(/console/[^"]*(?:csv|xlsx|export|zip|case)[^"]*)".*?</form>', answer.text, re.DOTALL):
            token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
            taken = client.post(unescape(form), data={"csrf_token": token[1] if token else "", "reason": "核对", "why": "核对"})
            found[f"POST {form}"] = _bytes(taken.data)
    return found


def test_nothing_is_left_anywhere(life: tuple[Stage, FlaskClient]) -> None:
    """Each word was somewhere before; afterwards none is in a table, a key, a file, a page or an export that is made then."""
    stage, client = life
    secrets = (NAME, PHONE, *WORDS.values())
    before = everything(stage.db) + _in_redis(stage.redis)
    assert not [word for word in secrets if word not in before]
    pages = _in_console(client)
    exports = [address for address in pages if re.search(r"csv|xlsx|zip|docx|pdf|export", address)]
    assert len(pages) > 60 and len(exports) > 10, (len(pages), exports)
    assert all(any(W[name] in page for page in pages.values()) for name in ("report", "photo", "opinion", "round", "question"))
    stage.play(f"{NAME}(私聊): 删除我的数据")
    assert "您的数据已删除" in "".join(stage.play(f"{NAME}(私聊): 1"))
    stage.play("时间 2026-03-10 10:00")
    stage.play("时间 2026-03-16 10:00")
    assert sign_in(client, "admin", PASSWORD).status_code == 302
    gone = [word for name, word in WORDS.items() if name not in KEPT_ON_PURPOSE] + [NAME, PHONE, "CANARY"]
    places = {"tables": everything(stage.db), "redis": _in_redis(stage.redis, later=True), "files": _in_files(stage.db)} | _in_console(client)
    left = {place: [word for word in gone if word in text] for place, text in places.items()}
    assert not {place: words for place, words in left.items() if words}, [
        line[:300] for place, text in places.items() for line in text.splitlines() for word in left[place] if word in line][:8]
    with stage.db.read() as tx:
        assert audit.verify(tx).ok and list(proving.check(tx)) == []
        who = tx.scalar(select(person.c.id).where(person.c.erased_at.is_not(None)))
        assert who is not None and "陈老师" in places["tables"]
