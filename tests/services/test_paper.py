"""Ballots on paper count only when two people read the same from the photo; one vote per home across all roads."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from redis import Redis
from sqlalchemy import delete, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Database
from models.tables import ballot, paper_ballot, poll
from services import audit, paper, proving
from tests.chat_script import Stage
from tests.services.test_votes_stand import exported, verified

FIRST, SECOND = Actor("account:1", Role.ADMIN, None), Actor("account:2", Role.ADMIN, None)


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600)) -> bytes:
    """A photo."""
    into = BytesIO()
    Image.new("RGB", size, "white").save(into, kind)
    return into.getvalue()


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """Owners of three homes, one of them with somebody online."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔, 陈老师@1幢1单元201", "名册 1幢1单元101 88.42 李叔、李婶",
                 "名册 1幢1单元102 89.16 李婶、李叔", "名册 1幢1单元201 88.42 陈老师", "名册 1幢1单元202 89.16 赵奶奶"):
        found.play(line)
    yield found
    found.close()


def opened(stage: Stage, how: str = "业主表决 范围 1幢") -> None:
    """P1."""
    assert "P1 已开始" in "".join(stage.play(f"王阿姨(私聊): 发起投票 换物业 {how} 截止 明晚8点"))


def done(stage: Stage, actor: Actor, where: str, words: str, *, proxy: str = "", photo: bytes | None = None, number: int = 1) -> int:
    """The first reading."""
    with stage.db.write() as tx:
        row = tx.execute(select(poll).where(poll.c.number == number)).one()
        found = paper.enter(tx, actor, row, where=where, words=words, proxy=proxy, photo=picture() if photo is None else photo, now=stage.now)
        audit.seal(tx)
        return found


def again(stage: Stage, actor: Actor, paper_id: int, words: str, *, number: int = 1) -> str:
    """The second."""
    with stage.db.write() as tx:
        row = tx.execute(select(poll).where(poll.c.number == number)).one()
        found = paper.confirm(tx, actor, row, paper_id, words=words, now=stage.now)
        audit.seal(tx)
        return found


def test_two_readings_count_once_for_all_homes_of_the_owner(stage: Stage, tmp_path: Path) -> None:
    """The export says it was entered, and is recounted; the sample is drawn from it."""
    opened(stage)
    first = done(stage, FIRST, "1幢1单元101", "同意")
    with stage.db.read() as tx:
        assert tx.all(select(ballot)) == [] and paper.waiting(tx, 1) == 1
    with pytest.raises(Refusal, match=r"paper\.same_hand"):
        again(stage, FIRST, first, "同意")
    assert again(stage, SECOND, first, "1") == "counted"
    with pytest.raises(Refusal, match=r"paper\.gone"):
        again(stage, SECOND, first, "同意")
    assert again(stage, FIRST, done(stage, SECOND, "1幢1单元202", "反对", proxy="赵大"), "不同意") == "counted"
    stage.play("陈老师(私聊): P1 同意")
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        assert row.result["class"]["took_part"] == {"heads": 3, "area": 35516} and list(proving.check(tx)) == []
        sample = paper.sample(tx, row)
        assert sample is not None and sample.papers == 2 and set(sample.labels) <= {"1幢1单元101", "1幢1单元202"}
    assert verified(exported(stage), tmp_path, "--root", row.root, "--log-head", row.log_head)[0] == 0


def test_readings_that_differ_count_nothing(stage: Stage) -> None:
    opened(stage)
    assert again(stage, SECOND, done(stage, FIRST, "1幢1单元101", "同意"), "反对") == "differs"
    with stage.db.read() as tx:
        assert tx.all(select(ballot)) == [] and tx.scalar(select(paper_ballot.c.state)) == "dropped"
    assert again(stage, SECOND, done(stage, FIRST, "1幢1单元101", "反对"), "反对") == "counted"


def test_paper_against_a_vote_online_is_held_and_the_owner_is_told(stage: Stage) -> None:
    """One key per home: the two roads together are one vote, and where they differ nobody decides silently."""
    opened(stage)
    stage.play("李叔(私聊): P1 反对")
    assert again(stage, SECOND, done(stage, FIRST, "1幢1单元102", "同意"), "同意") == "held"
    said = "".join(stage.play("时间 10:05"))
    assert "先搁着" in said and "机器人→李叔" in said
    assert "记下了" in "".join(stage.play("李叔(私聊): P1 同意"))
    with stage.db.read() as tx:
        assert set(tx.connection.scalars(select(ballot.c.state))) == {"counted"} and len(tx.all(select(ballot))) == 2


def test_a_household_that_voted_online_is_not_overruled_by_paper(stage: Stage) -> None:
    """And a household decision asks only those of its list."""
    opened(stage, "户代表表决 范围 全小区")
    stage.play("陈老师(私聊): P1 反对")
    with pytest.raises(Refusal, match=r"paper\.voted_already"):
        again(stage, SECOND, done(stage, FIRST, "1幢1单元201", "同意"), "同意")
    with pytest.raises(Refusal, match=r"paper\.not_asked"):
        done(stage, FIRST, "1幢1单元302", "同意")


@pytest.mark.parametrize(("where", "words", "photo", "key"), [
    ("某某", "同意", None, "paper.which_home"), ("3幢2单元501", "同意", None, "paper.not_asked"), ("9幢1单元101", "同意", None, "bind.no_home"),
    ("1幢1单元101", "随便", None, "paper.unclear"), ("1幢1单元101", "同意", b"", "paper.no_photo"), ("1幢1单元101", "同意", b"<svg/>", "paper.no_photo"),
    ("1幢1单元101", "同意", picture()[:300], "paper.no_photo")])
def test_what_cannot_be_entered_says_why(stage: Stage, where: str, words: str, photo: bytes | None, key: str) -> None:
    opened(stage)
    with pytest.raises(Refusal) as no:
        done(stage, FIRST, where, words, photo=photo)
    assert no.value.key == key


def test_an_owner_has_one_paper_and_a_proxy_few_owners(stage: Stage) -> None:
    """The second paper of an owner is refused for whichever of their homes: it could only say the same, or overrule the first."""
    opened(stage)
    done(stage, FIRST, "1幢1单元101", "同意", proxy="赵大")
    for where in ("1幢1单元101", "1幢1单元102"):
        with pytest.raises(Refusal, match=r"paper\.twice"):
            done(stage, FIRST, where, "反对")
    done(stage, FIRST, "1幢1单元201", "同意", proxy="赵大")
    done(stage, FIRST, "1幢1单元202", "同意", proxy="赵 大")
    with pytest.raises(Refusal, match=r"paper\.proxy_most"):
        done(stage, FIRST, "1幢1单元301", "同意", proxy="赵大")


def test_secret_and_personal_votes_take_no_paper(stage: Stage) -> None:
    opened(stage, "选项 甲 乙 范围 全小区")
    with pytest.raises(Refusal, match=r"paper\.by_person"):
        done(stage, FIRST, "1幢1单元101", "甲")
    stage.play("王阿姨(私聊): 发起投票 换物业 每户一票 秘密投票 选项 甲 乙 范围 全小区 截止 明晚8点")
    with pytest.raises(Refusal, match=r"paper\.secret"):
        done(stage, FIRST, "1幢1单元101", "甲", number=2)


def test_only_the_picture_is_kept_of_a_photo(stage: Stage) -> None:
    """Turned upright, at most 1800 pixels, without the camera's notes."""
    opened(stage)
    into, notes = BytesIO(), Image.Exif()
    notes[0x010E] = "CANARY"
    Image.new("RGB", (4000, 2000), "white").save(into, "JPEG", exif=notes)
    done(stage, FIRST, "1幢1单元101", "同意", photo=into.getvalue())
    with stage.db.read() as tx:
        kept = tx.scalar(select(paper_ballot.c.photo))
    assert b"CANARY" not in kept and max(Image.open(BytesIO(kept)).size) == 1800


def test_a_vote_by_phone_needs_a_second_call(stage: Stage) -> None:
    """Of a household; an owner's needs a signature."""
    opened(stage, "每户一票 选项 甲 乙 范围 全小区")
    with stage.db.write() as tx:
        row = tx.execute(select(poll)).one()
        one = paper.enter(tx, FIRST, row, where="3幢2单元501", words="乙", photo=b"", how=paper.PHONE, now=stage.now)
        with pytest.raises(Refusal, match=r"paper\.same_hand"):
            paper.confirm(tx, FIRST, row, one, words="乙", now=stage.now)
        assert paper.confirm(tx, SECOND, row, one, words="乙", now=stage.now) == "counted"
        audit.seal(tx)
        assert tx.connection.scalars(select(ballot.c.choice)).all() == ["1"]
    stage.play("王阿姨(私聊): 发起投票 换物业 业主表决 范围 1幢 截止 明晚8点")
    with stage.db.write() as tx:
        row = tx.execute(select(poll).where(poll.c.number == 2)).one()
        with pytest.raises(Refusal, match=r"paper\.phone_owners"):
            paper.enter(tx, FIRST, row, where="1幢1单元101", words="同意", photo=b"", how=paper.PHONE, now=stage.now)


@pytest.mark.parametrize("change", [
    {"photo": picture(size=(30, 20))}, {"home_id": 3}, {"proxy_key": "f" * 64}, {"state": "dropped"}, {"how": "phone"}, {"choice": "2"}, None])
def test_a_paper_that_was_changed_or_removed_is_found(stage: Stage, change: dict[str, Any] | None) -> None:
    """Its photo, home and proxy, and whether it counted, stand in the chain."""
    opened(stage)
    again(stage, SECOND, done(stage, FIRST, "1幢1单元202", "反对", proxy="赵大"), "不同意")
    with stage.db.write() as tx:
        assert list(proving.check(tx)) == []
        tx.execute(delete(paper_ballot) if change is None else update(paper_ballot).values(change))
        assert any("第 1 号" in what for what in proving.check(tx))
