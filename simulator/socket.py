"""The platform's WebSocket for 智能机器人: subscription, callbacks, answers, pushes and their limits."""

import contextlib
import json
import logging
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from simulator.limits import SlidingWindow
from simulator.packets import Heard, aibot_packet
from simulator.socket_codes import SAYINGS, No, words_of
from simulator.socket_media import Uploads
from simulator.template import BadCard
from simulator.world import SimAccount

if TYPE_CHECKING:
    from simulator.simulation import Simulation, Talk

Frame = dict[str, Any]
_QUIET = logging.getLogger("simulator.frames")  # no secret in a log, on this side either
_QUIET.setLevel(logging.WARNING)
A_MINUTE, AN_HOUR = 30, 1000
REPLY_LIFE_S, STREAM_LIFE_S, SOON_S = 24 * 3600, 360, 5


@dataclass(slots=True)
class Asked:
    """One callback that may be answered: what it was about, and since when."""

    talk: "Talk"
    kind: str  # msg | welcome | update
    at: float
    account: SimAccount
    task_id: str = ""
    streams: dict[str, bool] = field(default_factory=dict)  # id -> finished


class BotSocket:
    """All connections of bots; a newer one of the same bot throws the older out."""

    def __init__(self, sim: "Simulation") -> None:
        self.sim, self.url = sim, ""
        self._lock = threading.RLock()
        self._lines: dict[str, ServerConnection] = {}  # bot id -> its connection
        self._asked: dict[str, Asked] = {}
        self._spoken: set[tuple[str, str]] = set()  # (account, conversation) that has spoken to the bot
        self._minute, self._hour = SlidingWindow(A_MINUTE, 60), SlidingWindow(AN_HOUR, 3600)
        self._uploads = Uploads(sim.clock)
        self._server: Server | None = None

    def listen(self, host: str, port: int) -> int:
        """Starts to listen and gives the port."""
        self._server = serve(self._serve, host, port, ping_interval=None, max_size=1 << 20, logger=_QUIET)
        threading.Thread(target=self._server.serve_forever, name="socket", daemon=True).start()
        found = int(self._server.socket.getsockname()[1])
        self.url = f"ws://{host}:{found}"
        return found

    def close(self) -> None:
        """Stops listening and hangs up."""
        if self._server is not None:
            self._server.shutdown()
        self.drop()

    def drop(self) -> None:
        """Cuts every connection, as bad weather does."""
        with self._lock:
            lines = list(self._lines.values())
            self._lines.clear()
        for line in lines:
            with contextlib.suppress(OSError):
                line.socket.shutdown(socket.SHUT_RDWR)

    def connected(self, account: SimAccount) -> bool:
        """True while the bot is subscribed."""
        with self._lock:
            return account.app_id in self._lines

    def call(self, account: SimAccount, heard: Heard, talk: "Talk") -> bool:
        """Delivers a message or an event, once; False when the bot is not connected."""
        kind = "update" if heard.tap else "welcome" if heard.event else "msg"
        req_id = secrets.token_hex(16)
        with self._lock:
            line = self._lines.get(account.app_id)
            self._spoken.add((account.name, heard.chatid or heard.sender))
            self._asked[req_id] = Asked(talk, kind, self.sim.clock(), account, str((heard.tap or {}).get("task_id", "")))
        cmd = "aibot_event_callback" if heard.event else "aibot_msg_callback"
        packet = {key: value for key, value in aibot_packet(account, heard).items() if key != "response_url"}
        return line is not None and _tell(line, {"cmd": cmd, "headers": {"req_id": req_id}, "body": packet})

    def _serve(self, line: ServerConnection) -> None:
        account: SimAccount | None = None
        try:
            for raw in line:
                frame = json.loads(raw)
                code, facts = 0, {}
                try:
                    if frame["cmd"] == "aibot_subscribe":
                        account = self._subscribe(line, frame.get("body") or {})
                    elif account is None:
                        raise No(853000)
                    else:
                        facts = self._work(account, frame)
                except No as no:
                    code = no.code
                self._record(account, frame, code)
                if not self.sim.faults.flag("socket_deaf"):
                    _tell(line, {"headers": frame["headers"], "errcode": code, "errmsg": SAYINGS.get(code, "error"), **facts})
        except (ConnectionClosed, ValueError, KeyError, TypeError):
            pass
        finally:
            with self._lock:
                if account is not None and self._lines.get(account.app_id) is line:
                    del self._lines[account.app_id]

    def _record(self, account: SimAccount | None, frame: Frame, code: int) -> None:
        body = {key: value for key, value in (frame.get("body") or {}).items() if key not in ("secret", "base64_data")}
        self.sim.calls.add(endpoint="socket", path=frame["cmd"], body=body, errcode=code, status=200, lost=False,
                           account=account.name if account else "")

    def _subscribe(self, line: ServerConnection, body: Frame) -> SimAccount:
        account = next((a for a in self.sim.accounts if a.kind == "wecom_aibot_ws" and a.app_id == body.get("bot_id")), None)
        if account is None or body.get("secret") != account.app_secret:
            raise No(853000)
        with self._lock:
            older = self._lines.get(account.app_id)
            self._lines[account.app_id] = line
        if older is not None and older is not line:
            _tell(older, {"cmd": "aibot_event_callback", "headers": {"req_id": secrets.token_hex(16)},
                          "body": {"msgid": secrets.token_hex(8), "aibotid": account.app_id, "create_time": int(self.sim.clock()),
                                   "msgtype": "event", "event": {"eventtype": "disconnected_event"}}})
            older.close()
        return account

    def _work(self, account: SimAccount, frame: Frame) -> Frame:
        work: dict[str, Callable[[SimAccount, str, Frame], None]] = {
            "aibot_respond_msg": self._respond, "aibot_respond_welcome_msg": self._welcome,
            "aibot_respond_update_msg": self._update, "aibot_send_msg": self._push}
        if frame["cmd"] == "ping":
            return {}
        step = str(frame["cmd"]).removeprefix("aibot_upload_media_")
        if frame["cmd"] not in work and step not in ("init", "chunk", "finish"):
            raise No(40058)
        hit = self.sim.faults.hit("socket")
        if hit and not hit.lost:
            raise No(hit.errcode or -1)
        if frame["cmd"] not in work:
            return {"body": self._uploads.take(account.name, step, frame.get("body") or {})}
        work[frame["cmd"]](account, str(frame["headers"]["req_id"]), frame.get("body") or {})
        if hit and hit.lost:
            self.drop()
        return {}

    def _question(self, account: SimAccount, req_id: str, kind: str, life_s: float) -> Asked:
        asked = self._asked.get(req_id)
        if asked is None or asked.account is not account or asked.kind != kind or self.sim.clock() - asked.at > life_s:
            raise No(846605)
        return asked

    def _respond(self, account: SimAccount, req_id: str, body: Frame) -> None:
        asked = self._question(account, req_id, "msg", REPLY_LIFE_S)
        kind = body.get("msgtype")
        if kind not in ("stream", "stream_with_template_card", "template_card", "markdown"):
            raise No(40008)
        stream = body.get("stream") or {}
        stream_id = str(stream.get("id", ""))
        known = stream_id in asked.streams
        old = known and self.sim.clock() - asked.at > STREAM_LIFE_S
        if kind.startswith("stream") and (not stream_id or asked.streams.get(stream_id) or old):
            raise No(846608 if known else 40058)
        if not known:
            self._count(account, asked.talk.place)
        words = words_of(stream if kind.startswith("stream") else body.get("markdown")) if kind != "template_card" else ""
        if kind.startswith("stream"):
            asked.streams[stream_id] = stream.get("finish") is True
        if words:
            self.sim.reply(asked.talk, words, stream=f"{req_id}:{stream_id}" if stream_id else None, sender=account.bot_name)
        if "template_card" in body:
            self._show(body["template_card"], asked.talk.chat, "" if asked.talk.is_group else asked.talk.person, account)

    def _welcome(self, account: SimAccount, req_id: str, body: Frame) -> None:
        asked = self._question(account, req_id, "welcome", SOON_S)
        if body.get("msgtype") not in ("text", "template_card"):
            raise No(40008)
        self._count(account, asked.talk.place)
        self.sim.reply(asked.talk, words_of(body.get("text")), sender=account.bot_name)
        del self._asked[req_id]

    def _update(self, account: SimAccount, req_id: str, body: Frame) -> None:
        asked = self._question(account, req_id, "update", SOON_S)
        card = body.get("template_card")
        same = isinstance(card, dict) and card.get("task_id") == asked.task_id
        if body.get("response_type") != "update_template_card" or not same:
            raise No(42045)
        self._count(account, asked.talk.place)
        try:
            self.sim.cards.change(card, asked.talk, body.get("userids"))
        except BadCard:
            raise No(42045) from None
        del self._asked[req_id]

    def _push(self, account: SimAccount, req_id: str, body: Frame) -> None:
        chatid, kind = str(body.get("chatid", "")), body.get("msgtype")
        group = next((g for g in self.sim.world.groups if g.chatid == chatid and g.road == "aibot_ws"), None)
        person = next((p for p in self.sim.world.people if p.userid and p.userid == chatid), None)
        if body.get("chat_type") == 1 or group is None:
            group = None
        if (group is None and (person is None or body.get("chat_type") == 2)) or (account.name, chatid) not in self._spoken:
            raise No(93006)
        if kind not in ("markdown", "template_card", "image"):
            raise No(40008)
        picture = self._uploads.picture(account.name, body.get("image")) if kind == "image" else b""
        self._count(account, chatid)
        chat, name = (group.name, "") if group else (account.bot_name, person.name if person else "")
        if kind == "template_card":
            self._show(body.get("template_card"), chat, name, account)
        elif picture:
            self.sim.feed.add_picture(picture, chat=chat, person=name, sender=account.bot_name)
        else:
            self.sim.feed.add("post", chat=chat, person=name, text=words_of(body.get("markdown")), sender=account.bot_name)

    def _show(self, card: Any, chat: str, person: str, account: SimAccount) -> None:
        try:
            self.sim.cards.show(card, chat, person, sender=account.bot_name)
        except BadCard:
            raise No(42045) from None

    def _count(self, account: SimAccount, place: str) -> None:
        key, now = f"{account.name}\n{place}", self.sim.clock()
        if not self._minute.allows(key, now) or not self._hour.allows(key, now):
            raise No(45009)


def _tell(line: ServerConnection, frame: Frame) -> bool:
    with contextlib.suppress(ConnectionClosed, OSError):
        line.send(json.dumps(frame, ensure_ascii=False))
        return True
    return False
