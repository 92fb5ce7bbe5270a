"""A small real platform on loopback for the channel tests, and raw clients of the run's Valkey."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.channels.posting import Clock


@dataclass
class FakePlatform:
    """What arrived, and what to answer: rules by path give (status, JSON object or raw bytes)."""

    base: str = ""
    calls: list[tuple[str, dict[str, list[str]], Any]] = field(default_factory=list)
    rules: dict[str, Callable[[dict[str, list[str]], Any], Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, path: str) -> list[tuple[str, dict[str, list[str]], Any]]:
        """The calls to one path."""
        return [call for call in self.calls if call[0] == path]


def _handler(platform: FakePlatform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url, body = urlsplit(self.path), json.loads(raw or b"{}")
            with platform.lock:
                platform.calls.append((url.path, parse_qs(url.query), body | {"raw": raw}))
            answer = platform.rules[url.path](parse_qs(url.query), body)
            if answer is None:  # the line is cut after the platform has taken the post
                self.close_connection = True
                return
            status, content = answer if isinstance(answer, tuple) else (200, answer)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status in (301, 302, 307):
                self.send_header("Location", platform.base + "/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that did not wait for the answer is part of the tests."""


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    """A platform that records every call."""
    fake = FakePlatform()
    server = _Server(("127.0.0.1", 0), _handler(fake))
    fake.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[Any]:
    """An empty Valkey."""
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def no_valkey() -> Any:
    """A client of a Redis that is away."""
    return redis.Redis(
        host="127.0.0.1", port=9, socket_connect_timeout=0.2, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)
    )


@pytest.fixture
def clock() -> Clock:
    """A clock the test moves."""
    return Clock()
