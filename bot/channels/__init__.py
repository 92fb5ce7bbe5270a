"""The registry of channels: one file per platform, made from an account; nobody else asks the kind."""

from collections.abc import Callable
from typing import Any

from bot.channels import codes
from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.customer_group import CustomerGroupChannel
from bot.channels.mp import MpChannel
from bot.channels.mp_js import JsTicket
from bot.channels.signing import NonceCache
from bot.channels.tokens import CorpToken, StableToken
from bot.channels.wecom_aibot import AibotChannel
from bot.channels.wecom_aibot_ws import AibotSocketChannel
from bot.channels.wecom_app import AppChannel
from bot.channels.wecom_webhook import WebhookChannel
from bot.message import Channel

__all__ = ["KINDS", "Account", "build"]


def _mp(account: Account, redis: Any, clock: Clock) -> Channel:
    api = ApiClient(account.api_base, codes=codes.MP, pause_s=3600)  # 45009 here means the day's quota
    seen = NonceCache(redis, account.name) if redis is not None else None
    tokens = StableToken(account, api, redis=redis, clock=clock)
    tickets = JsTicket(account, api, tokens=tokens, redis=redis, clock=clock)
    return MpChannel(account, api=api, tokens=tokens, tickets=tickets, clock=clock, seen=seen)


def _aibot(account: Account, redis: Any, clock: Clock) -> Channel:
    return AibotChannel(account, api=ApiClient(account.api_base), clock=clock)


def _aibot_ws(account: Account, redis: Any, clock: Clock) -> Channel:
    return AibotSocketChannel(account, clock=clock)


def _webhook(account: Account, redis: Any, clock: Clock) -> Channel:
    return WebhookChannel(account, api=ApiClient(account.api_base))


def _app(account: Account, redis: Any, clock: Clock) -> Channel:
    api = ApiClient(account.api_base)
    return AppChannel(account, api=api, tokens=CorpToken(account, api, redis=redis, clock=clock), clock=clock)


def _customer_group(account: Account, redis: Any, clock: Clock) -> Channel:
    api = ApiClient(account.api_base)
    return CustomerGroupChannel(account, api=api, tokens=CorpToken(account, api, redis=redis, clock=clock))


KINDS: dict[str, Callable[[Account, Any, Clock], Channel]] = {
    MpChannel.kind: _mp, AibotChannel.kind: _aibot, WebhookChannel.kind: _webhook,
    AppChannel.kind: _app, CustomerGroupChannel.kind: _customer_group,
    AibotSocketChannel.kind: _aibot_ws,
}


def build(account: Account, *, redis: Any, clock: Clock) -> Channel:
    """Makes the account's channel; ValueError says what is missing in the account, without quoting it."""
    if account.kind not in KINDS:
        raise ValueError(f"channel {account.name}: kind is one of {', '.join(KINDS)}")
    return KINDS[account.kind](account, redis, clock)
