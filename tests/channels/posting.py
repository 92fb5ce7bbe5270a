"""What the posting tests share: a clock, channels on the small platform, and a look inside every error."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels import build
from bot.message import Channel, ChannelError, Outgoing
from tests.channels import kit

TOKEN_PATH, SEND_PATH, HOOK_PATH = (
    "/cgi-bin/stable_token",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/webhook/send",
)


LATE_PATH = "/cgi-bin/aibot/response"


OK = {"errcode": 0, "errmsg": "ok"}


HELLO = Outgoing("oA", "text", "您好 ]]> \x0b🛗")


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


SECRETS = ("canary-app-secret", "canary-token", "canary-key", "canary-code")


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = kit.NOW

    def __call__(self) -> Any:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def fresh_tokens(platform: Any, life: int = 7200) -> None:
    """Each fetch gives the next token."""
    platform.rules[TOKEN_PATH] = lambda query, body: {
        "access_token": f"canary-token-{len(platform.to(TOKEN_PATH))}",
        "expires_in": life,
    }
    platform.rules[SEND_PATH] = lambda query, body: OK


def mp(platform: Any, clock: Callable[[], Any], redis: Any = None) -> Channel:
    return build(replace(kit.MP, api_base=platform.base), redis=redis, clock=clock)


def hook(platform: Any) -> Channel:
    return build(replace(kit.WEBHOOK, api_base=platform.base), redis=None, clock=lambda: kit.NOW)


def used(platform: Any) -> list[str]:
    return [query["access_token"][0] for _, query, _ in platform.to(SEND_PATH)]


def failure(channel: Channel, post: Outgoing) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(post)
    error: BaseException | None = caught.value
    told = "".join(traceback.format_exception(caught.value))
    while error is not None:  # what a debugger or a log could still reach
        told += repr(error) + repr(error.args)
        error = error.__context__
    assert not [secret for secret in SECRETS if secret in told]
    return caught.value
