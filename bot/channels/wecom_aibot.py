"""企业微信智能机器人 by callback: hears mentions in internal groups and private chats; answers in place."""

import hashlib
import json
import re
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.crypto import Envelope
from bot.channels.signing import check_size, one, sign, verify
from bot.channels.wording import calm, clip, legal
from bot.message import (
    Capabilities,
    ChannelError,
    Message,
    Outgoing,
    Reply,
    Sent,
    WireError,
    WireRequest,
    WireResponse,
)

LATE_PATH = "/cgi-bin/aibot/response"
_ID = re.compile(r"[!-~]{1,128}", re.ASCII)
_URL = re.compile(r"[!-~]{1,1024}", re.ASCII)


class AibotChannel:
    """One 智能机器人."""

    kind = "wecom_aibot"
    capabilities = Capabilities(hears_groups=True, push_person=False, push_group=False, images=False,
                                reply_bytes=20480, push_bytes=20480, per_minute=30)

    def __init__(self, account: Account, *, api: ApiClient, clock: Clock):
        self.name, self.community = account.name, account.community
        self._token, self._api, self._clock = account.token, api, clock
        self._envelope = Envelope("", account.aes_key, account.previous_aes_key)
        if not self._envelope.can_open:
            raise ValueError("a 智能机器人 needs an EncodingAESKey")
        name = re.escape(account.bot_name)
        self._mention = re.compile(rf"\A\s*(?:@{name}\s*)+|(?<=\s)@{name}(?=\s|\Z)")  # \s knows U+2005
        self._last = threading.local()  # which key opened the request that this thread read last

    def handshake(self, request: WireRequest) -> WireResponse:
        """Answers the platform's check of our address with the words in its envelope."""
        echo = one(request.query, "echostr").replace(" ", "+")  # a plus sign that somebody unquoted
        verify(request.query, "msg_signature", self._token, self._clock(), echo)
        return WireResponse(self._envelope.open(echo)[0])

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Verifies and reads one callback."""
        check_size(request.body)
        sealed = _sealed(request.body)
        stamp = verify(request.query, "msg_signature", self._token, now, sealed)
        text, key = self._envelope.open(sealed)
        self._last.request, self._last.key = request, key
        packet = _object(_json(text))
        kind = _name(packet, "msgtype")
        if kind == "stream":
            return None  # the platform asks how a reply goes on; ours are finished at once
        at = int(stamp.timestamp)
        return self._event(packet, at) if kind == "event" else self._said(packet, kind, at)

    def _said(self, packet: dict[str, Any], kind: str, at: int) -> Message:
        words = _words(packet, kind)
        quote = packet.get("quote")
        quoted = _words(_object(quote), str(quote.get("msgtype"))) if isinstance(quote, dict) else None
        url = packet.get("response_url")
        return Message(self.name, _name(packet, "msgid"), _sender(packet), datetime.fromtimestamp(at, UTC),
                       kind="other" if words is None else "text",
                       text="" if words is None else self._mention.sub("", legal(words)).strip(),
                       chat=_chat(packet), quote=None if quoted is None else legal(quoted),
                       reply_to=url if isinstance(url, str) and _URL.fullmatch(url) else None)

    def _event(self, packet: dict[str, Any], at: int) -> Message:
        event = _name(_object(packet.get("event")), "eventtype")
        created = packet.get("create_time", at)
        if not isinstance(created, int) or isinstance(created, bool) or not 0 < created < 1 << 33:
            raise WireError("create_time is not a time", 400)
        sender, chat = _sender(packet), _chat(packet)
        made_of = "\x1f".join((sender, chat or "", str(created), event))
        return Message(self.name, _name(packet, "msgid") if "msgid" in packet else
                       "event-" + hashlib.sha256(made_of.encode()).hexdigest()[:40],
                       sender, datetime.fromtimestamp(created, UTC), kind="event", event=event, chat=chat)

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Seals the reply as one finished stream, or as the words of welcome that enter_chat may have."""
        if not reply.text or (message.kind == "event" and message.event != "enter_chat"):
            return WireResponse()
        words = clip(calm(legal(reply.text)), self.capabilities.reply_bytes)
        body: dict[str, Any] = {"msgtype": "stream", "stream": {"id": message.external_id, "finish": True,
                                                                "content": words}}
        if message.event == "enter_chat":
            body = {"msgtype": "text", "text": {"content": words}}
        sealed = self._envelope.seal(json.dumps(body, ensure_ascii=False).encode(), self._key(request))
        now, nonce = int(self._clock().timestamp()), one(request.query, "nonce")
        signature = sign(self._token, str(now), nonce, sealed)
        answer = {"encrypt": sealed, "msgsignature": signature, "timestamp": now, "nonce": nonce}
        return WireResponse(json.dumps(answer).encode(), content_type="application/json")

    def send(self, post: Outgoing) -> Sent:
        """Posts the one late reply that a message allows, within an hour of it, to its response_url."""
        if post.kind != "text":
            raise ChannelError("a late reply is words", retryable=False, code=40008)
        if not self._ours(post.address):
            raise ChannelError("not an address of this platform", retryable=False)
        text = legal(post.text)
        if len(text.encode()) > self.capabilities.push_bytes:
            raise ChannelError("text too long", retryable=False, code=45002)
        words = clip(calm(text), self.capabilities.push_bytes)
        answer = self._api.post_to(post.address, {"msgtype": "markdown", "markdown": {"content": words}})
        return Sent(str(answer.get("msgid", "")))

    def _ours(self, url: str) -> bool:
        base = urlsplit(self._api.base)
        try:
            given = urlsplit(url)
        except ValueError:
            return False
        return bool(_URL.fullmatch(url)) and (given.scheme, given.netloc, given.path) == (
            base.scheme, base.netloc, base.path + LATE_PATH)

    def _key(self, request: WireRequest) -> int:
        if getattr(self._last, "request", None) is request:
            return self._last.key
        return self._envelope.open(_sealed(request.body))[1]


def _json(text: bytes) -> Any:
    try:
        return json.loads(str(text, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {type(error).__name__}", 400) from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WireError("not an object", 400)
    return value


def _sealed(body: bytes) -> str:
    sealed = _object(_json(body)).get("encrypt")
    if not isinstance(sealed, str) or not sealed.isascii():
        raise WireError("no envelope", 400)
    return sealed


def _name(packet: dict[str, Any], field: str) -> str:
    value = packet.get(field)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WireError(f"{field} has a strange form", 400)
    return value


def _sender(packet: dict[str, Any]) -> str:
    return _name(_object(packet.get("from")), "userid")


def _chat(packet: dict[str, Any]) -> str | None:
    """The group's id; a private chat has none, and a group must."""
    where = _name(packet, "chattype") if "chattype" in packet else "single"
    if where not in ("single", "group"):
        raise WireError("an unknown chattype", 400)
    return _name(packet, "chatid") if where == "group" else None


def _words(packet: dict[str, Any], kind: str) -> str | None:
    """What a text, a spoken or a mixed message says; None when it is none of them."""
    if kind in ("text", "voice"):
        words = _object(packet.get(kind)).get("content")
        if not isinstance(words, str):
            raise WireError("content is not text", 400)
        return words
    if kind != "mixed":
        return None
    items = _object(packet.get("mixed")).get("msg_item")
    if not isinstance(items, list):
        raise WireError("msg_item is not a list", 400)
    said = [_words(_object(item), "text") for item in items if _object(item).get("msgtype") == "text"]
    return "\n".join(words for words in said if words) if said else None
