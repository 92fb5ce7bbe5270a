"""Early warning: told in the transaction of the words, to those who may know, and never seen by a resident."""

import re
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from domain.warning import Level
from models.base import Database
from models.tables import community, issue, issue_event, message, outbox, party, party_member, person, warning
from services import browse, issues, people, phone, steps
from services import warning as service
from services.issues import Report
from services.paging import Filter
from tests.chat_script import Stage
from web.lists import LISTS

CAST = "群 翠苑三区: 王阿姨=网格员, 李叔, 陈老师, 小赵, 老周=管理员, 街道老孙"


@pytest.fixture
def stage(db: Database, redis: Redis) -> Any:
    """An estate with a grid worker, an admin, and somebody of the street."""
    found = Stage(db, redis)
    found.play("时间 2026-03-02 23:10")
    found.play(CAST)
    with db.write() as tx:
        where = tx.scalar(select(community.c.id))
        street = tx.add(party, community_id=where, name="街道", kind="street")
        member = next(row.id for row in tx.all(select(person.c.id, person.c.name)) if row.name == "街道老孙")
        tx.add(party_member, party_id=street, person_id=member)
    yield found
    found.close()


def _levels(db: Database) -> list[tuple[str, int, str]]:
    with db.read() as tx:
        return [(row.level, row.score, row.made_by) for row in tx.all(select(warning).order_by(warning.c.id))]


def test_a_threat_is_told_at_once_at_any_hour_in_the_transaction_of_the_words(stage: Stage) -> None:
    """The row of the outbox is there with the issue, may go now, and is not held for the morning; the group waits."""
    said = stage.play("李叔: 反映 3幢楼下老王再占我车位，我就砍了他，大家一起去堵物业的门，找记者曝光")
    assert sum("预警·红色" in each for each in said) == 3  # grid worker, admin, street: at ten past eleven at night
    assert not any("预警" in each for each in said if each.startswith(("机器人: ", "机器人→李叔", "机器人→翠苑三区")))
    with stage.db.read() as tx:
        raised = tx.scalar(select(issue.c.created_at))
        alerts = tx.all(select(outbox).where(outbox.c.key.contains(":warned:")))
        assert len(alerts) == 3 and all(not row.quiet and row.created_at == raised == row.next_at for row in alerts)


def test_a_refused_message_leaves_no_warning(stage: Stage) -> None:
    """What is undone with its transaction was never scored."""
    stage.play("李叔: 反映 北门口地锁没人管")
    stage.play("李叔: 补充 I9 我要砍了他")
    assert _levels(stage.db) == []


def test_ordinary_reports_leave_no_trace(stage: Stage) -> None:
    for text in ("3幢2单元电梯停了一周没人修", "楼道灯不亮", "笑死，这电影太炸了，电梯广告"):
        stage.play(f"李叔: 反映 {text}")
    assert _levels(stage.db) == []


def test_an_exchange_of_two_raises_the_score_and_belongs_to_the_issue(stage: Stage) -> None:
    """Six lines of two people in ten minutes; the table has no column for a person."""
    stage.play("李叔: 反映 3幢楼下停车的事")
    for n in range(3):
        stage.play(f"陈老师: 补充 I1 是你先乱停的，第{'一二三'[n]}回说了")
        stage.play(f"李叔: 补充 I1 明明是你先占的，{n}")
    with stage.db.read() as tx:
        assert "exchange" in tx.scalar(select(warning.c.signs).order_by(warning.c.id.desc()).limit(1))
    assert not {c.name for c in warning.c} & {"person_id", "actor_id", "submitter_id"}


def test_a_persons_word_holds_until_something_worse_is_said(stage: Stage) -> None:
    """The history tells who, when and why; a level that was set needs a reason."""
    stage.play("李叔: 反映 北门口地锁没人管，打了好几次12345")
    assert "请写明理由" in stage.play("王阿姨(私聊): I1 等级 蓝")[0]
    assert "改为蓝色" in stage.play("王阿姨(私聊): I1 等级 蓝 已经谈好了")[0]
    assert not any("预警" in each for each in stage.play("李叔: 补充 I1 他们又踢皮球"))  # still yellow by score: seen already
    said = stage.play("李叔: 补充 I1 明天大家一起去堵物业的门")
    assert any("预警·" in each for each in said)
    with stage.db.read() as tx:
        rows = tx.all(select(warning).order_by(warning.c.id))
    assert [row.level for row in rows] == ["yellow", "blue", "blue", "red"]
    assert rows[1].reason == "已经谈好了" and rows[1].made_by.startswith("person:") and rows[0].made_by == "system"


def test_a_new_threat_is_told_even_where_a_person_has_set_a_lower_level(stage: Stage) -> None:
    stage.play("李叔: 反映 老王再占车位我就砍了他，找记者曝光")
    stage.play("王阿姨(私聊): I1 等级 黄 已经谈过")
    assert any("预警" in each for each in stage.play("李叔: 补充 I1 明天我们几十户一起去堵物业的门"))


def test_reopening_scores_again(db: Database, redis: Redis) -> None:
    """Any line that holds words, whoever writes it, is scored in its transaction."""
    stage = Stage(db, redis)
    stage.play(CAST)
    stage.play("李叔: 反映 北门口地锁没人管，物业踢皮球")
    with db.write() as tx:
        row = tx.execute(select(issue)).one()
        steps.event(tx, row.id, "reopen", SYSTEM, now=stage.now, text="又来了")
        assert set(service.current(tx, row.id).signs) == {"buck_passing", "repeat"}
    stage.close()


def test_no_resident_ever_sees_a_level_or_a_score(stage: Stage) -> None:
    """Every answer, post and page that a resident gets, and the word 预警 in none of them."""
    stage.play("李叔: 反映 3幢楼下老王再占我车位，我就砍了他，大家一起去堵物业的门，找记者曝光")
    heard = [each for text in ("李叔: I1", "李叔(私聊): I1", "王阿姨: I1", "陈老师: 议题", "陈老师: 附议 I1", "陈老师: 热点", "李叔: 进度", "李叔(私聊): 进度",
                               "李叔(私聊): 我的", "陈老师(私聊): I1 到哪一步了", "李叔(私聊): 标红 I1 气死了", "王阿姨: I1 等级 黄 劝过",
                               "王阿姨(私聊): 受理 I1", "王阿姨(私聊): 办结 I1 已经劝开并划好车位", "李叔(私聊): 已解决 I1")
             for each in stage.play(text) if not each.startswith(("机器人→王阿姨", "机器人→老周", "机器人→街道老孙"))]
    assert len(heard) > 12
    with stage.db.read() as tx:
        row = tx.execute(select(issue)).one()
        page = phone.issue_of(tx, "test", 1, person_id=row.submitter_id, now=stage.now)
        home = phone.home_of(tx, row.community_id, row.submitter_id, now=stage.now)
        heard += [repr(page), repr(home), repr(phone.picture_of(tx, "issue", "test", 1))]
        residents = tx.all(select(outbox.c.text).where(outbox.c.target.like("chat:%")))
        heard += [each.text for each in residents]
    for text in heard:
        assert not re.search(r"预警|[红橙黄蓝]色|扬言|\d+ 分|violence|escalation|orange|'red'", text), text


def test_only_the_levels_own_roles_are_told(stage: Stage) -> None:
    """Yellow goes to grid workers alone."""
    said = stage.play("李叔: 反映 北门口地锁没人管，打了好几次12345，准备去信访")
    told = [each.split(":")[0] for each in said if "预警" in each]
    assert told == [] or all(each.startswith("机器人→王阿姨") for each in told)
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.key.contains(":warned:"))) == 1


def test_a_resident_cannot_set_a_level(stage: Stage) -> None:
    stage.play("李叔: 反映 北门口地锁没人管")
    with stage.db.read() as tx:
        row = tx.execute(select(issue)).one()
        resident = people.as_person(tx, row.submitter_id)
    with stage.db.write() as tx, pytest.raises(Refusal):
        service.decide(tx, resident, row, level=Level.RED, reason="气死了", now=stage.now)
    with stage.db.write() as tx:
        assert service.decide(tx, Actor("account:1", Role.ADMIN, row.community_id), row, level=Level.RED, reason="电话里说的",
                              now=stage.now) == (Level.NONE, Level.RED)


def test_merged_matters_are_scored_together(stage: Stage) -> None:
    """And apart again when they part."""
    stage.play("李叔: 反映 北门口地锁没人管，准备去信访")
    stage.play("陈老师: 反映 3幢楼下我们几十户一起去堵物业的门，都是为了停车")
    stage.play("王阿姨(私聊): 合并 I2 I1")
    with stage.db.read() as tx:
        root = tx.scalar(select(issue.c.id).where(issue.c.number == 1))
        assert set(service.current(tx, root).signs) >= {"mass", "escalation"}
    stage.play("王阿姨(私聊): 拆开 I2")
    with stage.db.read() as tx:
        assert "mass" not in service.current(tx, root).signs


# --- whose name is kept back ---------------------------------------------------------------------------------------
def _who(tx: Any, name: str) -> int:
    return next(row.id for row in tx.all(select(person.c.id, person.c.name)) if row.name == name)


def test_nobody_finds_out_who_raised_an_anonymous_issue(stage: Stage) -> None:
    """Not by the course, the chain, the message log, the outbox; only the issue itself still knows whom to tell."""
    stage.play("李叔(私聊): 匿名反映 北门棋牌室半夜还在打麻将")
    stage.play("王阿姨(私聊): 受理 I1")
    stage.play("李叔(私聊): 补充 I1 昨晚又到两点")
    stage.play("王阿姨(私聊): 办结 I1 已约谈店主，十点关门")
    stage.play("李叔(私聊): 未解决 I1")
    _found_nowhere(stage.db)


def test_who_asks_for_it_afterwards_is_found_nowhere_either(stage: Stage) -> None:
    stage.play("李叔(私聊): 反映 北门棋牌室半夜还在打麻将")
    stage.play("李叔(私聊): 补充 I1 昨晚又到两点")
    assert "已改为匿名" in stage.play("李叔(私聊): 别说是我说的")[0]
    stage.play("王阿姨(私聊): 受理 I1")
    _found_nowhere(stage.db)


def _found_nowhere(db: Database) -> None:
    with db.read() as tx:
        who, row = _who(tx, "李叔"), tx.execute(select(issue)).one()
        assert row.anonymous and row.submitter_id == who
        assert not tx.scalar(select(func.count()).select_from(issue_event).where(issue_event.c.actor_id == who))
        name = browse.labels(tx, {who})[who]
        for chosen in (Filter(), Filter(person=name), Filter(person=str(who))):
            for listing in ("messages", "audit", "issues", "outbox"):
                rows = LISTS[listing].rows(tx, chosen).rows
                called = LISTS[listing].names(tx, rows)
                for each in rows:
                    cells = [str(column.show(each, called)) for column in LISTS[listing].columns]
                    line = " ".join(cells)
                    assert not (name in line and re.search(r"I1\b|issue:1\b|棋牌", line)), (listing, line)


def test_private_and_anonymous_words_are_forgotten_with_the_person(stage: Stage) -> None:
    """Erasure reaches what no name leads to any more, and a proposal that stands with somebody else's issue."""
    stage.play("陈老师: 反映 楼上钢琴弹到半夜")
    stage.play("李叔: 献策 I1 我出钱买隔音棉")
    stage.play("李叔(私聊): 匿名反映 北门棋牌室半夜还在打麻将")
    stage.play("李叔(私聊): 补充 I2 昨晚又到两点")
    stage.play("李叔(私聊): 确认删除我的数据")
    with stage.db.read() as tx:
        texts = [str(value) for table in (issue, issue_event, message) for line in tx.all(select(table)) for value in line]
    assert not [text for text in texts if "隔音棉" in text or "棋牌" in text or "两点" in text]


def test_a_private_ticket_is_in_no_list(stage: Stage) -> None:
    """Not in the index of alike issues, on no page, and the group never hears of it."""
    stage.play("李叔: 反映 楼上402洗衣机漏水，我家卫生间吊顶都湿了")
    stage.play("王阿姨(私聊): 受理 I1")
    stage.play("王阿姨(私聊): 办结 I1 已经上门调解，楼上赔偿并修好")
    with stage.db.read() as tx:
        row, other, own = tx.execute(select(issue)).one(), _who(tx, "陈老师"), _who(tx, "李叔")
        assert row.private
        report = Report(row.text, row.title, row.category, row.place)
        assert issues.same_open(tx, row.community_id, report) is None
        assert phone.home_of(tx, row.community_id, other, now=stage.now).issues == []
        assert phone.issue_of(tx, "test", 1, person_id=other, now=stage.now) is None
        assert phone.issue_of(tx, "test", 1, person_id=None, now=stage.now) is None
        assert phone.issue_of(tx, "test", 1, person_id=own, now=stage.now) is not None
        assert phone.picture_of(tx, "issue", "test", 1) is None
        assert not tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.target.like("chat:%")))


def test_what_a_group_or_a_page_shows_is_masked(stage: Stage) -> None:
    """Title, supplement, proposal, result: phone, room and name are in none of what residents get."""
    for text in ("李叔: 反映 路灯不亮 3幢2单元501 13812345678", "陈老师: 补充 I1 我叫李建国，电话13812345678，住3幢2单元501",
                 "小赵: 献策 I1 找3幢2单元501要梯子 13812345678", "王阿姨(私聊): 受理 I1",
                 "王阿姨(私聊): 办结 I1 已换灯泡，3幢2单元501签收，电话13812345678，联系人李建国"):
        stage.play(text)
    heard = [each for text in ("陈老师: I1", "陈老师: 议题", "李叔(私聊): I1", "李叔(私聊): 进度") for each in stage.play(text)]
    with stage.db.read() as tx:
        heard.append(repr(phone.issue_of(tx, "test", 1, person_id=None, now=stage.now).events))
        heard += list(tx.connection.scalars(select(outbox.c.text)))
    assert len(heard) > 6
    for each in heard:
        assert not re.search(r"13812345678|单元501|李建国", each), each


def test_the_chain_of_an_ordinary_issue_still_names_who_acts(stage: Stage) -> None:
    """Keeping back is the exception."""
    stage.play("李叔: 反映 北门口地锁没人管")
    with stage.db.read() as tx:
        assert tx.scalar(select(issue_event.c.actor_id).where(issue_event.c.act == "submit")) == _who(tx, "李叔")
