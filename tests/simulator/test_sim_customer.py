"""Posts to a 客户群: a task on the owner's phone, confirmed, reminded, refused or carried by hand; real HTTP to the platform."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select
from werkzeug.serving import make_server

from bot.channels import Account, build
from bot.delivery import Delivery
from bot.message import ChannelError, Outgoing
from bot.tasks import Tasks
from domain.roles import Role
from models.base import Database
from models.tables import chat, community, forward, group_task, identity, outbox, person
from ops import seed
from ops.doctor_accounts import customer_group
from services import audit
from services import outbox as queue
from services.people import NOTICE_VERSION
from simulator.delivery import Pace
from simulator.server import create_app
from simulator.world import TASK_CHAT, Group, Person, SimAccount, World
from tests.simulator.stage import ROOT, Clock

WORLD_ = World("测试小区", (Person("周敏", "zhou", "oZhou", role="grid_worker", groups=("客户群", "业主群")),
                        Person("李叔", "lishu", "oLi", groups=("客户群", "业主群"))),
               (Group("客户群", "wr1", road="customer", owner="zhou"), Group("业主群", "wx1", road="hand")))
PAGE = "http://linyi.test/m/test/P1-0123456789ab"
ROAD = queue.Road(push_group=True, text_bytes=4000, images=False, link_beside=True, by_hand=True)


@dataclass
class Town:
    """Our delivery and follower on one side, the platform with the owner's phone on the other."""

    db: Database
    clock: Clock
    sim: Any
    phones: Any
    delivery: Delivery
    tasks: Tasks
    channel: Any
    chat_id: int
    account: Account

    def now(self) -> datetime:
        """The clock as our side reads it."""
        return datetime.fromtimestamp(self.clock.now, UTC)

    def post(self, key: str, text: str, url: str = PAGE) -> None:
        """Queues news for the group and sends what is due."""
        self.clock.now += 4  # within the platform's rate
        with self.db.write() as tx:
            queue.to_chat(tx, chat_id=self.chat_id, key=key, text=text, url=url, now=self.now(), quiet=False)
            audit.seal(tx)
        while self.delivery.run_once():
            pass

    def later(self, **time: float) -> None:
        """Time passes, and the follower looks."""
        self.clock.now += timedelta(**time).total_seconds()
        self.tasks.run_once()

    def shown(self, kind: str, where: str) -> list[str]:
        """What stands in a chat."""
        return [e["text"] for e in self.sim.feed.after(0) if e["type"] == kind and e["chat"] == where]

    def confirm(self, who: str = "周敏") -> Any:
        """Somebody presses 发送 on the newest task."""
        task = [e["id"] for e in self.sim.feed.after(0) if e["type"] == "card" and e["chat"] == TASK_CHAT][-1]
        return self.phones.post("/sim/tap", json={"person": who, "chat": TASK_CHAT, "task_id": task, "key": "send"})

    def rows(self, table: Any) -> list[Any]:
        """A whole table."""
        with self.db.read() as tx:
            return tx.all(select(table).order_by(table.c.id))


@pytest.fixture
def town(db: Database, redis: Redis, clock: Clock) -> Iterator[Town]:
    """A customer group whose owner is the grid worker."""
    clock.now = datetime(2027, 3, 2, 3, 0, tzinfo=UTC).timestamp()  # eleven in the morning there

    def now() -> datetime:
        return datetime.fromtimestamp(clock.now, UTC)

    platform = create_app(WORLD_, [SimAccount("customer_group", "customer", app_id="wwcorp", app_secret="s3cret")], clock=clock,
                          pace=Pace(cut_s=5, retry_wait_s=0), carriers=1)
    back = make_server("127.0.0.1", 0, platform, threaded=True)
    threading.Thread(target=back.serve_forever, args=(0.01,), daemon=True).start()
    seed.load(db, ROOT / "tests" / "chats" / "community.yaml", now=now())
    account = Account("customer", "customer_group", "test", f"http://127.0.0.1:{back.server_port}", app_id="wwcorp",
                      app_secret="s3cret")
    channel = build(account, redis=redis, clock=now)
    queue.configure({"customer": ROAD, "mp": queue.Road(push_person=True)}, queue.QUIET)
    with db.write() as tx:
        where = tx.scalar(select(community.c.id))
        keeper = tx.add(person, community_id=where, name="周敏", role=Role.GRID_WORKER, told_version=NOTICE_VERSION,
                        consent_version=NOTICE_VERSION, consented_at=now(), created_at=now())
        tx.add(identity, person_id=keeper, channel="mp", external_id="oZhou")
        chat_id = tx.add(chat, community_id=where, channel="customer", external_id="wr1", name="客户群", post_channel="customer",
                         post_address="zhou|wr1", keeper_id=keeper)
    channels = {"customer": channel}
    yield Town(db, clock, platform.extensions["simulation"], platform.test_client(), Delivery(db, channels, now, threads=1),
               Tasks(db, channels, now), channel, chat_id, account)
    platform.extensions["simulation"].close()
    back.shutdown()


def test_nothing_is_in_the_group_before_its_owner_confirms(town: Town) -> None:
    """Then the words are there with the link beside them, and we know."""
    town.post("poll:1:open", "投票 P1 开始了：要不要装电梯")
    assert town.shown("message", "客户群") == [] and [r.state for r in town.rows(group_task)] == ["waiting"]
    town.later(seconds=6)
    assert [r.state for r in town.rows(group_task)] == ["waiting"]
    assert town.confirm("李叔").status_code == 400  # not his
    assert town.confirm().status_code == 200 and town.confirm().status_code == 400  # once
    assert town.shown("message", "客户群") == [f"投票 P1 开始了：要不要装电梯\n[链接] 投票 P1 开始了：要不要装电梯：{PAGE}"]
    town.later(seconds=6)
    assert [r.state for r in town.rows(group_task)] == ["sent"]
    with town.db.read() as tx:
        assert audit.verify(tx).ok


def test_the_owner_is_reminded_twice_and_then_it_is_carried_by_hand(town: Town) -> None:
    """After two hours, on the next day; after three days the forward kit has it."""
    town.post("poll:1:open", "投票 P1 开始了")
    town.later(hours=1)
    assert not [r for r in town.rows(outbox) if "remind" in r.key]
    for hours, reminders in ((1.1, 1), (1, 1), (20, 2), (10, 2)):
        town.later(hours=hours)
        assert len([r for r in town.rows(outbox) if "remind" in r.key]) == reminders, hours
    assert len(town.shown("notice", TASK_CHAT)) == 2  # the platform reminded too
    town.later(hours=48)
    assert [r.state for r in town.rows(group_task)] == ["dead"]
    assert [(r.state, PAGE in r.text) for r in town.rows(forward)] == [("waiting", True)]


def test_a_refused_task_is_carried_by_hand_at_once(town: Town) -> None:
    """The group had as many as the month allows: the platform says so only after the owner has pressed."""
    for n in range(28):
        town.post(f"news:{n}", f"第 {n} 条", url="")
        town.confirm()
    for _ in range(2):  # twenty at a time
        town.later(seconds=6)
    assert {r.state for r in town.rows(group_task)} == {"sent"}
    town.post("news:28", "第二十九条", url="")
    town.confirm()
    town.later(seconds=6)
    assert [r.state for r in town.rows(group_task)][-1] == "refused" and len(town.rows(forward)) == 1


def test_the_test_of_the_connection_passes(town: Town) -> None:
    """What an admin tries from the console works against the simulated platform as against the real one."""
    assert [f.good for f in customer_group(town.account)] == [True, True]


def test_what_the_month_does_not_allow_is_not_even_tried(town: Town) -> None:
    """As many as the month has days; the next goes to the forward kit."""
    for n in range(32):
        town.post(f"news:{n}", f"第 {n} 条")
    assert len(town.rows(group_task)) == 31 and [r.key for r in town.rows(forward)] == ["news:31"]


def test_two_followers_ask_once_and_conclude_once(town: Town) -> None:
    """Whatever their timing."""
    town.post("poll:1:open", "投票 P1 开始了")
    town.clock.now += 3 * 86400 + 60
    followers = [Tasks(town.db, town.tasks.channels, town.now) for _ in range(2)]
    threads = [threading.Thread(target=f.run_once) for f in followers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(town.rows(forward)) == 1 and len([c for c in town.sim.calls.after(0) if "send_result" in c["path"]]) == 1


@pytest.mark.parametrize(("address", "text", "code"), [
    ("zhou|wrong", "x", 90501), ("wang|wr1", "x", 40003), ("|wr1", "x", 40058), ("zhou|wr1", "", 44004),
    ("zhou|wr1", "字" * 1400, 45002)])
def test_what_the_platform_would_not_take_is_named(town: Town, address: str, text: str, code: int) -> None:
    """A wrong group, somebody else's group, no owner, nothing to say, too much."""
    with pytest.raises(ChannelError) as refused:
        town.channel.send(Outgoing(address, "text", text=text, group=True))
    assert refused.value.code == code and not refused.value.retryable


def test_a_wrong_secret_and_a_busy_platform_lose_nothing(town: Town) -> None:
    """The post waits; when the platform is well again it goes out once."""
    town.phones.post("/sim/faults", json={"customer": {"errcode": -1, "times": 2}})
    town.post("poll:1:open", "投票 P1 开始了")
    assert town.rows(group_task) == [] and town.rows(outbox)[0].state == "waiting"
    for _ in range(4):
        town.clock.now += 60
        while town.delivery.run_once():
            pass
    assert len(town.rows(group_task)) == 1 and town.rows(outbox)[0].state == "sent"


def test_anybody_can_forward_what_they_see_into_a_group_of_theirs(town: Town) -> None:
    """That is how an ordinary group gets it."""
    seen = town.sim.feed.add("post", chat="公众号", person="周敏", text=f"投票 P1 开始了 {PAGE}")
    right = {"person": "周敏", "n": seen["n"], "to": "业主群"}
    assert town.phones.post("/sim/forward", json=right).status_code == 200
    assert town.shown("message", "业主群") == [f"投票 P1 开始了 {PAGE}"]
    for wrong in ({"to": "别的群"}, {"person": "李叔"}, {"n": 999}):
        assert town.phones.post("/sim/forward", json=right | wrong).status_code == 400
