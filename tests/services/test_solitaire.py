"""#接龙 lists in the database: only news count, own hand beats list, a nickname is nobody."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import func, select, text, update

from bot.message import Message
from bot.pipeline import Pipeline
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database
from models.commit import GroupCommit
from models.tables import ballot, ballot_log, identity, message, metadata, person, poll, solitaire
from services import audit, ballots, listed, people
from services import solitaire as verbs
from services.solitaire import masked
from tests.chat_script import Stage
from understanding.jielong import Entry

HEAD = "#接龙\n    P1 要不要装电梯\n    ".replace("    ", "")


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A poll, a grid worker, and residents of three homes, one of them shared."""
    found = Stage(db, redis)
    found.play("时间 2026-03-02 10:00")
    found.play("群 翠苑三区: 王阿姨=网格员, 李叔@3幢2单元501, 小周@3幢1单元202, 小吴@3幢1单元202, 老徐@1幢1单元101")
    found.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    yield found
    found.close()


def lines(*said: str) -> str:
    """A list with these lines, numbered."""
    return HEAD + "\n".join(f"{n}. {s}" for n, s in enumerate(said, 1))


def counted(stage: Stage) -> dict[str, str]:
    """Each person's choice by name."""
    with stage.db.read() as tx:
        return {r.name: r.choice for r in tx.all(select(person.c.name, ballot.c.choice).join_from(
            ballot, person, ballot.c.person_id == person.c.id))}


def entered(stage: Stage, *said: str) -> list[str]:
    """What the bot says when the grid worker pastes the list and says yes."""
    return stage.play(f"王阿姨(私聊): {lines(*said)}") + stage.play("王阿姨(私聊): 1")


def test_only_homes_count_and_the_act_is_on_record(stage: Stage) -> None:
    """A name without a home, a shared home without a name, an unknown home: nobody's vote."""
    entered(stage, "3-2-501 同意", "小周 同意", "3-1-202 反对", "3-1-202 小吴 反对", "2-1-101 同意", "1-1-101")
    assert counted(stage) == {"李叔": "0", "小吴": "1"}
    with stage.db.read() as tx:
        logged = tx.all(select(ballot_log))
        assert {r.act for r in logged} == {"jielong"}
        kept = tx.execute(select(message.c.text, message.c.reply).where(message.c.id == logged[0].message_id)).one()
        assert kept == (None, None)  # the list holds neighbours' names


def test_own_hand_beats_list_whenever_it_was_sent(stage: Stage) -> None:
    """Also a vote that was sent before the list and arrives after it; a withdrawal is own hand too."""
    sent = stage.now
    entered(stage, "3-2-501 同意")
    stage.count += 1
    late = Message("mp", f"m{stage.count}", "o-李叔", sent + timedelta(seconds=1), text="P1 反对")
    reply = stage.pipeline.hear(stage.channels["mp"], late)
    assert reply is not None and "反对" in reply.text and counted(stage) == {"李叔": "1"}
    assert "自己投过了" in entered(stage, "3-2-501 1")[0]
    assert counted(stage) == {"李叔": "1"}
    stage.play("李叔(私聊): 撤票 P1")
    entered(stage, "3-2-501 赞成")
    assert counted(stage) == {"李叔": ""}


def test_a_vote_between_question_and_yes_stands(stage: Stage) -> None:
    """The yes enters only what is still open."""
    stage.play(f"王阿姨(私聊): {lines('3-2-501 同意', '1-1-101 同意')}")
    stage.play("李叔(私聊): P1 反对")
    assert "1 人没有记" in stage.play("王阿姨(私聊): 1")[0]
    assert counted(stage) == {"李叔": "1", "老徐": "0"}


def test_a_list_and_the_own_hand_at_once_leave_the_own_hand(db: Database, redis: Redis, stage: Stage) -> None:
    """However the two cross, in one process or two; the list's other lines are entered all the same."""
    writers = [GroupCommit(db, audit.seal) for _ in range(1 if db.sqlite else 2)]
    lines_ = [Pipeline(w, stage.dialogs, lambda: stage.now) for w in writers]
    try:
        for n in range(8):
            if n % 2:  # half of the times there is a ballot of an earlier list to be fought over
                entered(stage, "3-2-501 同意", "1-1-101 同意")
            choice = "反对" if n % 2 else "同意"
            stage.play(f"王阿姨(私聊): {lines(f'3-2-501 {choice}', f'1-1-101 {choice}')}")
            heard = [Message("mp", f"r{n}w", "o-王阿姨", stage.now, text="1"),
                     Message("mp", f"r{n}l", "o-李叔", stage.now, text="P1 2")]
            start = Barrier(2)

            def hear(i: int, heard: list[Message] = heard, start: Barrier = start) -> Any:
                start.wait()
                return lines_[i % len(lines_)].hear(stage.channels["mp"], heard[i])

            with ThreadPoolExecutor(2) as pool:
                replies = list(pool.map(hear, range(2)))
            for i, reply in enumerate(replies):  # what was not recorded is sent again by the platform
                while reply is None:
                    reply = lines_[0].hear(stage.channels["mp"], heard[i])
            assert counted(stage) == {"李叔": "1", "老徐": "1" if n % 2 else "0"}, n
            with db.write() as tx:
                for table in (ballot, ballot_log, solitaire):
                    tx.execute(table.delete())
    finally:
        for writer in writers:
            writer.close()


def test_a_list_that_waited_for_an_own_vote_leaves_it(postgres_db: Database, redis: Redis) -> None:
    """The yes comes while the resident's change is under way: it waits, sees whose hand was last, and enters the rest."""
    stage = Stage(postgres_db, redis)
    stage.play("群 翠苑三区: 王阿姨=网格员, 李叔@3幢2单元501, 老徐@1幢1单元101")
    stage.play("王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    entered(stage, "3-2-501 同意")
    with postgres_db.read() as tx:
        poll_id, home = tx.execute(select(poll.c.id)).scalar_one(), listed.resident_of(tx, 1, Entry(1, "3-2-501"))
        who = people.as_person(tx, home.person_id if home else 0)

    def enter() -> bool:
        with postgres_db.write() as tx:
            done = ballots.enter(tx, SYSTEM, who, poll_id=poll_id, home_id=0, choice="0", message_id=None, now=stage.now)
            tx.notes.clear()
            return done

    with ThreadPoolExecutor(1) as pool, postgres_db.write() as tx:
        ballots.cast(tx, who, poll_id=poll_id, choice="1", sent_at=stage.now, message_id=None, now=stage.now)
        audit.seal(tx)
        waits = pool.submit(enter)
        while not _somebody_waits(postgres_db):
            assert not waits.done()
        tx.connection.commit()
        assert waits.result() is False
    assert counted(stage) == {"李叔": "1"}
    stage.close()


def _somebody_waits(db: Database) -> bool:
    with db.read() as tx:
        return bool(tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_the_same_list_again_tells_nobody_twice(stage: Stage) -> None:
    """And an older one changes nothing back."""
    assert sum("替您记了" in s for s in entered(stage, "3-2-501 同意")) == 1
    assert sum("替您记了" in s for s in entered(stage, "3-2-501 同意")) == 0
    assert sum("替您记了" in s for s in entered(stage, "3-2-501 反对")) == 1
    entered(stage, "3-2-501 同意")
    assert counted(stage) == {"李叔": "1"}


def test_a_household_votes_by_its_home(stage: Stage) -> None:
    """One vote for the home, whoever of it is named."""
    stage.play("王阿姨: 发起投票 要不要换门 选项 同意 反对 每户一票 截止 明晚8点")
    text = "#接龙\nP2\n1. 3-1-202 小周 同意\n2. 3-1-202 小吴 反对\n3. 3-2-501 2"
    stage.play(f"王阿姨(私聊): {text}")
    stage.play("王阿姨(私聊): 1")
    with stage.db.read() as tx:
        rows = tx.all(select(ballot.c.voter, ballot.c.choice).order_by(ballot.c.id))
    assert [r.choice for r in rows] == ["0", "1"] and all(r.voter.startswith("home:") for r in rows)


def test_residents_speak_for_themselves_only(stage: Stage) -> None:
    """Whatever homes and names they write; a yes that nobody asked for enters nothing."""
    stage.play(f"李叔(私聊): {lines('李叔 同意', '3-1-202 小周 同意', '老徐 反对')}")
    stage.play("李叔(私聊): 1")
    assert counted(stage) == {"李叔": "0"}
    with stage.db.write() as tx:
        me = people.resolve(tx, channel="mp", sender="o-李叔", community_code="test", now=stage.now)
        row = tx.execute(select(poll)).one()
        known = listed.resident_of(tx, 1, Entry(1, "1-1-101", "同意"))
        assert known is not None
        with pytest.raises(Refusal):
            listed.enter_votes(tx, me, row, [replace(known, choice=(0,))], message_id=1, now=stage.now)


def test_a_line_already_pasted_by_a_neighbour_is_still_ones_own_vote(stage: Stage) -> None:
    """People re-post the whole list: who pastes it first must not swallow the others' votes."""
    stage.play(f"李叔(私聊): {lines('李叔 同意', '老徐 反对')}")
    stage.play(f"老徐(私聊): {lines('李叔 同意', '老徐 反对')}")
    assert counted(stage) == {"李叔": "0", "老徐": "1"}


def test_what_a_secret_poll_is_written_in_a_list_is_kept_nowhere(stage: Stage) -> None:
    """Not in the lists, not in the message log."""
    stage.play("王阿姨: 发起投票 选哪家 选项 金丝雀 乙 不记名 截止 明晚8点")
    stage.play("李叔(私聊): #接龙\nP2\n1. 老徐 金丝雀物业\n2. 李叔 乙")
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(solitaire)) == 0
        assert "金丝雀物业" not in " ".join(str(r) for t in metadata.sorted_tables for r in tx.all(select(t)))


def test_phones_in_a_list_are_hidden_and_old_lists_forgotten(stage: Stage) -> None:
    """They are kept as 138****5678, and nothing of the list after sixty days."""
    stage.play("王阿姨(私聊): #接龙\n跳蚤市场报名\n1. 李叔 13812345678")
    with stage.db.read() as tx:
        assert "138****5678" in str(tx.scalar(select(solitaire.c.entries)))
    stage.play("时间 2026-05-03 10:00")
    with stage.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(solitaire)) == 0


def test_who_left_or_was_joined_is_no_line_s_owner(stage: Stage) -> None:
    """A list cannot vote for somebody who is gone."""
    with stage.db.write() as tx:
        who = tx.scalar(select(identity.c.person_id).where(identity.c.external_id == "o-李叔"))
        assert listed.resident_of(tx, 1, Entry(1, "3-2-501", "同意")) is not None
        tx.execute(update(person).where(person.c.id == who).values(left_at=stage.now))
        assert listed.resident_of(tx, 1, Entry(1, "3-2-501", "同意")) is None


_LINES = st.lists(st.builds(Entry, st.integers(1, 6), st.sampled_from("甲乙丙丁"), st.sampled_from(["", "A", "B"])), max_size=8)


@pytest.mark.parametrize("fixture", ["sqlite_db", "postgres_db"])
def test_a_list_never_removes_and_is_news_once(fixture: str, request: pytest.FixtureRequest, redis: Redis) -> None:
    """Whatever is posted in whatever order: each line of a post is known afterwards."""
    stage = Stage(request.getfixturevalue(fixture), redis)
    count = iter(range(10**6))

    @given(st.lists(_LINES, min_size=1, max_size=4))
    def holds(posts: list[list[Entry]]) -> None:
        about = f"topic:{next(count)}"
        with stage.db.write() as tx:
            total = 0
            for post in posts:
                news = verbs.remember(tx, 1, about, "", post, now=stage.now)
                assert news.total >= total
                total = news.total
                again = verbs.remember(tx, 1, about, "", post, now=stage.now)
                assert (again.added, again.changed, again.total) == ((), (), total)

    holds()
    stage.close()


def test_a_flood_of_lines_is_dealt_with_quickly(stage: Stage) -> None:
    """As many lines as a message holds."""
    text = lines(*(f"3-2-{n:03d} 同意 {'嗯' * 9}" for n in range(900)))
    begun = time.perf_counter()
    said = stage.play(f"王阿姨(私聊): {text}")
    assert "行" in said[0] and time.perf_counter() - begun < 3


@pytest.mark.parametrize(("label", "shown"), [("3幢2单元501", "3幢2单元5*1"), ("1幢1102", "1幢1**2"), ("3幢2单元50", "3幢2单元50")])
def test_homes_are_masked(label: str, shown: str) -> None:
    """As DOMAIN asks for what is shown of a vote."""
    assert masked(label) == shown


def test_the_export_shows_homes_to_staff_in_private_only(stage: Stage) -> None:
    """In a group, and to residents, only what is asked."""
    stage.play("李叔(私聊): P1 同意")
    assert "5*1 同意" in stage.play("王阿姨(私聊): P1 接龙")[0]
    for line in ("王阿姨: P1 接龙", "李叔(私聊): 接龙 P1"):
        said: Any = stage.play(line)[0]
        assert said.endswith("例 3幢2单元501 1") and "501 同意" not in said
