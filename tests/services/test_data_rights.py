"""A person's rights over their data, carried out everywhere: nothing is left of who wants to be forgotten, and a copy is whole."""

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select, text

from bot import inbox
from bot.message import Message
from models.base import Database
from models.tables import community, metadata, person, poll
from services import audit, holdings, mydata, people, proving, resealing, rights
from tests.chat_script import Stage

NAME, PHONE = "金丝雀", "13987651234"
SAID = ("奇怪的锣鼓声", "紫色的长颈鹿", "会唱歌的石头", "倒着走的钟")  # words only this person says


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A life in an estate: of one person everything that can be kept, and of neighbours something too."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "页面 https://m.example", f"群 翠苑三区: 王阿姨=网格员, {NAME}@3幢2单元501, 陈老师@3幢2单元502",
                 f"{NAME}: 反映 3幢2单元半夜有{SAID[0]}", "陈老师: 附议 I1", f"{NAME}: 补充 I1 还有{SAID[1]}",
                 f"{NAME}(私聊 照片 锣): 反映 3幢2单元门口{SAID[2]}", f"{NAME}(私聊): 我的电话 {PHONE}",
                 f"{NAME}: 我的电话 {PHONE}", f"{NAME}(私聊): 转人工", f"{NAME}(私聊): 更正资料 姓名应为{NAME}，{SAID[3]}",
                 "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", f"{NAME}: 同意", "陈老师: 反对",
                 "王阿姨: 发起投票 秘密投票 换不换保安 选项 换 不换 截止 明晚8点", f"{NAME}(私聊): P1",
                 f"陈老师: #接龙\n报名打疫苗\n1. 3幢2单元501 {NAME} 报名\n2. 陈老师 报名",
                 "王阿姨(私聊): 看申请", "王阿姨(私聊): I1"):
        found.play(line)
    yield found
    found.close()


def everything(db: Database) -> str:
    """All that stands in the database, sealed values opened, and for SQLite the bytes of its files too."""
    with db.write() as tx:
        found = [str(tuple(row)) for table in metadata.sorted_tables for row in tx.all(select(table))]
        found += [str(row) for row in tx.all(text("SELECT * FROM solitaire"))]
    if db.sqlite:
        with db.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        path = str(db.url.database)
        found += [open(f"{path}{end}", "rb").read().decode("utf-8", "replace") for end in ("", "-wal")]  # noqa: SIM115
    return "\n".join(found)


def test_nothing_is_left_of_who_wants_to_be_forgotten(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Name, phone and every word are gone from tables, index and file; counts, chain and the neighbours' part stay; no log tells."""
    before = everything(stage.db)
    assert all(word in before for word in (NAME, PHONE, *SAID))
    with caplog.at_level(logging.DEBUG):
        stage.play(f"{NAME}(私聊): 删除我的数据")
        assert "您的数据已删除" in "".join(stage.play(f"{NAME}(私聊): 1"))
        stage.play("时间 2026-03-03 21:00")
        stage.play("时间 2026-03-04 10:00")
    after = everything(stage.db)
    left = [word for word in (NAME, PHONE, *SAID, "CANARY") if word in after]
    assert not left, [line for line in after.splitlines() for word in left if word in line][:5]
    assert not [word for word in (NAME, PHONE, *SAID) if word in caplog.text]
    assert "陈老师" in after and "报名" in after
    with stage.db.read() as tx:
        assert audit.verify(tx).ok and list(proving.check(tx)) == []
        first = tx.execute(select(poll).order_by(poll.c.id)).first()
        assert first is not None and (first.state, first.result["ballots"]) == ("closed", 1), first.result
        erased = tx.execute(select(person).where(person.c.erased_at.is_not(None))).one()
        assert (erased.name, erased.phone, erased.phone_mark) == (None, None, None)
        assert [r.kind for r in rights.of_person(tx, [erased.id]) if r.state == "done"] == ["delete", "correct"]


def test_no_log_line_tells_anything_of_anybody(stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every logger at its loudest, and with a defect in the middle of it."""
    with caplog.at_level(logging.DEBUG):
        stage.play(f"{NAME}(私聊): 我的电话 13711112222")
        stage.play(f"{NAME}: 反映 5幢有{SAID[0]}，我叫{NAME}，电话{PHONE}")
        monkeypatch.setattr(rights, "set_phone", lambda *_, **__: 1 / 0)
        assert "出了点问题" in "".join(stage.play(f"{NAME}(私聊): 我的电话 {PHONE}"))
        stage.play("时间 2026-03-02 11:00")
    assert "ZeroDivisionError" in caplog.text
    assert not [word for word in (NAME, PHONE, "13711112222", *SAID, f"o-{NAME}") if word in caplog.text]


def test_the_phone_lies_sealed_and_is_found_by_the_whole_number_only(stage: Stage) -> None:
    """Neither name nor phone can be read in the file; words in which the number was said were not kept."""
    with stage.db.read() as tx:
        stored = [v for c in resealing.columns() for v in tx.connection.scalars(text(f'SELECT "{c.name}" FROM "{c.table.name}"')) if v]
        assert stored and not any(NAME in str(v) or PHONE in str(v) for v in stored)
        who = tx.scalar(select(person.c.id).where(person.c.phone_mark.is_not(None)))
        place = tx.scalar(select(community.c.id))
        assert rights.called_at(tx, PHONE, place) == [who] and rights.called_at(tx, PHONE[:-1], place) == []
        assert rights.called_at(tx, PHONE, place + 1) == []
        said = metadata.tables["message"]
        assert tx.first(select(said.c.id).where(said.c.text.contains(PHONE) | said.c.reply.contains(PHONE))) is None


def test_a_copy_holds_everything_of_one_person_and_nothing_of_others(stage: Stage) -> None:
    """For themselves whole; what goes through the staff's hands leaves out what the staff may not see."""
    stage.play(f"{NAME}(私聊): 匿名反映 地下室有人抽烟")
    with stage.db.read() as tx:
        who = people.account_of(tx, channel="mp", sender=f"o-{NAME}").person_id
        mine, theirs = (zipfile.ZipFile(io.BytesIO(mydata.archive(tx, who, now=stage.now, for_staff=staff))) for staff in (False, True))
    names = mine.namelist()
    assert {"data.json", "我的数据.html"} < set(names) and sum(n.startswith("photos/") for n in names) == 1
    data = json.loads(mine.read("data.json"))
    words = json.dumps(data, ensure_ascii=False)
    assert all(word in words for word in (NAME, PHONE, *SAID, "3幢2单元501", "同意", "地下室有人抽烟")) and "陈老师" not in words
    page = mine.read("我的数据.html").decode()
    assert PHONE in page and "<script" not in page
    assert "地下室有人抽烟" not in theirs.read("data.json").decode() and PHONE in theirs.read("data.json").decode()


def test_the_address_of_ones_data_opens_for_half_an_hour_and_for_nobody_else(stage: Stage) -> None:
    """Changed by a letter, too old, of another community, of somebody who is gone: nothing."""
    with stage.db.read() as tx:
        who = people.account_of(tx, channel="mp", sender=f"o-{NAME}").person_id
        ticket = mydata.link(tx, who, now=stage.now).rsplit("/", 1)[1]
        assert mydata.whose(tx, "test", ticket, now=stage.now + timedelta(minutes=29)) == who
        other = f"{who + 1}-{ticket.split('-', 1)[1]}"
        for code, tried, later in (("test", ticket, 31), ("west", ticket, 1), ("test", other, 1), ("test", ticket[:-1] + "x", 1),
                                   ("test", "1-2", 1), ("test", "", 1), ("test", "٣-1-x", 1)):
            assert mydata.whose(tx, code, tried, now=stage.now + timedelta(minutes=later)) is None
    stage.play(f"{NAME}(私聊): 确认删除我的数据")
    with stage.db.read() as tx:
        assert mydata.whose(tx, "test", ticket, now=stage.now) is None


def test_every_column_that_points_at_a_person_says_what_they_are_given_of_it() -> None:
    """Whoever adds one writes it into services/holdings.py: shown in a copy, or why not; and what deletion does to it."""
    known = set(holdings.OWN) | set(holdings.OTHER)
    assert holdings.pointing() - known == set()
    assert set(holdings.OWN).isdisjoint(holdings.OTHER)


def test_words_wait_in_the_database_only_of_who_has_agreed_to_the_present_notice(db: Database, redis: Redis) -> None:
    """Under load a message is put on record before it is answered; whoever agreed to an older notice is answered busy instead."""
    found = Stage(db, redis)
    found.play("群 翠苑三区: 李叔, 陈老师=旧同意, 小何=新居民")
    with db.read() as tx:
        may = {name: inbox.may_park(tx, Message(channel="mp", external_id="m1", sender=f"o-{name}", sent_at=found.now, text="停水了"))
               for name in ("李叔", "陈老师", "小何")}
    found.close()
    assert may == {"李叔": True, "陈老师": False, "小何": False}
