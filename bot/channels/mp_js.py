"""JS-SDK of a 公众号: the jsapi_ticket that all processes share, and the signature under which WeChat trusts one of our pages."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.tokens import RENEWAL_GAP_S, SharedToken
from bot.message import ChannelError

TICKET = "/cgi-bin/ticket/getticket"
SCRIPT = "/open/js/jweixin-1.6.0.js"  # the first with open tags


class JsTicket(SharedToken):
    """The ticket that signs pages; it is asked for with the access token and lives as long."""

    def __init__(self, account: Account, api: ApiClient, *, tokens: SharedToken, redis: Any = None, clock: Clock):
        super().__init__(account, api, redis=redis, clock=clock)
        self._key += ":jsapi"
        self._tokens = tokens
        self._refused: tuple[float, str, int | None] | None = None

    def _ask_platform(self, force: bool) -> dict[str, Any]:
        now = self._now()
        if self._refused is not None and now < self._refused[0]:
            _, reason, code = self._refused  # every page that is opened would ask again, and the account's calls are counted
            raise ChannelError(reason, retryable=True, code=code)
        try:
            answer = self._tokens.using(lambda token: self._api.get(TICKET, {"access_token": token, "type": "jsapi"}))
        except ChannelError as error:
            self._refused = now + RENEWAL_GAP_S, error.reason, error.code
            raise
        return {"access_token": answer.get("ticket"), "expires_in": answer.get("expires_in")}


def sign(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """The signature of a page; what stands after # is no part of its address."""
    page = url.partition("#")[0]
    return hashlib.sha1(f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}".encode()).hexdigest()


def config(app_id: str, ticket: str, url: str, at: datetime) -> dict[str, Any]:
    """What the page gives to wx.config."""
    nonce, timestamp = secrets.token_hex(8), int(at.timestamp())
    return {"appId": app_id, "timestamp": timestamp, "nonceStr": nonce, "signature": sign(ticket, nonce, timestamp, url)}
