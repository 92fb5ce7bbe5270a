"""`python app.py aibot`: holds the connections of the bots that have no callback address, and hears and sends over them.

One process owns a bot, by a lease; a second one waits until the first is gone. The platform allows one connection, and
two processes that both insist would throw each other out for ever.
"""

import logging
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

from sqlalchemy.exc import OperationalError

from bot.channels.aibot_socket import Denied, Frame, Kicked, Line, Lost, dial
from bot.channels.wecom_aibot_ws import AibotSocketChannel
from bot.config import ConfigError, load
from bot.delivery import Delivery
from bot.message import ChannelError, Message, WireError
from bot.pipeline import Pipeline
from models.base import Database, TransactionLost
from ops import house, valkey
from ops.serve import ready
from services import leases, outbox
from texts import words
from texts.say import say
from understanding import trained

log = logging.getLogger(__name__)
THREADS = 16  # messages in hand at the same time; most of them wait for a commit


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what; seconds."""

    lease: float = 30
    renew: float = 10
    ask: float = 5  # while another process has the lease
    first: float = 1  # before connecting anew; doubles up to `longest`, always with some chance in it
    longest: float = 60
    kicked: float = 300  # after somebody else connected as this bot: a person should look first
    working: float = 2  # before "in hand" is shown
    ping: float = 30
    ack: float = 5
    steady: float = 60  # a connection that lasted so long was a good one: the next pause is short again


class Owner:
    """Keeps one bot connected for as long as the lease is ours."""

    def __init__(self, db: Database, channel: AibotSocketChannel, pipeline: Pipeline, delivery: Delivery, *,
                 clock: Callable[[], datetime], patience: Patience | None = None, name: str = ""):
        self.db, self.channel, self.pipeline, self.delivery, self.clock = db, channel, pipeline, delivery, clock
        self.patience = patience or Patience()
        self.name = (name or f"{socket.gethostname()[:40]}:{os.getpid()}:{random.getrandbits(24):06x}")[:64]
        self.stop, self._news, self._quiet = threading.Event(), threading.Event(), threading.Event()
        self._renew_at, self._sure_until, self._mine = 0.0, 0.0, False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"hear-{channel.name}")

    def run(self) -> int:
        """Until it is told to stop; 1 when the platform does not accept the bot."""
        sender = threading.Thread(target=self._send, name=f"send-{self.channel.name}", daemon=True)
        sender.start()
        try:
            return self._keep_connected()
        finally:
            self.stop.set()
            self._pool.shutdown(wait=True)  # what was heard is answered or on record before we go
            self._quiet.set()
            self._news.set()
            sender.join(self.patience.ack + 5)
            self._hang_up()
            self._release()

    def _keep_connected(self) -> int:
        failures = 0
        while not self.stop.is_set():
            if not self._own():
                self.stop.wait(self.patience.ask)
                continue
            began = time.monotonic()
            try:
                self._connect()
                self.channel.line.listen(self._heard, self._still_ours)  # type: ignore[union-attr]
            except Denied as error:
                log.error("aibot %s: bot id or secret not accepted (%s); check app_id and the secret", self.channel.name, error)
                return 1
            except Kicked:
                log.error("aibot %s: another connection took over; is the bot used elsewhere? waiting %.0f s",
                          self.channel.name, self.patience.kicked)
                self._hang_up()
                self._pause(self.patience.kicked)
            except Lost as error:
                failures = 1 if time.monotonic() - began > self.patience.steady else failures + 1
                log.warning("aibot %s: %s", self.channel.name, error)
                self._hang_up()
                self._pause(min(self.patience.longest, self.patience.first * 2 ** (failures - 1)) * random.uniform(0.5, 1))
            else:
                if not self.stop.is_set():  # the lease went to somebody else
                    self._hang_up()
        return 0

    def _connect(self) -> None:
        account = self.channel.account
        self.channel.line = dial(account.socket_url, account.app_id, account.app_secret, ping_s=self.patience.ping,
                                 ack_s=self.patience.ack)
        log.info("aibot %s: connected", self.channel.name)
        self._news.set()

    def _hang_up(self) -> None:
        line: Line | None = self.channel.line
        self.channel.line = None
        if line is not None:
            line.close()

    def _pause(self, seconds: float) -> None:
        """Waits, and keeps the lease meanwhile."""
        until = time.monotonic() + seconds
        while not self.stop.is_set() and (left := until - time.monotonic()) > 0:
            self._still_ours()
            self.stop.wait(min(left, 1))

    def _own(self) -> bool:
        self._renew_at = 0.0
        return self._still_ours()

    def _still_ours(self) -> bool:
        """True while this process shall go on; renews the lease when it is time."""
        if self.stop.is_set():
            return False
        if time.monotonic() >= self._renew_at:
            asked = time.monotonic()
            try:
                with self.db.write() as tx:
                    self._mine = leases.take(tx, f"aibot:{self.channel.name}", self.name, now=self.clock(),
                                             lasts=timedelta(seconds=self.patience.lease))
                self._sure_until = asked + self.patience.lease
            except (OperationalError, TransactionLost) as error:  # what we have is ours until its end
                log.warning("aibot %s: the lease could not be renewed: %s", self.channel.name, type(error).__name__)
                self._mine = self._mine and asked < self._sure_until - self.patience.renew
            self._renew_at = time.monotonic() + self.patience.renew
        return self._mine

    def _release(self) -> None:
        with self.db.write() as tx:
            leases.release(tx, f"aibot:{self.channel.name}", self.name)

    def _heard(self, frame: Frame) -> None:
        self._pool.submit(self._handle, frame)

    def _handle(self, frame: Frame) -> None:
        try:
            message = self.channel.read(frame, now=self.clock())
        except WireError as error:
            log.warning("aibot %s: a frame that cannot be read: %s", self.channel.name, error.reason)
            return
        if message is None:
            return
        slow = threading.Timer(self.patience.working, self._working, (message,))
        slow.daemon = True
        slow.start()
        try:
            for pause in (0.5, 2.0, 0.0):  # the platform does not send it again, so we try again ourselves
                if self.pipeline.hear(self.channel, message) is not None:
                    self._open(message)
                    break
                self.stop.wait(pause)
            else:
                log.error("aibot %s: message %s could not be recorded", self.channel.name, message.external_id)
        except Exception as error:
            log.error("aibot %s: message %s broke: %s", self.channel.name, message.external_id, type(error).__name__)
        finally:
            slow.cancel()
            self._news.set()

    def _open(self, message: Message) -> None:
        if self.channel.opened(message):
            with self.db.write() as tx:
                outbox.wake(tx, channel=self.channel.name, external_id=message.chat or "", now=self.clock())

    def _working(self, message: Message) -> None:
        try:
            self.channel.working(message, say("aibot.working"))
        except ChannelError:
            log.info("aibot %s: nobody could be told to wait", self.channel.name)

    def _send(self) -> None:
        """Sends what is due: at once when something was heard, else every half second; only while connected."""
        last = False
        while not last:
            last = self._quiet.is_set()  # one more look after the last message
            self._news.wait(0.5)
            self._news.clear()
            try:
                while self.channel.line is not None and self.delivery.run_once():
                    pass
            except Exception as error:
                log.error("aibot %s: sending broke: %s", self.channel.name, type(error).__name__)


def run(account: str = "") -> int:
    """Runs the bots that are connected by WebSocket, all of them or one."""
    settings = load(house.settings_path())
    ready(settings)
    names = [c.name for c in settings.channels if c.kind == AibotSocketChannel.kind and account in ("", c.name)]
    if not names:
        raise ConfigError(f"config.yaml 里没有 kind 为 {AibotSocketChannel.kind} 的账号{f' {account}' if account else ''}")
    embedded = None if settings.redis_url() else valkey.ensure(settings.redis.folder)
    words.load()
    trained.use(house.data_folder(settings) / "models")
    trained.reader()
    built = house.build(settings)
    pipeline = built.pipeline()
    owners = [Owner(built.db, channel, pipeline, built.delivery(only=name), clock=house.now)
              for name in names if isinstance(channel := built.channels[name], AibotSocketChannel)]

    def end(_signal: int, _frame: FrameType | None) -> None:
        for owner in owners:
            owner.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        with ThreadPoolExecutor(len(owners)) as pool:
            return max(pool.map(Owner.run, owners))
    finally:
        built.db.close()
        if embedded is not None:
            embedded.stop()
