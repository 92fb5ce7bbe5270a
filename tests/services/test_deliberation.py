"""Deliberation: each person counts once, clocks outlive every process, who disagrees is a number to the host."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select, update

from models.base import Database
from models.tables import deliberation, dissent, issue, issue_event, participant, person, statement, timer
from scheduler.sweeps import Sweeps
from services import deliberation as talks
from services import opinions
from tests.chat_script import Stage

OPENING = ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔, 甲, 乙, 丙, 丁", "李叔: 反映 旧车棚要不要拆掉改成停车位")


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """One matter, five residents."""
    found = Stage(db, redis)
    for line in OPENING:
        found.play(line)
    yield found
    found.close()


def held(stage: Stage) -> Any:
    """The deliberation."""
    with stage.db.read() as tx:
        return tx.execute(select(deliberation)).one()


def standing(stage: Stage) -> dict[str, int]:
    """How many stand where."""
    with stage.db.read() as tx:
        return opinions.counts(tx, tx.scalar(select(deliberation.c.id)))


def begun(stage: Stage, course: str = "一般协商") -> None:
    """The talk goes on."""
    stage.play(f"王阿姨(私聊): 协商 I1 按 {course}")
    stage.play("时间 2026-03-05 10:01")


def test_the_latest_position_of_each_person_counts(stage: Stage) -> None:
    """Two statements of one person are one position, and all statements stay on record."""
    begun(stage)
    for line in ("甲: 意见 I1 支持", "乙: 意见 I1 支持", "甲: 意见 I1 反对 挡路", "丙: 意见 I1 说得都有道理"):
        stage.play(line)
    assert standing(stage) == {"for": 1, "against": 1, "neutral": 0, "conditional": 0}
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(statement)) == 4


def test_two_accounts_of_one_person_are_one(stage: Stage) -> None:
    """Whoever joins accounts after speaking with both has one position, the latest, and one number among who disagrees."""
    begun(stage)
    stage.play("甲: 意见 I1 反对 一")
    stage.play("乙: 意见 I1 反对 二")
    with stage.db.write() as tx:
        ids = {r.name: r.id for r in tx.all(select(person.c.id, person.c.name))}
        tx.execute(update(person).where(person.c.id == ids["乙"]).values(joined_into=ids["甲"]))
    assert standing(stage)["against"] == 1
    said = stage.play("王阿姨(私聊): 异议人 I1")
    assert "1 位" in said[0]


def test_positions_on_issues_that_are_joined_are_of_distinct_persons(stage: Stage) -> None:
    """A neighbour who speaks under the number of the issue that was joined in is counted once, on the whole."""
    stage.play("甲: 反映 东门晚上找不到停车位")
    assert "已" in stage.play("王阿姨(私聊): 合并 I2 I1")[0]
    begun(stage)
    for line in ("乙: 意见 I2 支持", "乙: 意见 I1 反对", "丙: 意见 I1 支持"):
        stage.play(line)
    assert standing(stage) == {"for": 1, "against": 1, "neutral": 0, "conditional": 0}
    with stage.db.read() as tx:
        named = {r.number for r in tx.all(select(issue.c.number).join_from(statement, issue, issue.c.id == statement.c.issue_id))}
    assert named == {1, 2}


@pytest.mark.parametrize("course", ["一般协商", "六步议事", "村民说事", "四议两公开", "红茶议事会", "请你来协商", "码上商"])
def test_a_restart_in_every_phase_loses_no_clock(course: str, stage: Stage) -> None:
    """Before each step everything is started anew; the phases come in their order, each once, until the one that decides."""
    stage.play(f"王阿姨(私聊): 协商 I1 按 {course}")
    names = [p["name"] for p in held(stage).course["phases"] if p["part"] == "talk"]
    for _ in range(20):
        stage.sweeps = Sweeps(stage.db, stage.channels, lambda: stage.now)  # nothing but the database is left
        row = held(stage)
        phase = talks.phase_of(row)
        if phase is not None and phase.ends and (phase.span is None or row.talk_over):
            break
        if phase is None or phase.span is not None:
            stage.now = (row.until or row.starts_at) + timedelta(minutes=1)
            stage.sweeps.run()
        elif phase.meeting is not None:
            stage.play("王阿姨(私聊): 会议 I1 应到 30 实到 30 同意 30")
        else:
            stage.play("王阿姨(私聊): 下一步 I1")
    with stage.db.read() as tx:
        passed = list(tx.connection.scalars(select(issue_event.c.text).where(issue_event.c.act == "phase").order_by(issue_event.c.id)))
        waiting = tx.scalar(select(func.count()).select_from(timer).where(
            timer.c.kind == "discussion", timer.c.fired_at.is_(None), timer.c.ended_at.is_(None)))
        assert passed == names
        assert waiting == 1  # the host is not forgotten
        assert not tx.scalar(select(func.max(timer.c.failures)))


def test_an_outage_takes_no_time_away_from_the_residents(stage: Stage) -> None:
    """Five days late, the phase begins late and is as long as it was promised; it is not fired twice."""
    stage.play("王阿姨(私聊): 协商 I1")
    stage.play("时间 2026-03-10 09:30")
    row = held(stage)
    assert row.phase == 0 and row.until >= stage.now + timedelta(days=7)
    stage.play("时间 2026-03-10 09:31")
    assert held(stage).phase == 0


def test_those_who_disagree_have_numbers_and_staff_alone_see_names(stage: Stage) -> None:
    """A number stays with its person; who has changed their mind is not listed."""
    stage.play("王阿姨(私聊): 协商 I1 主持 李叔")
    stage.play("时间 2026-03-05 10:01")
    for line in ("甲: 意见 I1 反对 一", "乙: 意见 I1 有条件 先建新的", "甲: 意见 I1 支持"):
        stage.play(line)
    host, staff = stage.play("李叔(私聊): 异议人 I1")[0], stage.play("王阿姨(私聊): 异议人 I1")[0]
    assert "2 有条件 先建新的" in host and "乙" not in host and "甲" not in host
    assert "2 有条件 先建新的（乙）" in staff
    with stage.db.read() as tx:
        assert [r.number for r in tx.all(select(dissent.c.number).order_by(dissent.c.number))] == [1, 2]


def test_one_matter_has_its_own_participants(stage: Stage) -> None:
    """一事一议一主体: who takes part in one matter has no say in another."""
    stage.play("甲: 反映 门口的路灯要不要换成感应灯")
    stage.play("王阿姨(私聊): 协商 I1 参加 甲")
    stage.play("王阿姨(私聊): 协商 I2 参加 乙")
    stage.play("时间 2026-03-05 10:01")
    assert "记下了" in stage.play("甲: 意见 I1 支持")[0]
    assert "参加人是" in stage.play("乙: 意见 I1 支持")[0]
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(participant)) == 2


def test_erased_words_are_gone_and_the_count_stays(stage: Stage) -> None:
    """What somebody said goes with them, where they stood is a number."""
    begun(stage)
    stage.play("甲: 意见 I1 反对 金丝雀")
    stage.play("甲(私聊): 删除我的数据")
    stage.play("甲(私聊): 1")
    assert standing(stage)["against"] == 1
    with stage.db.read() as tx:
        assert not tx.all(select(statement).where(statement.c.text.contains("金丝雀")))
