"""One contract for every channel, fed with recorded payloads; a new channel is found by the registry."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.channels import KINDS, build, xml
from bot.message import ChannelError, Message, Outgoing, Reply, WireError, WireRequest
from tests.channels import kit

PAYLOADS = Path(__file__).parents[1] / "payloads"
EXPECTED: dict[str, dict[str, Any] | None] = json.loads((PAYLOADS / "expected.json").read_text("utf-8"))
FILES = sorted(path.name for path in PAYLOADS.iterdir() if path.name != "expected.json")
HEARING = [kind for kind in KINDS if any(name.startswith(kind + ".") for name in FILES)]
INJECTION = "a]]><b>pwn</b><![CDATA[ \x0b\x00 <&>\"' 电梯🛗\n第二行 ]]]>\ud800\uffff"
HARMLESS = "a]]><b>pwn</b><![CDATA[  <&>\"' 电梯🛗\n第二行 ]]]>"


def inner_of(name: str) -> str:
    return (PAYLOADS / name).read_text("utf-8").replace("{api_base}", kit.BASE)


def account_of(name: str) -> Any:
    return kit.ACCOUNTS[name.split(".")[0]]


def heard(name: str, **changes: Any) -> tuple[Any, WireRequest, Message]:
    account = replace(account_of(name), **changes)
    channel, request = kit.channel(account), kit.callback(account, inner_of(name))
    message = channel.parse(request, now=kit.NOW)
    assert message is not None
    return channel, request, message


def test_every_payload_has_an_expectation_and_every_kind_an_account() -> None:
    assert sorted(EXPECTED) == FILES
    assert set(kit.ACCOUNTS) == set(KINDS)


@pytest.mark.parametrize("name", FILES)
def test_recorded_payload_becomes_the_expected_message(name: str) -> None:
    account = account_of(name)
    message = kit.channel(account).parse(kit.callback(account, inner_of(name)), now=kit.NOW)
    expected = EXPECTED[name]
    if expected is None:
        assert message is None
        return
    assert message is not None and message.channel == account.name
    for field, value in expected.items():
        value = value.replace("{api_base}", kit.BASE) if isinstance(value, str) else value
        value = tuple(value) if isinstance(value, list) else value
        assert getattr(message, field) == value, field
    assert message.external_id and len(message.external_id) <= 128
    assert message.sent_at.utcoffset() is not None and abs(message.sent_at - kit.NOW).total_seconds() < 60


@pytest.mark.parametrize("name", FILES)
def test_the_same_payload_twice_has_the_same_id(name: str) -> None:
    if EXPECTED[name] is not None:
        assert heard(name)[2] == heard(name)[2]


@pytest.mark.parametrize("kind", KINDS)
def test_channel_keeps_the_contract(kind: str) -> None:
    channel = kit.channel(kit.ACCOUNTS[kind])
    abilities = channel.capabilities
    assert (channel.kind, channel.name, channel.community) == (kind, kit.ACCOUNTS[kind].name, "cuiyuan")
    assert abilities.per_minute > 0 and abilities.push_bytes >= 2048
    empty = WireRequest("POST", {}, b"")
    with pytest.raises(WireError):
        channel.handshake(empty)
    with pytest.raises(WireError):
        channel.parse(empty, now=kit.NOW)
    with pytest.raises(ChannelError) as refusal:
        channel.send(Outgoing("x", "video"))
    assert not refusal.value.retryable


@pytest.mark.parametrize(
    "name", ["mp.text.xml", "wecom_app.text.xml", "wecom_app.tap_button.xml", "wecom_aibot.group_text.json",
             "wecom_aibot.enter_chat.json"]
)
def test_reply_comes_through_whole_and_nothing_breaks_out(name: str) -> None:
    channel, request, message = heard(name)
    words = kit.words_of(account_of(name), channel.respond(request, message, Reply(INJECTION)))
    assert words == HARMLESS


@pytest.mark.parametrize("name", ["mp.text.xml", "wecom_app.text.xml", "wecom_aibot.group_text.json"])
def test_too_long_reply_is_cut_between_characters(name: str) -> None:
    channel, request, message = heard(name)
    words = kit.words_of(account_of(name), channel.respond(request, message, Reply("x" + "投" * 9000)))
    most = channel.capabilities.reply_bytes
    assert most - 3 < len(words.encode()) <= most and set(words) == {"x", "投"}


@pytest.mark.parametrize(
    "name,silence",
    [("mp.text.xml", b"success"), ("wecom_app.text.xml", b""), ("wecom_aibot.group_text.json", b""), ("wecom_aibot.feedback.json", b"")],
)
def test_silence_is_the_platforms_own(name: str, silence: bytes) -> None:
    channel, request, message = heard(name)
    answer = channel.respond(request, message, Reply())
    assert (answer.status, answer.body) == (200, silence)


def test_an_event_that_takes_no_words_gets_none() -> None:
    channel, request, message = heard("wecom_aibot.feedback.json")
    assert channel.respond(request, message, Reply("谢谢")).body == b""


@pytest.mark.parametrize("kind", HEARING)
def test_old_key_still_opens_and_is_answered_with(kind: str) -> None:
    name = next(name for name in FILES if name.startswith(kind) and "text" in name)
    sender = replace(kit.ACCOUNTS[kind], aes_key=kit.OLD_KEY)
    receiver = replace(kit.ACCOUNTS[kind], previous_aes_key=kit.OLD_KEY)
    request = kit.callback(sender, inner_of(name))
    channel, other_process = kit.channel(receiver), kit.channel(receiver)
    message = channel.parse(request, now=kit.NOW)
    assert message is not None
    for answering in (channel, other_process):
        assert kit.words_of(sender, answering.respond(request, message, Reply("记下了"))) == "记下了"
    with pytest.raises(WireError):
        kit.channel(kit.ACCOUNTS[kind]).parse(request, now=kit.NOW)


@pytest.mark.parametrize(
    "mode,sent,accepted",
    [
        ("safe", "safe", True),
        ("safe", "compat", True),
        ("safe", "plain", False),
        ("compat", "compat", True),
        ("compat", "safe", True),
        ("compat", "plain", False),
        ("plain", "plain", True),
        ("plain", "safe", True),
    ],
)
def test_mp_takes_only_what_its_mode_allows(mode: str, sent: str, accepted: bool) -> None:
    channel = kit.channel(kit.MP, mode=mode)
    request = kit.callback(kit.MP, inner_of("mp.text.xml"), mode=sent)
    if not accepted:
        with pytest.raises(WireError):
            channel.parse(request, now=kit.NOW)
        return
    message = channel.parse(request, now=kit.NOW)
    assert message is not None and message.text.startswith("反映")
    answer = channel.respond(request, message, Reply("收到"))
    assert (b"<Encrypt>" in answer.body) is (mode == "safe")
    assert kit.words_of(kit.MP, answer) == "收到"
    assert channel.respond(request, message, Reply()).body == b"success"


def test_compat_reads_the_envelope_and_not_the_words_beside_it() -> None:
    request = kit.callback(kit.MP, inner_of("mp.text.xml"), mode="compat")
    forged = replace(request, body=request.body.replace("反映".encode(), "作废".encode(), 1))
    assert forged.body != request.body
    message = kit.channel(kit.MP, mode="compat").parse(forged, now=kit.NOW)
    assert message is not None and message.text.startswith("反映")


@pytest.mark.parametrize(
    "change",
    [
        ("CLICK", "location_select"),
        ("V1_HELP", "V1_LIST"),
        ("1793422800", "1793422799"),
        ("o9AgO5Kd5ggOC", "o9AgO5Kd5ggOD"),
    ],
)
def test_events_of_one_second_are_told_apart(change: tuple[str, str]) -> None:
    channel, inner = kit.channel(kit.MP), inner_of("mp.menu_click.xml")
    first = channel.parse(kit.callback(kit.MP, inner), now=kit.NOW)
    second = channel.parse(kit.callback(kit.MP, inner.replace(*change)), now=kit.NOW)
    assert first is not None and second is not None and first.external_id != second.external_id


@pytest.mark.parametrize(
    "said,words",
    [
        ("@小议 P1 同意", "P1 同意"),
        ("@小议\u2005P1 同意", "P1 同意"),
        ("  @小议P1 同意", "P1 同意"),
        ("@小议 @小议 议题", "议题"),
        ("各位 @小议 议题", "各位  议题"),
        ("议题 @小议", "议题"),
        ("@小议", ""),
        ("@小议员 @李叔 议题", "员 @李叔 议题"),
        ("@李叔 议题", "@李叔 议题"),
        ("a@小议.cn 邮箱", "a@小议.cn 邮箱"),
    ],
)
def test_mention_of_the_bot_is_no_part_of_the_words(said: str, words: str) -> None:
    packet = json.loads(inner_of("wecom_aibot.group_text.json")) | {"text": {"content": said}}
    message = kit.channel(kit.AIBOT).parse(kit.callback(kit.AIBOT, json.dumps(packet)), now=kit.NOW)
    assert message is not None and message.text == words


def test_aibot_handshake_opens_the_echo_even_when_the_plus_signs_were_lost() -> None:
    stamp = str(int(kit.NOW.timestamp()))
    echoes = (kit.seal(kit.AIBOT, "1616140317555161061") for _ in range(200))
    echo = next(echo for echo in echoes if "+" in echo)
    query = {
        "timestamp": [stamp],
        "nonce": ["abc"],
        "msg_signature": [kit.signed(kit.TOKEN, stamp, "abc", echo)],
        "echostr": [echo],
    }
    channel = kit.channel(kit.AIBOT)
    assert channel.handshake(WireRequest("GET", query, b"")).body == b"1616140317555161061"
    assert (
        channel.handshake(WireRequest("GET", query | {"echostr": [echo.replace("+", " ")]}, b"")).status
        == 200
    )
    with pytest.raises(WireError):
        channel.handshake(WireRequest("GET", query | {"msg_signature": ["0" * 40]}, b""))


@pytest.mark.parametrize(
    "account,changes",
    [
        (kit.MP, {"kind": "sms"}),
        (kit.MP, {"aes_key": ""}),
        (kit.MP, {"aes_key": "canary-short"}),
        (kit.MP, {"app_id": ""}),
        (kit.MP, {"mode": "open"}),
        (kit.AIBOT, {"aes_key": ""}),
        (kit.APP, {"aes_key": ""}),
        (kit.APP, {"app_id": ""}),
        (kit.APP, {"agent_id": "one"}),
    ],
)
def test_wrong_account_is_a_clear_error_without_its_secrets(account: Any, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError) as error:
        build(replace(account, **changes), redis=None, clock=lambda: kit.NOW)
    assert (
        "canary" not in str(error.value) and kit.KEY not in repr(account) and kit.TOKEN not in repr(account)
    )


@pytest.mark.parametrize(
    "text", ["]]>", "]]]>]]>", "]]\x0b>", "]]\ud800><b/>", "\x00\x1f\ufffe", "<![CDATA[", "]]"]
)
def test_cdata_holds_any_text_whole(text: str) -> None:
    root = ElementTree.fromstring(f"<xml><Content>{xml.cdata(text)}</Content></xml>")
    left = "".join(sign for sign in text if sign.isprintable())
    assert [child.text or "" for child in root] == [left] and not len(root[0])
