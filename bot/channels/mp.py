"""公众号: hears one person at a time over XML, answers in the same breath, and may write a few times within 48 hours.

Beyond that only a notice reaches the person: one that they allowed before (订阅通知), or a 模板消息.
"""

import hashlib
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels import mp_events, mp_js, mp_notices, xml
from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.crypto import Envelope
from bot.channels.mp_login import openid_of
from bot.channels.signing import Seen, at_most_one, check_size, one, refuse_replay, sign, verify
from bot.channels.tokens import StableToken
from bot.channels.wording import clip, legal
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

SILENCE = WireResponse(b"success")
MODES = ("safe", "compat", "plain")
CUSTOM = "/cgi-bin/message/custom/send"


@dataclass(slots=True)
class _Opened:
    """One callback without its envelope."""

    fields: dict[str, str]
    key: int  # which EncodingAESKey opened it
    inside: bytes  # the XML of the fields, for what is nested in it


class MpChannel:
    """One 公众号 or 服务号."""

    kind = "mp"
    capabilities = Capabilities(hears_groups=False, push_person=True, push_group=False, images=False,
                                reply_bytes=2048, push_bytes=2048, per_minute=30, links=True,
                                window=timedelta(hours=48), window_posts=5, touch_window=timedelta(minutes=1), touch_posts=3)

    def __init__(self, account: Account, *, api: ApiClient, tokens: StableToken, tickets: mp_js.JsTicket, clock: Clock,
                 seen: Seen | None = None):
        if account.mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        self.name, self.community = account.name, account.community
        self._token, self._mode, self._secret = account.token, account.mode, account.app_secret
        self.app_id, self.oauth_base, self.js_base = account.app_id, account.oauth_base, account.js_base
        self._envelope = Envelope(account.app_id, account.aes_key, account.previous_aes_key)
        if self._mode != "plain" and not (self._envelope.can_open and account.app_id):
            raise ValueError("this mode needs an app_id and an EncodingAESKey")
        self._templates = mp_notices.read(account.templates)
        self.capabilities = replace(MpChannel.capabilities, notices=bool(self._templates), templates={
            name: template.subscribed for name, template in self._templates.items()})
        self.subscriptions = {name: template.id for name, template in self._templates.items() if template.subscribed}
        self._api, self._tokens, self._tickets, self._clock, self._seen = api, tokens, tickets, clock, seen
        self._last = threading.local()  # the request this thread opened last; respond wants it again

    def handshake(self, request: WireRequest) -> WireResponse:
        """Answers the platform's check of our address."""
        verify(request.query, "signature", self._token, self._clock())
        echo = one(request.query, "echostr")
        if not 1 <= len(echo) <= 256 or not echo.isascii() or not echo.isalnum():
            raise WireError("echostr has a strange form")
        return WireResponse(echo.encode())

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Verifies and reads one callback."""
        check_size(request.body)
        opened = self._open(request, now)
        fields = opened.fields
        kind = xml.name_of(fields, "MsgType")
        at = xml.created(fields)
        sender = xml.name_of(fields, "FromUserName")
        xml.name_of(fields, "ToUserName")
        if kind == "event":
            names = {template.id: name for name, template in self._templates.items()}
            return mp_events.read(self.name, fields, opened.inside, names)
        if kind == "text" and "Content" not in fields:
            raise WireError("a text without Content", 400)
        if kind == "image":
            return Message(self.name, xml.message_id(fields), sender, datetime.fromtimestamp(at, UTC), kind="image",
                           media=xml.media(fields))
        words = fields.get({"text": "Content", "voice": "Recognition"}.get(kind, ""), "")
        return Message(self.name, xml.message_id(fields), sender, datetime.fromtimestamp(at, UTC),
                       kind="text" if kind == "text" or words else "other", text=legal(words))

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Wraps the reply as this account's mode wants it."""
        if not reply.text:
            return SILENCE
        opened = self._again(request)
        now = int(self._clock().timestamp())
        text = xml.text_reply(to=message.sender, sender=opened.fields["ToUserName"], at=now,
                              text=clip(legal(reply.text), self.capabilities.reply_bytes))
        if self._mode == "safe":
            text = self._sealed(text, str(now), one(request.query, "nonce"), opened.key)
        return WireResponse(text.encode(), content_type="text/xml; charset=utf-8")

    def send(self, post: Outgoing) -> Sent:
        """Writes to a follower who wrote to us within the last 48 hours, or sends a notice."""
        path, body = self._notice(post) if post.kind == "notice" else (CUSTOM, self._custom(post))
        answer = self._tokens.spend(self._api, path, body)
        return Sent(str(answer.get("msgid", "")))

    def fetch(self, media: Media) -> bytes:
        """A picture from a follower, by its id."""
        return self._tokens.download(self._api, media.id)

    def _custom(self, post: Outgoing) -> dict[str, Any]:
        """A customer-service message; cards are for other channels, here their words go out."""
        if post.kind == "link" and post.link is not None:
            article = {"title": legal(post.link.title)[:64], "description": legal(post.link.text)[:120], "url": post.link.url,
                       "picurl": post.link.picture}
            return {"touser": post.address, "msgtype": "news", "news": {"articles": [article]}}
        if post.kind not in ("text", "card"):
            raise ChannelError("a 公众号 pushes text, links and notices", retryable=False, code=40008)
        text = legal(post.text)
        if not text.strip():
            raise ChannelError("nothing to say", retryable=False, code=44004)
        if len(text.encode()) > self.capabilities.push_bytes:
            raise ChannelError("text too long", retryable=False, code=45002)
        return {"touser": post.address, "msgtype": "text", "text": {"content": text}}

    def _notice(self, post: Outgoing) -> tuple[str, dict[str, Any]]:
        template = self._templates.get((post.facts or {}).get("template", ""))
        if template is None:
            raise ChannelError("no such notice is configured", retryable=False, code=40037)
        return template.path, template.body(post, hashlib.sha256(post.key.encode()).hexdigest()[:32])

    def openid_of(self, code: str) -> str:
        """Who holds the phone whose browser brought this code; ChannelError when it is not good."""
        return openid_of(self._api, self.app_id, self._secret, code)

    def js_config(self, url: str) -> dict[str, Any]:
        """What lets the page at this address use WeChat's own button; ChannelError when the platform gives no ticket."""
        return mp_js.config(self.app_id, self._tickets.get(), url, self._clock())

    def _open(self, request: WireRequest, now: datetime) -> _Opened:
        scheme = at_most_one(request.query, "encrypt_type")
        if scheme == "aes":
            outer = xml.read(request.body)
            verify(request.query, "msg_signature", self._token, now, _encrypted(outer))
            return self._remember(request, outer)
        if scheme not in ("", "raw"):
            raise WireError("unknown encrypt_type")
        if self._mode != "plain":
            raise WireError("a plain post to an account that wants envelopes")
        stamp = verify(request.query, "signature", self._token, now)
        refuse_replay(self._seen, stamp, request.body)  # here the signature does not cover the body
        return self._remember(request, xml.read(request.body))

    def _again(self, request: WireRequest) -> _Opened:
        """The request that parse has verified, opened."""
        if getattr(self._last, "request", None) is request:
            return self._last.opened
        return self._remember(request, xml.read(request.body))

    def _remember(self, request: WireRequest, fields: dict[str, str]) -> _Opened:
        key, inside = 0, request.body
        if at_most_one(request.query, "encrypt_type") == "aes":
            inside, key = self._envelope.open(_encrypted(fields))
            fields = xml.read(inside)
        self._last.request, self._last.opened = request, _Opened(fields, key, inside)
        return self._last.opened

    def _sealed(self, text: str, timestamp: str, nonce: str, key: int) -> str:
        sealed = self._envelope.seal(text.encode(), key)
        return xml.sealed_reply(sealed=sealed, signature=sign(self._token, timestamp, nonce, sealed),
                                timestamp=timestamp, nonce=nonce)


def _encrypted(fields: dict[str, str]) -> str:
    sealed = fields.get("Encrypt", "")
    if not sealed or not sealed.isascii():
        raise WireError("no envelope", 400)
    return sealed
