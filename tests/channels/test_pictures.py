"""Pictures people send: recorded payloads of every road, fetched from the platform's own addresses and nowhere else."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot import inbox
from bot.channels.account import Account
from bot.message import MEDIA_BYTES, TOO_LARGE, ChannelError, Media
from tests.channels import kit
from tests.channels.test_wire_contract import inner_of

JPEG = b"\xff\xd8\xff\xe0 a picture"
OWN_KEY = base64.b64encode(os.urandom(32)).decode().rstrip("=")


class _Platform(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        status, body = self.server.answer(self.path)  # type: ignore[attr-defined]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    """A platform whose answers the test gives, by path."""
    found: Any = HTTPServer(("127.0.0.1", 0), _Platform)
    found.asked, found.url = [], f"http://127.0.0.1:{found.server_port}"
    found.answer = lambda path: (200, json.dumps({"access_token": "t", "expires_in": 7200, "errcode": 0}).encode())
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def sealed(data: bytes, key: str) -> bytes:
    """The bytes as the platform's store holds them."""
    raw = base64.b64decode(key + "=")
    pad = 32 - len(data) % 32
    sealer = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return sealer.update(data + bytes([pad]) * pad) + sealer.finalize()


def with_token(answer: tuple[int, bytes]) -> Any:
    """Gives a token, and then this answer."""
    token = json.dumps({"access_token": "t", "expires_in": 7200, "errcode": 0}).encode()
    return lambda path: answer if path.startswith("/cgi-bin/media/get") else (200, token)


@pytest.mark.parametrize(("name", "media"), [
    ("mp.image.xml", (Media(id="m1"),)), ("wecom_app.image.xml", (Media(id="m2"),)),
    ("wecom_aibot.private_image.json", (Media(url="https://ww-aibot-img/x"),)),
    ("wecom_aibot.group_mixed.json", (Media(url="https://ww-aibot-img/x"),))])
def test_a_recorded_picture_is_known_by_the_platforms_own_name(name: str, media: tuple[Media, ...]) -> None:
    account = kit.ACCOUNTS[name.split(".")[0]]
    message = kit.channel(account).parse(kit.callback(account, inner_of(name)), now=kit.NOW)
    assert message is not None and message.media == media
    assert message.kind == ("text" if "mixed" in name else "image")
    assert inbox.unpack(inbox.pack(message)) == message


def test_a_bot_with_its_own_connection_hears_the_key_too() -> None:
    body = {"msgid": "M1", "chattype": "single", "from": {"userid": "LiShu"}, "msgtype": "image",
            "image": {"url": "https://store/x", "aeskey": OWN_KEY}}
    channel: Any = kit.channel(kit.AIBOT_WS)
    message = channel.read({"headers": {"req_id": "r1"}, "body": body}, now=kit.NOW)
    assert message.kind == "image" and message.media == (Media(url="https://store/x", key=OWN_KEY),)
    assert OWN_KEY not in repr(message) and "store" not in repr(message)


def test_a_mention_and_a_picture_is_a_picture() -> None:
    packet = json.loads(inner_of("wecom_aibot.group_mixed.json"))
    packet["mixed"]["msg_item"] = [{"msgtype": "text", "text": {"content": "@小议"}}, packet["mixed"]["msg_item"][1]]
    message = kit.channel(kit.AIBOT).parse(kit.callback(kit.AIBOT, json.dumps(packet)), now=kit.NOW)
    assert message is not None and (message.kind, message.text, len(message.media)) == ("image", "", 1)


@pytest.mark.parametrize("account", [kit.MP, kit.APP], ids=lambda a: a.kind)
def test_media_is_fetched_by_id(account: Account, server: Any) -> None:
    channel: Any = kit.channel(account, api_base=server.url)
    server.answer = with_token((200, JPEG))
    assert channel.fetch(Media(id="m1")) == JPEG
    assert server.asked[-1] == "/cgi-bin/media/get?access_token=t&media_id=m1"


@pytest.mark.parametrize(("answer", "retryable", "code"), [
    ((200, b'{"errcode":40007,"errmsg":"invalid media_id"}'), False, 40007), ((200, b'{"errcode":-1}'), True, -1),
    ((502, b"<html>"), True, None), ((404, b""), False, None), ((200, b"{nonsense"), True, None)])
def test_no_picture_is_a_refusal(server: Any, answer: tuple[int, bytes], retryable: bool, code: int | None) -> None:
    channel: Any = kit.channel(kit.MP, api_base=server.url)
    server.answer = with_token(answer)
    with pytest.raises(ChannelError) as error:
        channel.fetch(Media(id="m1"))
    assert (error.value.retryable, error.value.code) == (retryable, code)


def test_too_many_bytes_are_not_read(server: Any) -> None:
    channel: Any = kit.channel(kit.MP, api_base=server.url)
    server.answer = with_token((200, b"\xff\xd8\xff" + bytes(MEDIA_BYTES)))
    with pytest.raises(ChannelError, match=TOO_LARGE):
        channel.fetch(Media(id="m1"))


def test_who_sends_drop_by_drop_is_not_waited_for(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    channel: Any = kit.channel(kit.MP, api_base=server.url)
    server.answer = with_token((200, JPEG))
    channel.fetch(Media(id="m1"))
    monkeypatch.setattr("bot.channels.api.LONGEST_S", -1.0)
    with pytest.raises(ChannelError, match="too slow") as error:
        channel.fetch(Media(id="m1"))
    assert error.value.retryable


@pytest.mark.parametrize(("account", "key"), [(kit.AIBOT, ""), (kit.AIBOT_WS, OWN_KEY)], ids=["callback", "connection"])
def test_the_bots_picture_is_opened(account: Account, key: str, server: Any) -> None:
    channel: Any = kit.channel(account, media_base=server.url)
    server.answer = lambda path: (200, sealed(JPEG, key or kit.KEY))
    assert channel.fetch(Media(url=f"{server.url}/p/1?sign=x", key=key)) == JPEG


@pytest.mark.parametrize("body", [b"", b"x" * 31, bytes(32), JPEG])
def test_what_cannot_be_opened_is_refused(body: bytes, server: Any) -> None:
    channel: Any = kit.channel(kit.AIBOT, media_base=server.url)
    server.answer = lambda path: (200, body)
    with pytest.raises(ChannelError) as error:
        channel.fetch(Media(url=f"{server.url}/p/1"))
    assert not error.value.retryable


@pytest.mark.parametrize("url", [
    "{canary}/x", "http://127.0.0.1@{host}/x", "//{host}/x", "http://{host}#@store.test/x", "https://store.test.{host}/x",
    "file:///etc/passwd", "http://store.test:80@{host}/", "HTTP://STORE.TEST.evil/x", "https://store.test/x", "", "http://[::1/x",
    "http://store.test\\@{host}/x", "http://store.test /x"])
def test_no_address_but_the_stores_is_ever_asked(url: str, server: Any) -> None:
    """The canary gets no hit, whatever the callback claims."""
    url = url.format(canary=server.url, host=f"127.0.0.1:{server.server_port}")
    for account in (kit.AIBOT, kit.AIBOT_WS):
        channel: Any = kit.channel(account, media_base="http://store.test")
        with pytest.raises(ChannelError) as error:
            channel.fetch(Media(url=url, key=OWN_KEY))
        assert not error.value.retryable
    assert server.asked == []


def test_a_redirection_is_not_followed(server: Any) -> None:
    canary: Any = HTTPServer(("127.0.0.1", 0), _Platform)
    canary.asked, canary.answer = [], lambda path: (200, JPEG)
    threading.Thread(target=canary.serve_forever, daemon=True).start()
    server.answer = lambda path: (302, f"http://127.0.0.1:{canary.server_port}/x".encode())
    channel: Any = kit.channel(replace(kit.AIBOT, media_base=server.url))
    with pytest.raises(ChannelError):
        channel.fetch(Media(url=f"{server.url}/p/1"))
    assert len(server.asked) == 1 and canary.asked == []
    canary.shutdown()
    canary.server_close()


def test_the_address_beside_a_media_id_is_never_used(server: Any) -> None:
    inner = inner_of("mp.image.xml").replace("http://mmbiz.qpic.cn/mmbiz_jpg/x/0", f"{server.url}/canary")
    message = kit.channel(kit.MP).parse(kit.callback(kit.MP, inner), now=kit.NOW)
    assert message is not None and "canary" not in inbox.pack(message)
