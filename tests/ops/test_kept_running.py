"""What keeps an installation running: clocks that agree, what may still be sent, a backup when a poll has closed."""

import logging
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from redis import Redis

from bot.config import Settings
from models import secret
from models.base import Database
from models.tables import heartbeat, message
from ops import backup_auto, keys, machine
from services import health, outbox
from tests.chat_script import Stage


def _say(db: Database, n: int, way_s: float, stage: Stage) -> None:
    with db.write() as tx:
        for i in range(n):
            tx.add(message, channel="mp", external_id=f"x{n}:{way_s}-{i}", kind="text", state="done",
                   sent_at=stage.now - timedelta(seconds=way_s + i % 3), received_at=stage.now)


def test_a_clock_that_goes_wrong_is_seen_by_what_the_platform_says(sqlite_db: Database, redis: Redis) -> None:
    """By the quickest of the last messages; a few, or those of our own pages, prove nothing."""
    stage = Stage(sqlite_db, redis)
    built = SimpleNamespace(db=sqlite_db)
    _say(sqlite_db, 10, 0.4, stage)
    assert [f.text for f in machine.clock(built)] == []  # type: ignore[arg-type]
    for way, good, words in ((0.4, True, "一致"), (-40, False, "慢 40 秒"), (90, False, "快 90 秒")):
        _say(sqlite_db, 25, way, stage)
        [finding] = machine.clock(built)  # type: ignore[arg-type]
        assert finding.good is good and words in finding.text
    stage.close()


def test_what_may_still_be_sent_is_on_the_first_page(db: Database, redis: Redis) -> None:
    """Of the 公众号: who can be written to now. Another community's people are not counted."""
    stage = Stage(db, redis)
    stage.play("群 翠苑三区: 王阿姨=网格员, 李叔, 陈老师")
    stage.play("李叔(私聊): 你好")
    with db.read() as tx:
        [found] = health.quotas(tx, None, now=stage.now)
        assert (found.account, found.people, found.open) == ("mp", 3, 1)
        assert health.quotas(tx, 99, now=stage.now) == []
        [later] = health.quotas(tx, None, now=stage.now + timedelta(hours=49))
        assert later.open == 0 and "mp" in outbox.roads()
    stage.close()


def test_a_poll_that_closes_makes_a_backup(sqlite_db: Database, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           caplog: pytest.LogCaptureFixture) -> None:
    """One, when it is wished; a folder that cannot be written is a line in the log and tried again later."""
    stage = Stage(sqlite_db, redis)
    monkeypatch.setattr(backup_auto, "now", lambda: stage.now)
    settings = Settings.model_validate({"database": {"file": str(sqlite_db.url.database)},
                                        "backup": {"folder": str(tmp_path / "kept"), "after_polls": True}})
    monkeypatch.delenv("LINYI_DATABASE_URL", raising=False)
    work = backup_auto.AfterPolls(SimpleNamespace(db=sqlite_db, settings=settings))  # type: ignore[arg-type]
    for line in ("群 翠苑三区: 王阿姨=网格员, 李叔", "时间 2026-03-02 10:00",
                 "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", "李叔: 同意"):
        stage.play(line)
    assert not work.run_once()
    stage.play("时间 2026-03-03 20:01")
    monkeypatch.setattr(backup_auto.backup, "make", _broken)
    with caplog.at_level(logging.INFO):
        assert not work.run_once() and "no backup" in caplog.text
    monkeypatch.undo()
    monkeypatch.setattr(backup_auto, "now", lambda: stage.now)
    assert not work.run_once()  # it has failed just now
    stage.now += backup_auto.AGAIN
    assert work.run_once() and not work.run_once() and len(list((tmp_path / "kept").iterdir())) == 1
    with sqlite_db.read() as tx:
        assert tx.scalar(heartbeat.select().with_only_columns(heartbeat.c.at).where(heartbeat.c.name == health.BACKUP)) == stage.now
    off = SimpleNamespace(db=sqlite_db, settings=Settings())
    assert not backup_auto.AfterPolls(off).run_once()  # type: ignore[arg-type]
    stage.close()


def _broken(*_: object, **__: object) -> None:
    raise OSError("disk full")


def test_the_doctor_says_when_the_key_is_missing(sqlite_db: Database, redis: Redis) -> None:
    """Without a key of its own, and when something waits to be sealed anew."""
    stage = Stage(sqlite_db, redis)
    stage.play("群 翠苑三区: 王阿姨=网格员, 李叔")
    built = SimpleNamespace(db=sqlite_db, settings=Settings())
    assert [f.good for f in keys.findings(built)] == [False, True]  # type: ignore[arg-type]
    try:
        secret.set_key("a secret for tests, thirty-two characters", "a data key, thirty-two characters long")
        found = list(keys.findings(built))  # type: ignore[arg-type]
        assert [f.good for f in found] == [True, False] and "key rotate" in found[1].text
        assert keys.reseal(sqlite_db)[1] == 0 and all(f.good for f in keys.findings(built))  # type: ignore[arg-type]
        secret.set_key("a secret for tests, thirty-two characters", "another data key, thirty-two characters")
        assert any("密钥不在" in f.text for f in keys.findings(built))  # type: ignore[arg-type]
    finally:
        secret.set_key("a secret for tests, thirty-two characters")
    stage.close()
