"""One connection to the platform's WebSocket: frames out and their acknowledgements, frames in, heartbeat; no meaning."""

import json
import logging
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.message import TOO_OFTEN, ChannelError

Frame = dict[str, Any]
_QUIET = logging.getLogger("linyi.aibot.frames")  # the library would log whole frames: words, and the secret of the bot
_QUIET.setLevel(logging.WARNING)
CALLBACKS = ("aibot_msg_callback", "aibot_event_callback")
PING_S, MISSED_MOST, ACK_S = 30.0, 2, 5.0
TICK_S = 0.2


class Lost(Exception):
    """The connection is gone, or could not be made."""


class Kicked(Exception):
    """A newer connection of the same bot took over."""


class Denied(Exception):
    """The platform does not accept the bot's id and secret."""


class Line:
    """A connection that is subscribed; made by `dial`, lives until `listen` raises or is told to stop."""

    def __init__(self, wire: ClientConnection, *, ping_s: float = PING_S, ack_s: float = ACK_S):
        self._wire, self._ping_s, self._ack_s = wire, ping_s, ack_s
        self._waiting: defaultdict[str, deque[Future[Frame]]] = defaultdict(deque)
        self._lock, self._open = threading.Lock(), True
        self._missed, self._next_ping = 0, time.monotonic() + ping_s

    def request(self, cmd: str, body: Frame | None = None, req_id: str = "") -> Frame:
        """Sends a frame and gives its acknowledgement; ChannelError when there is none, unknown if it may have arrived."""
        waiting = self.post(cmd, body, req_id)
        try:
            return waiting.result(self._ack_s)
        except NoAnswer:
            raise ChannelError("no acknowledgement", retryable=True, unknown=True) from None

    def post(self, cmd: str, body: Frame | None = None, req_id: str = "") -> "Future[Frame]":
        """Sends a frame without waiting for its acknowledgement."""
        req_id = req_id or f"{cmd}_{secrets.token_hex(12)}"
        frame = {"cmd": cmd, "headers": {"req_id": req_id}} | ({"body": body} if body is not None else {})
        answer: Future[Frame] = Future()
        with self._lock:  # acknowledgements of one req_id come in the order of its frames
            if not self._open:
                raise ChannelError("not connected", retryable=True)
            self._waiting[req_id].append(answer)
            try:
                self._wire.send(json.dumps(frame, ensure_ascii=False))
            except ConnectionClosed:
                self._waiting[req_id].remove(answer)
                raise ChannelError("the connection was lost", retryable=True) from None
        return answer

    def subscribe(self, bot_id: str, secret: str) -> None:
        """Says who we are; the answer is read here, before anybody listens."""
        answer = self.post("aibot_subscribe", {"bot_id": bot_id, "secret": secret})
        until = time.monotonic() + self._ack_s
        while not answer.done():
            if time.monotonic() > until:
                raise Lost("no answer to the subscription")
            self._read(lambda frame: None)
        code = answer.result().get("errcode")
        if code in (TOO_OFTEN, -1):
            raise Lost(f"subscription refused for now: {code}")
        if code != 0:
            raise Denied(f"errcode {code}")

    def listen(self, hear: Callable[[Frame], None], tick: Callable[[], bool]) -> None:
        """Reads frames until `tick` says no; raises Lost or Kicked."""
        while tick():
            self._beat()
            self._read(hear)

    def close(self) -> None:
        """Ends the connection; what waits for an acknowledgement learns that nobody knows."""
        with self._lock:
            self._open = False
            left = [each for queue in self._waiting.values() for each in queue]
            self._waiting.clear()
        for each in left:
            each.set_exception(ChannelError("the connection was lost", retryable=True, unknown=True))
        self._wire.close()

    def _read(self, hear: Callable[[Frame], None]) -> None:
        try:
            frame = json.loads(self._wire.recv(timeout=TICK_S))
        except TimeoutError:
            return
        except ConnectionClosed:
            raise Lost("closed by the platform") from None
        except ValueError:
            return  # not for us to judge; the connection stays
        if not isinstance(frame, dict) or not isinstance(frame.get("headers"), dict):
            return
        if frame.get("cmd") in CALLBACKS:
            if _event_of(frame) == "disconnected_event":
                raise Kicked("a newer connection took over")
            hear(frame)
            return
        with self._lock:
            queue = self._waiting.get(str(frame["headers"].get("req_id")))
            answer = queue.popleft() if queue else None
            if queue is not None and not queue:
                del self._waiting[str(frame["headers"]["req_id"])]
        if answer is not None:
            answer.set_result(frame)

    def _beat(self) -> None:
        if time.monotonic() < self._next_ping:
            return
        if self._missed >= MISSED_MOST:
            raise Lost("two heartbeats without an answer")
        self._missed, self._next_ping = self._missed + 1, time.monotonic() + self._ping_s
        try:
            self.post("ping").add_done_callback(self._alive)
        except ChannelError:
            raise Lost("closed by the platform") from None

    def _alive(self, answer: "Future[Frame]") -> None:
        if answer.exception() is None:
            self._missed = 0


def dial(url: str, bot_id: str, secret: str, *, ping_s: float = PING_S, ack_s: float = ACK_S) -> Line:
    """Connects and subscribes; Lost when it is worth another try, Denied when it is not."""
    try:
        # the platform has a heartbeat of its own in JSON; frames of the WebSocket protocol are not counted on
        wire = connect(url, open_timeout=10, close_timeout=2, ping_interval=None, max_size=1 << 20, logger=_QUIET)
    except (OSError, InvalidURI, WebSocketException, TimeoutError) as error:
        raise Lost(f"cannot connect: {type(error).__name__}") from None
    line = Line(wire, ping_s=ping_s, ack_s=ack_s)
    try:
        line.subscribe(bot_id, secret)
    except (Lost, Denied, Kicked):
        line.close()
        raise
    except ChannelError:
        line.close()
        raise Lost("closed by the platform") from None
    return line


def _event_of(frame: Frame) -> Any:
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return event.get("eventtype") if isinstance(event, dict) else None
