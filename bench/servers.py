"""Starts what is measured, each as its own people would run it: the product, the floor, the peer."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import machine, world
from bench.world import World

GTHREAD = ("-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "16", "--keep-alive", "30", "--log-level", "warning")
GRANIAN = ("-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "16", "--log-level", "warning")


@dataclass(slots=True)
class Server:
    """One running server."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    stores: bool  # the product: every message once, so requests must not repeat

    def stop(self) -> None:
        """Ends it."""
        machine.stop(self.process)


def _start(name: str, args: list[str], env: dict[str, str], port: int, folder: Path, *, stores: bool,
           cpus: set[int] | None) -> Server:
    log = folder / f"{name.replace(' ', '-').replace('/', '-')}.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(args, env=env, stdout=out, stderr=out, start_new_session=True, cwd=world.ROOT,
                                   preexec_fn=lambda: machine.pin(cpus))
    machine.wait_until_up(f"http://127.0.0.1:{port}/", process, log)
    return Server(name, port, process, stores)


PINNED = {machine.SERVER_CPU}


def product(place: World, name: str = "product / granian", cpus: set[int] | None = PINNED) -> Server:
    """`python app.py serve`, nothing special."""
    return _start(name, world.command("serve"), place.env, place.port, place.folder, stores=True, cpus=cpus)


def product_on_gunicorn(place: World) -> Server:
    """The same application on the floor's server."""
    args = [sys.executable, *GTHREAD, "--threads", "64", "--bind", f"127.0.0.1:{place.port}", "ops.wsgi:create()"]
    return _start("product / gunicorn", args, place.env, place.port, place.folder, stores=True, cpus=PINNED)


def echo(which: str, server: str, env: dict[str, str], folder: Path) -> Server:
    """A floor or peer: `wechatpy` or `werobot`, on `gunicorn` or `granian`."""
    port, target = machine.free_port(), f"bench.floors.{which}_echo:app"
    if server == "gunicorn":
        args = [sys.executable, *GTHREAD, "--bind", f"127.0.0.1:{port}", target]
    else:
        args = [sys.executable, *GRANIAN, "--host", "127.0.0.1", "--port", str(port), target]
    return _start(f"{which} echo / {server}", args, env, port, folder, stores=False, cpus=PINNED)


def helper(args: list[str], env: dict[str, str] | None, folder: Path, name: str, cpus: set[int] | None) -> subprocess.Popen[bytes]:
    """A process that is not measured: the scheduler, the platform's stand-in."""
    with open(folder / f"{name}.log", "wb") as out:
        return subprocess.Popen(args, env=env or dict(os.environ), stdout=out, stderr=out, start_new_session=True, cwd=world.ROOT,
                                preexec_fn=lambda: machine.pin(cpus))
