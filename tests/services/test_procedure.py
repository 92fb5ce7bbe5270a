"""The course of a decision: who has been reached and how, whom reminders go to first, what an announcement freezes."""

from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import select, update

from models.base import Database
from models.tables import outbox, person, poll, poll_unit
from services import electorate, fairness, procedure
from tests.chat_script import Stage


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """Four owners in two stairwells."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 甲@3幢1单元101, 乙@3幢1单元102, 丙@3幢2单元101, 丁@3幢2单元102",
                 "名册 3幢1单元101 100 甲", "名册 3幢1单元102 100 乙", "名册 3幢2单元101 100 丙", "名册 3幢2单元102 100 丁"):
        found.play(line)
    yield found
    found.close()


def names(stage: Stage, ids: list[int]) -> str:
    """Who these are."""
    with stage.db.read() as tx:
        known = {r.id: r.name for r in tx.all(select(person.c.id, person.c.name))}
    return "".join(known[i] for i in ids)


def order(stage: Stage) -> str:
    """In which order the silent are reminded."""
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        return names(stage, fairness.first(tx, row, [p.id for p in electorate.missing(tx, row)]))


@pytest.mark.parametrize("how", ["选项 好 不好 范围 3幢", "每户一票 选项 好 不好 范围 3幢"])
def test_the_stairwell_from_which_fewest_voted_is_reminded_first(stage: Stage, how: str) -> None:
    stage.play(f"王阿姨(私聊): 发起投票 楼道刷白 {how} 截止 明晚8点")
    assert order(stage) == "甲乙丙丁"
    stage.play("甲(私聊): P1 好")
    assert order(stage) == "丙丁乙"
    said = stage.play("王阿姨(私聊): 提醒 P1")
    assert [line[4] for line in said if "王阿姨" not in line] == list("丙丁乙")


def test_owners_who_were_not_reached_come_before_those_who_were(stage: Stage) -> None:
    """What was queued and never sent is no proof; the door and the slip are."""
    stage.play("王阿姨(私聊): 发起投票 换物业 业主表决 范围 3幢 截止 明晚8点")
    with stage.db.write() as tx:
        row = tx.execute(select(poll)).one()
        tx.execute(update(outbox).where(outbox.c.key.like("%:notice:person:%")).values(state="dead"))
        assert procedure.reached(tx, row) == {}
        homes = {r.label: r.home_id for r in tx.all(select(poll_unit.c.label, poll_unit.c.home_id))}
        assert procedure.note_reached(tx, procedure.SYSTEM, row, [homes["3幢1单元101"]], "door", now=stage.now) == 1
        assert procedure.note_reached(tx, procedure.SYSTEM, row, [homes["3幢1单元101"]], "public", now=stage.now) == 0
        assert procedure.reached(tx, row) == {homes["3幢1单元101"]: "door"}
        tx.notes.clear()
    assert order(stage).endswith("甲")


def test_a_sent_notice_is_the_proof_of_delivery(stage: Stage) -> None:
    """By the outbox, which knows what the platform took."""
    stage.play("王阿姨(私聊): 发起投票 换物业 业主表决 范围 3幢 截止 明晚8点")
    with stage.db.write() as tx:
        row = tx.execute(select(poll)).one()
        first = tx.scalar(select(outbox.c.id).where(outbox.c.key.like("%:notice:person:%")).order_by(outbox.c.id).limit(1))
        tx.execute(update(outbox).where(outbox.c.id == first).values(state="dead"))
        assert sorted(procedure.reached(tx, row).values()) == ["sent"] * 3
        labels = [each.label for each, _ in procedure.doors(tx, row)]
        assert labels == sorted(labels) and len(labels) == 24
    stage.play("丙(私聊): P1 同意")
    with stage.db.read() as tx:
        assert "voted" in procedure.reached(tx, row).values() and len(procedure.doors(tx, row)) == 23


def test_who_binds_after_the_announcement_is_not_asked(stage: Stage) -> None:
    """The electorate of a decision is that of the day of the notice, not of the day it opens."""
    stage.play("王阿姨(私聊): 发起投票 楼道公约 户代表表决 公示3天 范围 3幢 截止 3月10日晚8点")
    stage.play("时间 10:05")
    stage.play("群 另一个群: 新邻居@3幢1单元301")
    stage.play("时间 2026-03-05 10:01")
    assert "名单那时就定了" in "".join(stage.play("新邻居(私聊): P1 同意"))
    assert "记下了" in "".join(stage.play("甲(私聊): P1 同意"))
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        assert row.asked == 4 and electorate.size(tx, row) == 4
