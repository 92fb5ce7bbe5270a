"""Who may speak: signatures, the window, moved digits, replays."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels import build
from bot.channels.signing import NonceCache, sign, verify
from bot.message import WireError, WireRequest
from tests.channels import kit

STAMP = str(int(kit.NOW.timestamp()))
TEXT = (
    "<xml><ToUserName>gh_x</ToUserName><FromUserName>oA</FromUserName><CreateTime>1793422800</CreateTime>"
    "<MsgType>text</MsgType><Content>P1 同意</Content><MsgId>1</MsgId></xml>"
)


def query(**changes: Any) -> dict[str, list[str]]:
    good = {"timestamp": [STAMP], "nonce": ["abc_9-X"], "signature": [sign(kit.TOKEN, STAMP, "abc_9-X")]}
    return {name: values for name, values in (good | changes).items() if values is not None}


def test_good_signature_is_accepted() -> None:
    assert verify(query(), "signature", kit.TOKEN, kit.NOW).nonce == "abc_9-X"


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature"])
def test_each_parameter_comes_exactly_once(name: str) -> None:
    value = query()[name][0]
    for values in (None, [], [value, value], [value, "x"]):
        with pytest.raises(WireError):
            verify(query(**{name: values}), "signature", kit.TOKEN, kit.NOW)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "1",
        STAMP[:9],
        STAMP + "0",
        "0" + STAMP,
        "-" + STAMP[1:],
        " " + STAMP[1:],
        STAMP + "\n",
        "１７９３４２２８０５",
        "١٧٩٣٤٢٢٨٠٥",
        "1.79342280",
        "0x6ae59f15",
        "1e9       ",
    ],
)
def test_timestamp_is_ten_ascii_digits(timestamp: str) -> None:
    forged = query(timestamp=[timestamp], signature=[sign(kit.TOKEN, timestamp, "abc_9-X")])
    with pytest.raises(WireError):
        verify(forged, "signature", kit.TOKEN, kit.NOW)


@pytest.mark.parametrize("nonce", ["", "a" * 65, "a b", "a\n", "é", "a.b", "<x>", "\x00"])
def test_nonce_has_a_form(nonce: str) -> None:
    with pytest.raises(WireError):
        verify(
            query(nonce=[nonce], signature=[sign(kit.TOKEN, STAMP, nonce)]), "signature", kit.TOKEN, kit.NOW
        )


@pytest.mark.parametrize(
    "age,accepted",
    [(0, True), (299, True), (300, True), (301, False), (86400, False), (-300, True), (-301, False)],
)
def test_window_is_five_minutes_both_ways(age: int, accepted: bool) -> None:
    later = kit.NOW + timedelta(seconds=age)
    if accepted:
        verify(query(), "signature", kit.TOKEN, later)
    else:
        with pytest.raises(WireError):
            verify(query(), "signature", kit.TOKEN, later)


@pytest.mark.parametrize("digits", [1, 2, 5, -1, -3])
def test_digits_moved_between_nonce_and_timestamp_are_refused(digits: int) -> None:
    """Sorted and joined, the parts keep their signature when a digit changes places."""
    token, nonce = "zzz", "9876543210"  # sorts after the timestamp, before the token
    joined = STAMP + nonce
    cut = len(STAMP) + digits
    moved = {"timestamp": [joined[:cut]], "nonce": [joined[cut:]], "signature": [sign(token, STAMP, nonce)]}
    assert sign(token, *moved["timestamp"], *moved["nonce"]) == moved["signature"][0]
    with pytest.raises(WireError):
        verify(moved, "signature", token, kit.NOW)


@pytest.mark.parametrize("place", range(40))
def test_every_digit_of_the_signature_counts(place: int) -> None:
    right = query()["signature"][0]
    wrong = right[:place] + ("0" if right[place] != "0" else "1") + right[place + 1 :]
    with pytest.raises(WireError):
        verify(query(signature=[wrong]), "signature", kit.TOKEN, kit.NOW)


@pytest.mark.parametrize("signature", ["", "é" * 40, "\ud800", "0" * 39, "0" * 41, "A" * 100_000])
def test_odd_signature_is_refused(signature: str) -> None:
    with pytest.raises(WireError):
        verify(query(signature=[signature]), "signature", kit.TOKEN, kit.NOW)


def test_account_without_token_trusts_nobody() -> None:
    with pytest.raises(WireError):
        verify(query(signature=[sign("", STAMP, "abc_9-X")]), "signature", "", kit.NOW)


def test_same_stamp_same_body_is_a_retry_and_another_body_is_refused(valkey: Any) -> None:
    seen = NonceCache(valkey, "gzh")
    assert [
        seen("1.a", b"one"),
        seen("1.a", b"one"),
        seen("1.a", b"two"),
        seen("1.b", b"two"),
        seen("1.a", b"one"),
    ] == [False, False, True, False, False]
    assert NonceCache(valkey, "other")("1.a", b"two") is False
    assert 7100 < valkey.ttl("linyi:nonce:gzh:1.a") <= 7200


def test_without_redis_messages_pass_with_one_warning(
    no_valkey: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen = NonceCache(no_valkey, "gzh")
    with caplog.at_level(logging.WARNING):
        assert [seen("1.a", b"one"), seen("1.a", b"two")] == [False, False]
    assert len(caplog.records) == 1 and "1.a" not in caplog.text


def test_plain_post_with_a_used_signature_and_another_body_is_refused(valkey: Any) -> None:
    plain = replace(kit.MP, mode="plain")
    channel, second = (build(plain, redis=valkey, clock=lambda: kit.NOW) for _ in range(2))
    request = kit.callback(plain, TEXT, mode="plain")
    assert channel.parse(request, now=kit.NOW) == second.parse(request, now=kit.NOW)
    with pytest.raises(WireError):
        second.parse(
            replace(request, body=request.body.replace("同意".encode(), "反对".encode())), now=kit.NOW
        )
    later = kit.callback(
        plain, TEXT, mode="plain", at=int(STAMP) + 5
    )  # the same nonce by chance, signed anew
    assert second.parse(later, now=kit.NOW) is not None


@pytest.mark.parametrize("account", [kit.MP, kit.AIBOT])
def test_signature_covers_the_sealed_body(account: Any) -> None:
    packet = '{"msgid":"1","msgtype":"text","text":{"content":"x"},"from":{"userid":"u"}}'
    inner = TEXT if account is kit.MP else packet
    channel, first, other = kit.channel(account), kit.callback(account, inner), kit.callback(account, inner)
    assert channel.parse(first, now=kit.NOW) is not None
    with pytest.raises(WireError) as error:
        channel.parse(WireRequest("POST", first.query, other.body), now=kit.NOW)
    assert error.value.status == 403
    with pytest.raises(WireError):
        channel.parse(first, now=kit.NOW + timedelta(seconds=306))


def test_safe_mode_wants_msg_signature_and_not_the_weak_one() -> None:
    request = kit.callback(kit.MP, TEXT)
    full = dict(request.query)
    weak = {name: values for name, values in full.items() if name != "msg_signature"}
    forgeries = [weak, weak | {"msg_signature": weak["signature"]}]
    for forged in forgeries + [
        full | {"encrypt_type": kinds} for kinds in (["raw"], ["aes", "raw"], ["AES"])
    ]:
        with pytest.raises(WireError):
            kit.channel(kit.MP).parse(replace(request, query=forged), now=kit.NOW)


@pytest.mark.parametrize("echo", ["", "<script>", "a" * 257, "你好", "a b", "a\r\nX: y"])
def test_mp_handshake_echoes_no_markup(echo: str) -> None:
    request = WireRequest("GET", query(echostr=[echo]), b"")
    with pytest.raises(WireError):
        kit.channel(kit.MP).handshake(request)
