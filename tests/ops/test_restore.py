"""An older backup is named as such, posts nothing again, and does not bring back who was erased since."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select, update

from domain.roles import SYSTEM
from models.base import Tx
from models.logs import anchor, log_term
from models.tables import audit as chain
from models.tables import chat, message, outbox, person, photo, poll
from ops import backup, database, house
from ops.backup_file import read_manifest
from services import anchors, audit, finding, forgotten, proving
from services import outbox as posts
from tests.chat_script import Stage
from tests.ops.place import Place, run
from tests.services.test_data_rights import NAME, PHONE, SAID, everything

BEFORE = (
    "时间 2026-03-02 10:00", "页面 https://m.example", f"群 翠苑三区: 王阿姨=网格员, {NAME}@3幢2单元501, 陈老师@3幢2单元502",
    f"{NAME}: 反映 3幢2单元半夜有{SAID[0]}", f"{NAME}: 补充 I1 还有{SAID[1]}", "陈老师: 附议 I1", f"{NAME}(私聊): 我的电话 {PHONE}",
    f"{NAME}(私聊 照片 锣): 反映 3幢2单元门口{SAID[2]}", f"陈老师: #接龙\n报名打疫苗\n1. 3幢2单元501 {NAME} 报名\n2. 陈老师 报名",
    "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", f"{NAME}: 同意", "陈老师: 反对")


@dataclass
class Kept:
    """An installation where people have lived, and a backup from the middle of it."""

    place: Place
    redis: Redis
    file: Path

    def live(self, *lines: str) -> list[str]:
        """What the bot says while these things happen."""
        db = self.place.open()
        stage = Stage(db, self.redis)
        stage.names |= {"key-翠苑三区": "翠苑三区"}
        said = [words for line in lines for words in stage.play(line)]
        stage.close()
        db.close()
        return said

    def head(self) -> anchors.Head:
        """The head that stands in the group."""
        db = self.place.open()
        with db.read() as tx:
            row = tx.execute(select(anchor.c.seq, anchor.c.hash)).one()
        db.close()
        return anchors.Head(row.seq, row.hash)


@pytest.fixture
def kept(empty_place: Place, redis: Redis) -> Iterator[Kept]:
    """A person of whom everything is kept, an open poll, words in the search index, one post that waits; then a backup."""
    found = Kept(empty_place, redis, empty_place.folder / "older.linyi-backup")
    found.live(*BEFORE)
    db = empty_place.open()
    with db.write() as tx:
        row = tx.execute(select(chat.c.id, chat.c.community_id, person.c.created_at).join_from(
            chat, person, person.c.community_id == chat.c.community_id).limit(1)).one()
        tx.add(outbox, key="news:1", community_id=row.community_id, channel="webhook", target=f"chat:{row.id}", kind="text",
               address="key-翠苑三区", text="停水通知", state="waiting", next_at=row.created_at, created_at=row.created_at)
        tx.add(message, id=finding.BLOCK, channel="mp", external_id="later", kind="text", state="done", sent_at=row.created_at,
               received_at=row.created_at)  # a block of the index ends where the next begins
        while finding.index_one(tx, now=house.now()):
            pass
        assert _indexed(tx)
    db.close()
    assert run("backup", "--to", str(found.file)) == 0
    yield found


def _indexed(tx: Tx) -> bool:
    """Whether words that only this person says are found by the index."""
    mine = select(log_term.c.term).where(log_term.c.log == finding.MESSAGES.number)
    return all(tx.first(mine.where(log_term.c.term.in_(each))) for each in finding.needles(SAID[0]))


def _erase_and_close(kept: Kept) -> None:
    said = kept.live("时间 2026-03-02 12:00", f"{NAME}(私聊): 确认删除我的数据", "时间 2026-03-03 20:01")
    assert any("您的数据已删除" in words for words in said) and any("【意向征集结果】P1" in words for words in said)


def _nobody(kept: Kept) -> None:
    """Nothing of the erased person is anywhere; chain, ballots and heads hold."""
    db = kept.place.open()
    after = everything(db)
    left = [word for word in (NAME, PHONE, *SAID) if word in after]
    assert not left, [line for line in after.splitlines() for word in left if word in line][:5]
    with db.read() as tx:
        assert tx.first(select(photo)) is None and "陈老师" in after
        assert audit.verify(tx).ok and list(proving.check(tx)) == [] and list(anchors.lost(tx)) == []
        assert len(forgotten.known(tx)) == 1 and not _indexed(tx)
    db.close()


def test_an_older_backup_is_named_and_tells_nothing_twice(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """What was told since is listed; the poll ends again, but its result waits for somebody to decide."""
    _erase_and_close(kept)
    told = kept.head()
    capsys.readouterr()
    assert run("restore", str(kept.file), "--force") == 0
    said = capsys.readouterr().out
    assert f"较早的备份：群里已公布到留痕 {told}" in said and "发到“翠苑三区”：P1 要不要装电梯" in said
    assert "1 人，已在恢复的数据里再删除一次" in said and "结果不自动发" in said and "没有找到" not in said
    assert not [words for words in kept.live("时间 2026-03-03 20:01", "时间 2026-03-04 10:00") if "翠苑三区" in words]
    db = kept.place.open()
    with db.write() as tx:
        assert tx.scalar(select(poll.c.state)) == "closed"
        held = {row.key: row for row in tx.all(select(outbox).where(outbox.c.error == posts.RESTORED))}
        assert "news:1" in held and any(key.startswith("poll:1:result:chat:") for key in held)
        result = next(row for key, row in held.items() if key.startswith("poll:1:result:chat:") and row.kind == "text")
        posts.retry(tx, SYSTEM, outbox_id=result.id, now=result.created_at)
        noted = tx.scalar(select(chain.c.detail).where(chain.c.action == "backup.restored"))
        assert f"{told.seq}:{told.hash}" in noted
    db.close()
    assert any("【意向征集结果】P1" in words for words in kept.live("时间 2026-03-04 11:00", "时间 2026-03-04 11:01"))
    capsys.readouterr()
    assert run("audit", "verify", "--head", f"留痕 {told}") == 1  # the group keeps a head of the course that was lost
    assert "恢复过一份备份" in capsys.readouterr().out


def test_what_went_out_since_is_not_put_up_for_decision(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """The database that was replaced knows it; without it, everything is put up."""
    db = kept.place.open()
    with db.write() as tx:
        tx.execute(update(outbox).where(outbox.c.key == "news:1").values(state="sent", sent_at=house.now()))
    db.close()
    assert run("restore", str(kept.file), "--force") == 0
    said = capsys.readouterr().out
    assert "1 条后来已经发出" in said and "没发出的 0 条" in said
    kept.place.wipe()
    assert run("restore", str(kept.file)) == 0
    assert "没发出的 1 条" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["replaced", "later backup", "backup again"])
def test_who_was_erased_since_does_not_come_back(kept: Kept, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By the database that is replaced, or after the loss of everything by a later backup; and by every backup made from then on."""
    _erase_and_close(kept)
    newer = kept.place.folder / "newer.linyi-backup"
    if how != "replaced":
        assert run("backup", "--to", str(newer)) == 0
        kept.place.wipe()
    if how == "backup again":
        assert run("restore", str(newer)) == 0 and run("backup", "--to", str(newer)) == 0
        kept.place.wipe()
    capsys.readouterr()
    assert run("restore", str(kept.file), *(["--force"] if how == "replaced" else [])) == 0
    said = capsys.readouterr().out
    assert "1 人，已在恢复的数据里再删除一次" in said
    if how != "replaced":
        assert "还有更新的备份" in said and f"没有找到 {read_manifest(newer).made_at} 以后的删除记录" in said
    _nobody(kept)
    assert NAME not in newer.read_bytes().decode("utf-8", "replace") if newer.exists() else True


def test_a_total_loss_is_said_with_what_to_do(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """No record is left of who was erased, nor of what groups were told: whoever restores is told what to look at."""
    _erase_and_close(kept)
    kept.place.wipe()
    capsys.readouterr()
    assert run("restore", str(kept.file)) == 0
    said = capsys.readouterr().out
    assert "看不出这份备份是不是较早" in said and "以后的删除记录" in said and "数据权利" in said
    db = kept.place.open()
    with db.read() as tx:
        assert NAME in everything(db) and tx.scalar(select(person.c.erased_at).where(person.c.erased_at.is_not(None))) is None
    db.close()


def test_somebody_new_under_an_old_number_is_not_taken_for_who_was_erased(kept: Kept) -> None:
    """After a restore numbers are given once more."""
    kept.live("时间 2026-03-02 11:00", "群 新群: 老钱", "老钱(私聊): 确认删除我的数据")
    db = kept.place.open()
    with db.read() as tx:
        gone = tx.execute(select(person.c.id).where(person.c.erased_at.is_not(None))).one().id
    db.close()
    assert run("backup", "--to", str(kept.place.folder / "between.linyi-backup")) == 0  # which goes on telling of them
    assert run("restore", str(kept.file), "--force") == 0
    kept.live("时间 2026-03-02 11:30", "群 新群: 小何", "小何(私聊): 反映 北门路灯不亮")
    newer = kept.place.folder / "newer.linyi-backup"
    db = kept.place.open()
    with db.read() as tx:
        assert tx.scalar(select(person.c.name).where(person.c.id == gone)) == "小何"
    db.close()
    assert run("backup", "--to", str(newer)) == 0 and run("restore", str(newer), "--force") == 0
    db = kept.place.open()
    with db.read() as tx:
        assert tx.scalar(select(person.c.name).where(person.c.id == gone)) == "小何"
    db.close()


def test_the_head_in_the_group_tells_after_a_total_loss(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """Older: said so. Of another course, or copied wrongly: refused, and nothing has changed. In it: said so."""
    _erase_and_close(kept)
    told, newer = kept.head(), kept.place.folder / "newer.linyi-backup"
    assert run("backup", "--to", str(newer)) == 0
    kept.place.wipe()
    capsys.readouterr()
    for words, why in ((f"留痕 1 号 {'0' * 16}", "第 1 条和群里公布的不一样"), (told.hash, "请连号一起抄"), ("三百号", "看不懂 --head")):
        assert run("restore", str(kept.file), "--head", words) == 1
        assert why in capsys.readouterr().err
    if kept.place.url.startswith("sqlite"):
        assert not (kept.place.folder / "linyi.db").exists()
    assert run("restore", str(kept.file), "--head", f"留痕 {told}") == 0
    assert re.search(rf"较早的备份：群里已公布到留痕 {told}，它只到 \d+ 号", capsys.readouterr().out)
    assert run("restore", str(newer), "--force", "--head", f"留痕 {told}") == 0
    assert "和群里公布的留痕对得上" in capsys.readouterr().out


def test_a_backup_of_another_course_is_noticed(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """After an older one was put back, the group was told a head that the newer one, made before, does not have."""
    _erase_and_close(kept)
    newer = kept.place.folder / "newer.linyi-backup"
    assert run("backup", "--to", str(newer)) == 0 and run("restore", str(kept.file), "--force") == 0
    db = kept.place.open()
    with db.write() as tx:  # short of a whole second life: a head that arrived, at a place both have
        [row] = tx.all(select(anchor)) or [None]
        assert row is None
        tx.execute(update(outbox).where(outbox.c.key == "news:1").values(state="sent", sent_at=house.now()))
        where = tx.execute(select(chat.c.id, chat.c.community_id).limit(1)).one()
        tx.add(anchor, key="news:1", seq=5, hash="f" * 64, chat_id=where.id, community_id=where.community_id)
    db.close()
    capsys.readouterr()
    assert run("restore", str(newer), "--force") == 0
    assert "留痕 5 号 ffffffffffffffff 和这份备份对不上" in capsys.readouterr().out


def test_backups_from_before_erasures_were_kept_are_still_good(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an older shape of database and of manifest."""
    db = kept.place.open()
    database.downgrade(db, "0017")
    db.close()
    backup.make(kept.place.settings, to=kept.file, sealed=True, now=house.now())
    assert run("restore", str(kept.file), "--force") == 0
    db = kept.place.open()
    assert database.current(db)[0] == database.newest()
    with db.read() as tx:
        assert tx.first(select(message.c.id)) is not None and tx.first(select(log_term)) is not None
    db.close()
