"""Every error code of WECHAT.md §7, on every road that posts: what follows from it, written down a second time, by hand."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import build
from bot.message import Channel, ChannelError, Outgoing
from tests.channels import kit
from tests.channels.posting import HOOK_PATH, LATE_PATH, SEND_PATH, Clock, failure, fresh_tokens
from tests.channels.test_mp_push import ASKED, NOTICE

AGAIN, PAUSE, LATER, GONE, SHUT, NEVER = "again", "pause", "later", "gone", "shut", "never"
MP = {-1: AGAIN, 45009: PAUSE, 40003: GONE, 43004: GONE, 48002: GONE, 43101: SHUT, 45015: SHUT, 45047: SHUT, 48001: NEVER,
      40164: LATER, 40037: NEVER, 47003: NEVER, 41030: NEVER, 40001: LATER, 40014: LATER, 42001: LATER, 987654: AGAIN}
CORP = {-1: AGAIN, 45009: PAUSE, 40003: GONE, 81013: GONE, 60020: LATER, 40008: NEVER, 40050: NEVER, 40058: NEVER, 44004: NEVER,
        60011: NEVER, 86003: NEVER, 90501: NEVER, 301002: NEVER, 93000: NEVER, 93001: NEVER, 93004: NEVER, 93006: NEVER,
        93008: NEVER, 93017: NEVER, 93019: NEVER, 48002: NEVER, 40001: LATER, 40014: LATER, 42001: LATER, 987654: AGAIN}
HELLO = Outgoing("to", "text", "结果")


def _late(base: str) -> Outgoing:
    return replace(HELLO, address=f"{base}{LATE_PATH}?response_code=canary-code")


ROADS: dict[str, tuple[Any, str, Callable[[str], Outgoing], dict[int, str]]] = {
    "公众号": (kit.MP, SEND_PATH, lambda base: HELLO, MP),
    "公众号通知": (kit.MP, ASKED, lambda base: NOTICE, MP),
    "群机器人": (kit.WEBHOOK, HOOK_PATH, lambda base: HELLO, CORP),
    "智能机器人": (kit.AIBOT, LATE_PATH, _late, CORP),
    "应用到成员": (kit.APP, "/cgi-bin/message/send", lambda base: HELLO, CORP),
    "应用到群": (kit.APP, "/cgi-bin/appchat/send", lambda base: replace(HELLO, group=True), CORP),
    "客户群": (kit.CUSTOMER, "/cgi-bin/externalcontact/add_msg_template", lambda base: replace(HELLO, address="owner|group"), CORP),
}
CASES = [(road, code, then) for road, (_, _, _, table) in ROADS.items() for code, then in table.items()]


def _channel(platform: Any, clock: Clock, account: Any) -> Channel:
    fresh_tokens(platform)
    platform.rules["/cgi-bin/gettoken"] = lambda query, body: {
        "errcode": 0, "access_token": f"canary-token-{len(platform.calls)}", "expires_in": 7200}
    return build(replace(account, api_base=platform.base), redis=None, clock=clock)


def _follows(error: ChannelError) -> str:
    """The consequence in one word."""
    if error.person_gone or error.shut or not error.retryable:
        assert not error.retryable and not (error.person_gone and error.shut) and error.wait_s is None
        return GONE if error.person_gone else SHUT if error.shut else NEVER
    return AGAIN if error.wait_s is None else PAUSE if error.code == 45009 else LATER


@pytest.mark.parametrize(("road", "code", "then"), CASES)
def test_each_code_has_its_consequence(platform: Any, clock: Clock, caplog: pytest.LogCaptureFixture, road: str, code: int,
                                       then: str) -> None:
    """48001 is the account's trouble, not the person's; a code nobody knows is tried again and logged, without its words."""
    caplog.set_level(logging.DEBUG)
    account, path, post, _ = ROADS[road]
    channel = _channel(platform, clock, account)
    platform.rules[path] = lambda query, body: {"errcode": code, "errmsg": "canary-key says the platform"}
    error = failure(channel, post(platform.base))
    assert (error.code, error.unknown, _follows(error)) == (code, False, then)
    assert ("unknown errcode 987654" in caplog.text) is (code == 987654) and "canary" not in caplog.text


@pytest.mark.parametrize("road", [road for road, (account, *_) in ROADS.items() if account not in (kit.WEBHOOK, kit.AIBOT)])
@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once_and_never_in_a_loop(platform: Any, clock: Clock, road: str, code: int) -> None:
    """Two posts with two tokens, then it waits."""
    account, path, post, _ = ROADS[road]
    channel = _channel(platform, clock, account)
    platform.rules[path] = lambda query, body: {"errcode": code}
    failure(channel, post(platform.base))
    tokens = [query["access_token"][0] for _, query, _ in platform.to(path)]
    assert len(tokens) == 2 and len(set(tokens)) == 2
