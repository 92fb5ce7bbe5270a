"""Opens the database and hands out transactions; knows SQLite's and PostgreSQL's ways so that nobody else must.

On SQLite the driver's own transaction handling is off: a write is BEGIN IMMEDIATE behind a lock file (waiters
queue in the kernel, not in SQLite's sleeping busy handler), a read is BEGIN. Every commit is synced (FULL).
"""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, DateTime, Executable, Row, Table, create_engine, event
from sqlalchemy.engine import Dialect, Engine, make_url
from sqlalchemy.types import TypeDecorator

from models.hot import Hot

PRAGMAS = {
    "journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON",
    "busy_timeout": "4000", "secure_delete": "ON", "trusted_schema": "OFF",
}


class Utc(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive time and stores UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time was given to the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reads back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TransactionLost(Exception):
    """SQLite has rolled back by itself (disk full, read error): nothing of the whole transaction stands."""


class Tx:
    """One transaction: the only thing services write through. It never commits by itself."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.dialect = connection.dialect
        self.driver: Any = connection.connection.driver_connection
        self.postgres = self.dialect.name == "postgresql"
        self.kept: dict[str, Any] = {}  # what was read once and holds for the whole transaction
        self.notes: list[Any] = []  # audit rows, chained and written by services.audit just before the commit

    def execute(self, statement: Executable | Hot, values: Any = None) -> CursorResult[Any]:
        """Runs one statement, with values for its parameters or rows to insert."""
        if isinstance(statement, Hot):
            return statement.run(self.dialect, self.driver, values)
        return self.connection.execute(statement, values)

    def first(self, statement: Executable | Hot, values: Any = None) -> Row[Any] | None:
        """The first row, or None."""
        if isinstance(statement, Hot):
            cursor = statement.run(self.dialect, self.driver, values)
            fetched = cursor.fetchone()
            cursor.close()
            return None if fetched is None else statement.plan(self.dialect).read(fetched)
        return self.connection.execute(statement, values).first()

    def all(self, statement: Executable | Hot, values: Any = None) -> list[Row[Any]]:
        """Every row."""
        if isinstance(statement, Hot):
            read = statement.plan(self.dialect).read
            return [read(row) for row in statement.run(self.dialect, self.driver, values)]
        return list(self.connection.execute(statement, values).all())

    def scalar(self, statement: Executable | Hot, values: Any = None) -> Any:
        """The first column of the first row, or None."""
        if isinstance(statement, Hot):
            row = self.first(statement, values)
            return None if row is None else row[0]
        return self.connection.execute(statement, values).scalar()

    def add(self, table: Table, **values: Any) -> int:
        """Inserts one row and returns its id."""
        key = self.connection.execute(table.insert(), values).inserted_primary_key
        return int(key[0]) if key else 0

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes what happens inside when it raises, audit notes too; the transaction goes on."""
        noted = len(self.notes)
        self.driver.execute("SAVEPOINT step")
        try:
            yield
        except BaseException as error:
            self.must_stand(error)
            self.driver.execute("ROLLBACK TO SAVEPOINT step")
            self.driver.execute("RELEASE SAVEPOINT step")
            del self.notes[noted:]
            raise
        self.driver.execute("RELEASE SAVEPOINT step")

    def must_stand(self, cause: BaseException | None = None) -> None:
        """Raises TransactionLost when the database has already undone everything."""
        if not self.postgres and not self.driver.in_transaction:
            raise TransactionLost from cause


class Database:
    """The engine and the write lock of one process."""

    def __init__(self, url: str):
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(url, self.sqlite)
        self._mutex = threading.Lock()
        self._lock_file = None
        if self.sqlite:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = open(f"{self.url.database}.lock", "a")  # noqa: SIM115 - held while the process lives

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A writing transaction: commits at the end of the block, rolls back when it raises."""
        with self._turn(), self.engine.connect().execution_options(linyi_write=True) as connection:
            with connection.begin():
                tx = Tx(connection)
                yield tx
                tx.must_stand()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A reading transaction: one snapshot from beginning to end, which never waits for writers."""
        level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(**level) as connection, connection.begin():
            yield Tx(connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._lock_file is None:
            yield
            return
        with self._mutex:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()
        if self._lock_file is not None:
            self._lock_file.close()


def _engine(url: str, sqlite: bool) -> Engine:
    if not sqlite:
        return create_engine(url, hide_parameters=True, pool_size=8, max_overflow=8, pool_pre_ping=True,
                             connect_args={"connect_timeout": 3, "options": "-c lock_timeout=4000"})
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 4, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("linyi_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
