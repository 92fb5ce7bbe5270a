"""What is kept only for a time goes when it is over, exactly that and nothing else; figures, results and the chain stay."""

from contextlib import nullcontext
from datetime import datetime, time, timedelta

import pytest
from redis import Redis
from sqlalchemy import func, select, update

import app
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database
from models.round_reports import round_report
from models.rounds import opinion_vote
from models.tables import ballot, heartbeat, issue, message, metadata, outbox, person, photo, poll
from ops import retention as tool
from services import audit, figures, proving, published, retention, round_making
from tests.chat_script import Stage
from tests.services.crowd import close, gather
from tests.web.desk import NOW

DAY = timedelta(days=1)


@pytest.fixture
def stage(db: Database, redis: Redis) -> Stage:
    """Two matters, one of which is over; a poll that is over and one that is open; somebody who has left."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔@3幢2单元501, 陈老师, 小赵",
                 "李叔(私聊 照片 灯): 反映 3幢2单元楼道灯不亮", "陈老师: 反映 5幢电梯异响", "陈老师: 附议 I1", "小赵(私聊): 退出",
                 "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", "李叔: 同意", "陈老师: 反对",
                 "王阿姨: 不受理 I1 不属于社区职责，请打 12345", "时间 2026-03-03 20:01", "时间 2026-03-04 10:00"):
        found.play(line)
    return found


def _count(db: Database) -> dict[str, int]:
    with db.read() as tx:
        return {t.name: int(tx.scalar(select(func.count()).select_from(t))) for t in metadata.sorted_tables}


def test_exactly_what_is_due_goes(stage: Stage) -> None:
    """The dry run counts what the sweep takes; what is a day younger stays; a second sweep finds nothing."""
    db, start = stage.db, stage.now
    with db.read() as tx:
        rejected, open_ = (r for r in tx.all(select(issue).order_by(issue.c.id)))
        shown = figures.table(tx, figures.Asked(rejected.community_id), "month", start)
        result = tx.scalar(select(poll.c.result))
    assert (rejected.state, open_.state) == ("rejected", "submitted")
    with db.read() as tx:
        assert set(retention.due(tx, now=start + 177 * DAY).values()) == {0}
    for days, kinds in ((185, {"messages", "posts"}), (370, {"left", "deliveries"}), (740, {"issues", "polls"})):
        now = start + days * DAY
        with db.read() as tx:
            due = retention.due(tx, now=now)
        assert {name for name, n in due.items() if n} == kinds
        assert retention.sweep(db, now=now) == due
        with db.read() as tx:
            assert set(retention.due(tx, now=now).values()) == {0}
            assert audit.verify(tx).ok and list(proving.check(tx)) == []
    with db.read() as tx:
        rejected, open_ = (r for r in tx.all(select(issue).order_by(issue.c.id)))
        assert (rejected.text, open_.text) == ("", "5幢电梯异响") and "楼道灯" not in rejected.title
        assert tx.first(select(photo)) is None and tx.first(select(ballot)) is None
        assert tx.scalar(select(poll.c.result)) == result and result["ballots"] == 2
        assert tx.first(select(message).where(message.c.text.is_not(None) | message.c.reply.is_not(None))) is None
        assert {r.text for r in tx.all(select(outbox.c.text))} == {"（已到保存期限，内容已删除）"}
        left = tx.execute(select(person).where(person.c.erased_at.is_not(None))).one()
        assert left.name is None
        assert figures.table(tx, figures.Asked(open_.community_id), "month", start) == shown
        row = tx.execute(select(poll)).one()
        with pytest.raises(Refusal, match="forgotten"):
            published.archive(tx, SYSTEM, row, now=start)
    assert "装电梯" in "".join(stage.play("王阿姨(私聊): P1"))
    with db.write() as tx:  # but ballots that somebody deletes by hand are missed
        tx.execute(update(poll).values(forgotten_at=None))
    with db.read() as tx:
        assert list(proving.check(tx))


def test_it_is_done_once_a_night_and_never_when_that_is_wished(stage: Stage) -> None:
    """At three, late rather than never; a kind that is kept for good is not touched."""
    db, now = stage.db, stage.now + 200 * DAY
    retention.configure({"messages": None}, None)
    try:
        assert not retention.nightly(db, now=now)
        retention.configure({"messages": None}, time(3))
        with db.write() as tx:
            tx.execute(heartbeat.delete())
        assert retention.nightly(db, now=now) and not retention.nightly(db, now=now + DAY / 3)
        assert retention.nightly(db, now=now + DAY)
        with db.read() as tx:
            assert tx.first(select(message).where(message.c.text.is_not(None))) is not None
    finally:
        retention.configure({}, time(3))


def test_the_command_counts_before_it_takes(
        sqlite_db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`retention --dry-run` changes nothing; without it the same number is done."""
    now = _one_message(sqlite_db)
    monkeypatch.setattr(tool, "database_of", lambda: nullcontext(sqlite_db))
    monkeypatch.setattr(tool.house, "now", lambda: now + 200 * DAY)
    before = _count(sqlite_db)
    assert app.main(["retention", "--dry-run"]) == 0
    assert "说过的话和回答（180 天）：1" in (said := capsys.readouterr().out) and "没有改动" in said and _count(sqlite_db) == before
    with sqlite_db.read() as tx:
        assert tx.scalar(select(message.c.text)) == "你好"
    assert app.main(["retention"]) == 0 and "已处理 1 项" in capsys.readouterr().out
    with sqlite_db.read() as tx:
        assert tx.scalar(select(message.c.text)) is None


def _one_message(db: Database) -> datetime:
    """One message, and when it came."""
    with db.write() as tx:
        tx.add(message, channel="mp", external_id="m", kind="text", text="你好", state="done", sent_at=NOW, received_at=NOW)
    return NOW


def test_who_answered_what_in_a_round_goes_and_what_was_found_stays(sqlite_db: Database) -> None:
    crowd = gather(sqlite_db, people=12, statements=6)
    close(sqlite_db, crowd, now=NOW)
    round_making.make_due(sqlite_db, now=NOW)
    with sqlite_db.read() as tx:
        found = tx.scalar(select(round_report.c.found))
    assert found
    retention.sweep(sqlite_db, now=NOW + 740 * DAY)
    with sqlite_db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(opinion_vote)) == 0
        assert tx.scalar(select(round_report.c.found)) == found
        assert set(retention.due(tx, now=NOW + 740 * DAY).values()) == {0}
