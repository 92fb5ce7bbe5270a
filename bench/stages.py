"""Where the time of a message goes: the real application in this process, one thread, a stopwatch around each step."""

import io
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from unittest.mock import patch

from bench import traffic, world
from bench.world import World
from models.commit import GroupCommit


@dataclass(frozen=True, slots=True)
class Stages:
    """Microseconds per message."""

    whole: float
    steps: list[tuple[str, float]]
    statements: float
    sql: float
    kinds: list[tuple[str, int, float]]


class Watch:
    """Stopwatches that stop while another runs inside them."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.running: list[str] = []
        self.since = perf_counter()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Counts the block for this step."""
        self._lap()
        self.running.append(name)
        try:
            yield
        finally:
            self._lap()
            self.running.pop()

    def _lap(self) -> None:
        now = perf_counter()
        if self.running:
            self.spent[self.running[-1]] += now - self.since
        self.since = now

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a stopwatch around it."""
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.on(name):
                return work(*args, **kwargs)
        return timed


def run(place: World, count: int) -> Stages:
    """Sends ten times so many messages through the WSGI application, each with a commit of its own."""
    os.environ.update({k: v for k, v in place.env.items() if k.startswith(("LINYI_", "BENCH_"))})
    from ops import house, wsgi

    watch, statements = Watch(), [0, 0.0]
    with patch.object(GroupCommit, "run", _commit_alone(watch)):
        built = house.build()
        app = wsgi.application(built)
        with _stopwatches(watch, built, statements):
            kinds, whole = _send(app, count, watch, statements)
        built.db.close()
    steps = sorted(((name, spent / count * 1e6) for name, spent in watch.spent.items()), key=lambda s: -s[1])
    return Stages(whole / count * 1e6, steps, statements[0] / count, statements[1] / count * 1e6, kinds)


def _commit_alone(watch: Watch) -> Callable[..., Any]:
    def commit(self: GroupCommit, unit: Callable[..., Any], *, timeout: float = 4.0) -> Any:
        with watch.on("begin, commit (synced)"), self.db.write() as tx:
            with watch.on("unit of work, record of the message"):
                result = unit(tx)
            with watch.on("audit chain"):
                self.before_commit(tx)
        return result
    return commit


@contextmanager
def _stopwatches(watch: Watch, built: Any, statements: list[Any]) -> Iterator[None]:
    from bot import inbox, pipeline, router
    from bot.dialogs import Dialogs
    from models.base import Tx
    from services import people

    channel = built.channels["mp"]

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def execute(*args: Any, **kwargs: Any) -> Any:
            begun = perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                statements[0] += 1
                statements[1] += perf_counter() - begun
        return execute

    with patch.multiple(channel, parse=watch.around("verify, decrypt, parse", channel.parse),
                        respond=watch.around("encrypt the reply", channel.respond)), \
            patch.multiple(Dialogs, get=watch.around("unfinished talk (Redis)", Dialogs.get),
                           put=watch.around("unfinished talk (Redis)", Dialogs.put)), \
            patch.object(inbox, "first_sight", watch.around("dedupe", inbox.first_sight)), \
            patch.object(inbox, "finish", watch.around("record: intent, words, reply", inbox.finish)), \
            patch.object(people, "resolve", watch.around("person", people.resolve)), \
            patch.object(pipeline, "plain", watch.around("canonical form", pipeline.plain)), \
            patch.object(router, "match", watch.around("intent: commands", router.match)), \
            patch.object(pipeline, "route", watch.around("intent: ears; ballot, issue, words", pipeline.route)), \
            ExitStack() as until:
        for name in ("execute", "first", "all", "scalar", "add"):
            until.enter_context(patch.object(Tx, name, counted(getattr(Tx, name))))
        yield


def _send(app: Any, count: int, watch: Watch, statements: list[Any]) -> tuple[list[tuple[str, int, float]], float]:
    """Sends ten batches after a warm-up and keeps the quickest, so that a busy neighbour does not count."""
    luck, best = random.Random(7), float("inf")
    kept: tuple[dict[str, float], list[Any], list[tuple[str, int, float]]] = ({}, [], [])
    for number in range(11):
        watch.spent.clear()
        statements[:] = [0, 0.0]
        kinds, whole = _batch(app, count, watch, luck)
        if number and whole < best:
            best, kept = whole, (dict(watch.spent), list(statements), kinds)
    watch.spent.clear()
    watch.spent.update(kept[0])
    statements[:] = kept[1]
    return kept[2], best


def _batch(app: Any, count: int, watch: Watch, luck: random.Random) -> tuple[list[tuple[str, int, float]], float]:
    took: dict[str, float] = defaultdict(float)
    kinds: Counter[str] = Counter()
    for _ in range(count):
        text = traffic.words(luck)
        sender = traffic.openid(luck.randrange(1, traffic.RESIDENTS + 1))
        raw, _ = traffic.request(world.SECRETS, world.APP_ID, sender, text, 80, luck)
        environ = _environ(raw)
        begun = perf_counter()
        with watch.on("Flask, routing, response"):
            list(app(environ, lambda *_: None))
        kind = traffic.kind_of(text)
        took[kind] += perf_counter() - begun
        kinds[kind] += 1
    return [(k, n, took[k] / n * 1e6) for k, n in kinds.most_common()], sum(took.values())


def _environ(raw: bytes) -> dict[str, Any]:
    head, body = raw.split(b"\r\n\r\n", 1)
    path, query = head.split(b" ")[1].decode().split("?")
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "text/xml", "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False, "HTTP_HOST": "127.0.0.1"}
