"""The ticket by which WeChat trusts our pages: shared, asked for rarely, and signed as the platform's documentation says."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from wechatpy.client.api import WeChatJSAPI

from bot.channels import build, mp_js
from bot.message import ChannelError
from tests.channels import kit
from tests.channels.posting import TOKEN_PATH, Clock, fresh_tokens

TICKET = mp_js.TICKET
PAGE = "https://linyi.example/m/cuiyuan/notices?told=x#ask"


def account(platform: Any, clock: Clock, redis: Any = None) -> Any:
    return build(replace(kit.MP, api_base=platform.base), redis=redis, clock=clock)


def fresh_tickets(platform: Any) -> None:
    """Each fetch gives the next ticket."""
    fresh_tokens(platform)
    platform.rules[TICKET] = lambda query, body: {
        "errcode": 0, "errmsg": "ok", "ticket": f"canary-ticket-{len(platform.to(TICKET))}", "expires_in": 7200}


def test_the_example_of_the_documentation() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    for url in ("http://mp.weixin.qq.com?params=value", "http://mp.weixin.qq.com?params=value#here"):
        assert mp_js.sign(ticket, "Wm3WZYTPz0wzccnW", 1414587457, url) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.mark.parametrize("url", ["https://linyi.example/m/cuiyuan/P1-0a?from=groupmessage&isappinstalled=0", "https://a.example/m/小区?x=%20"])
def test_an_independent_library_signs_the_same(url: str) -> None:
    theirs = WeChatJSAPI(None).get_jsapi_signature("noncE1", "tick-et_", 1793422805, url)
    assert mp_js.sign("tick-et_", "noncE1", 1793422805, url) == theirs


def test_a_page_is_signed_with_the_ticket_of_the_account(platform: Any, clock: Clock) -> None:
    fresh_tickets(platform)
    found = account(platform, clock).js_config(PAGE)
    ((_, query, _),) = platform.to(TICKET)
    assert query == {"access_token": ["canary-token-1"], "type": ["jsapi"]}
    text = (f"jsapi_ticket=canary-ticket-1&noncestr={found['nonceStr']}&timestamp={int(kit.NOW.timestamp())}"
            f"&url={PAGE.removesuffix('#ask')}")
    assert found == {"appId": kit.APP_ID, "timestamp": int(kit.NOW.timestamp()), "nonceStr": found["nonceStr"],
                     "signature": hashlib.sha1(text.encode()).hexdigest()}
    assert len(found["nonceStr"]) == 16 and found["nonceStr"] != account(platform, clock).js_config(PAGE)["nonceStr"]


def test_one_ticket_serves_all_processes_until_five_minutes_before_its_end(platform: Any, clock: Clock, valkey: Any) -> None:
    fresh_tickets(platform)
    accounts = [account(platform, clock, valkey) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: accounts[n % 3].js_config(PAGE), range(8)))
    assert len(platform.to(TICKET)) == 1
    clock.forward(6899)
    accounts[0].js_config(PAGE)
    assert len(platform.to(TICKET)) == 1
    clock.forward(2)
    for each in accounts:
        each.js_config(PAGE)
    assert len(platform.to(TICKET)) == 2
    token = accounts[0]._tokens.get()
    assert "ticket" not in token  # token and ticket have places of their own


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once(platform: Any, clock: Clock, code: int) -> None:
    fresh_tickets(platform)
    give = platform.rules[TICKET]
    platform.rules[TICKET] = lambda query, body: (
        give(query, body) if query["access_token"] == ["canary-token-2"] else {"errcode": code})
    assert account(platform, clock).js_config(PAGE)["signature"]
    assert [len(platform.to(path)) for path in (TOKEN_PATH, TICKET)] == [2, 2]


@pytest.mark.parametrize(("answer", "code"), [
    ({"errcode": 40001}, 40001), ({"errcode": 48001}, 48001), ({"errcode": -1}, -1), ({"errcode": 45009}, 45009),
    ({"errcode": 40164, "errmsg": "invalid ip 203.0.113.7"}, 40164), ({"errcode": 99999}, 99999), ((500, {}), None)])
def test_after_a_refusal_pages_do_not_ask_for_a_minute(platform: Any, clock: Clock, caplog: pytest.LogCaptureFixture,
                                                       answer: Any, code: int | None) -> None:
    fresh_tickets(platform)
    good, platform.rules[TICKET] = platform.rules[TICKET], lambda query, body: answer
    channel = account(platform, clock)
    caplog.set_level(logging.DEBUG)
    for _ in range(5):
        with pytest.raises(ChannelError) as caught:
            channel.js_config(PAGE)
        assert caught.value.code == code and "canary" not in repr(caught.value)
    asked = len(platform.to(TICKET))
    assert asked == (2 if code == 40001 else 1) and "canary" not in caplog.text
    platform.rules[TICKET] = good
    clock.forward(61)
    assert channel.js_config(PAGE)["signature"] and len(platform.to(TICKET)) == asked + 1


@pytest.mark.parametrize("answer", [{"errcode": 0}, {"ticket": "", "expires_in": 7200}, {"ticket": "x"}, {"ticket": "x", "expires_in": 0}])
def test_an_answer_without_a_ticket_signs_nothing(platform: Any, clock: Clock, answer: dict[str, Any]) -> None:
    fresh_tickets(platform)
    platform.rules[TICKET] = lambda query, body: answer
    with pytest.raises(ChannelError, match="without a token"):
        account(platform, clock).js_config(PAGE)
