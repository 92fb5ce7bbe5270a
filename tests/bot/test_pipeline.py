"""What holds for every message: once, whole or not at all, nothing kept without consent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import event, func, select, update

from bot import router
from bot.context import Ctx
from bot.message import Message
from bot.router import Args, Command
from domain.errors import Refusal
from domain.roles import Role
from models.base import Database
from models.tables import ballot, ballot_log, issue, metadata, outbox, poll
from models.tables import message as inbox
from services import audit
from tests.chat_script import Stage

CANARY = "金丝雀小区密语"


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A group with a grid worker, two residents and a newcomer."""
    found = Stage(db, redis)
    found.play("时间 2026-03-02 10:00")
    found.play("群 翠苑三区: 王阿姨=网格员, 李叔@3幢2单元501, 陈老师, 小赵=新居民")
    yield found
    found.close()


def everything(db: Database) -> str:
    """Every value in every table, and on SQLite every byte of its files."""
    with db.read() as tx:
        rows = " ".join(str(row) for table in metadata.sorted_tables for row in tx.all(select(table)))
    if db.sqlite:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        rows += "".join(p.read_bytes().decode("utf-8", "ignore") for p in Path(str(db.url.database)).parent.glob("linyi.db*"))
    return rows


def spoken(stage: Stage, text: str, **how: Any) -> Message:
    """A private message of 李叔."""
    stage.count += 1
    return replace(Message("mp", f"x{stage.count}", "o-李叔", stage.now, text=text), **how)


def test_words_without_consent_are_nowhere_but_in_redis(stage: Stage, redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    """Until the yes; and after a no they are gone from there too."""
    asked = stage.play(f"小赵: 反映 {CANARY}电梯坏了没人修")
    assert "回复 1" in asked[0]
    assert CANARY not in everything(stage.db) and CANARY not in caplog.text
    assert any(CANARY in (redis.get(key) or "") for key in redis.scan_iter())
    assert all(0 < redis.ttl(key) <= 600 for key in redis.scan_iter())
    stage.play("小赵: 2")
    assert redis.keys() == [] and CANARY not in everything(stage.db)
    stage.play(f"小赵: 反映 {CANARY}电梯坏了没人修")
    assert "记下了" in stage.play("小赵: 1")[0]
    assert CANARY in everything(stage.db)


def test_chat_is_not_kept_even_with_consent(stage: Stage) -> None:
    """What is not for us is not on record."""
    stage.play(f"李叔(私聊): 今天天气不错{CANARY}")
    assert CANARY not in everything(stage.db)


def test_erasing_leaves_no_word_behind(stage: Stage) -> None:
    """Name, words and home are gone from every table and from the file's bytes; the chain is whole (checked by scripts)."""
    stage.play(f"李叔: 反映 {CANARY}电梯坏了没人修")
    stage.play(f"李叔: 补充 I1 {CANARY}又坏了")
    stage.play("陈老师: 附议 I1")
    assert CANARY in everything(stage.db)
    stage.play("李叔(私聊): 删除我的数据")
    assert "已删除" in stage.play("李叔(私聊): 1")[0]
    with stage.db.read() as tx:
        rows = " ".join(str(row) for table in metadata.sorted_tables for row in tx.all(select(table)))
    assert CANARY not in rows and "u-李叔" not in rows and "o-李叔" not in rows
    if stage.db.sqlite:
        assert CANARY not in everything(stage.db)


def test_a_defect_undoes_the_handler_keeps_the_message_and_apologises(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Never silence, never half a deed, never the words in the log; the repeat gets the same apology."""
    def broken(ctx: Ctx, args: Args) -> str:
        ctx.tx.add(issue, community_id=1, state="draft", category="other", title="half", text="", submitter_id=ctx.speaker.id,
                   created_at=ctx.now, changed_at=ctx.now)
        raise ZeroDivisionError(CANARY)

    pattern = router._compile("坏命令")
    bad = Command("bad", (pattern,), (), "", Role.RESIDENT, False, False, broken)
    router.registry.commands.append(bad)
    try:
        heard = spoken(stage, "坏命令")
        first = stage.pipeline.hear(stage.channels["mp"], heard)
        again = stage.pipeline.hear(stage.channels["mp"], heard)
    finally:
        router.registry.commands.remove(bad)
    assert first is not None and again is not None
    assert first.text.startswith("对不起") and again.text == first.text
    assert CANARY not in caplog.text and "ZeroDivisionError" in caplog.text
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(issue).where(issue.c.title == "half")) == 0
        assert tx.scalar(select(inbox.c.state).where(inbox.c.external_id == heard.external_id)) == "failed"


def test_a_vote_that_was_sent_earlier_never_replaces_a_later_one(stage: Stage) -> None:
    """Delivered in the wrong order, the later one counts; both are on record."""
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    late = spoken(stage, "P1 反对", sent_at=stage.now + timedelta(seconds=9))
    early = spoken(stage, "P1 同意", sent_at=stage.now + timedelta(seconds=3))
    for heard in (late, early):
        said = stage.pipeline.hear(stage.channels["mp"], heard)
    assert said is not None and "以后来的那次为准" in said.text
    with stage.db.read() as tx:
        assert [r.choice for r in tx.all(select(ballot))] == ["1"]
        assert tx.scalar(select(func.count()).select_from(ballot_log)) == 1


def test_under_load_a_message_is_on_record_first_and_answered_through_the_outbox(stage: Stage) -> None:
    """Silence now, the answer once, later; a repeat in between is silent and causes nothing."""
    stage.pipeline.park_at = 0
    heard = spoken(stage, "反映 3幢2单元电梯停了一周没人修")
    for _ in range(2):
        reply = stage.pipeline.hear(stage.channels["mp"], heard)
        assert reply is not None and reply.text == ""
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(issue)) == 0
    stage.play("时间 10:05")
    assert len([s for s in stage.said if s.startswith("机器人→李叔: 记下了，编号 I1")]) == 1
    stage.play("时间 10:06")
    assert stage.said == []
    with stage.db.read() as tx:
        assert tx.scalar(select(inbox.c.payload).where(inbox.c.external_id == heard.external_id)) is None


def test_words_without_consent_are_not_parked(stage: Stage) -> None:
    """The platform is asked to try again instead."""
    stage.pipeline.park_at = 0
    assert stage.pipeline.hear(stage.channels["mp"], spoken(stage, CANARY, sender="o-小赵")) is None
    assert CANARY not in everything(stage.db)


def test_nothing_is_answered_that_is_not_on_record(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database does not take it, the platform must try again; then it counts once."""
    heard = spoken(stage, "反映 3幢2单元电梯停了一周没人修")
    with monkeypatch.context() as broken:
        broken.setattr(stage.commit, "before_commit", _no_disk)
        assert stage.pipeline.hear(stage.channels["mp"], heard) is None
    reply = stage.pipeline.hear(stage.channels["mp"], heard)
    assert reply is not None and "编号 I1" in reply.text
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(issue)) == 1


def _no_disk(tx: Any) -> None:
    from sqlalchemy.exc import OperationalError
    raise OperationalError("disk full", None, Exception())


def test_one_home_votes_once_however_many_accounts_it_has(stage: Stage) -> None:
    """Binding again in the middle of a poll frees no second vote."""
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 每户一票 截止 明晚8点")
    stage.play("李叔: 同意")
    stage.play("王阿姨(私聊): 绑定码 3幢2单元501")
    stage.play("陈老师(私聊): 绑定 3幢2单元501 {码}")
    assert "您家之前投过" in stage.play("陈老师: 反对")[0]
    with stage.db.read() as tx:
        assert [r.choice for r in tx.all(select(ballot))] == ["1"]


def test_a_refusal_inside_a_long_command_leaves_nothing(stage: Stage) -> None:
    """A poll with a bad scope is not half open."""
    said = stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 范围 99幢 截止 明晚8点")
    assert said and "99幢" in said[0]
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(outbox)) == 0
    with pytest.raises(Refusal), stage.db.write() as tx:
        from services import polls
        polls.by_number(tx, 1, 1)


def test_a_double_tap_on_publish_opens_one_poll(stage: Stage) -> None:
    """Both taps saw the same open preview; the second gets the same card."""
    for words in ("发起投票", "要不要装门禁", "同意 反对", "明晚8点"):
        stage.play(f"王阿姨(私聊): {words}")
    tap = spoken(stage, "1", sender="o-王阿姨")
    kept = stage.dialogs.get(tap)
    first = stage.pipeline.hear(stage.channels["mp"], tap)
    stage.dialogs.put(tap, kept)
    second = stage.pipeline.hear(stage.channels["mp"], replace(tap, external_id="second tap"))
    assert first is not None and second is not None and "P1" in first.text and "P1" in second.text
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(poll)) == 1


def test_a_unit_that_runs_again_sees_the_talk_as_it_was(stage: Stage) -> None:
    """The first run must not leave its answer in the open draft."""
    stage.play("王阿姨(私聊): 发起投票")
    real, runs = stage.commit.before_commit, []

    def once_in_vain(tx: Any) -> None:
        runs.append(1)
        if len(runs) == 1:
            _no_disk(tx)
        real(tx)

    stage.commit.before_commit = once_in_vain  # type: ignore[method-assign]
    said = stage.play("王阿姨(私聊): 要不要装门禁")
    assert len(runs) == 2 and "有哪些选项" in said[0]


def test_a_full_disk_fails_the_whole_transaction(sqlite_db: Database, redis: Redis) -> None:
    """SQLite has rolled back by itself: nothing may be acknowledged as if it stood; with room again all goes on."""
    stage = Stage(sqlite_db, redis)
    stage.play("群 翠苑三区: 李叔")
    with sqlite_db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    heard = [spoken(stage, f"反映 {n}幢电梯坏了没人修{'很' * 900}") for n in range(1, 9)]
    sqlite_db.engine.dispose()
    event.listen(sqlite_db.engine, "connect", _limit(pages + 4))
    replies = [stage.pipeline.hear(stage.channels["mp"], m) for m in heard]
    with sqlite_db.read() as tx:
        recorded = set(tx.connection.scalars(select(inbox.c.external_id)))
    assert None in replies
    assert {m.external_id for m, r in zip(heard, replies, strict=True) if r is not None} <= recorded
    sqlite_db.engine.dispose()
    event.listen(sqlite_db.engine, "connect", _limit(1_000_000))
    assert all(stage.pipeline.hear(stage.channels["mp"], m) is not None for m in heard)
    with sqlite_db.read() as tx:
        assert audit.verify(tx).ok
    stage.close()


def _limit(pages: int) -> Any:
    def connected(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}").close()
    return connected


def test_erasing_touches_nobody_else_s_words(stage: Stage) -> None:
    """A supplement of one common word must not strike that word from polls and posts."""
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    stage.play("陈老师: 同意")
    stage.play("陈老师: 反映 3幢2单元电梯停了一周没人修")
    stage.play("李叔: 补充 I1 同意")
    stage.play("李叔(私聊): 删除我的数据")
    stage.play("李叔(私聊): 1")
    with stage.db.read() as tx:
        kept = " ".join(str(r.reply) for r in tx.all(select(inbox)))
    assert "记下了：同意（P1）" in kept
    said = stage.play("王阿姨: 结束 P1 够了")
    assert any("同意：1 票" in s for s in said)


def test_a_parked_message_that_cannot_be_answered_holds_up_nobody(stage: Stage) -> None:
    """An account that is gone from the settings: that message fails, the next is answered."""
    stage.pipeline.park_at = 0
    for words in ("反映 1幢楼道灯坏了没人修", "反映 3幢2单元电梯停了一周没人修"):
        stage.pipeline.hear(stage.channels["mp"], spoken(stage, words))
    with stage.db.write() as tx:
        first = tx.scalar(select(func.min(inbox.c.id)).where(inbox.c.state == "parked"))
        tx.execute(update(inbox).where(inbox.c.id == first).values(payload="{}"))
    stage.play("时间 10:05")
    assert any("编号 I1" in s and "电梯" in s for s in stage.said)
    with stage.db.read() as tx:
        assert tx.scalar(select(inbox.c.state).where(inbox.c.id == first)) == "failed"


def test_a_poll_waits_for_ballots_that_were_put_on_record_in_time(stage: Stage) -> None:
    """Under load more may be parked than one sweep answers; none of them may find the poll closed."""
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 今天20点")
    stage.play("李叔: 你好")
    stage.play("李叔(私聊): 反映 北门路灯不亮")
    stage.pipeline.park_at = 0
    assert stage.pipeline.hear(stage.channels["mp"], spoken(stage, "P1 同意")) is not None
    stage.now += timedelta(hours=12)
    stage.sweeps.close_polls()
    with stage.db.read() as tx:
        assert tx.scalar(select(poll.c.state)) == "open"
    stage.sweeps.run()
    with stage.db.read() as tx:
        row = tx.first(select(poll))
        assert row is not None and (row.state, row.result["marks"]) == ("closed", [1, 0])
