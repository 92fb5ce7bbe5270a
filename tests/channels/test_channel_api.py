"""Posting: errcodes and trouble judged, addresses checked, nothing secret in any error or log."""

import base64
import hashlib
import logging
import threading
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import build
from bot.channels.api import ApiClient
from bot.channels.wecom_webhook import PICTURE_LIMIT
from bot.message import ChannelError, Outgoing
from tests.channels import kit
from tests.channels.posting import (
    HELLO,
    HOOK_PATH,
    LATE_PATH,
    OK,
    PNG,
    SEND_PATH,
    Clock,
    failure,
    fresh_tokens,
    hook,
    mp,
)


def test_daily_quota_of_an_mp_waits_an_hour(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    platform.rules[SEND_PATH] = lambda query, body: {"errcode": 45009}
    error = failure(mp(platform, clock), HELLO)
    assert (error.retryable, error.wait_s) == (True, 3600)


@pytest.mark.parametrize(
    "answer,retryable,unknown",
    [
        ((500, b""), True, False),
        ((503, b""), True, False),
        ((502, b""), True, True),
        ((504, b""), True, True),
        ((429, b""), True, False),
        ((404, b""), False, False),
        ((302, b""), False, False),
        (b"<html>", True, True),
        (b"[]", True, True),
        ({"errcode": "0"}, True, True),
        (None, True, True),
    ],
)
def test_trouble_on_the_way_is_judged(platform: Any, answer: Any, retryable: bool, unknown: bool) -> None:
    platform.rules[HOOK_PATH] = lambda query, body: answer
    error = failure(hook(platform), Outgoing("canary-key", "text", "结果"))
    assert (error.retryable, error.unknown) == (retryable, unknown)
    assert len(platform.calls) == 1  # a redirect is not followed, nothing is posted again


def test_nobody_listening_is_surely_not_delivered() -> None:
    error = failure(kit.channel(kit.WEBHOOK), Outgoing("canary-key", "text", "结果"))
    assert (error.retryable, error.unknown) == (True, False)


def test_slow_answer_may_have_been_accepted(platform: Any) -> None:
    release = threading.Event()
    platform.rules["/slow"] = lambda query, body: release.wait(timeout=10) and OK
    try:
        with pytest.raises(ChannelError) as caught:
            ApiClient(platform.base, timeout=(1, 0.1)).post("/slow", {}, {"access_token": "canary-token"})
    finally:
        release.set()
    assert caught.value.retryable and caught.value.unknown and "canary" not in str(caught.value)


def test_webhook_posts_words_and_pictures(platform: Any) -> None:
    platform.rules[HOOK_PATH] = lambda query, body: OK
    channel = hook(platform)
    channel.send(Outgoing("canary-key", "text", "投票 P1 结束 <@all>"))
    channel.send(Outgoing("canary-key", "image", image=PNG))
    (_, query, words), (_, _, picture) = platform.to(HOOK_PATH)
    assert query == {"key": ["canary-key"]}
    assert (words["msgtype"], words["text"]) == ("text", {"content": "投票 P1 结束 ＜@all>"})
    assert base64.b64decode(picture["image"]["base64"]) == PNG
    assert picture["image"]["md5"] == hashlib.md5(PNG).hexdigest()


@pytest.mark.parametrize(
    "post",
    [
        Outgoing("k", "text", ""),
        Outgoing("k", "text", " \x0b"),
        Outgoing("k", "text", "投" * 683),
        Outgoing("", "text", "x"),
        Outgoing("k", "image", image=b""),
        Outgoing("k", "image", image=b"GIF89a"),
        Outgoing("k", "image", image=PNG + b"0" * PICTURE_LIMIT),
        Outgoing("k", "file"),
    ],
)
def test_what_a_webhook_would_refuse_is_not_sent(platform: Any, post: Outgoing) -> None:
    assert not failure(hook(platform), post).retryable
    assert not platform.calls


def test_2048_bytes_are_sent(platform: Any) -> None:
    platform.rules[HOOK_PATH] = lambda query, body: OK
    hook(platform).send(Outgoing("k", "text", "投" * 682 + "xx"))
    assert len(platform.calls[0][2]["text"]["content"].encode()) == 2048


def test_late_reply_goes_to_the_response_url(platform: Any) -> None:
    platform.rules[LATE_PATH] = lambda query, body: OK
    channel = build(replace(kit.AIBOT, api_base=platform.base), redis=None, clock=lambda: kit.NOW)
    channel.send(Outgoing(f"{platform.base}{LATE_PATH}?response_code=canary-code", "text", "I12 登记好了"))
    ((_, query, body),) = platform.calls
    assert query == {"response_code": ["canary-code"]}
    assert (body["msgtype"], body["markdown"]) == ("markdown", {"content": "I12 登记好了"})


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example{path}?response_code=canary-code",
        "{base}@evil.example{path}?response_code=canary-code",
        "http://user@{host}{path}?response_code=canary-code",
        "https://{host}{path}?response_code=canary-code",
        "{base}/cgi-bin/webhook/send?key=canary-key",
        "{base}{path}/../x",
        "{base}{path}#\n",
        "//{host}{path}",
        "",
        "http://[::1",
        "file:///etc/passwd",
        "{base}0{path}?response_code=canary-code",
    ],
)
def test_late_reply_goes_nowhere_else(platform: Any, address: str) -> None:
    channel = build(replace(kit.AIBOT, api_base=platform.base), redis=None, clock=lambda: kit.NOW)
    url = address.format(base=platform.base, host=platform.base.removeprefix("http://"), path=LATE_PATH)
    assert not failure(channel, Outgoing(url, "text", "x")).retryable
    assert not platform.calls


def test_debug_logs_of_the_http_library_hold_no_secret(
    platform: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fresh_tokens(platform)
    platform.rules[HOOK_PATH] = lambda query, body: OK
    with caplog.at_level(logging.DEBUG):
        mp(platform, clock).send(HELLO)
        hook(platform).send(Outgoing("canary-key", "text", "结果"))
        failure(kit.channel(kit.WEBHOOK), Outgoing("canary-key", "text", "结果"))
    assert SEND_PATH in caplog.text and "canary" not in caplog.text
