"""The callback address over WSGI: what comes in, what goes out, and never a 500."""

import io
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.channels.http import wire_blueprint
from bot.message import Channel, Message, Reply, WireRequest
from tests.channels import kit

TEXT = (
    "<xml><ToUserName>gh_x</ToUserName><FromUserName>oCANARY</FromUserName><CreateTime>1793422800</CreateTime>"
    "<MsgType>text</MsgType><Content>CANARY 同意</Content><MsgId>77</MsgId></xml>"
)


def client_for(
    handle: Callable[[Channel, Message], Reply | None], channels: dict[str, Any] | None = None
) -> FlaskClient:
    app = Flask("wire")
    built = channels or {account.name: kit.channel(account) for account in kit.ACCOUNTS.values()}
    app.register_blueprint(wire_blueprint(built, handle, clock=lambda: kit.NOW))
    return app.test_client()


def post(client: FlaskClient, request: WireRequest, account: str = "gzh") -> Any:
    return client.post(f"/wire/{account}", query_string=dict(request.query), data=request.body)


def echo(channel: Channel, message: Message) -> Reply:
    return Reply(f"记下了：{message.text}")


def never(channel: Channel, message: Message) -> Reply:
    raise AssertionError("nothing should have been handled")


def test_message_is_answered_in_the_same_breath() -> None:
    answer = post(client_for(echo), kit.callback(kit.MP, TEXT))
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")
    wire = kit.words_of(kit.MP, type("Answer", (), {"body": answer.data})())  # type: ignore[arg-type]
    assert wire == "记下了：CANARY 同意"


def test_handshake_is_answered() -> None:
    stamp = str(int(kit.NOW.timestamp()))
    query = {
        "timestamp": stamp,
        "nonce": "n",
        "signature": kit.signed(kit.TOKEN, stamp, "n"),
        "echostr": "4375120",
    }
    client = client_for(never)
    answer = client.get("/wire/gzh", query_string=query)
    assert (answer.status_code, answer.data, answer.headers["X-Content-Type-Options"]) == (
        200,
        b"4375120",
        "nosniff",
    )
    assert answer.content_type.startswith("text/plain")
    assert client.get("/wire/gzh", query_string=query | {"signature": "0" * 40}).status_code == 403


def test_silence_is_success() -> None:
    answer = post(client_for(lambda channel, message: Reply()), kit.callback(kit.MP, TEXT))
    assert (answer.status_code, answer.data) == (200, b"success")


def test_stream_refresh_is_an_empty_200_and_handled_by_nobody() -> None:
    inner = '{"msgid":"1","msgtype":"stream","stream":{"id":"1"},"chattype":"single","from":{"userid":"u"}}'
    answer = post(client_for(never), kit.callback(kit.AIBOT, inner), "xiaoyi")
    assert (answer.status_code, answer.data) == (200, b"")


def test_database_away_asks_the_platform_to_come_again(caplog: pytest.LogCaptureFixture) -> None:
    assert post(client_for(lambda channel, message: None), kit.callback(kit.MP, TEXT)).status_code == 503
    assert not caplog.records  # whoever knows why has said so


def test_defect_in_the_handler_is_503_and_its_words_stay_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(channel: Channel, message: Message) -> Reply:
        raise KeyError(message.text)

    with caplog.at_level(logging.DEBUG):
        answer = post(client_for(broken), kit.callback(kit.MP, TEXT))
    assert (answer.status_code, answer.data) == (503, b"")
    assert "message 77 failed: KeyError at" in caplog.text and "CANARY" not in caplog.text


def test_defect_in_a_channel_is_400_and_its_words_stay_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        name = "gzh"

        def parse(self, request: WireRequest, *, now: Any) -> Message:
            raise ValueError("CANARY")

    with caplog.at_level(logging.DEBUG):
        answer = post(client_for(never, {"gzh": Broken()}), kit.callback(kit.MP, TEXT))
    assert answer.status_code == 400
    assert "unreadable: ValueError at" in caplog.text and "CANARY" not in caplog.text


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("POST", "/wire/nobody", 404),
        ("GET", "/wire/nobody", 404),
        ("POST", "/wire/qun", 404),
        ("GET", "/wire/qun", 404),
        ("PUT", "/wire/gzh", 405),
        ("DELETE", "/wire/gzh", 405),
        ("POST", "/wire/gzh", 403),
        ("GET", "/wire/gzh", 403),
        ("HEAD", "/wire/gzh", 403),
        ("POST", "/wire/xiaoyi", 400),
        ("POST", "/wire/gzh/x", 404),
        ("POST", "/wire/gzh?timestamp=%FF&nonce=%00&signature=%F0%9F", 403),
        ("POST", "/wire/gzh?" + "&".join(f"a{n}=1" for n in range(500)), 403),
    ],
)
def test_strangers_are_turned_away(method: str, path: str, status: int) -> None:
    assert client_for(never).open(path, method=method).status_code == status


def test_parameter_given_twice_is_refused() -> None:
    request = kit.callback(kit.MP, TEXT)
    for name in ("timestamp", "nonce", "msg_signature", "encrypt_type"):
        twice = dict(request.query) | {name: request.query[name] * 2}
        assert post(client_for(never), WireRequest("POST", twice, request.body)).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"x", b"<xml>", b"\xff" * 9, b"<xml>" * 9000, b"[" * 9000, b"x" * 65_536]
)
@pytest.mark.parametrize("account", [kit.MP, kit.AIBOT])
def test_junk_is_refused_and_never_an_error_of_ours(account: Any, body: bytes) -> None:
    request = kit.callback(account, TEXT)
    answer = post(client_for(never), WireRequest("POST", request.query, body), account.name)
    assert 400 <= answer.status_code < 500 and answer.data == b""


@pytest.mark.parametrize("size,status", [(65_536, 400), (65_537, 413), (10_000_000, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_body_beyond_64_kib_is_413_even_without_a_length(size: int, status: int, chunked: bool) -> None:
    request = kit.callback(kit.MP, TEXT)
    stream = io.BytesIO(b"x" * size)
    how: dict[str, Any] = {"input_stream": stream}
    if chunked:
        how["environ_base"] = {"wsgi.input_terminated": True}
        how["headers"] = {"Transfer-Encoding": "chunked"}
    else:
        how["headers"] = {"Content-Length": str(size)}
    answer = client_for(never).open("/wire/gzh", method="POST", query_string=dict(request.query), **how)
    assert answer.status_code == status
    assert stream.tell() <= 65_537 + 16_384  # the rest is not even read


def test_refusal_is_logged_without_the_request(caplog: pytest.LogCaptureFixture) -> None:
    request = kit.callback(kit.MP, TEXT.replace("<MsgId>77", "<MsgId>CANARY"))
    with caplog.at_level(logging.DEBUG):
        assert post(client_for(never), request).status_code == 400
    assert "gzh: refused: MsgId is not a 64-bit number" in caplog.text and "CANARY" not in caplog.text
