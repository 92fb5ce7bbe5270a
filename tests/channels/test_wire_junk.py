"""Bodies no platform would send: each is a WireError, quickly, and never anything else."""

import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import xml
from bot.message import WireError, WireRequest
from tests.channels import kit

GOOD = {
    "ToUserName": "gh_x",
    "FromUserName": "oA",
    "CreateTime": "1793422800",
    "MsgType": "text",
    "Content": "x",
    "MsgId": "42",
}


def doc(extra: str = "", **changes: str | None) -> str:
    fields = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return "<xml>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + extra + "</xml>"


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
XML_JUNK: list[str | bytes] = [
    "",
    " ",
    "x",
    "<",
    "<xml>",
    "<xml/>",
    "<a/>",
    "<xml></a>",
    "{}",
    "null",
    "\x00",
    "\ufeff",
    b"\xff\xfe<\x00x\x00",
    b"\xff" * 100,
    "<xml>" * 200_000,
    "<a>" * 15_000,
    "<xml><Content>" * 4000,
    doc(MsgType="<x/>"),
    doc(Content="<b>pwn</b>"),
    doc(FromUserName="<a><b>c</b></a>"),
    doc("<FromUserName>b</FromUserName>"),
    doc("<Content>y</Content>"),
    doc("<MsgType>text</MsgType>"),
    doc("<MsgId>43</MsgId>"),
    doc("<ToUserName/>"),
    doc(MsgType=None),
    doc(MsgType=""),
    doc(FromUserName=None),
    doc(FromUserName=""),
    doc(FromUserName="a b"),
    doc(FromUserName="a" * 129),
    doc(ToUserName=None),
    doc(Content=None),
    doc(CreateTime=None),
    doc(CreateTime=""),
    doc(CreateTime="-1"),
    doc(CreateTime="1e9"),
    doc(CreateTime="99999999999"),
    doc(CreateTime="１７９３４２２８００"),
    doc(CreateTime="0"),
    doc(MsgId=None),
    doc(MsgId="0"),
    doc(MsgId="-5"),
    doc(MsgId="1.5"),
    doc(MsgId=" 42"),
    doc(MsgId=str(2**64)),
    doc(MsgId="9" * 5000),
    doc(MsgId="②"),
    doc(MsgType="event"),
    doc(MsgType="event", Event=""),
    doc(MsgType="event", Event="<x/>"),
    doc(Content="&nope;"),
    doc(Content="\x0b"),
    doc(Content="&#0;"),
    f"<!DOCTYPE x [{BOMB}]>" + doc(Content="&l9;"),
    "<!DOCTYPE xml>" + doc(),
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + doc(Content="&a;"),
    '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;]>' + doc(),
    "<a>" + doc() + "</a>",
    doc() + doc(),
    doc("<List>" + "<a>" * 20 + "</a>" * 20 + "</List>"),
    doc(Content="]]>"),
    doc() + "x",
    "<xml:xml/>",
]
JSON_GOOD: dict[str, Any] = {
    "msgid": "1",
    "chattype": "single",
    "from": {"userid": "u"},
    "msgtype": "text",
    "text": {"content": "x"},
}
_CHANGES: list[dict[str, Any]] = [
    {"msgid": None},
    {"msgid": 5},
    {"msgid": ""},
    {"msgid": "a" * 129},
    {"msgid": ["1"]},
    {"msgid": "\ud800"},
    {"from": None},
    {"from": "u"},
    {"from": {}},
    {"from": {"userid": {}}},
    {"from": {"userid": "李"}},
    {"msgtype": None},
    {"msgtype": {}},
    {"text": None},
    {"text": "x"},
    {"text": {"content": None}},
    {"text": {"content": ["x"]}},
    {"chattype": "group"},
    {"chattype": "group", "chatid": 7},
    {"chattype": "moon"},
    {"chattype": 1},
    {"msgtype": "mixed"},
    {"msgtype": "mixed", "mixed": {"msg_item": "x"}},
    {"msgtype": "mixed", "mixed": {"msg_item": ["x"]}},
    {"msgtype": "event"},
    {"msgtype": "event", "event": []},
    {"msgtype": "event", "event": {"eventtype": ""}},
    {"quote": {"msgtype": "text"}},
    {"msgtype": "event", "event": {"eventtype": "e"}, "create_time": "1"},
    {"msgtype": "event", "event": {"eventtype": "e"}, "create_time": 10**30},
    {"msgtype": "event", "event": {"eventtype": "e"}, "create_time": True},
    {"msgtype": "event", "event": {"eventtype": "e"}, "create_time": -1},
]
JSON_JUNK = [
    "",
    "x",
    "null",
    "[]",
    "1",
    '"x"',
    "{",
    "[" * 40_000,
    '{"a":' * 10_000,
    "9" * 5000,
    "NaN",
    "{}",
    *(json.dumps(JSON_GOOD | change) for change in _CHANGES),
]
PLAIN = replace(kit.MP, mode="plain")


def refuse(account: Any, request: WireRequest) -> WireError:
    channel = kit.channel(account)
    began = time.thread_time()
    with pytest.raises(WireError) as error:
        channel.parse(request, now=kit.NOW)
    assert time.thread_time() - began < 0.05
    assert 400 <= error.value.status < 500
    return error.value


def signed_plain(body: bytes) -> WireRequest:
    return replace(kit.callback(PLAIN, "", mode="plain"), body=body)


def test_the_samples_are_junk_by_one_change_only() -> None:
    assert kit.channel(PLAIN).parse(signed_plain(doc().encode()), now=kit.NOW) is not None
    assert (
        kit.channel(kit.AIBOT).parse(kit.callback(kit.AIBOT, json.dumps(JSON_GOOD)), now=kit.NOW) is not None
    )
    assert len(XML_JUNK) + len(JSON_JUNK) > 80


@pytest.mark.parametrize("number", range(len(XML_JUNK)))
def test_signed_xml_junk_is_refused(number: int) -> None:
    junk = XML_JUNK[number]
    body = junk if isinstance(junk, bytes) else junk.encode()
    error = refuse(PLAIN, signed_plain(body))
    assert error.status == (413 if len(body) > 65536 else 400)
    if isinstance(junk, str):  # and the same inside an envelope, where the outer document is good
        refuse(kit.MP, kit.callback(kit.MP, junk))


@pytest.mark.parametrize("number", range(len(XML_JUNK)))
def test_junk_in_place_of_an_envelope_is_refused(number: int) -> None:
    junk = XML_JUNK[number]
    for account in (kit.MP, kit.AIBOT):
        request = kit.callback(account, doc())
        refuse(account, replace(request, body=junk if isinstance(junk, bytes) else junk.encode()))


@pytest.mark.parametrize("number", range(len(JSON_JUNK)))
def test_sealed_json_junk_is_refused(number: int) -> None:
    assert refuse(kit.AIBOT, kit.callback(kit.AIBOT, JSON_JUNK[number])).status in (400, 413)


@pytest.mark.parametrize(
    "sealed",
    [None, 5, "", "x", "=", "AAAA", "A" * 43, "A" * 44, "é", "\ud800", "A" * 60_000, {}, ["A"], "QUJD\nQUJD"],
)
def test_signed_envelope_of_junk_is_refused(sealed: Any) -> None:
    stamp = str(int(kit.NOW.timestamp()))
    words = sealed if isinstance(sealed, str) and sealed.isprintable() else "x"
    query = {
        "timestamp": [stamp],
        "nonce": ["n"],
        "msg_signature": [kit.signed(kit.TOKEN, stamp, "n", words)],
    }
    refuse(kit.AIBOT, WireRequest("POST", query, json.dumps({"encrypt": sealed}).encode()))
    if isinstance(sealed, str) and sealed != "\ud800":
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        refuse(kit.MP, WireRequest("POST", query | {"encrypt_type": ["aes"]}, body))


def test_200_000_levels_are_refused_at_once() -> None:
    began = time.thread_time()
    for junk in (b"<xml>" * 200_000, b"<xml><List>" + b"<a>" * 200_000, b"<a>" * 200_000):
        with pytest.raises(WireError):
            xml.read(junk)
    assert time.thread_time() - began < 0.05


@pytest.mark.parametrize("size,status", [(65_536, None), (65_537, 413)])
def test_body_of_64_kib_is_the_limit(size: int, status: int | None) -> None:
    body = doc(Content="x" * (size - len(doc(Content=""))))
    request = signed_plain(body.encode())
    assert len(request.body) == size
    if status is None:
        assert kit.channel(PLAIN).parse(request, now=kit.NOW) is not None
    else:
        assert refuse(PLAIN, request).status == status


@pytest.mark.parametrize("said", ["a\x00b", "a\ud800b", "a\x1bb", "a\uffffb"])
def test_what_no_database_stores_is_dropped_from_the_words(said: str) -> None:
    packet = json.dumps(JSON_GOOD | {"text": {"content": said}})
    message = kit.channel(kit.AIBOT).parse(kit.callback(kit.AIBOT, packet), now=kit.NOW)
    assert message is not None and message.text == "ab"


def only_wire_errors(account: Any, request: WireRequest) -> None:
    with contextlib.suppress(WireError):
        kit.channel(account).parse(request, now=kit.NOW)


PIECES = st.sampled_from(
    [
        "<xml>",
        "</xml>",
        "<![CDATA[",
        "]]>",
        "<MsgType>",
        "</MsgType>",
        "text",
        "event",
        "<Content>",
        "</Content>",
        "&amp;",
        "&#x0;",
        "<!--",
        "-->",
        "<?xml version='1.0' encoding='gbk'?>",
        "<a/>",
        "<MsgId>",
        "</MsgId>",
        "1",
        "🛗",
        "\x00",
        "<!DOCTYPE x>",
    ]
)
FUZZ = settings(derandomize=True, max_examples=300, deadline=None)


@given(
    st.one_of(
        st.binary(max_size=400), st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode())
    )
)
@FUZZ
def test_fuzzed_bodies_raise_nothing_but_wire_errors(body: bytes) -> None:
    only_wire_errors(PLAIN, signed_plain(body))
    for account in (kit.MP, kit.AIBOT):
        only_wire_errors(account, replace(kit.callback(account, "x"), body=body))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*JSON_GOOD, "chatid", "quote", "mixed", "event", "response_url", "create_time"]),
        VALUES,
        max_size=6,
    )
)
@FUZZ
def test_fuzzed_packets_raise_nothing_but_wire_errors(changes: dict[str, Any]) -> None:
    only_wire_errors(kit.AIBOT, kit.callback(kit.AIBOT, json.dumps(JSON_GOOD | changes)))


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=30), max_size=6))
@FUZZ
def test_fuzzed_fields_raise_nothing_but_wire_errors(changes: dict[str, str]) -> None:
    only_wire_errors(PLAIN, signed_plain(doc(**changes).encode("utf-8", "surrogatepass")))


@given(
    st.dictionaries(
        st.sampled_from(["timestamp", "nonce", "signature", "msg_signature", "encrypt_type", "echostr"]),
        st.lists(st.text(max_size=50), max_size=2),
        max_size=6,
    )
)
@FUZZ
def test_fuzzed_queries_raise_nothing_but_wire_errors(query: dict[str, list[str]]) -> None:
    for account in (kit.MP, PLAIN, kit.AIBOT):
        with pytest.raises(WireError):
            kit.channel(account).handshake(WireRequest("GET", query, b""))
        only_wire_errors(account, WireRequest("POST", query, doc().encode()))
