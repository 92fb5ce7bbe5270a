"""A light load generator: raw sockets, keep-alive, requests built beforehand. `python -m bench.load SPEC` prints JSON.

closed: each connection asks again as soon as it was answered.
open:   requests are due at a fixed rate; latency counts from the due time, also when no connection was free.
        What has not been sent five seconds after that is given up, as the platform does.
"""

import asyncio
import gc
import json
import pickle
import sys
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.machine import LOAD_CPU, pin

GIVE_UP_S = 5.0
Done = Callable[["Connection", int, float, int, int], None]  # connection, request, when due, status, bytes


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, done: Done):
        self.done, self.transport, self.buffer = done, None, b""
        self.request, self.due, self.dead = -1, 0.0, False

    def connection_made(self, transport: Any) -> None:
        """Connected."""
        self.transport = transport

    def ask(self, number: int, body: bytes, due: float) -> None:
        """Sends one request."""
        self.request, self.due = number, due
        self.transport.write(body)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Collects the answer; calls back when it is whole."""
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, head)
        size = int(self.buffer[at + 15: self.buffer.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self.buffer) < head + 4 + size:
            return
        status, self.buffer = int(self.buffer[9:12]), b""
        number, self.request = self.request, -1
        self.done(self, number, self.due, status, size)

    def connection_lost(self, error: Exception | None) -> None:
        """The server hung up; a request under way has no answer."""
        self.dead = True
        if self.request >= 0:
            number, self.request = self.request, -1
            self.done(self, number, self.due, 0, 0)


class Run:
    """One measurement."""

    def __init__(self, spec: dict[str, Any], requests: list[bytes]):
        self.spec, self.requests = spec, requests
        self.loop = asyncio.get_running_loop()
        self.next = 0
        self.answers: list[tuple[int, float, float, int, int]] = []  # request, finished, latency, status, bytes
        self.idle: deque[Connection] = deque()
        self.waiting: deque[tuple[int, float]] = deque()
        self.under_way = self.opening = self.unsent = 0
        self.begun = self.until = 0.0

    async def connect(self, done: Done) -> Connection:
        """A new connection."""
        _, made = await self.loop.create_connection(lambda: Connection(done), "127.0.0.1", self.spec["port"])
        return made

    async def closed(self) -> None:
        """The closed loop."""
        made = [await self.connect(self._closed_done) for _ in range(self.spec["connections"])]
        self.begun = perf_counter()
        self.until = self.begun + self.spec["seconds"]
        for connection in made:
            self._again(connection)
        while self.under_way:
            await asyncio.sleep(0.02)

    def _again(self, connection: Connection) -> None:
        now = perf_counter()
        if self.next >= len(self.requests) and self.spec.get("wrap"):
            self.next = 0
        if now < self.until and self.next < len(self.requests):
            self.under_way += 1
            connection.ask(self.next, self.requests[self.next], now)
            self.next += 1

    def _closed_done(self, connection: Connection, number: int, due: float, status: int, size: int) -> None:
        now = perf_counter()
        self.under_way -= 1
        self.answers.append((number, now, now - due, status, size))
        if not connection.dead:
            self._again(connection)

    async def open(self) -> None:
        """The open loop."""
        rate, total = self.spec["rate"], min(len(self.requests), int(self.spec["rate"] * self.spec["seconds"]))
        self.begun = perf_counter() + 0.05
        self.until = self.begun + total / rate
        while self.next < total:
            now = perf_counter()
            while self.next < total and self.begun + self.next / rate <= now:
                self._due(self.next, self.begun + self.next / rate)
                self.next += 1
            await asyncio.sleep(0.0005)
        grace = perf_counter() + 8
        while (self.under_way or self.waiting) and perf_counter() < grace:
            await asyncio.sleep(0.05)
        self.unsent = len(self.waiting) + self.under_way

    def _due(self, number: int, due: float) -> None:
        while self.idle:
            connection = self.idle.pop()
            if not connection.dead:
                self.under_way += 1
                connection.ask(number, self.requests[number], due)
                return
        self.waiting.append((number, due))
        if self.under_way + self.opening < self.spec["connections"]:
            self.opening += 1
            self.loop.create_task(self._open_one())

    async def _open_one(self) -> None:
        try:
            connection = await asyncio.wait_for(self.connect(self._open_done), 5)
        except (OSError, TimeoutError):
            return
        finally:
            self.opening -= 1
        self._feed(connection)

    def _feed(self, connection: Connection) -> None:
        if connection.dead:
            return
        now = perf_counter()
        while self.waiting and now - self.waiting[0][1] > GIVE_UP_S:
            number, due = self.waiting.popleft()
            self.answers.append((number, now, now - due, 0, 0))
        if self.waiting:
            number, due = self.waiting.popleft()
            self.under_way += 1
            connection.ask(number, self.requests[number], due)
        else:
            self.idle.append(connection)

    def _open_done(self, connection: Connection, number: int, due: float, status: int, size: int) -> None:
        now = perf_counter()
        self.under_way -= 1
        self.answers.append((number, now, now - due, status, size))
        self._feed(connection)

    def result(self) -> dict[str, Any]:
        """What was seen, without the warm-up."""
        counted = [a for a in self.answers if a[1] >= self.begun + self.spec.get("warm", 0)]
        good = sorted(a[2] for a in counted if a[3] == 200)
        last = max((a[1] for a in counted), default=self.begun)
        seconds = max(last - self.begun - self.spec.get("warm", 0), 0.001)
        return {
            "sent": self.next, "answered": len(good), "seconds": seconds, "rate": len(good) / seconds, "unsent": self.unsent,
            "status": dict(Counter(str(a[3]) for a in counted)), "spoken": sum(a[4] > 40 for a in counted if a[3] == 200),
            "late": sum(a[2] > 4.5 for a in self.answers if a[3]), "max_ms": max((a[2] for a in counted), default=0) * 1000,
            "p50_ms": _percentile(good, 0.5), "p99_ms": _percentile(good, 0.99),
            "accepted": [a[0] for a in self.answers if a[3] == 200] if self.spec.get("list") else [],
        }


def _percentile(latencies: list[float], share: float) -> float:
    return latencies[min(len(latencies) - 1, int(len(latencies) * share))] * 1000 if latencies else 0.0


async def main(spec: dict[str, Any]) -> dict[str, Any]:
    """Runs one specification."""
    run = Run(spec, pickle.loads(Path(spec["requests"]).read_bytes()))
    gc.disable()
    await (run.closed() if spec["mode"] == "closed" else run.open())
    return run.result()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    pin({LOAD_CPU} if given.get("pinned", True) else None)
    print(json.dumps(asyncio.run(main(given))))
