"""How each database is copied while it works, and put back: SQLite by its online backup, PostgreSQL by its own tools."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.base import Database, Tx
from ops.backup_file import BackupError

Look = Callable[[Tx], None]
Check = Callable[[Database], None]


class Store(Protocol):
    """One kind of database, as backups need it."""

    @property
    def kind(self) -> str:
        """What its backups are called."""

    def copy(self, db: Database, into: Path, look: Look) -> None:
        """Writes a copy of one moment; `look` sees exactly that moment."""

    def put(self, data: Path, check: Check, *, now: datetime) -> str:
        """Puts the data in place once `check` is content with it; says where the former data is, or ''."""

    def rehearse(self, data: Path, check: Check, *, now: datetime) -> None:
        """Puts the data somewhere else, checks it, and throws it away."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A file."""

    url: URL
    kind: str = "sqlite"

    def copy(self, db: Database, into: Path, look: Look) -> None:
        """By SQLite's online backup, checked page by page; writers go on meanwhile."""
        with closing(sqlite3.connect(str(self.url.database))) as source, closing(sqlite3.connect(into)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        self._sound(into)
        with _opened(into) as same, same.read() as tx:
            look(tx)

    def put(self, data: Path, check: Check, *, now: datetime) -> str:
        """Checked beside its place, then exchanged for the former file, which is kept under another name."""
        self.rehearse(data, check, now=now)
        place = Path(str(self.url.database))
        former = place.with_name(f"{place.name}.before-{now:%Y%m%d-%H%M%S}") if place.exists() else None
        if former is not None:
            for end in ("-wal", "-shm", ""):  # what stands in the log belongs to the file
                if Path(f"{place}{end}").exists():
                    os.replace(f"{place}{end}", f"{former}{end}")
        os.replace(data, place)
        return str(former or "")

    def rehearse(self, data: Path, check: Check, *, now: datetime) -> None:
        """Opened where it lies."""
        self._sound(data)
        with _opened(data) as copy:
            check(copy)

    def _sound(self, path: Path) -> None:
        try:
            with closing(sqlite3.connect(path)) as copy:
                bad = copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
                bad = bad or copy.execute("PRAGMA foreign_key_check").fetchone() is not None
        except sqlite3.DatabaseError:
            bad = True
        if bad:
            raise BackupError("SQLite 的自检没有通过（integrity_check、foreign_key_check）：这份数据有损坏，没有使用")


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    """A copy that becomes one file again: nothing of it stays in a log beside it."""
    db = Database(f"sqlite:///{path}")
    try:
        yield db
    finally:
        db.close()
        with closing(sqlite3.connect(path)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
        Path(f"{path}.lock").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database on a server, through pg_dump and pg_restore."""

    url: URL
    tools: str
    kind: str = "postgresql"

    def copy(self, db: Database, into: Path, look: Look) -> None:
        """Dumped from the snapshot that `look` sees."""
        with db.read() as tx:
            snapshot = tx.scalar(text("SELECT pg_export_snapshot()"))
            self._run("pg_dump", self.url, "--format=custom", "--no-owner", "--no-privileges", "--schema=public",
                      f"--snapshot={snapshot}", f"--file={into}")
            look(tx)

    def put(self, data: Path, check: Check, *, now: datetime) -> str:
        """Restored into a new schema; the former one is kept under another name, and comes back when anything is wrong."""
        former = f"before_{now:%Y%m%d_%H%M%S}"
        db = Database(self.url.render_as_string(hide_password=False))
        had = filled(db)
        try:
            with db.write() as tx:
                tx.execute(text(f"ALTER SCHEMA public RENAME TO {former}"))
                tx.execute(text("CREATE SCHEMA public"))
            try:
                self._restore(data, self.url)
                check(db)
            except BaseException:
                with db.write() as tx:
                    tx.execute(text("DROP SCHEMA public CASCADE"))
                    tx.execute(text(f"ALTER SCHEMA {former} RENAME TO public"))
                raise
            if not had:
                with db.write() as tx:
                    tx.execute(text(f"DROP SCHEMA {former} CASCADE"))
        finally:
            db.close()
        return f"schema {former}" if had else ""

    def rehearse(self, data: Path, check: Check, *, now: datetime) -> None:
        """In a database of its own on the same server."""
        name = f"linyi_drill_{now:%Y%m%d_%H%M%S}"
        server = Database(self.url.render_as_string(hide_password=False))
        try:
            with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                try:
                    connection.execute(text(f"CREATE DATABASE {name}"))
                except DBAPIError:
                    raise BackupError("演练要临时建一个数据库，现在的账号没有这个权限："
                                      "请数据库管理员执行 ALTER ROLE … CREATEDB") from None
                try:
                    self._rehearse_in(self.url.set(database=name), data, check)
                finally:
                    connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        finally:
            server.close()

    def _rehearse_in(self, url: URL, data: Path, check: Check) -> None:
        scratch = Database(url.render_as_string(hide_password=False))
        try:
            self._restore(data, url)
            check(scratch)
        finally:
            scratch.close()

    def _restore(self, data: Path, url: URL) -> None:
        self._run("pg_restore", url, "--no-owner", "--no-privileges", "--schema=public", "--exit-on-error", "--single-transaction",
                  str(data))

    def _run(self, tool: str, url: URL, *words: str) -> None:
        found = shutil.which(tool, path=self.tools or None)
        if found is None:
            raise BackupError(f"找不到 {tool}：请安装 PostgreSQL 客户端（postgresql-client），"
                              "或在 backup.postgres_bin 写它所在的文件夹")
        env = dict(os.environ)
        if url.password:
            env["PGPASSWORD"] = str(url.password)  # never among the words, which every user of the machine can see
        where = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        done = subprocess.run([found, f"--dbname={where}", *words], env=env, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["没有说明原因"])[0]
            hint = "：它比服务器旧，请装和服务器同版本的客户端" if "version mismatch" in done.stderr else ""
            raise BackupError(f"{tool} 没有成功（{said[:200]}）{hint}")


def store_of(url: URL, tools: str) -> Store:
    """The store behind a database URL."""
    return Sqlite(url) if url.get_backend_name() == "sqlite" else Postgres(url, tools)


def filled(db: Database) -> bool:
    """True when somebody's data is in it, or when it cannot be told."""
    try:
        with db.read() as tx:
            return tx.first(text("SELECT 1 FROM community")) is not None or tx.first(text("SELECT 1 FROM audit")) is not None
    except SQLAlchemyError as error:
        words = str(error)
        return not ("no such table" in words or "does not exist" in words)
