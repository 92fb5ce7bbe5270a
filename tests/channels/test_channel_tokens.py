"""The access token: shared, fetched by one at a time, replaced once when refused."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.channels.mp import MpChannel
from tests.channels import kit
from tests.channels.posting import HELLO, OK, SEND_PATH, TOKEN_PATH, Clock, failure, fresh_tokens, mp, used


def test_mp_push_is_the_documented_call(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    mp(platform, clock).send(HELLO)
    ((_, _, asked),) = platform.to(TOKEN_PATH)
    assert {name: asked[name] for name in asked if name != "raw"} == {
        "grant_type": "client_credential",
        "appid": kit.APP_ID,
        "secret": "canary-app-secret",
        "force_refresh": False,
    }
    ((_, query, body),) = platform.to(SEND_PATH)
    assert query == {"access_token": ["canary-token-1"]}
    assert (body["touser"], body["msgtype"], body["text"]) == ("oA", "text", {"content": "您好 ]]> 🛗"})
    assert "您好".encode() in body["raw"]  # phones would show \u escapes


def test_token_serves_until_five_minutes_before_its_end(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    channel = mp(platform, clock)
    for seconds in (0, 6800, 99, 1):
        clock.forward(seconds)
        channel.send(HELLO)
    assert used(platform) == ["canary-token-1"] * 3 + ["canary-token-2"]


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_refused_token_is_replaced_once_and_the_post_goes_out(platform: Any, clock: Clock, code: int) -> None:
    fresh_tokens(platform)
    platform.rules[SEND_PATH] = lambda query, body: (
        OK if query["access_token"] == ["canary-token-2"] else {"errcode": code, "errmsg": "no"}
    )
    mp(platform, clock).send(HELLO)
    assert used(platform) == ["canary-token-1", "canary-token-2"]
    assert platform.to(TOKEN_PATH)[1][2]["force_refresh"] is (code != 42001)


@pytest.mark.parametrize("code", [40001, 40014, 42001])
@pytest.mark.parametrize("shared", [False, True])
def test_platform_that_refuses_every_token_costs_two_fetches(
    platform: Any, clock: Clock, code: int, shared: bool, request: pytest.FixtureRequest
) -> None:
    fresh_tokens(platform)
    platform.rules[SEND_PATH] = lambda query, body: {"errcode": code, "errmsg": "no"}
    redis = request.getfixturevalue("valkey") if shared else None
    channels = [mp(platform, clock, redis) for _ in range(3 if shared else 1)]
    for channel in channels * 5:
        error = failure(channel, HELLO)
        assert (error.code, error.retryable) == (code, True)
    assert len(platform.to(TOKEN_PATH)) == 2
    clock.forward(61)
    assert len(platform.to(SEND_PATH)) <= 2 * len(channels) * 5


def test_eight_threads_and_two_processes_at_expiry_fetch_once(
    platform: Any, clock: Clock, valkey: Any
) -> None:
    fresh_tokens(platform)
    channels = [mp(platform, clock, valkey) for _ in range(2)]
    channels[0].send(HELLO)
    clock.forward(7000)
    valkey.delete("linyi:token:mp:" + kit.APP_ID)
    gate = threading.Barrier(8)

    def send(number: int) -> None:
        gate.wait(timeout=10)
        channels[number % 2].send(HELLO)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    assert len(platform.to(TOKEN_PATH)) == 2
    assert used(platform)[1:] == ["canary-token-2"] * 8
    assert valkey.get("linyi:token:mp:" + kit.APP_ID + ":lock") is None


def test_peers_token_is_taken_instead_of_a_new_one(platform: Any, clock: Clock, valkey: Any) -> None:
    fresh_tokens(platform)
    first, second = mp(platform, clock, valkey), mp(platform, clock, valkey)
    first.send(HELLO)
    second.send(HELLO)
    assert len(platform.to(TOKEN_PATH)) == 1
    platform.rules[SEND_PATH] = lambda query, body: (
        OK if query["access_token"] != ["canary-token-1"] else {"errcode": 40001}
    )
    first.send(HELLO)
    second.send(HELLO)
    assert len(platform.to(TOKEN_PATH)) == 2


def test_lock_left_by_a_dead_process_is_waited_for_and_then_named(
    platform: Any, clock: Clock, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_tokens(platform)
    naps: list[float] = []
    monkeypatch.setattr("bot.channels.tokens.time.sleep", naps.append)
    valkey.set("linyi:token:mp:" + kit.APP_ID + ":lock", "somebody", px=60_000)
    assert failure(mp(platform, clock, valkey), HELLO).retryable
    assert 2.9 < sum(naps) < 3.2 and not platform.to(TOKEN_PATH)
    assert valkey.get("linyi:token:mp:" + kit.APP_ID + ":lock") == b"somebody"


def test_without_redis_pushing_goes_on(
    platform: Any, clock: Clock, no_valkey: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fresh_tokens(platform)
    channel = mp(platform, clock, no_valkey)
    channel.send(HELLO)
    channel.send(HELLO)
    assert used(platform) == ["canary-token-1"] * 2
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "redis is away: the token is kept in this process alone"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 40125, "errmsg": "bad canary-app-secret"},
        {"access_token": 5},
        {"access_token": "", "expires_in": 7200},
        {"access_token": "x"},
        (500, b"oops"),
        b"<html>",
        b"[]",
        None,
    ],
)
def test_bad_token_answer_is_a_channel_error(platform: Any, clock: Clock, answer: Any) -> None:
    fresh_tokens(platform)
    platform.rules[TOKEN_PATH] = lambda query, body: answer
    failure(mp(platform, clock), HELLO)
    assert not platform.to(SEND_PATH)


def test_token_in_redis_is_the_only_copy_outside(platform: Any, clock: Clock, valkey: Any) -> None:
    fresh_tokens(platform)
    channel = mp(platform, clock, valkey)
    channel.send(HELLO)
    assert sorted(valkey.keys()) == [b"linyi:token:mp:" + kit.APP_ID.encode()]
    assert json.loads(valkey.get("linyi:token:mp:" + kit.APP_ID))[0] == "canary-token-1"
    assert isinstance(channel, MpChannel) and "canary" not in repr(channel._tokens._held)
