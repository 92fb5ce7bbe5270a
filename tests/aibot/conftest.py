"""A bot on its own connection: our process on one end, the simulator's platform on the other, real databases."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis import Redis

import handlers  # noqa: F401 - registers every command
from bot.channels import Account, build
from bot.channels.wecom_aibot_ws import AibotSocketChannel
from bot.delivery import Delivery, RetryPolicy
from bot.dialogs import Dialogs
from bot.pipeline import Pipeline
from models.base import Database
from models.commit import GroupCommit
from ops import house, seed
from ops.aibot import Owner, Patience
from services import audit, outbox
from simulator.delivery import Pace
from simulator.server import create_app
from simulator.simulation import Saying, Simulation
from simulator.world import SimAccount, load_world
from texts import words
from understanding import trained

WORLD = "demo/community.yaml"
COUNCIL, BOT = "翠苑议事会", "小邻"
SWIFT = Patience(lease=3, renew=0.2, ask=0.1, first=0.05, longest=0.2, kicked=0.5, working=0.3, ping=0.2, ack=1)
CHANCE_S = 15.0
Event = dict[str, Any]


@dataclass
class Town:
    """The platform, and our processes that hold the bot's connection."""

    sim: Simulation
    db: Database
    redis: Redis
    client: Any
    running: list[tuple[Owner, threading.Thread, GroupCommit]] = field(default_factory=list)
    results: list[int] = field(default_factory=list)

    def channel(self, **changes: Any) -> AibotSocketChannel:
        """The bot's account, as configured."""
        facts = {"name": "aibot_ws", "kind": "wecom_aibot_ws", "community": "cuiyuan", "api_base": "http://127.0.0.1:9",
                 "app_id": "aib2", "app_secret": "s3cret", "bot_name": BOT, "socket_url": self.sim.socket.url}
        found = build(Account(**facts | changes), redis=None, clock=house.now)
        assert isinstance(found, AibotSocketChannel)
        return found

    def start(self, *, patience: Patience = SWIFT, sends: bool = True, name: str = "", **changes: Any) -> Owner:
        """One process of ours, in a thread."""
        channel, commit = self.channel(**changes), GroupCommit(self.db, audit.seal)
        delivery = Delivery(self.db, {"aibot_ws": channel} if sends else {}, house.now, policy=RetryPolicy(first=0.05, factor=1),
                            only="aibot_ws" if sends else "nobody")
        owner = Owner(self.db, channel, Pipeline(commit, Dialogs(self.redis), house.now), delivery, clock=house.now,
                      patience=patience, name=name)
        thread = threading.Thread(target=lambda: self.results.append(owner.run()), daemon=True)
        thread.start()
        self.running.append((owner, thread, commit))
        return owner

    def stop(self, owner: Owner) -> None:
        """Tells one process to end and waits for it."""
        owner.stop.set()
        thread = next(t for o, t, _ in self.running if o is owner)
        thread.join(CHANCE_S)
        assert not thread.is_alive()

    def connected(self) -> None:
        """Waits until the bot is subscribed."""
        until(lambda: self.sim.socket.connected(self.sim.accounts[-1]))

    def say(self, who: str, text: str, to: str = COUNCIL) -> str:
        """Somebody says something; gives its id."""
        heard_id, delivered = self.sim.say(Saying(who, to, text))
        assert delivered
        return heard_id

    def answer(self, heard_id: str) -> str:
        """The finished words of the bot to what was said."""
        found = self.sim.feed.wait_for(lambda e: e["type"] == "reply" and e.get("reply_to") == heard_id
                                       and not e["text"].startswith("正在处理"), wait_s=CHANCE_S)
        assert found is not None
        return str(found["text"])

    def ask(self, who: str, text: str, to: str = COUNCIL) -> str:
        """Says something and gives the answer."""
        return self.answer(self.say(who, text, to))

    def event(self, kind: str, after: int = 0, **facts: Any) -> Event:
        """Waits for something to appear on the phones."""
        found = self.sim.feed.wait_for(lambda e: e["type"] == kind and all(e.get(k) == v for k, v in facts.items()), after=after,
                                       wait_s=CHANCE_S)
        assert found is not None, f"{kind} {facts}"
        return found

    def tap(self, who: str, card: Event, key: str, *ids: str) -> None:
        """Somebody touches a card on their phone, by the address that phones use."""
        done = self.client.post("/sim/tap", json={"person": who, "chat": card["chat"], "task_id": card["id"], "key": key,
                                                  "selected": {"choice": list(ids)} if ids else {}})
        assert done.status_code == 200 and done.json["delivered"], done.json


def until(test: Callable[[], bool]) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + CHANCE_S
    gate = threading.Event()
    while not test():
        assert time.monotonic() < deadline, "it never came"
        gate.wait(0.01)


@pytest.fixture
def town(sqlite_db: Database, redis: Redis) -> Iterator[Town]:
    """The demo's community; nobody is connected yet."""
    words.load()
    trained.reader()
    seed.load(sqlite_db, WORLD, now=house.now(), consented=True)
    bot = AibotSocketChannel.capabilities
    outbox.configure({"aibot_ws": outbox.Road(bot.push_person, bot.push_group, bot.cards, bot.links, bot.push_bytes,
                                              heard_once=True, images=bot.images)}, outbox.QUIET)
    accounts = [SimAccount("wecom_aibot_ws", "aibot_ws", app_id="aib2", app_secret="s3cret", bot_name=BOT)]
    app = create_app(load_world(WORLD), accounts, socket_port=0, pace=Pace(retry_wait_s=0), carriers=1)
    found = Town(app.extensions["simulation"], sqlite_db, redis, app.test_client())
    yield found
    for owner, thread, commit in found.running:
        owner.stop.set()
        thread.join(CHANCE_S)
        commit.close()
    found.sim.close()
