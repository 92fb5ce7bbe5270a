"""企业微信智能机器人 by WebSocket: hears groups and persons, answers and pushes over one connection that it is lent."""

import json
import threading
from collections import defaultdict, deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.channels import aibot_packets as packets
from bot.channels.account import Account, Clock
from bot.channels.aibot_media import lend
from bot.channels.aibot_pictures import Pictures
from bot.channels.aibot_socket import Frame, Line
from bot.channels.cards import draw
from bot.channels.codes import CORP, refusal
from bot.channels.wording import calm, clip, legal
from bot.message import (
    TOO_OFTEN,
    Capabilities,
    ChannelError,
    Media,
    Message,
    Outgoing,
    Reply,
    Sent,
    Tap,
    WireError,
    WireRequest,
    WireResponse,
    about_of,
    task_id,
)
from domain.card import Card

MUTE = (93001, 93006)  # not allowed to post there, or a chat it does not know: above all when nobody has spoken to it there
TOO_LATE = (846605, 846608)  # the req_id is no longer valid, the stream has expired
_COMMANDS = {"update": "aibot_respond_update_msg", "welcome": "aibot_respond_welcome_msg"}
_SOON = timedelta(seconds=5)  # within which a welcome and an update must be there
_FRESH = timedelta(hours=24)
_REMEMBERED = 4096


class AibotSocketChannel:
    """One 智能机器人 without a callback address; only the process that holds its connection can send."""

    kind = "wecom_aibot_ws"
    capabilities = Capabilities(hears_groups=True, push_person=True, push_group=True, images=True, reply_bytes=20480,
                                push_bytes=20480, per_minute=30, per_hour=1000, cards=True, heard_once=True,
                                replies_count=True, own_sender=True)

    def __init__(self, account: Account, *, clock: Clock):
        if not account.app_id or not account.app_secret:
            raise ValueError("a 智能机器人 by WebSocket needs its id and secret")
        self.name, self.community, self.account = account.name, account.community, account
        self.line: Line | None = None  # lent by ops/aibot.py while it lasts
        self._ears, self._clock = packets.Ears(account.name, account.bot_name), clock
        self._pictures = Pictures(account.media_base)
        self.mute: set[str] = set()  # groups that took no post; a word to the bot there opens them
        self._speaking = threading.Lock()
        self._answered: deque[str] = deque(maxlen=_REMEMBERED)
        self._past: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def handshake(self, request: WireRequest) -> WireResponse:
        """This bot has no address that could be checked."""
        raise WireError("this account has no callback address", 404)

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Nothing true comes by HTTP."""
        raise WireError("this account has no callback address", 404)

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Says nothing: answers go through the outbox."""
        return WireResponse()

    def read(self, frame: Frame, *, now: datetime) -> Message | None:
        """A callback frame as a message, which knows how it can be answered."""
        headers = packets.object_of(frame.get("headers"))
        req_id = packets.name_of(headers, "req_id")
        message = self._ears.read(packets.object_of(frame.get("body")), int(now.timestamp()))
        if message is None or (message.kind == "event" and message.event != "enter_chat"):
            return message
        how = "update" if message.tap else "welcome" if message.kind == "event" else "msg"
        facts = {"req": req_id, "how": how, "chat": message.chat, "user": message.sender, "id": message.external_id,
                 "task": message.tap.task_id if message.tap else "", "at": now.timestamp()}
        return replace(message, reply_to=json.dumps(facts))

    def opened(self, message: Message) -> bool:
        """True once when somebody speaks in a group that took no post."""
        if message.chat not in self.mute:
            return False
        self.mute.discard(message.chat)
        return True

    def working(self, message: Message, words: str) -> None:
        """Shows that an answer is on its way, unless it has come in the meantime."""
        facts = json.loads(message.reply_to or "{}")
        line = self.line
        if line is None or facts.get("how") != "msg":
            return
        with self._speaking:
            if facts["req"] not in self._answered:
                stream = {"id": facts["id"], "finish": False, "content": words}
                line.post("aibot_respond_msg", {"msgtype": "stream", "stream": stream}, facts["req"])

    def send(self, post: Outgoing) -> Sent:
        """Answers a callback or pushes to a group or a person."""
        if post.kind not in ("text", "card", "image"):
            raise ChannelError("only words, cards and pictures", retryable=False, code=40008)
        if self.line is None:
            raise ChannelError("not connected", retryable=True)
        address, _, hidden = post.address.partition("\n")
        if address.startswith("{"):
            return self._reply(self.line, json.loads(address), _shown(post, hidden))
        self._keep_pace(address)
        return self._push(self.line, address, 2 if post.group else 1, post, post.kind == "card")

    def fetch(self, media: Media) -> bytes:
        """A picture from somebody, out of the platform's store; it brings a key of its own."""
        return self._pictures.fetch(media)

    def _reply(self, line: Line, facts: dict[str, Any], post: Outgoing) -> Sent:
        age = timedelta(seconds=self._clock().timestamp() - facts["at"])
        with self._speaking:
            self._answered.append(facts["req"])
        self._keep_pace(facts["chat"] or facts["user"])
        if age < (_FRESH if facts["how"] == "msg" else _SOON):
            body = self._body(facts, post)
            code = line.request(_COMMANDS.get(facts["how"], "aibot_respond_msg"), body, facts["req"]).get("errcode")
            if code not in TOO_LATE:
                return _judge(code)
        if facts["how"] == "update" or not facts["chat"]:  # what was touched is nobody else's business
            return self._push(line, facts["user"], 1, post, False)
        return self._push(line, facts["chat"], 2, post, False)

    def _body(self, facts: dict[str, Any], post: Outgoing) -> dict[str, Any]:
        tap = Tap(about_of(facts["task"]), facts["task"]) if facts["how"] == "update" else None
        event = "enter_chat" if facts["how"] == "welcome" else ""
        heard = Message(self.name, facts["id"], facts["user"], self._clock(), kind="event" if event else "text", event=event,
                        chat=facts["chat"], tap=tap)
        body = packets.answer(heard, Reply(post.text, post.card), self.capabilities.reply_bytes)
        if body is None:
            raise ChannelError("nothing to say", retryable=False, code=44004)
        return body

    def _push(self, line: Line, address: str, chat_type: int, post: Outgoing, as_card: bool) -> Sent:
        body: dict[str, Any] = {"chatid": address, "chat_type": chat_type}
        if post.kind == "image":
            body |= {"msgtype": "image", "image": {"media_id": lend(line, post)}}
        elif as_card and post.card is not None:
            body |= {"msgtype": "template_card", "template_card": draw(post.card, task_id(post.card.about, post.key))}
        else:
            text = legal(post.text)
            if len(text.encode()) > self.capabilities.push_bytes:
                raise ChannelError("text too long", retryable=False, code=45002)
            body |= {"msgtype": "markdown", "markdown": {"content": clip(calm(text), self.capabilities.push_bytes)}}
        code = line.request("aibot_send_msg", body).get("errcode")
        if code in MUTE:
            if chat_type == 2:
                self.mute.add(address)
            raise ChannelError(f"errcode {code}", retryable=False, code=code, shut=True)
        return _judge(code)

    def _keep_pace(self, conversation: str) -> None:
        """Answers and pushes count together; this process sends them all, so its own count is the whole truth."""
        now = self._clock()
        with self._speaking:
            past = self._past[conversation]
            while past and now - past[0] >= timedelta(hours=1):
                past.popleft()
            minute = sum(now - at < timedelta(minutes=1) for at in past)
            if minute >= self.capabilities.per_minute or len(past) >= self.capabilities.per_hour:
                raise ChannelError("too many for this conversation", retryable=True, wait_s=60, code=TOO_OFTEN)
            past.append(now)


def _shown(post: Outgoing, hidden: str) -> Outgoing:
    """The post with the words that did not lie open in the outbox."""
    if not hidden:
        return post
    facts = json.loads(hidden)
    return replace(post, text=facts["text"], card=Card.unpack(facts["card"]) if facts["card"] else None)


def _judge(code: Any) -> Sent:
    if code == 0:
        return Sent()
    if not isinstance(code, int):
        raise ChannelError("not the platform's answer", retryable=True, unknown=True)
    raise refusal(CORP, code, "the connection")
