"""A vote and the issue it was opened from: they move together, twice without a result is enough, the result is published."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select

from models.base import Database
from models.tables import issue, poll, timer
from scheduler.sweeps import Sweeps
from services import procedure, voting
from tests.chat_script import Stage

VOTE = "王阿姨(私聊): I1 投票 拆掉旧车棚 户代表表决 范围 全小区 截止 "


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A matter that has been talked about; three homes may vote."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 甲@3幢1单元101, 乙@3幢1单元102, 丙@3幢2单元101",
                 *(f"名册 1幢1单元{floor}0{door} 100 {name}" for floor, name in ((1, "甲"), (2, "乙"), (3, "丙")) for door in (1, 2)),
                 "甲: 反映 旧车棚要不要拆掉改成停车位", "王阿姨(私聊): 协商 I1", "时间 2026-03-05 10:01", "时间 2026-03-12 10:01"):
        found.play(line)
    yield found
    found.close()


def state(stage: Stage) -> str:
    """Where the issue stands."""
    with stage.db.read() as tx:
        return str(tx.scalar(select(issue.c.state)))


def votes(stage: Stage, **choices: str) -> None:
    """Each says what they choose, in private."""
    for name, words in choices.items():
        stage.play(f"{name}(私聊): {words}")


def test_an_opinion_poll_is_part_of_the_talk(stage: Stage) -> None:
    """It neither begins a vote nor ends the talk when it closes."""
    stage.play("王阿姨(私聊): I1 投票 先拆哪一排 选项 东 西 截止 3月13日晚8点")
    assert state(stage) == "consulting"
    stage.play("时间 2026-03-13 20:01")
    assert state(stage) == "consulting"


def test_a_vote_that_cannot_move_its_issue_does_not_close(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll and issue change in one transaction or not at all."""
    stage.play(VOTE + "3月13日晚8点")
    votes(stage, 甲="P1 同意", 乙="P1 同意")

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(voting, "closed", broken)
        with pytest.raises(ExceptionGroup):
            stage.play("时间 2026-03-13 20:01")
    with stage.db.read() as tx:
        assert tx.scalar(select(poll.c.state)) == "open"
    assert state(stage) == "voting"
    stage.play("时间 2026-03-13 20:02")
    assert state(stage) == "publicity"


def test_twice_without_a_result_is_enough(stage: Stage) -> None:
    """Each vote is given more time once; after the second the matter goes to the assembly."""
    for n, (opens, closes, again) in enumerate((("3月13日晚8点", "2026-03-13 20:01", "2026-03-15 12:00"),
                                                ("3月16日晚8点", "2026-03-16 20:01", "2026-03-18 12:00")), 1):
        stage.play(VOTE + opens)
        votes(stage, 甲=f"P{n} 同意")
        stage.play(f"时间 {closes}")
        assert state(stage) == "voting"
        stage.play(f"时间 {again}")
        assert state(stage) == "consulting"
    assert "提交居民会议" in stage.play(VOTE + "3月20日晚8点")[0]
    stage.play("王阿姨(私聊): 提交居民会议 I1")
    with stage.db.read() as tx:
        assert [r.state for r in tx.all(select(poll.c.state))] == ["closed", "closed"]


def test_a_vote_of_owners_is_published_as_long_as_the_settings_say(stage: Stage) -> None:
    """The clock of the issue and the end of the poll's publication are one moment, also after a restart."""
    procedure.configure(0, 15)
    stage.play("王阿姨(私聊): I1 投票 拆掉旧车棚 业主表决 范围 1幢 截止 3月18日晚8点")
    votes(stage, 甲="P1 同意", 乙="P1 同意", 丙="P1 同意")
    stage.sweeps = Sweeps(stage.db, stage.channels, lambda: stage.now)
    stage.play("时间 2026-03-18 20:01")
    assert state(stage) == "publicity"
    with stage.db.read() as tx:
        ends, clock = tx.scalar(select(poll.c.final_at)), tx.scalar(select(timer.c.due_at).where(
            timer.c.kind == "publicity", timer.c.ended_at.is_(None)))
    assert ends == clock == stage.now + timedelta(days=15)
    assert "还在公示" in stage.play("王阿姨(私聊): 办结 I1 已经拆掉旧车棚")[0]
    stage.sweeps = Sweeps(stage.db, stage.channels, lambda: stage.now)
    stage.play("时间 2026-04-03 09:00")
    assert "已报办结" in stage.play("王阿姨(私聊): 办结 I1 已经拆掉旧车棚")[0]


def test_a_vote_that_is_called_off_brings_the_issue_back(stage: Stage) -> None:
    """It counts as no try, and the talk can be concluded otherwise."""
    stage.play(VOTE + "3月13日晚8点")
    stage.play("王阿姨(私聊): 作废 P1 题目写错了")
    assert state(stage) == "consulting"
    stage.play("王阿姨(私聊): 总结 I1 都同意拆")
    stage.play("王阿姨(私聊): 1")
    assert "已公布" in stage.play("王阿姨(私聊): 结论 I1 拆掉旧车棚")[0]
