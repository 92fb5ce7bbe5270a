"""The minutes of a session as a document: every question with its end, tasks with their dates, nobody's name or private matter."""

from io import BytesIO

import pytest
from docx import Document as Docx
from pypdf import PdfReader
from redis import Redis
from sqlalchemy import select

from domain.errors import Refusal
from models.base import Database
from models.tables import session
from services import minutes_session
from tests.chat_script import Stage
from tests.web.desk import Desk, token


def test_the_minutes_hold_what_became_of_each_question(sqlite_db: Database, redis: Redis) -> None:
    """Of a whole session, as docx and PDF, the same bytes twice; not before its end."""
    stage = Stage(sqlite_db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔@1幢1单元101, 小赵, 小钱", "单位 物业: 小钱",
                 "王阿姨: 恳谈会 充电桩怎么装 3月6日晚7点", "时间 2026-03-06 19:01", "小赵: 签到 S1", "李叔: 提问 S1 充电桩什么时候装",
                 "小赵: 提问 S1 我家302漏水电话13812345678找谁", "小赵: 提问 S1 几点开门", "小赵: 支持 S1 问1", "李叔: 举手 S1", "李叔: 说完 S1",
                 "王阿姨: 问 S1 1 转任务 物业 到3月20日", "王阿姨: 问 S1 2 私事", "王阿姨: 问 S1 3 答 早上七点"):
        stage.play(line)
    with sqlite_db.read() as tx:
        with pytest.raises(Refusal, match="session.end_first"):
            minutes_session.written(tx, tx.execute(select(session)).one(), "docx")
    stage.play("王阿姨: 结束 S1")
    with sqlite_db.read() as tx:
        row = tx.execute(select(session)).one()
        first, again = (minutes_session.written(tx, row, "docx") for _ in range(2))
        pdf = minutes_session.written(tx, row, "pdf")
        text = minutes_session.document(tx, row).text
    stage.close()
    assert first == again
    cells = [[c.text for c in r.cells] for t in Docx(BytesIO(first)).tables for r in t.rows]
    assert ["1", "充电桩什么时候装", "1", "转任务 I1，3 月 20 日前办好"] in cells
    assert ["3", "几点开门", "0", "早上七点"] in cells and ["2", "个人事项", "0", "已转私下"] in cells
    assert any(row[0] == "I1" and row[2] == "物业" for row in cells)
    assert "发言 1 人次，提问 3 个" in text and "138" not in text and "漏水" not in text and "李叔" not in text
    assert "充电桩什么时候装" in "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_staff_find_the_minutes_on_the_console(desk: Desk) -> None:
    """Their own community's only."""
    client = desk.client("east")
    page = client.get("/console/sessions").text
    assert "east恳谈" in page and "west恳谈" not in page
    csrf = token(client, "/console/password")
    for kind in ("docx", "pdf"):
        answer = client.post(f"/console/sessions/{desk.ids['east']['session']}/minutes", data={"csrf_token": csrf, kind: "1"})
        assert answer.status_code == 200 and answer.headers["Content-Disposition"].endswith(f"S1.{kind}")
