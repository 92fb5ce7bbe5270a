"""When places are few, what waits becomes one post: nothing is lost, nothing is said twice, the most important comes first."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.base import Database
from models.tables import chat, issue, outbox
from services import erasure, people
from services import outbox as queue
from services.roads import Road
from tests.services.test_quota import Town

EVENING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai
MORNING = datetime(2026, 3, 3, 0, 10, tzinfo=UTC)  # 8:10


@pytest.fixture
def town(db: Database) -> Town:
    """Ten in the evening, the resident has just spoken."""
    found = Town(db)
    found.now = EVENING
    found.does()
    return found


def texts(town: Town) -> list[str]:
    """What reached the resident."""
    return [post.text for post in town.wire.sent]


def test_the_seventh_piece_of_night_news_joins_the_others_and_all_of_it_arrives(town: Town) -> None:
    """Five places, seven things to say: one post, and four places are left for the day."""
    assert all(town.push(f"n{n}", words=f"第 {n} 件") for n in range(7))
    town.now = MORNING
    town.deliver()
    assert texts(town) == ["有 6 件事告诉您：\n" + "\n".join(f"· 第 {n} 件" for n in range(6)), "第 6 件"]


def test_what_matters_most_stands_first_and_a_danger_is_never_put_in_a_list(town: Town) -> None:
    """A danger goes at once, by itself."""
    for n in range(5):
        town.push(f"n{n}", words=f"第 {n} 件")
    with town.db.write() as tx:
        assert queue.to_person(tx, person_id=town.person, key="r", text="投票结束了", now=town.now, weight=queue.RESULT)
        assert queue.to_person(tx, person_id=town.person, key="d", text="3幢着火", now=town.now, weight=queue.DANGER, quiet=False)
    town.deliver()
    assert texts(town) == ["3幢着火"]
    town.now = MORNING
    town.deliver()
    assert texts(town)[1].split("\n")[1] == "· 投票结束了"


def test_the_same_news_again_is_not_said_again(town: Town) -> None:
    """The key of a part is kept."""
    for n in (*range(6), *range(6)):
        town.push(f"n{n}", words=f"第 {n} 件")
    town.now = MORNING
    town.deliver()
    assert sorted("\n".join(texts(town)).count(f"第 {n} 件") for n in range(6)) == [1] * 6


def test_what_is_too_long_for_one_post_keeps_its_first_lines(town: Town) -> None:
    """And says how many are left out."""
    for n in range(40):
        assert town.push(f"n{n}", words=f"第 {n} 件{'很长' * 30}\n第二行")
    assert not town.push("too long for a list", words="长" * 201)
    town.now = MORNING
    town.deliver()
    told = "".join(texts(town))
    assert all(len(each.encode()) <= 2048 for each in texts(town)) and "第 0 件" in told and "第二行" not in texts(town)[0]
    assert "发“我的”查看" in told


def test_a_group_hears_twice_a_day_of_one_matter_and_the_rest_next_morning_in_one_post(db: Database) -> None:
    """Other matters and results are not held up."""
    town = Town(db)
    queue.configure({"mp": Road(push_group=True)}, queue.QUIET)
    with db.write() as tx:
        group = tx.add(chat, community_id=town.community, channel="mp", external_id="g", name="群", post_channel="mp",
                       post_address="g")
        for n in range(4):
            assert queue.to_chat(tx, chat_id=group, key=f"issue:1:news:{n}:chat:{group}", text=f"I1 第 {n} 条", now=town.now)
        queue.to_chat(tx, chat_id=group, key=f"issue:11:news:1:chat:{group}", text="I11", now=town.now)
        queue.to_chat(tx, chat_id=group, key=f"issue:1:result:chat:{group}", text="结果", now=town.now, weight=queue.RESULT)
    town.deliver()
    assert texts(town) == ["结果", "I1 第 0 条", "I1 第 1 条", "I11"]
    town.now += timedelta(days=1)
    town.deliver()
    assert texts(town)[4:] == ["有 2 件事告诉您：\n· I1 第 2 条\n· I1 第 3 条"]


def test_a_hundred_residents_do_not_hear_at_the_stroke_of_eight(db: Database) -> None:
    """What waited for the morning goes out over five minutes."""
    town = Town(db)
    town.now = EVENING
    with db.write() as tx:
        for n in range(100):
            town._person(tx, f"o{n}")
            assert queue.to_person(tx, person_id=town.person + 2 + n, key=f"n{n}", text="进展", now=EVENING)
    went = []
    for minute in range(6):
        town.now = MORNING - timedelta(minutes=10 - minute)
        town.deliver()
        went.append(len(town.wire.sent))
    assert went[0] < 10 and went[2] < 70 and went[5] == 100


def test_what_a_digest_said_of_an_erased_matter_is_struck_out(town: Town) -> None:
    """The other pieces stay."""
    with town.db.write() as tx:
        for n in range(6):
            assert queue.to_person(tx, person_id=town.person, key=f"issue:{n}:news:{n}", text=f"我家的事 {n}", now=town.now)
        row = tx.first(select(issue).where(issue.c.id == tx.add(
            issue, community_id=town.community, number=1, state="accepted", category="other", title="x", text="x",
            submitter_id=town.person, created_at=town.now, changed_at=town.now)))
        erasure.silence(tx, row)
    town.now = MORNING
    town.deliver()
    assert "我家的事 1" not in texts(town)[0] and "我家的事 2" in texts(town)[0]


def test_a_resident_who_leaves_takes_the_waiting_pieces_with_them(town: Town) -> None:
    """Nothing of the digest stays behind."""
    for n in range(7):
        town.push(f"n{n}", words=f"第 {n} 件")
    with town.db.write() as tx:
        speaker = people.resolve(tx, channel="mp", sender="oA", community_code="c", now=town.now, spoken=True, touched=False,
                                    exact=True)
        people.drop_waiting(tx, speaker)
        assert tx.all(select(outbox.c.id)) == []
