"""Sessions: a clock of two minutes for each turn, nobody is counted twice, no question is left open, private stays private."""

from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import func, select

from models.base import Database
from models.tables import attendee, issue, question, session, turn
from scheduler.sweeps import Sweeps
from tests.chat_script import Stage


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A session that has begun."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔, 甲, 乙, 物业小钱", "单位 物业: 物业小钱",
                 "王阿姨: 恳谈会 充电怎么管 主持 李叔 3月6日晚7点", "时间 2026-03-06 19:00"):
        found.play(line)
    yield found
    found.close()


def test_a_turn_is_over_after_two_minutes_whatever_restarts(stage: Stage) -> None:
    """The next is called once; two turns are all that one person has."""
    for name in ("甲", "乙"):
        stage.play(f"{name}: 举手 S1")
    stage.sweeps = Sweeps(stage.db, stage.channels, lambda: stage.now)
    assert stage.play("时间 2026-03-06 19:01") == []
    assert [line for line in stage.play("时间 2026-03-06 19:03") if "请第 2 位" in line]
    assert stage.play("时间 2026-03-06 19:04") == []
    stage.play("乙: 说完 S1")
    stage.play("乙: 举手 S1")
    stage.play("乙: 说完 S1")
    assert "最多发言 2 次" in stage.play("乙: 举手 S1")[0]
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(turn)) == 3


def test_who_comes_twice_is_one_person_and_who_comes_late_is_marked(stage: Stage) -> None:
    """RSVP and sign-in count persons."""
    for line in ("甲: 参加 S1", "甲: 参加 S1", "甲: 签到 S1", "甲: 签到 S1", "时间 2026-03-06 19:30", "乙: 签到 S1", "甲: 签到 S1"):
        said = stage.play(line)
    assert "2 人到场" in said[0] and "迟到" not in said[0]
    with stage.db.read() as tx:
        assert {(r.said_at is not None, r.late) for r in tx.all(select(attendee))} == {(True, False), (False, True)}


def test_no_session_ends_with_a_question_open(stage: Stage) -> None:
    """Answered, a task with a date, or private: then it ends, and not before."""
    for n, line in enumerate(("充电桩什么时候装", "地库能不能停", "我家房产证的事怎么办"), 1):
        stage.play(f"{'甲乙甲'[n - 1]}: 提问 S1 {line}")
    for answer in ("问 S1 1 答 下周一装", "问 S1 2 转任务 物业 到3月20日", "问 S1 3 私事"):
        assert "还不能结束" in stage.play("李叔: 结束 S1")[0]
        stage.play(f"王阿姨: {answer}")
    minutes = stage.play("李叔: 结束 S1")[0]
    assert "问3 个人事项" in minutes and "房产证" not in minutes and "→ 任务 I1" in minutes
    with stage.db.read() as tx:
        assert [r.state for r in tx.all(select(question.c.state).order_by(question.c.number))] == ["answered", "task", "private"]
        task, ticket = tx.all(select(issue).order_by(issue.c.id))
        assert (task.state, task.private, task.party_id is not None, task.due_at is not None) == ("assigned", False, True, True)
        assert (ticket.private, ticket.chat_id) == (True, None)
        assert tx.scalar(select(session.c.minutes_at)) is None
    stage.play("李叔: 1")
    assert "已经发过" in stage.play("李叔: 纪要 S1")[0]


def test_questions_with_most_people_behind_them_come_first(stage: Stage) -> None:
    """Support of one person counts once."""
    stage.play("甲: 提问 S1 第一个问题是什么")
    stage.play("乙: 提问 S1 第二个问题是什么")
    stage.play("甲: 支持 S1 问2")
    said = stage.play("甲: 支持 S1 问2")
    assert "1 人支持" in said[0]
    listed = stage.play("甲: S1")[0]
    assert listed.index("问2") < listed.index("问1")
