"""What the simulator's tests stand on: a small community, a clock, and our app played by a tiny server."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto

from simulator import crypto
from simulator.world import Group, Person, World

ROOT = Path(__file__).parents[2]
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
WORLD = World("测试小区", (
    Person("王阿姨", "wang", "oWang", home="3幢2单元501", groups=("3幢群",)),
    Person("周敏", "zhou", "oZhou", role="grid_worker", groups=("3幢群",)),
    Person("小何", "xiaohe", "", groups=())),
    (Group("3幢群", "wrB3", "key-b3"), Group("大群", "wrAll", "key-all")))


@dataclass
class Clock:
    """Time for tests."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Seen:
    """One request as the app saw it."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


Answerer = Callable[[Seen], tuple[int, bytes]]


@dataclass
class App:
    """The app's side: remembers requests and answers as the test wants."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answer: Answerer = lambda seen: (200, b"success")
    release: threading.Event = field(default_factory=threading.Event)


def _handler(app: App) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = Seen(self.command, url.path, dict(parse_qsl(url.query)), body)
            app.seen.append(seen)
            status, answer = app.answer(seen)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # the platform cuts us off, as some tests want
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def running(app: App) -> Iterator[App]:
    """Lets the stand-in app listen on loopback for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
    app.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield app
    app.release.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def mp_text(seen: Seen) -> str:
    """Opens a callback in safe mode by wechatpy, as our app would."""
    query = seen.query
    return WeChatCrypto("tok", KEY, "wxapp").decrypt_message(
        seen.body.decode(), query["msg_signature"], query["timestamp"], query["nonce"])


def aibot_json(seen: Seen) -> dict[str, Any]:
    return json.loads(crypto.decrypt(KEY, json.loads(seen.body)["encrypt"], ""))


def mp_answer(words: str) -> Callable[[Seen], tuple[int, bytes]]:
    def answer(seen: Seen) -> tuple[int, bytes]:
        reply = create_reply(words, parse_message(mp_text(seen))).render()
        return 200, WeChatCrypto("tok", KEY, "wxapp").encrypt_message(reply, "n0", "1800000000").encode()
    return answer


def aibot_answer(words: str, **change: object) -> Callable[[Seen], tuple[int, bytes]]:
    def answer(seen: Seen) -> tuple[int, bytes]:
        inner = {"msgtype": "stream", "stream": {"id": "s", "finish": True, "content": words}}
        sealed, nonce = crypto.encrypt(KEY, json.dumps(inner), ""), seen.query["nonce"]
        outer = {"encrypt": sealed, "msgsignature": crypto.sign("tok", "1800000000", nonce, sealed),
                 "timestamp": 1800000000, "nonce": nonce}
        return 200, json.dumps(outer | change).encode()
    return answer
