"""One person behind several accounts: joined by proof on both sides, one ballot whichever road, and a way back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select, update

from bot.channels.account import Account
from bot.message import Message
from bot.pipeline import Pipeline
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database
from models.commit import GroupCommit
from models.tables import (
    ballot,
    ballot_log,
    identity,
    issue,
    join_code,
    joining,
    metadata,
    person,
    poll,
    residence,
    supporter,
)
from services import audit, browse, electorate, outbox, people
from services import joining as verbs
from services.paging import Filter
from tests.chat_script import Stage

POLL = "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点"


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A group with a grid worker and two residents; 李叔2 is 李叔's second account."""
    found = Stage(db, redis)
    people.configure({})
    found.play("时间 2026-03-02 10:00")
    found.play("群 翠苑三区: 王阿姨=网格员, 李叔@3幢2单元501, 李叔2, 陈老师")
    found.play("群 二群: 李叔2")
    yield found
    people.configure({})
    found.close()


def who(stage: Stage, sender: str) -> int:
    """The person behind an account."""
    with stage.db.read() as tx:
        return int(tx.scalar(select(identity.c.person_id).where(identity.c.external_id == sender)))


def joined(stage: Stage, first: str = "李叔", second: str = "李叔2") -> list[str]:
    """Joins two accounts as people do."""
    stage.play(f"{first}(私聊): 关联账号")
    stage.play(f"{second}(私聊): 关联 {{码}}")
    return stage.play(f"{second}(私聊): 1")


def counted(stage: Stage) -> list[tuple[str, str]]:
    """The ballots: whose, and what."""
    with stage.db.read() as tx:
        return [(r.voter, r.choice) for r in tx.all(select(ballot).where(ballot.c.choice != "").order_by(ballot.c.id))]


@pytest.mark.parametrize("order", [("李叔", "李叔2"), ("李叔2", "李叔")])
def test_of_two_ballots_the_one_sent_last_counts(stage: Stage, order: tuple[str, str]) -> None:
    """Whichever account it came by; both acts stay on record, and the joining is one more."""
    stage.play(POLL)
    older = who(stage, "u-李叔")
    for name, words in zip(order, ("P1 同意", "P1 反对"), strict=True):
        stage.play(f"{name}(私聊): {words}")
    assert len(counted(stage)) == 2
    assert "关联好了" in joined(stage)[0]
    assert counted(stage) == [(f"person:{older}", "1")]
    with stage.db.read() as tx:
        assert [r.act for r in tx.all(select(ballot_log).order_by(ballot_log.c.id))] == ["cast", "cast", "join", "withdraw"]
        row = tx.execute(select(poll)).one()
        assert electorate.size(tx, row) == 2  # 李叔, 陈老师; the grid worker lives nowhere here
        assert [r.id for r in electorate.missing(tx, row)] == [who(stage, "u-陈老师")]
    stage.play("李叔2(私聊): P1 同意")
    assert counted(stage) == [(f"person:{older}", "0")]


def test_a_withdrawal_that_came_last_counts_too(stage: Stage) -> None:
    """Taking a ballot back is an act like casting one."""
    stage.play(POLL)
    for line in ("李叔(私聊): P1 同意", "李叔2(私聊): P1 反对", "李叔2(私聊): 撤票 P1"):
        stage.play(line)
    joined(stage)
    assert counted(stage) == []


def test_a_closed_poll_keeps_what_it_counted(stage: Stage) -> None:
    """What is frozen is frozen."""
    stage.play(POLL)
    for name in ("李叔", "李叔2"):
        stage.play(f"{name}(私聊): P1 同意")
    stage.play("王阿姨: 结束 P1 时间到了")
    before = counted(stage)
    joined(stage)
    assert counted(stage) == before and len(before) == 2


def test_a_household_ballot_stays_and_moves_with_its_caster(stage: Stage) -> None:
    """The home votes, whoever of it cast the ballot; saying it again by the other account is no other family member."""
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 每户一票 截止 明晚8点")
    stage.play("王阿姨(私聊): 绑定码 3幢2单元501")
    stage.play("李叔2(私聊): 绑定 3幢2单元501 {码}")
    stage.play("李叔2(私聊): P1 同意")
    before = counted(stage)
    joined(stage)
    assert counted(stage) == before
    assert "您家之前投过" not in stage.play("李叔(私聊): P1 反对")[0]
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(residence).where(residence.c.until.is_(None))) == 1
        assert electorate.size(tx, tx.execute(select(poll)).one()) == 1


def test_support_and_issues_come_together(stage: Stage) -> None:
    """Nobody stands behind their own issue, or twice behind one."""
    stage.play("李叔2: 反映 3幢2单元电梯停了一周没人修")
    stage.play("陈老师: 反映 1幢楼道灯不亮好几天")
    for line in ("李叔: 附议 I1", "李叔: 附议 I2", "李叔2: 附议 I2"):
        stage.play(line)
    joined(stage)
    older = who(stage, "u-李叔")
    with stage.db.read() as tx:
        assert [r.issue_id for r in tx.all(select(supporter).order_by(supporter.c.id))] == [2]
        assert tx.scalar(select(issue.c.submitter_id).where(issue.c.id == 1)) == older
    stage.play("李叔(私聊): 取消关联")
    with stage.db.read() as tx:
        assert tx.scalar(select(issue.c.submitter_id).where(issue.c.id == 1)) == who(stage, "u-李叔2") != older
        assert sorted((r.issue_id, r.person_id) for r in tx.all(select(supporter))) == sorted(
            [(1, older), (2, older), (2, who(stage, "u-李叔2"))])


def test_undoing_gives_both_what_they_had(stage: Stage) -> None:
    """Accounts, ballots and the list of those who are asked; after a day it is too late, and the record is forgotten."""
    stage.play(POLL)
    stage.play("李叔(私聊): P1 同意")
    stage.play("李叔2(私聊): P1 反对")
    before, newer = sorted(counted(stage)), who(stage, "u-李叔2")
    joined(stage)
    assert who(stage, "u-李叔2") == who(stage, "u-李叔") != newer
    said = stage.play("李叔(私聊): 取消关联")
    assert "已取消关联" in said[0] and any(s.startswith("机器人→李叔2: 已取消") for s in said)
    assert who(stage, "u-李叔2") == newer and sorted(counted(stage)) == before
    joined(stage)
    stage.play("李叔2(私聊): P1 同意")  # cast since: stays with the older person
    stage.play("李叔(私聊): 取消关联")
    assert sorted(counted(stage)) == sorted([(f"person:{who(stage, 'u-李叔')}", "0"), (f"person:{newer}", "1")])
    joined(stage)
    stage.play("时间 2026-03-03 10:20")
    assert "没有可以取消" in stage.play("李叔(私聊): 取消关联")[0]
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).where(joining.c.moved.is_not(None))) == 0
        assert audit.verify(tx).ok


def test_codes_are_guessed_a_few_times_only(stage: Stage) -> None:
    """Five an hour for a person, ten for a code; a used or old code is no code."""
    stage.play("李叔(私聊): 关联账号")
    wrong = "000000" if stage.code != "000000" else "000001"
    for _ in range(5):
        assert "码不对" in stage.play(f"李叔2(私聊): 关联 {wrong}")[0]
    assert "试错太多" in stage.play("李叔2(私聊): 关联 {码}")[0]
    for _ in range(5):
        stage.play(f"陈老师(私聊): 关联 {wrong}")
    with stage.db.read() as tx:
        assert tx.scalar(select(join_code.c.expires_at)) <= stage.now
    stage.play("时间 2026-03-02 12:00")
    stage.play("李叔(私聊): 关联账号")
    stage.play("时间 2026-03-02 12:16")
    assert "码不对" in stage.play("李叔2(私聊): 关联 {码}")[0]
    joined(stage)
    assert "码不对" in stage.play("陈老师(私聊): 关联 {码}")[0]


def test_one_live_code_for_a_person(stage: Stage) -> None:
    """The second ends the first."""
    stage.play("李叔(私聊): 关联账号")
    first = stage.code
    stage.play("李叔(私聊): 关联账号")
    assert first == stage.code or "码不对" in stage.play(f"李叔2(私聊): 关联 {first}")[0]


def test_the_rights_of_staff_are_given_from_their_own_side_only(stage: Stage) -> None:
    """A resident's yes cannot take them; the grid worker's yes can give them, and undoing takes them back."""
    stage.play("王阿姨(私聊): 关联账号")
    assert "由那个账号确认" in stage.play("李叔(私聊): 关联 {码}")[0]
    said = joined(stage, "李叔2", "王阿姨")
    assert "关联好了" in said[0] and any("那是网格员的账号" in s for s in said)
    assert "P1" in stage.play("李叔2: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")[0]
    stage.play("李叔2(私聊): 取消关联")
    assert "网格员用的命令" in stage.play("李叔2: 结束 P1 试试")[0]
    assert "网格员用的命令" not in stage.play("王阿姨: 结束 P1 好了")[0]


def test_who_consented_on_one_account_only_has_not(stage: Stage) -> None:
    """The stricter of the two holds, until they consent again."""
    with stage.db.write() as tx:
        tx.execute(update(person).where(person.c.id == who_in(tx, "u-李叔")).values(consent_version=0))
    stage.play("李叔2(私聊): 关联账号")
    with stage.db.write() as tx:
        code = tx.scalar(select(join_code.c.id))
        speaker = people.resolve(tx, channel="mp", sender="o-李叔", community_code="test", now=stage.now)
        verbs.join(tx, speaker, code_id=code, now=stage.now)
    assert "表示同意我保存" in stage.play("李叔2(私聊): 反映 3幢2单元电梯停了一周没人修")[0]


def who_in(tx: Any, sender: str) -> int:
    """The person behind an account, inside a transaction."""
    return int(tx.scalar(select(identity.c.person_id).where(identity.c.external_id == sender)))


def test_erasing_erases_all_accounts(stage: Stage) -> None:
    """Nothing of either is left; speaking again is a first meeting."""
    stage.play(POLL)
    stage.play("李叔2(私聊): P1 反对")
    stage.play("李叔2: 反映 金丝雀密语电梯坏了没人修")
    joined(stage)
    assert "您关联的 4 个账号" in stage.play("李叔(私聊): 删除我的数据")[0]
    stage.play("李叔(私聊): 1")
    with stage.db.read() as tx:
        rows = " ".join(str(row) for table in metadata.sorted_tables for row in tx.all(select(table)))
        assert tx.scalar(select(func.count()).where(person.c.erased_at.is_not(None))) == 2
    assert "金丝雀" not in rows and "u-李叔" not in rows and "o-李叔2" not in rows
    assert counted(stage) == []


def test_who_was_joined_away_is_marked_and_reached_where_they_went(stage: Stage) -> None:
    """The console shows it, counts one, and news for the old number reach the person."""
    newer = who(stage, "u-李叔2")
    joined(stage)
    with stage.db.write() as tx:
        rows = {r.id: r.joined_into for r in browse.people(tx, Filter(1, None, None, "", "", "")).rows}
        assert rows[newer] == who_in(tx, "u-李叔")
        assert browse.overview(tx, 1)["people"] == len(rows) - 1
        assert outbox.to_person(tx, person_id=newer, key="news", text="新消息", now=stage.now)
        with pytest.raises(Refusal):
            people.set_role(tx, SYSTEM, person_id=newer, role="admin", now=stage.now)


def test_no_joining_across_communities_or_with_oneself(stage: Stage) -> None:
    """Both say why."""
    stage.play("李叔(私聊): 关联账号")
    assert "就是这个账号" in stage.play("李叔(私聊): 关联 {码}")[0]
    with stage.db.write() as tx:
        from models.tables import community
        other = tx.add(community, code="other", name="别处", last_issue=0, last_poll=0)
        tx.execute(update(person).where(person.c.id == who_in(tx, "u-李叔2")).values(community_id=other))
    assert "不在同一个小区" in stage.play("李叔2(私聊): 关联 {码}")[0]


def test_three_accounts_are_one_and_part_in_the_order_they_came(stage: Stage) -> None:
    """A joined into B, B into the oldest: everything leads to the oldest, and back step by step."""
    third, second = who(stage, "u-陈老师"), who(stage, "u-李叔2")
    joined(stage, "陈老师", "李叔2")
    joined(stage, "李叔2", "李叔")
    assert len({who(stage, f"u-{n}") for n in ("李叔", "李叔2", "陈老师")}) == 1
    with stage.db.read() as tx:
        assert set(people.behind(tx, who_in(tx, "u-李叔"))) == {who_in(tx, "u-李叔"), second, third}
    stage.play("李叔(私聊): 取消关联")
    assert who(stage, "u-李叔2") == who(stage, "u-陈老师") == second
    stage.play("李叔2(私聊): 取消关联")
    assert who(stage, "u-陈老师") == third


# --- one corp ---------------------------------------------------------------------------------------------------
def test_a_userid_of_one_corp_is_one_person_on_all_its_accounts(db: Database, stage: Stage) -> None:
    """The platform is the proof; another corp's same userid, and a 公众号's, is a stranger."""
    accounts = [Account(name=n, kind=k, community="test", api_base="https://x", corp=c) for n, k, c in (
        ("aibot", "wecom_aibot", "ww1"), ("app", "wecom_app", "ww1"), ("app2", "wecom_app", "ww2"), ("mp", "mp", "ww1"))]
    people.configure({a.name: a.realm for a in accounts})
    with db.write() as tx:
        met = {a.name: people.resolve(tx, channel=a.name, sender="u-李叔", community_code="test", now=stage.now).id
               for a in accounts}
        assert met["app"] == met["aibot"] and len(set(met.values())) == 3
        new = [people.resolve(tx, channel=n, sender="u-new", community_code="test", now=stage.now).id for n in ("app", "aibot")]
        assert new[0] == new[1]


def test_two_accounts_of_a_corp_that_meet_somebody_at_once_meet_one_person(db: Database, stage: Stage) -> None:
    """However the two transactions cross."""
    people.configure({"aibot": "corp:ww1", "app": "corp:ww1"})
    for n in range(5):
        start = Barrier(2)

        def meet(channel: str, sender: str = f"u-both{n}", start: Barrier = start) -> int:
            start.wait()
            with db.write() as tx:
                return people.resolve(tx, channel=channel, sender=sender, community_code="test", now=stage.now).id

        with ThreadPoolExecutor(2) as pool:
            assert len(set(pool.map(meet, ("aibot", "app")))) == 1


def test_one_ballot_by_four_roads(stage: Stage) -> None:
    """By the bot, changed by the app of the same corp, joined with a 公众号 account that voted last."""
    people.configure({"aibot": "corp:ww1", "app": "corp:ww1"})
    stage.channels["app"] = stage.channels["mp"]
    stage.play(POLL)
    stage.play("李叔: 同意")
    stage.count += 1
    stage.now += timedelta(seconds=1)
    stage.pipeline.hear(stage.channels["app"], Message("app", f"m{stage.count}", "u-李叔", stage.now, text="P1 反对"))
    older = who(stage, "o-李叔")
    assert counted(stage) == [(f"person:{older}", "1")]
    stage.play("李叔2(私聊): P1 同意")
    joined(stage)
    assert counted(stage) == [(f"person:{older}", "0")]
    with stage.db.read() as tx:
        from services import polls
        assert polls.count(tx, tx.execute(select(poll)).one()).ballots == 1


def test_voting_by_both_accounts_while_they_are_joined_leaves_one_ballot(db: Database, redis: Redis, stage: Stage) -> None:
    """Several processes, many crossings: one ballot in the end, and it is the one sent last."""
    stage.play(POLL)
    older = who(stage, "u-李叔")
    writers = [GroupCommit(db, audit.seal) for _ in range(3 if not db.sqlite else 1)]
    lines = [Pipeline(w, stage.dialogs, lambda: stage.now) for w in writers]
    try:
        for round_ in range(8):
            stage.play("李叔(私聊): 关联账号")
            stage.play("李叔2(私聊): 关联 {码}")
            at = stage.now + timedelta(seconds=1)
            heard = [_said(f"r{round_}a", "o-李叔", at, "P1 同意"),
                     _said(f"r{round_}b", "o-李叔2", at + timedelta(seconds=1), "P1 反对"),
                     _said(f"r{round_}j", "o-李叔2", at + timedelta(seconds=2), "1")]
            start = Barrier(3)

            def hear(n: int, heard: list[Message] = heard, start: Barrier = start) -> Any:
                start.wait()
                return lines[n % len(lines)].hear(stage.channels["mp"], heard[n])

            stage.now = at + timedelta(seconds=3)
            with ThreadPoolExecutor(3) as pool:
                replies = list(pool.map(hear, range(3)))
            for n, reply in enumerate(replies):  # what was not recorded is sent again by the platform
                while reply is None:
                    reply = lines[0].hear(stage.channels["mp"], heard[n])
            assert who(stage, "o-李叔2") == older
            assert counted(stage) == [(f"person:{older}", "1")], round_
            stage.play("李叔(私聊): 取消关联")
            with db.write() as tx:
                tx.execute(ballot.delete())
    finally:
        for writer in writers:
            writer.close()


def _said(key: str, sender: str, at: datetime, text: str) -> Message:
    return replace(Message("mp", key, sender, at), text=text)


def test_two_joinings_at_once_do_not_make_a_circle(db: Database, stage: Stage) -> None:
    """A joins B while B joins A: one person, one of them the oldest, nobody lost."""
    for n in range(6):
        names = (f"o-x{n}", f"o-y{n}")
        with db.write() as tx:
            met = [people.resolve(tx, channel="mp", sender=s, community_code="test", now=stage.now + timedelta(seconds=i))
                   for i, s in enumerate(names)]
            codes = []
            for m in met:
                verbs.make_code(tx, m, now=stage.now)
                codes.append(tx.scalar(select(func.max(join_code.c.id))))
            audit.seal(tx)
        start = Barrier(2)

        def one(i: int, met: list[Any] = met, codes: list[int] = codes, start: Barrier = start) -> str:
            start.wait()
            try:
                with db.write() as tx:
                    verbs.join(tx, met[i], code_id=codes[1 - i], now=stage.now)
                    audit.seal(tx)
                return "joined"
            except Refusal as no:
                return no.key

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, range(2))) == ["join.gone", "joined"]
        assert who(stage, names[0]) == who(stage, names[1]) == met[0].id
