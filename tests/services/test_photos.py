"""Photos of issues: kept without the camera's notes, counted as evidence, shown to who may see them, and forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from redis import Redis
from sqlalchemy import select, update

from bot.message import TOO_LARGE, ChannelError, Media
from domain.errors import Refusal
from models.base import Database
from models.tables import issue, metadata, outbox, party, party_member, person, photo
from services import evidence, photo_store, photos
from tests.chat_script import Stage, camera

GPS = (b"CANARY-CAMERA", b"CANARY-COMMENT", b"Exif")


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A group with a grid worker and two residents."""
    found = Stage(db, redis)
    found.play("群 翠苑三区: 王阿姨=网格员, 李叔, 张姐, 陈师傅")
    yield found
    found.close()


def rows(stage: Stage) -> list[Any]:
    with stage.db.read() as tx:
        return tx.all(select(photo).order_by(photo.c.id))


def dispatched(stage: Stage) -> None:
    """I1 is being worked on by the property company, whose man is 陈师傅."""
    with stage.db.write() as tx:
        row = tx.first(select(issue))
        man = next(p.id for p in tx.all(select(person.c.id, person.c.name)) if p.name == "陈师傅")
        firm = tx.add(party, community_id=row.community_id, name="物业", kind="property")
        tx.add(party_member, party_id=firm, person_id=man)
        tx.execute(update(issue).values(party_id=firm, state="in_progress", assigned_at=stage.now, version=issue.c.version + 1))


def test_what_is_kept_is_the_picture_alone(stage: Stage) -> None:
    assert all(mark in camera("x") for mark in GPS)
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 灯):")
    [row] = rows(stage)
    assert (row.state, row.kind, row.issue_id, row.reference) == ("kept", "report", 1, None)
    assert not any(mark in row.data for mark in GPS)
    with Image.open(BytesIO(row.data)) as kept:
        assert kept.format == "JPEG" and kept.size == (64, 48) and not kept.getexif() and "comment" not in kept.info


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_nothing_hidden_in_any_format_survives(kind: str) -> None:
    into, notes = BytesIO(), Image.Exif()
    notes[0x010E] = "CANARY-NOTE"
    Image.new("RGB", (3000, 20), "red").save(into, kind, exif=notes, icc_profile=b"CANARY-ICC", xmp=b"CANARY-XMP")
    assert b"CANARY" in into.getvalue()
    clean = photos.clean(into.getvalue() + b"CANARY-TAIL", about="photo")
    assert b"CANARY" not in clean
    with Image.open(BytesIO(clean)) as kept:
        assert max(kept.size) == photos.SIDE


def bomb() -> bytes:
    """A small file that claims to be a huge picture."""
    into = BytesIO()
    Image.new("1", (30_000, 30_000)).save(into, "PNG")
    return into.getvalue()


@pytest.mark.parametrize(("data", "key"), [
    (b"<html><script>", "photo.no_photo"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.no_photo"),
    (b"GIF89a" + bytes(40), "photo.no_photo"), (b"\xff\xd8\xff\xe0 cut", "photo.no_photo"), (b"", "photo.no_photo"),
    (bytes(photos.BYTES + 1), "photo.photo_big"), (None, "photo.photo_big")])
def test_what_is_no_photo_is_refused(data: bytes | None, key: str) -> None:
    with pytest.raises(Refusal) as no:
        photos.clean(bomb() if data is None else data, about="photo")
    assert no.value.key == key


def test_a_photo_sent_before_the_result_counts(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    dispatched(stage)
    assert "办理照片" in stage.play("陈师傅(私聊 照片 新灯):")[0]
    assert rows(stage)[0].kind == "evidence"
    with stage.db.read() as tx:
        assert evidence.has_photo(tx, 1, None) and not evidence.has_photo(tx, 1, stage.now + timedelta(minutes=1))
    assert "已报办结" in stage.play("王阿姨(私聊): 办结 I1 已换新灯管，楼道恢复照明")[0]


def test_a_result_without_a_photo_is_completed_by_one(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    dispatched(stage)
    assert "附一张照片" in stage.play("王阿姨(私聊): 办结 I1 已换新灯管，楼道恢复照明")[0]
    assert "已报办结" in stage.play("王阿姨(私聊 照片 新灯):")[0]
    with stage.db.read() as tx:
        assert tx.first(select(issue)).state == "resolved"
    assert [(r.kind, r.state, r.issue_id) for r in rows(stage)] == [("evidence", "kept", 1)]


def test_a_result_and_its_photo_come_in_one_message(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    dispatched(stage)
    assert "已报办结" in stage.play("王阿姨(照片 新灯): 办结 I1 已换新灯管，楼道恢复照明")[0]
    assert [(r.kind, r.state, r.issue_id) for r in rows(stage)] == [("evidence", "kept", 1)]


def test_a_refused_result_leaves_its_photo_loose_and_can_be_said_again(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    dispatched(stage)
    assert "至少 10 个字" in stage.play("王阿姨(照片 新灯): 办结 I1 换了")[0]
    assert "已报办结" in stage.play("王阿姨: 办结 I1 已换新灯管，楼道恢复照明")[0]
    assert [(r.kind, r.issue_id) for r in rows(stage)] == [("evidence", 1)]


def test_a_photo_does_not_make_up_for_too_few_words_but_is_not_lost(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    dispatched(stage)
    stage.play("王阿姨(私聊): 办结 I1 换了")
    assert "至少 10 个字" in stage.play("王阿姨(私聊 照片 新灯):")[0]
    assert "已报办结" in stage.play("王阿姨(私聊): 办结 I1 已换新灯管，楼道恢复照明")[0]
    assert [(r.kind, r.issue_id) for r in rows(stage)] == [("evidence", 1)]


def test_the_reporters_photo_is_no_evidence(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 灯):")
    dispatched(stage)
    stage.now += timedelta(minutes=20)
    assert "附一张照片" in stage.play("王阿姨(私聊): 办结 I1 已换新灯管，楼道恢复照明")[0]


def test_the_public_sees_what_was_done_and_who_stands_to_a_report(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 灯):")
    stage.play("张姐(私聊 照片 灯 引用 I1 楼道灯不亮):")
    dispatched(stage)
    stage.play("陈师傅(私聊 照片 新灯):")
    with stage.db.write() as tx:
        assert [p.kind for p in evidence.public(tx, 1)] == ["report", "evidence"]
        tx.execute(update(issue).values(anonymous=True))
        assert [p.kind for p in evidence.public(tx, 1)] == ["evidence"]
        tx.execute(update(issue).values(private=True))
        assert evidence.public(tx, 1) == [] and len(evidence.of_issue(tx, 1)) == 3


def test_photos_die_with_erasure(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 灯):")
    stage.play("张姐(私聊 照片 灯 引用 I1 楼道灯不亮):")
    stage.play("李叔(私聊): 确认删除我的数据")
    assert len(rows(stage)) == 1


def test_an_erased_photo_is_not_kept_when_it_arrives_after_all(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 断):")
    [row] = rows(stage)
    stage.play("李叔(私聊): 确认删除我的数据")
    with stage.db.write() as tx:
        photo_store.keep(tx, row.id, b"late", now=stage.now)
        photo_store.give_up(tx, row.id, "unreachable", now=stage.now)
    assert rows(stage) == []


def test_without_consent_nothing_of_a_photo_is_kept(stage: Stage) -> None:
    stage.play("群 三幢: 小陈=新居民")
    said = stage.play("小陈(私聊 照片 CANARY):")
    assert "照片没有保存" in said[0] and rows(stage) == []
    with stage.db.read() as tx:
        assert "CANARY" not in " ".join(str(row) for table in metadata.sorted_tables for row in tx.all(select(table)))


def test_a_photo_is_tried_again_and_given_up_visibly(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 断):")
    waits = []
    while rows(stage)[0].state == "waiting":
        waits.append(rows(stage)[0].next_at - stage.now)
        stage.now = rows(stage)[0].next_at
        assert stage.photos.run_once() == 1 and stage.photos.run_once() == 0
    assert [w.total_seconds() for w in waits] == [5, 20, 60, 150, 600, 3600]
    assert (rows(stage)[0].state, rows(stage)[0].reference) == ("failed", None)
    with stage.db.read() as tx:
        assert "没能取到" in tx.first(select(outbox).where(outbox.c.key == "photo:1:failed")).text
        assert not evidence.has_photo(tx, 1, None)


def test_a_photo_too_large_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(media: Media) -> bytes:
        raise ChannelError(TOO_LARGE, retryable=False)

    monkeypatch.setattr(stage.channels["mp"], "fetch", fetch)
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    assert "太大" in stage.play("李叔(私聊 照片 灯):")[-1]


def test_nine_photos_are_enough(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 3幢2单元楼道灯不亮")
    stage.play("李叔(私聊 照片 一 二 三 四 五 六 七 八 九):")
    assert "已经有您的 9 张" in stage.play("李叔(私聊 照片 十):")[0]
    assert len(rows(stage)) == 9


def test_a_loose_photo_is_forgotten_after_a_day(stage: Stage) -> None:
    stage.play("李叔(私聊 照片 灯):")
    stage.now += timedelta(hours=23)
    stage.sweeps.forget_photos()
    assert len(rows(stage)) == 1
    stage.now += timedelta(hours=1)
    stage.sweeps.forget_photos()
    assert rows(stage) == []
