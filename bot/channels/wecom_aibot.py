"""企业微信智能机器人 by callback: hears mentions in internal groups and private chats; answers in place, with words and cards."""

import json
import threading
from datetime import datetime
from urllib.parse import urlsplit

from bot.channels import aibot_packets as packets
from bot.channels.account import Account, Clock
from bot.channels.aibot_pictures import Pictures
from bot.channels.api import ApiClient
from bot.channels.crypto import Envelope
from bot.channels.signing import check_size, one, sign, verify
from bot.channels.wording import calm, clip, legal
from bot.message import (
    Capabilities,
    ChannelError,
    Media,
    Message,
    Outgoing,
    Reply,
    Sent,
    WireError,
    WireRequest,
    WireResponse,
)

LATE_PATH = "/cgi-bin/aibot/response"


class AibotChannel:
    """One 智能机器人."""

    kind = "wecom_aibot"
    capabilities = Capabilities(hears_groups=True, push_person=False, push_group=False, images=False,
                                reply_bytes=20480, push_bytes=20480, per_minute=30, cards=True)

    def __init__(self, account: Account, *, api: ApiClient, clock: Clock):
        self.name, self.community = account.name, account.community
        self._token, self._api, self._clock = account.token, api, clock
        self._envelope = Envelope("", account.aes_key, account.previous_aes_key)
        if not self._envelope.can_open:
            raise ValueError("a 智能机器人 needs an EncodingAESKey")
        self._ears = packets.Ears(account.name, account.bot_name)
        self._pictures = Pictures(account.media_base, account.aes_key)
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
        return self._ears.read(packets.object_of(packets.json_of(text)), int(stamp.timestamp))

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Seals the reply: a finished stream with its card, words of welcome, or the touched card as it looks now."""
        body = packets.answer(message, reply, self.capabilities.reply_bytes)
        if body is None:
            return WireResponse()
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

    def fetch(self, media: Media) -> bytes:
        """A picture from somebody, out of the platform's store."""
        return self._pictures.fetch(media)

    def _ours(self, url: str) -> bool:
        base = urlsplit(self._api.base)
        try:
            given = urlsplit(url)
        except ValueError:
            return False
        return bool(packets.URL.fullmatch(url)) and (given.scheme, given.netloc, given.path) == (
            base.scheme, base.netloc, base.path + LATE_PATH)

    def _key(self, request: WireRequest) -> int:
        if getattr(self._last, "request", None) is request:
            return self._last.key
        return self._envelope.open(_sealed(request.body))[1]


def _sealed(body: bytes) -> str:
    sealed = packets.object_of(packets.json_of(body)).get("encrypt")
    if not isinstance(sealed, str) or not sealed.isascii():
        raise WireError("no envelope", 400)
    return sealed
