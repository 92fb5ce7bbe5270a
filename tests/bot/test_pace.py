"""The pace of posts: in no window more than the limit, whoever sends and whatever falls over."""

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from bot.delivery import Delivery, RetryPolicy
from bot.message import TOO_OFTEN, Capabilities, ChannelError, Outgoing, Sent
from bot.pace import Pace
from models.base import Database
from models.tables import outbox as table
from services import outbox

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ABLE = Capabilities(False, False, True, True, 2048, 2048, 3, per_hour=10, per_day=25)


class Wire:
    """A channel that counts, and answers as told."""

    def __init__(self, able: Capabilities = ABLE) -> None:
        self.name = self.kind = "wire"
        self.capabilities = able
        self.sent: list[tuple[str, str]] = []
        self.refuse: dict[str, ChannelError] = {}

    def send(self, post: Outgoing) -> Sent:
        """Refuses once what it was told to refuse."""
        if error := self.refuse.pop(post.text, None):
            raise error
        self.sent.append((post.address, post.text))
        return Sent()


class Post:
    """A clock, a wire, and as many senders as wanted over one database and one Valkey."""

    def __init__(self, db: Database, redis: Any, senders: int = 1, able: Capabilities = ABLE):
        self.db, self.wire, self.now = db, Wire(able), START
        self.senders = [Delivery(db, {"wire": self.wire}, lambda: self.now, threads=1,  # type: ignore[dict-item]
                                 policy=RetryPolicy(attempts=9, first=1, factor=1), pace=Pace(redis)) for _ in range(senders)]

    def put(self, text: str, target: str = "chat:1", address: str = "a", weight: int = outbox.NEWS) -> None:
        """Queues one post."""
        with self.db.write() as tx:
            outbox.put(tx, key=text, community_id=None, channel="wire", target=target, address=address, text=text, at=self.now,
                       now=self.now, weight=weight)

    def run(self, seconds: float = 0) -> list[str]:
        """Lets time pass and sends what may go; returns what went out."""
        self.now += timedelta(seconds=seconds)
        before = len(self.wire.sent)
        while any(sender.run_once() for sender in self.senders):
            pass
        return [text for _, text in self.wire.sent[before:]]


def test_one_address_is_one_conversation_under_whatever_name(db: Database, redis: Redis) -> None:
    """A late answer and a group's news go to the same place."""
    post = Post(db, redis)
    for n in range(4):
        post.put(f"g{n}", "chat:1")
        post.put(f"l{n}", "late:2")
    assert len(post.run()) == 3 and len(post.run(30)) == 0 and len(post.run(31)) == 3


def test_hours_and_days_are_kept_too(db: Database, redis: Redis) -> None:
    """Ten an hour, twenty-five a day."""
    post = Post(db, redis)
    for n in range(40):
        post.put(f"n{n}")
    assert sum(len(post.run(61)) for _ in range(58)) == 10
    assert sum(len(post.run(61)) for _ in range(200)) == 15
    assert len(post.run(86400)) == 3


def test_a_danger_does_not_wait_behind_news_and_results_go_before_reminders(db: Database, redis: Redis) -> None:
    """The order among equals stays."""
    post = Post(db, redis)
    for text, weight in (("r1", outbox.REMINDER), ("n1", outbox.NEWS), ("n2", outbox.NEWS), ("result", outbox.RESULT),
                         ("danger", outbox.DANGER)):
        post.put(text, weight=weight)
    assert post.run() == ["danger", "result", "n1"] and post.run(61) == ["n2", "r1"]


def test_conversations_that_must_wait_hold_up_nobody(db: Database, redis: Redis) -> None:
    """However many there are."""
    post = Post(db, redis)
    for n in range(30):
        for k in range(4):
            post.put(f"{n}.{k}", f"chat:{n}", f"a{n}")
    assert len(post.run()) == 90
    post.put("fresh", "chat:99", "z")
    assert post.run(1) == ["fresh"]


def test_a_lost_answer_counts_and_a_refusal_does_not(db: Database, redis: Redis) -> None:
    """Nobody knows whether the first went out; the second certainly did not."""
    post = Post(db, redis)
    for text in ("lost", "no", "x", "y"):
        post.put(text)
    post.wire.refuse = {"lost": ChannelError("timeout", retryable=True, unknown=True)}
    post.run()
    assert post.run(2) == ["lost", "no"]  # with the lost one that is three
    assert post.run(30) == [] and post.run(31) == ["x", "y"]


def test_too_often_pauses_a_whole_account_where_the_quota_is_the_accounts(db: Database, redis: Redis) -> None:
    """The others burn no attempts meanwhile."""
    able = Capabilities(False, True, False, False, 2048, 2048, 3)
    post = Post(db, redis, able=able)
    for n in range(3):
        post.put(f"p{n}", f"identity:{n}", f"o{n}")
    post.wire.refuse = {"p0": ChannelError("too often", retryable=True, code=TOO_OFTEN, wait_s=1)}
    assert post.run() == ["p1"]  # which was on its way already
    with db.read() as tx:
        assert [row.attempts for row in tx.all(select(table.c.attempts).order_by(table.c.id))] == [1, 1, 0]
    assert post.run(0.5) == []
    redis.delete(*redis.keys("linyi:pause:*"))  # the pause is over
    assert sorted(post.run(2)) == ["p0", "p2"]


def test_what_the_platform_puts_off_again_and_again_is_asked_less_and_less_often(db: Database, redis: Redis) -> None:
    """A secret that nobody corrects for a day costs some dozens of questions, and the post goes out once it is right."""
    post, asked = Post(db, redis), 0
    post.put("x")
    for _ in range(24 * 60):
        post.wire.refuse = {"x": ChannelError("errcode 40001", retryable=True, code=40001, wait_s=60)}
        post.run(60)
        asked += not post.wire.refuse
    assert 20 < asked < 60
    post.wire.refuse = {}
    assert post.run(3600) == ["x"]


@pytest.mark.parametrize("seed", range(3))
def test_no_window_ever_holds_more_and_nothing_is_lost_or_doubled(db: Database, redis: Redis, seed: int) -> None:
    """Four senders at once, posts at random times; Valkey forgets everything once in the middle."""
    rng, post = random.Random(seed), Post(db, redis, senders=4)
    times: list[tuple[datetime, str]] = []
    seen = 0
    for step in range(60):
        for k in range(rng.randrange(3)):
            post.put(f"{step}.{k}", f"chat:{rng.randrange(2)}", "a" if rng.random() < 0.7 else "b")
        post.now += timedelta(seconds=rng.randrange(1, 40))
        threads = [threading.Thread(target=sender.run_once) for sender in post.senders]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        times += [(post.now, address) for address, _ in post.wire.sent[seen:]]
        seen = len(post.wire.sent)
    for at, address in times:
        within = [t for t, where in times if where == address and at - timedelta(seconds=60) < t <= at]
        assert len(within) <= 3
    sent = [text for _, text in post.wire.sent]
    assert len(sent) == len(set(sent))


def test_without_redis_each_group_still_keeps_its_rate(sqlite_db: Database) -> None:
    """The database counts; and Redis coming back doubles nothing, because both must agree."""
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError(name)

    post = Post(sqlite_db, Away())
    for n in range(6):
        post.put(f"n{n}")
    assert len(post.run()) == 3 and post.run(30) == [] and len(post.run(31)) == 3


def test_no_address_is_readable_in_redis(db: Database, redis: Redis) -> None:
    """It is a credential."""
    post = Post(db, redis)
    post.put("x", address="secret-webhook-key")
    post.run()
    assert not [key for key in redis.scan_iter() if "secret" in str(key)]
