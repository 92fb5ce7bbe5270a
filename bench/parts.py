"""The parts of a run: each starts what it needs, measures in interleaved rounds, prints a table, ends everything."""

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import machine, measure, report, servers, stages, world
from bench.measure import Seen
from bench.servers import PINNED, Server
from bench.world import World


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and how long."""

    folder: Path
    redis: str
    quick: bool

    @property
    def rounds(self) -> int:
        """Interleaved rounds."""
        return 3

    @property
    def seconds(self) -> float:
        """Of one closed loop."""
        return 0.8 if self.quick else 3.0

    def world(self, name: str, **how: object) -> World:
        """A new installation."""
        return world.make(self.folder / name, redis=self.redis, **how)  # type: ignore[arg-type]


def _rounds(plan: Plan, under_test: list[Server], seconds: float, rounds: int) -> dict[str, list[Seen]]:
    """Each server in turn, so that a noisy minute hits all of them; the first, short round only warms up."""
    seen: dict[str, list[Seen]] = {s.name: [] for s in under_test}
    for number in range(rounds + 1):
        for server in under_test:
            length = seconds if number else min(seconds, 0.7)
            requests = measure.batch(plan.folder, int(length * 4000))
            result = measure.closed(server, requests, length)
            if number:
                seen[server.name].append(result)
    return seen


def sqlite(plan: Plan) -> None:
    """The product against the floor E and the best free echo, each on both servers; then half load."""
    with ExitStack() as until:
        def started(server: Server) -> Server:
            until.callback(server.stop)
            return server

        place = plan.world("sqlite")
        ours = started(servers.product(place))
        floor = started(servers.echo("wechatpy", "gunicorn", place.env, place.folder))
        under_test = [floor, started(servers.echo("wechatpy", "granian", place.env, place.folder))]
        if _have_werobot():
            under_test += [started(servers.echo("werobot", kind, place.env, place.folder)) for kind in ("gunicorn", "granian")]
        else:
            print("WeRoBot is not installed: its echo is left out")
        under_test += [started(servers.product_on_gunicorn(plan.world("sqlite-gunicorn"))), ours]
        seen = _rounds(plan, under_test, plan.seconds, plan.rounds)
        middles = {name: measure.middle(rounds) for name, rounds in seen.items()}
        report.closed_table(middles, {s.name: machine.pss_mib(s.process.pid) for s in under_test}, e=floor.name)
        report.spreads(seen)
        half = middles[ours.name].rate / 2
        length = 1.5 if plan.quick else 5
        opens = [measure.opened(ours, measure.batch(plan.folder, int(half * length) + 1), half, length)
                 for _ in range(plan.rounds)]
        report.open_line(half, measure.middle(opens))
        report.record(world.look(place))


def _have_werobot() -> bool:
    try:
        import werobot  # noqa: F401
    except ImportError:
        return False
    return True


def shim(plan: Plan) -> None:
    """The same with every sync 4 ms slower, as on an ordinary disk."""
    library = machine.slow_fsync(plan.folder)
    if library is None:
        print("\nSlow disk: skipped, no C compiler (cc) found")
        return
    with ExitStack() as until:
        under_test = []
        for name, preload in (("fast disk", None), ("+4 ms fsync", library)):
            server = servers.product(plan.world(f"shim-{bool(preload)}", preload=preload), name)
            until.callback(server.stop)
            under_test.append(server)
        seen = _rounds(plan, under_test, max(1.0, plan.seconds / 2), 1 if plan.quick else plan.rounds)
        report.shim_table({name: measure.middle(rounds) for name, rounds in seen.items()})


def overload(plan: Plan) -> None:
    """2.5 times its own maximum, with scheduler and delivery running; then the database is checked."""
    sink = machine.free_port()
    place = plan.world("overload", api_base=f"http://127.0.0.1:{sink}")
    seconds = 5 if plan.quick else 20
    with ExitStack() as until:
        for args, name in (([sys.executable, "-m", "bench.sink", str(sink)], "sink"), (world.command("scheduler"), "scheduler")):
            process = servers.helper(args, place.env, place.folder, name, {machine.LOAD_CPU})
            until.callback(machine.stop, process)
        ours = servers.product(place)
        until.callback(ours.stop)
        measure.closed(ours, measure.batch(plan.folder, 3000), 0.7)
        most = measure.closed(ours, measure.batch(plan.folder, 12000), plan.seconds).rate
        requests = measure.batch(plan.folder, int(most * 2.5 * seconds) + 1)
        seen = measure.opened(ours, requests, most * 2.5, seconds, connections=1000, keep=True)
        accepted = {requests.ids[n] for n in seen.accepted}
        waited = _until_answered(place)
        report.overload(most, seen, accepted, world.stored(place), world.look(place), waited)


def _until_answered(place: World, most: float = 90) -> float:
    """Waits until no parked message is left; how long that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < most and world.look(place).parked:
        time.sleep(1)
    return time.monotonic() - begun


def profile(plan: Plan) -> None:
    """Where the time of one message goes, in one thread."""
    report.stages(stages.run(plan.world("stages"), 60 if plan.quick else 200))


def postgres(plan: Plan) -> None:
    """1, 2 and 4 workers on PostgreSQL, and what holds them back."""
    from bench import pg

    with pg.Server(plan.folder / "postgres") as server:
        rows = []
        layouts: list[tuple[int, set[int] | None]] = [(1, PINNED), (1, None), (2, None), (4, None)]
        for workers, cpus in layouts[1:3] if plan.quick else layouts:
            name = f"{workers} worker{'s' * (workers > 1)}, {'pinned' if cpus else 'free'}"
            server.pin({machine.LOAD_CPU} if cpus else None)
            place = plan.world(f"pg-{workers}-{bool(cpus)}", workers=workers, postgres=server.database(f"b{workers}{bool(cpus)}"))
            ours = servers.product(place, name, cpus)
            try:
                measure.closed(ours, measure.batch(plan.folder, 4000), 1.0, pinned=bool(cpus))
                rounds = []
                with pg.Waits(server) as waits:
                    for _ in range(1 if plan.quick else plan.rounds):
                        requests = measure.batch(plan.folder, int(plan.seconds * 3000))
                        before = server.cpu_seconds()
                        seen = measure.closed(ours, requests, plan.seconds, pinned=bool(cpus))
                        rounds.append((seen, (server.cpu_seconds() - before) / max(1, seen.answered) * 1e6))
                rows.append((name, rounds, waits.top(), machine.pss_mib(ours.process.pid)))
            finally:
                ours.stop()
            report.broken_chain(world.look(place))
        report.postgres_table(rows)
