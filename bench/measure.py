"""One measurement: requests are built, the load generator runs, and what it and the kernel saw is put together."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import machine, traffic, world
from bench.servers import Server
from bench.traffic import Batch

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """One measurement, or the medians of several."""

    rate: float
    p50: float
    p99: float
    worst: float
    cpu_us: float  # processor time of the server per request
    answered: int
    spoken: int  # answers with words in them
    refused: int  # 503: nothing was accepted, the platform asks again
    broken: int  # other statuses, closed connections
    late: int  # answers after 4.5 s
    unsent: int
    accepted: tuple[int, ...] = ()


def batch(folder: Path, count: int) -> Batch:
    """Fresh requests, not older than the platform's window."""
    return traffic.build(folder / "requests", count, world.SECRETS, world.APP_ID)


def load(server: Server, requests: Batch, **spec: Any) -> Seen:
    """Runs the load generator against the server."""
    asked = {"port": server.port, "requests": str(requests.path), "wrap": not server.stores, **spec}
    before = machine.cpu_seconds(server.process.pid)
    run = subprocess.run([sys.executable, "-m", "bench.load", json.dumps(asked)], capture_output=True, text=True, cwd=world.ROOT,
                         check=False)
    if run.returncode:
        raise SystemExit(f"the load generator failed:\n{run.stderr[-2000:]}")
    used = machine.cpu_seconds(server.process.pid) - before
    seen = json.loads(run.stdout)
    status = seen["status"]
    refused = status.get("503", 0)
    return Seen(seen["rate"], seen["p50_ms"], seen["p99_ms"], seen["max_ms"], used / max(1, sum(status.values())) * 1e6,
                seen["answered"], seen["spoken"], refused, sum(status.values()) - refused - seen["answered"], seen["late"],
                seen["unsent"], tuple(seen["accepted"]))


def closed(server: Server, requests: Batch, seconds: float, connections: int = CONNECTIONS, pinned: bool = True) -> Seen:
    """Each connection asks again as soon as it was answered."""
    return load(server, requests, mode="closed", connections=connections, seconds=seconds, pinned=pinned)


def opened(server: Server, requests: Batch, rate: float, seconds: float, connections: int = 256, keep: bool = False) -> Seen:
    """Requests come at their own pace."""
    return load(server, requests, mode="open", connections=connections, seconds=seconds, rate=rate, list=keep)


def middle(rounds: list[Seen]) -> Seen:
    """Medians of the rates and times, sums of the counts."""
    def mid(name: str) -> float:
        return median(getattr(r, name) for r in rounds)

    def total(name: str) -> int:
        return sum(getattr(r, name) for r in rounds)

    return Seen(mid("rate"), mid("p50"), mid("p99"), mid("worst"), mid("cpu_us"), total("answered"), total("spoken"),
                total("refused"), total("broken"), total("late"), total("unsent"))
