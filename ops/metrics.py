"""Figures for Prometheus at /metrics: of all processes of this machine, nothing of any person; off unless a token is set."""

import hmac
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import func, select

from bot import watch
from bot.config import Settings
from models.base import Database, Tx
from models.tables import heartbeat, message, outbox
from ops.clock import now
from services import timers

SECONDS = (.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # read by the library when it is imported: so it is imported here, and only when it is on


def switch_on(settings: Settings, folder: Path) -> bool:
    """Counts in files that all processes share; False, and nothing is loaded, when no token is set."""
    if not settings.metrics_token():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[_FOLDER] = str(folder)
    from prometheus_client import Counter, Histogram, values

    _forget_the_dead(folder)
    values.ValueClass = values.MultiProcessValue(_process)  # type: ignore[no-untyped-call]
    heard = Histogram("linyi_message_seconds", "Messages dealt with, by what came of them", ["outcome"], buckets=SECONDS,
                      registry=None)
    posts = Counter("linyi_posts", "Posts tried, by account and result", ["account", "result"], registry=None)
    watch.count(lambda outcome, seconds: heard.labels(outcome).observe(seconds),
                lambda account, result: posts.labels(account, result).inc())
    return True


def add_page(app: Flask, db: Database, settings: Settings, folder: Path) -> None:
    """/metrics, for whoever has the token; without one there is no such page."""
    token = settings.metrics_token()
    if not token:
        return
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    def page() -> Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return Response(status=401)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        registry.register(_Now(db, folder))  # type: ignore[arg-type]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/metrics", "metrics", page)


class _Now:
    """What is measured when somebody asks: a handful of counts, each by an index."""

    def __init__(self, db: Database, folder: Path):
        self.db, self.folder = db, folder

    def collect(self) -> Iterator[Any]:
        """The gauges; without the database only that it is away."""
        from prometheus_client.core import GaugeMetricFamily as Gauge

        free = shutil.disk_usage(self.folder).free
        yield Gauge("linyi_disk_free_bytes", "Room left where the data is", value=free)
        try:
            with self.db.read() as tx:
                found = list(_gauges(tx))
        except Exception:
            found = [("linyi_up", "Whether the database answers", (), [((), 0)])]
        for name, text, labels, rows in found:
            gauge = Gauge(name, text, labels=labels)
            for values, number in rows:
                gauge.add_metric(list(values), number)
            yield gauge


Rows = Iterable[tuple[tuple[str, ...], float]]


def _gauges(tx: Tx) -> Iterator[tuple[str, str, tuple[str, ...], Rows]]:
    moment = now()
    states = ["waiting", "sending", "dead"]
    yield "linyi_up", "Whether the database answers", (), [((), 1)]
    yield "linyi_outbox", "Posts that are not out", ("state", "kind"), [((r.state, r.kind), r.n) for r in tx.all(
        select(outbox.c.state, outbox.c.kind, func.count().label("n")).where(outbox.c.state.in_(states))
        .group_by(outbox.c.state, outbox.c.kind))]
    parked = tx.scalar(select(func.count()).select_from(message).where(message.c.state == "parked"))
    yield "linyi_messages_parked", "Messages on record that wait for their answer", (), [((), parked)]
    yield "linyi_clocks_overdue", "Clocks that are due and have not fired", (), [((), timers.overdue(tx, now=moment))]
    yield "linyi_clocks_failing", "Clocks whose work breaks (at most 50 are counted)", (), [((), len(timers.failing(tx)))]
    yield "linyi_beat_age_seconds", "Since the last sign of life of the scheduler, the last backup", ("name",), [
        ((r.name,), (moment - r.at).total_seconds()) for r in tx.all(select(heartbeat.c.name, heartbeat.c.at))]


def _process() -> str:
    return f"{socket.gethostname().replace('_', '-')}-{os.getpid()}"


def _forget_the_dead(folder: Path) -> None:
    """Processes of this machine that are gone need no file: their counts end with them, as after any restart."""
    mine = f"{socket.gethostname().replace('_', '-')}-"
    for path in folder.glob("*.db"):
        host, _, pid = path.stem.partition("_")[2].rpartition("-")
        if f"{host}-" == mine and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)
