"""企业微信群机器人: posts words and pictures to the one group its key belongs to, and hears nothing."""

import base64
import hashlib
from datetime import datetime
from typing import Any

from bot.channels.account import Account
from bot.channels.api import ApiClient
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

PICTURE_LIMIT = 2 * 1024 * 1024
_SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


class WebhookChannel:
    """The webhooks of one 企业微信; a post's address is the key of the group's robot."""

    kind = "wecom_webhook"
    capabilities = Capabilities(hears_groups=False, push_person=False, push_group=True, images=True,
                                reply_bytes=0, push_bytes=2048, per_minute=18)  # the platform stops at 20

    def __init__(self, account: Account, *, api: ApiClient):
        self.name, self.community = account.name, account.community
        self._api = api

    def handshake(self, request: WireRequest) -> WireResponse:
        """Refuses: nothing calls back here."""
        raise WireError("a webhook hears nothing", 404)

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Refuses: nothing calls back here."""
        raise WireError("a webhook hears nothing", 404)

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Refuses: there is nobody to answer."""
        raise WireError("a webhook hears nothing", 404)

    def send(self, post: Outgoing) -> Sent:
        """Posts a text or a picture to the group."""
        kinds = {"text": _text, "image": _picture}
        if post.kind not in kinds:
            raise ChannelError("a kind of post that a webhook does not know", retryable=False, code=40008)
        if not post.address:
            raise ChannelError("no webhook key", retryable=False, code=93000)
        body = {"msgtype": post.kind, post.kind: kinds[post.kind](post)}
        return Sent(str(self._api.post("/cgi-bin/webhook/send", body, {"key": post.address}).get("msgid", "")))


def _text(post: Outgoing) -> dict[str, Any]:
    most = WebhookChannel.capabilities.push_bytes
    text = legal(post.text)
    if not text.strip():
        raise ChannelError("nothing to post", retryable=False, code=44004)
    if len(text.encode()) > most:
        raise ChannelError("text too long", retryable=False, code=45002)
    return {"content": clip(calm(text), most)}


def _picture(post: Outgoing) -> dict[str, Any]:
    if not post.image.startswith(_SIGNS):
        raise ChannelError("not a picture", retryable=False, code=40009)
    if len(post.image) > PICTURE_LIMIT:
        raise ChannelError("picture too large", retryable=False, code=40009)
    return {"base64": base64.b64encode(post.image).decode(), "md5": hashlib.md5(post.image).hexdigest()}
