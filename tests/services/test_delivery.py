"""The outbox: once, in order for each target, within the rate, patiently, and visibly giving up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.delivery import Delivery, RetryPolicy
from bot.message import Capabilities, ChannelError, Outgoing, Sent
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database
from models.tables import chat, community, identity, person
from models.tables import outbox as table
from services import outbox

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class Wire:
    """A channel that answers as it is told to."""

    def __init__(self) -> None:
        self.name = self.kind = "wire"
        self.capabilities = Capabilities(False, True, True, True, 2048, 2048, 3)
        self.sent: list[str] = []
        self.refuse: dict[str, list[ChannelError]] = {}

    def send(self, post: Outgoing) -> Sent:
        """Refuses with what stands in the list for this text, then accepts."""
        waiting = self.refuse.get(post.text)
        if waiting:
            raise waiting.pop(0)
        self.sent.append(post.text)
        return Sent()


class Post:
    """A clock, a wire and a delivery over one database."""

    def __init__(self, db: Database):
        self.db, self.wire, self.now = db, Wire(), START
        self.delivery = Delivery(db, {"wire": self.wire}, lambda: self.now, threads=1,  # type: ignore[dict-item]
                                 policy=RetryPolicy(attempts=3, first=30, factor=2, cap=3600))

    def put(self, text: str, target: str = "chat:1", key: str | None = None, at: datetime | None = None) -> None:
        """Queues one post."""
        with self.db.write() as tx:
            outbox.put(tx, key=key or text, community_id=None, channel="wire", target=target, address="a", text=text,
                       at=at or self.now, now=self.now)

    def run(self, seconds: float = 0) -> list[str]:
        """Lets time pass and sends until nothing is due; returns what went out."""
        self.now += timedelta(seconds=seconds)
        before = len(self.wire.sent)
        while self.delivery.run_once():
            pass
        return self.wire.sent[before:]

    def rows(self) -> list[Any]:
        """The outbox."""
        with self.db.read() as tx:
            return tx.all(select(table).order_by(table.c.id))


@pytest.fixture
def post(db: Database) -> Iterator[Post]:
    """An empty outbox and a willing wire."""
    yield Post(db)


def fail(**how: Any) -> ChannelError:
    """A refusal of the platform."""
    return ChannelError("no", **{"retryable": True} | how)


def test_the_same_news_goes_out_once(post: Post) -> None:
    """The key says what it is."""
    post.put("结果", key="poll:1:result")
    post.put("结果", key="poll:1:result")
    assert post.run() == ["结果"]
    post.put("结果", key="poll:1:result")
    assert post.run() == []


def test_order_is_kept_for_each_target_and_a_stuck_one_blocks_no_other(post: Post) -> None:
    """The first of a stuck target holds back its second, and nobody else's."""
    post.wire.refuse["a1"] = [fail()]
    for text, target in (("a1", "chat:1"), ("a2", "chat:1"), ("b1", "chat:2")):
        post.put(text, target)
    assert post.run() == ["b1"]
    assert post.run(29) == []
    assert post.run(2) == ["a1", "a2"]


def test_a_post_for_tomorrow_holds_nothing_back(post: Post) -> None:
    """A held reminder must not stop today's result."""
    post.put("明天", at=START + timedelta(days=1))
    post.put("今天")
    assert post.run() == ["今天"]
    assert post.run(86_401) == ["明天"]


def test_giving_up_is_visible_and_an_admin_can_try_again(post: Post) -> None:
    """Three attempts, then dead, then a retry by hand; the next post goes on without it."""
    post.wire.refuse["x"] = [fail() for _ in range(3)]
    post.put("x")
    post.put("y")
    assert post.run() == []
    assert post.run(31) == []
    assert post.run(61) == ["y"]
    assert [(r.state, r.attempts, r.error) for r in post.rows()][0] == ("dead", 3, "no")
    with post.db.write() as tx:
        outbox.retry(tx, SYSTEM, outbox_id=post.rows()[0].id, now=post.now)
    assert post.run() == ["x"]
    with pytest.raises(Refusal), post.db.write() as tx:
        outbox.retry(tx, SYSTEM, outbox_id=post.rows()[0].id, now=post.now)


def test_a_permanent_no_is_dead_at_once(post: Post) -> None:
    """No use in asking again."""
    post.wire.refuse["x"] = [fail(retryable=False, code=93000)]
    post.put("x")
    assert post.run() == []
    assert post.rows()[0].state == "dead"


def test_the_platform_may_ask_for_a_pause_as_often_as_it_likes(post: Post) -> None:
    """45009 is no failed attempt: nothing is dropped."""
    post.wire.refuse["x"] = [fail(wait_s=60) for _ in range(5)]
    post.put("x")
    for _ in range(5):
        assert post.run() == []
        post.now += timedelta(seconds=60)
    assert post.run() == ["x"]


def test_quiet_hours_hold_when_a_post_was_late(post: Post) -> None:
    """Queued in the evening, refused until the night: it waits for the morning; what may disturb does not."""
    evening = datetime(2026, 3, 2, 12, 59, tzinfo=UTC)  # 20:59 in Shanghai
    post.now = evening
    post.wire.refuse["提醒"] = [fail()]
    post.put("提醒")
    assert post.run() == []
    assert post.run(3600) == []
    with post.db.write() as tx:
        outbox.put(tx, key="k", community_id=None, channel="wire", target="chat:1", address="a", text="险情", at=post.now, now=post.now,
                   quiet=False)
    assert post.run() == ["险情"]
    assert post.run(11 * 3600) == ["提醒"]


def test_somebody_else_s_claim_is_not_settled(post: Post) -> None:
    """A sender whose lease ended while it was sending leaves the row to the one who has it now."""
    post.put("x")
    [claim] = post.delivery._claim()
    post.now += timedelta(seconds=61)
    assert post.run() == ["x"]
    post.delivery._failed(claim, fail(retryable=False))
    assert post.rows()[0].state == "sent"


def test_the_rate_of_a_target_is_kept(post: Post) -> None:
    """Three a minute here; the fourth waits its turn."""
    for n in range(5):
        post.put(f"p{n}")
    assert post.run() == ["p0", "p1", "p2"]
    assert post.run(30) == []
    assert post.run(31) == ["p3", "p4"]


def test_a_sender_that_died_is_noticed_and_its_post_marked_doubtful(post: Post) -> None:
    """Nobody knows whether it went out: it is sent again, and the row says so."""
    post.put("x")
    with post.db.write() as tx:
        tx.execute(update(table).values(state="sending", lease_until=post.now + timedelta(seconds=60), attempts=1))
    assert post.run(59) == []
    assert post.run(2) == ["x"]
    assert post.rows()[0].doubtful


@pytest.mark.parametrize(("attempts", "pause"), [(1, 30), (2, 60), (3, 120), (6, 900), (7, 900), (8, None)])
def test_the_retry_policy(attempts: int, pause: int | None) -> None:
    """Doubling up to the cap, then giving up."""
    waited = RetryPolicy(attempts=8, first=30, factor=2, cap=900).wait(attempts)
    assert waited == (None if pause is None else timedelta(seconds=pause))


@pytest.mark.parametrize("text", ["短", "字" * 700, "一行\n" * 400, "😀" * 600, ""])
def test_long_texts_are_split_on_characters(text: str) -> None:
    """Every piece fits, and together they are the text."""
    pieces = outbox.split(text, 2048)
    assert all(len(p.encode()) <= 2048 for p in pieces)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")


def test_a_group_where_nobody_has_spoken_keeps_its_posts_and_staff_hear_once(post: Post) -> None:
    """For three days; then it is dead like others. What waits behind keeps its order."""
    with post.db.write() as tx:
        where = tx.add(community, code="c", name="c", last_issue=0, last_poll=0)
        group = tx.add(chat, community_id=where, channel="wire", external_id="g", name="议事会", post_channel="wire", post_address="g")
        who = tx.add(person, community_id=where, role="grid_worker", created_at=START)
        tx.add(identity, person_id=who, channel="wire", external_id="w", heard_at=START)
        outbox.configure({"wire": outbox.Road(push_person=True, push_group=True)}, outbox.QUIET)
        for text in ("公告", "结果"):
            outbox.to_chat(tx, chat_id=group, key=text, text=text, now=START, quiet=False)
    post.wire.refuse["公告"] = [ChannelError("errcode 93006", retryable=False, code=93006, shut=True) for _ in range(999)]
    told = post.run()
    assert len(told) == 1 and "议事会" in told[0] and "你好" in told[0]
    for _ in range(4):
        assert post.run(1200) == []
    with post.db.write() as tx:
        outbox.wake(tx, channel="wire", external_id="g", now=post.now)
    post.wire.refuse.clear()
    assert post.run() == ["公告", "结果"]


def test_nobody_speaks_for_three_days_and_the_post_is_dead(post: Post) -> None:
    with post.db.write() as tx:
        where = tx.add(community, code="c", name="c", last_issue=0, last_poll=0)
        group = tx.add(chat, community_id=where, channel="wire", external_id="g", name="议事会", post_channel="wire", post_address="g")
        outbox.to_chat(tx, chat_id=group, key="公告", text="公告", now=START, quiet=False)
    post.wire.refuse["公告"] = [ChannelError("errcode 93006", retryable=False, code=93006, shut=True) for _ in range(999)]
    post.run()
    post.run(3 * 86400 - 1200)
    with post.db.read() as tx:
        assert tx.scalar(select(table.c.state).where(table.c.key == "公告")) == "waiting"
    post.run(1800)
    with post.db.read() as tx:
        assert tx.scalar(select(table.c.state).where(table.c.key == "公告")) == "dead"
