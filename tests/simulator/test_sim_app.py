"""A whole vote by cards of a 自建应用: our app on one side, the simulated platform on the other, real HTTP between them."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from werkzeug.serving import make_server

import handlers  # noqa: F401 - registers every command
from bot.channels import Account, build
from bot.channels.http import wire_blueprint
from bot.delivery import Delivery
from bot.dialogs import Dialogs
from bot.pipeline import Pipeline
from domain.roles import Role
from models.base import Database
from models.commit import GroupCommit
from models.tables import ballot, card_sent, community, identity, outbox, person, poll
from ops import seed
from services import audit, cards, people, polls
from services import outbox as queue
from services.people import NOTICE_VERSION
from simulator.delivery import Pace
from simulator.server import create_app
from simulator.world import APP_CHAT, SimAccount
from tests.simulator.stage import KEY, ROOT, WORLD, Clock


@dataclass
class Town:
    """Both sides, and the clock they share."""

    db: Database
    clock: Clock
    sim: Any
    phones: Any  # HTTP to the simulator
    delivery: Delivery
    channel: Any

    def now(self) -> datetime:
        """The clock as our side reads it."""
        return datetime.fromtimestamp(self.clock.now, UTC)

    def deliver(self) -> None:
        """Sends what is due."""
        while self.delivery.run_once():
            pass

    def card(self, name: str) -> Any:
        """The newest card on somebody's phone."""
        shown = [e for e in self.sim.feed.after(0) if e["type"] in ("card", "card_update") and e["person"] == name]
        return shown[-1] if shown else None

    def tap(self, name: str, *options: str) -> Any:
        """Somebody touches their card; gives what the phone shows next."""
        last, task = self.sim.feed.last, self.card(name)["id"]
        answer = self.phones.post("/sim/tap", json={
            "person": name, "chat": APP_CHAT, "task_id": task, "key": "P1", "selected": {"choice": list(options)}})
        assert answer.status_code == 200, answer.get_json()
        assert self.sim.delivery.idle()
        return self.sim.feed.after(last)

    def say(self, name: str, text: str) -> str:
        """Somebody types to the app; gives the answer."""
        last = self.sim.feed.last
        self.phones.post("/sim/say", json={"person": name, "to": APP_CHAT, "text": text})
        assert self.sim.delivery.idle()
        return "".join(e["text"] for e in self.sim.feed.after(last) if e["type"] == "reply")

    def ballots(self) -> list[str]:
        """Every ballot as it stands."""
        with self.db.read() as tx:
            return [row.choice for row in tx.all(select(ballot.c.choice).order_by(ballot.c.id))]

    def rows(self, table: Any) -> list[Any]:
        """A whole table."""
        with self.db.read() as tx:
            return tx.all(select(table).order_by(table.c.id))


def _people(db: Database, now: datetime, told: int) -> None:
    with db.write() as tx:
        where = tx.scalar(select(community.c.id))
        for name, userid, role in (("周敏", "zhou", Role.GRID_WORKER), ("王阿姨", "wang", Role.RESIDENT),
                                   ("小何", "xiaohe", Role.RESIDENT)):
            known = told if role == Role.RESIDENT else NOTICE_VERSION
            made = tx.add(person, community_id=where, name=name, role=role, told_version=known, consent_version=NOTICE_VERSION,
                          consented_at=now, created_at=now)
            tx.add(identity, person_id=made, channel="app", external_id=userid)


@pytest.fixture
def told() -> int:
    """Which privacy notice residents have read; tests override it."""
    return NOTICE_VERSION


@pytest.fixture
def town(db: Database, redis: Redis, clock: Clock, told: int) -> Iterator[Town]:
    """A community with one app, whose poll P1 has gone to a resident as a card."""
    def now() -> datetime:
        return datetime.fromtimestamp(clock.now, UTC)

    ours = Flask("ours")
    front = make_server("127.0.0.1", 0, ours, threaded=True)
    sim_account = SimAccount("wecom_app", "app", f"http://127.0.0.1:{front.server_port}/wire/app", "tok", KEY, "wwcorp", "s3cret",
                             agent_id="218")
    platform = create_app(WORLD, [sim_account], clock=clock, pace=Pace(cut_s=5, retry_wait_s=0), carriers=2)
    back = make_server("127.0.0.1", 0, platform, threaded=True)
    seed.load(db, ROOT / "tests" / "chats" / "community.yaml", now=now())
    with db.read() as tx:
        code = str(tx.scalar(select(community.c.code)))
    account = Account("app", "wecom_app", code, f"http://127.0.0.1:{back.server_port}", "tok", KEY, "", "wwcorp", "s3cret",
                      agent_id="218")
    channel = build(account, redis=redis, clock=now)
    queue.configure({"app": queue.Road(True, True, True, False)}, queue.QUIET)
    commit = GroupCommit(db, audit.seal)
    ours.register_blueprint(wire_blueprint({"app": channel}, Pipeline(commit, Dialogs(redis), now).hear, clock=now))
    for server in (front, back):
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    _people(db, now(), told)
    town = Town(db, clock, platform.extensions["simulation"], platform.test_client(),
                Delivery(db, {"app": channel}, now, threads=1), channel)
    _open(town)
    yield town
    town.sim.close()
    for server in (front, back):
        server.shutdown()
    commit.close()


def _open(town: Town) -> None:
    with town.db.write() as tx:
        staff = people.resolve(tx, channel="app", sender="zhou", community_code=town.channel.community, now=town.now())
        draft = polls.Draft("要不要装电梯", ("同意", "反对"), town.now() + timedelta(days=1))
        polls.open_poll(tx, staff, draft, chat_id=None, now=town.now())
        polls.remind(tx, staff, number=1, now=town.now())
        audit.seal(tx)
    town.deliver()


def _end(town: Town, how: Any) -> None:
    with town.db.write() as tx:
        staff = people.resolve(tx, channel="app", sender="zhou", community_code=town.channel.community, now=town.now())
        how(tx, staff, number=1, reason="已有结果", now=town.now())
        audit.seal(tx)


def checked(event: Any) -> list[str]:
    """The options with a mark."""
    return [o["id"] for o in event["card"]["checkbox"]["option_list"] if o["is_checked"]]


def test_a_poll_by_card_by_words_and_to_its_end(town: Town) -> None:
    """A tap is a ballot, another one changes it, words are the same ballot, and after the end nothing can be touched."""
    assert town.card("王阿姨")["type"] == "card" and checked(town.card("王阿姨")) == []
    (shown,) = town.tap("王阿姨", "1")
    assert (shown["type"], checked(shown), shown["person"]) == ("card_update", ["1"], "王阿姨")
    assert "已记下：同意" in shown["card"]["main_title"]["desc"] and town.ballots() == ["0"]
    assert checked(town.tap("王阿姨", "2")[0]) == ["2"] and town.ballots() == ["1"]
    assert "改好了：同意" in town.say("王阿姨", "P1 同意") and town.ballots() == ["0"]
    _end(town, polls.close_early)
    town.deliver()
    over = town.card("王阿姨")
    assert over["type"] == "card_update" and over["card"]["checkbox"]["disable"] and over["card"]["replace_text"] == "已结束"
    assert town.phones.post("/sim/tap", json={
        "person": "王阿姨", "chat": APP_CHAT, "task_id": over["id"], "key": "P1", "selected": {"choice": ["2"]}}).status_code == 400
    assert town.ballots() == ["0"]


def test_a_voided_poll_takes_its_cards_back_once_for_each_phone(town: Town) -> None:
    """The newest code is used; all of them are marked, and nothing is queued twice."""
    town.tap("王阿姨", "1")
    assert len(town.rows(card_sent)) == 3  # two phones, and the touch of one
    _end(town, polls.void)
    assert all(row.used_at for row in town.rows(card_sent))
    queued = [row for row in town.rows(outbox) if row.kind == "update"]
    assert [row.state for row in queued] == ["waiting", "waiting"] and not any(row.quiet for row in queued)
    town.deliver()
    assert {row.state for row in town.rows(outbox) if row.kind == "update"} == {"sent"}
    for name in ("王阿姨", "小何"):
        assert town.card(name)["card"]["replace_text"] == "已作废"


def test_a_code_older_than_three_days_is_not_tried(town: Town) -> None:
    """The platform would refuse it."""
    with town.db.write() as tx:
        tx.execute(card_sent.update().values(at=town.now() - timedelta(hours=72)))
    _end(town, polls.void)
    assert not [row for row in town.rows(outbox) if row.kind == "update"]


def test_a_card_that_still_waits_goes_out_as_it_is_by_then(town: Town) -> None:
    """A reminder held back until after the end offers nothing to touch; another poll's is left alone."""
    with town.db.write() as tx:
        for number in (1, 12):
            facts = cards.poll(tx, tx.first(select(poll))).pack() | {"about": f"poll-{number}"}
            tx.add(outbox, key=f"poll:{number}:remind:late", channel="app", target="identity:9", address="wang", kind="card",
                   text="", facts=facts, state="waiting", attempts=0, next_at=town.now(), created_at=town.now())
    _end(town, polls.void)
    waiting = {row.key: row.facts["closed"] for row in town.rows(outbox) if row.kind == "card" and row.state == "waiting"}
    assert waiting == {"poll:1:remind:late": "已作废", "poll:12:remind:late": ""}


def test_a_tap_is_on_record_before_its_answer_and_a_repeat_changes_nothing(town: Town) -> None:
    """The platform loses our answer and asks again: one ballot, one more code, the same card."""
    town.sim.faults.change({"cut_after_accept": 1})
    (shown,) = town.tap("王阿姨", "1")
    assert [d["problem"] for d in town.sim.deliveries.after(0)][-2:] == ["cut after accept", ""]
    assert checked(shown) == ["1"] and town.ballots() == ["0"] and len(town.rows(card_sent)) == 3


def test_a_tap_after_the_end_tells_on_the_card_why_it_came_too_late(town: Town) -> None:
    """The card had not been changed yet."""
    _end(town, polls.close_early)
    (shown,) = town.tap("王阿姨", "1")
    assert shown["card"]["checkbox"]["disable"] and shown["card"]["submit_button"]["text"] == "已结束" and town.ballots() == []


@pytest.mark.parametrize("told", [0])
def test_the_privacy_notice_comes_apart_because_the_card_has_no_room_for_it(town: Town) -> None:
    """Told once, by a message of its own."""
    town.tap("王阿姨", "1")
    last = town.sim.feed.last
    town.deliver()
    (notice,) = town.sim.feed.after(last)
    assert (notice["type"], notice["chat"], notice["person"]) == ("post", APP_CHAT, "王阿姨") and "删除我的数据" in notice["text"]
    town.tap("王阿姨", "2")
    last = town.sim.feed.last
    town.deliver()
    assert town.sim.feed.after(last) == []


def test_no_code_is_readable_in_the_database(town: Town) -> None:
    """A response_code is a credential: sealed where it waits, and in no message that is kept."""
    town.tap("王阿姨", "1")
    codes = [row.code for row in town.rows(card_sent)]
    _end(town, polls.void)
    with town.db.read() as tx:
        raw = " ".join(str(row) for name in ("card_sent", "outbox", "message", "audit")
                       for row in tx.connection.exec_driver_sql(f"SELECT * FROM {name}"))
    assert codes and not [code for code in codes if code in raw]


def test_the_address_is_verified_and_other_apps_are_not_heard(town: Town) -> None:
    """The console's check of the callback address passes; nobody is heard under another agent."""
    account = town.sim.accounts[0]
    assert town.sim.delivery.verify_url(account)
    assert not town.sim.delivery.verify_url(replace(account, token="other"))
    assert "您好" in town.say("王阿姨", "你好") or town.say("王阿姨", "帮助")
