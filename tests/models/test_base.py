"""Transactions mean what they say on both databases."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from models import secret
from models.base import PRAGMAS, Database, Tx
from models.commit import Busy, GroupCommit
from models.tables import community, metadata, person
from ops import database


def names(db: Database) -> list[str]:
    """The communities on record."""
    with db.read() as tx:
        return [row.name for row in tx.all(select(community.c.name).order_by(community.c.id))]


def add(tx: Tx, name: str) -> int:
    """One community."""
    return tx.add(community, code=name, name=name, last_issue=0, last_poll=0)


def test_an_outer_rollback_also_undoes_an_inner_savepoint(db: Database) -> None:
    """The driver's own transaction handling would keep the inner row."""
    with pytest.raises(RuntimeError), db.write() as tx:
        with tx.savepoint():
            add(tx, "inner")
        raise RuntimeError
    assert names(db) == []


def test_a_savepoint_undoes_only_what_is_inside(db: Database) -> None:
    """A refusal undoes the handler's work but keeps the message; audit notes go with it."""
    with db.write() as tx:
        add(tx, "kept")
        with pytest.raises(ValueError), tx.savepoint():
            add(tx, "undone")
            tx.notes.append("note")
            raise ValueError
        assert tx.notes == []
    assert names(db) == ["kept"]


def test_read_then_write_in_many_threads_loses_nothing(db: Database) -> None:
    """Eight threads read a number and write one more; every one of them counts."""
    with db.write() as tx:
        add(tx, "x")

    def bump(_: int) -> None:
        with db.write() as tx:
            seen = tx.scalar(select(community.c.last_issue).with_for_update())
            tx.execute(update(community).values(last_issue=seen + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bump, range(160)))
    with db.read() as tx:
        assert tx.scalar(select(community.c.last_issue)) == 160


def test_sqlite_syncs_every_commit(sqlite_template: Path) -> None:
    """Killing processes does not test the disk; the settings are asserted instead, in a process that no test has set up."""
    asked = "journal_mode", "synchronous", "foreign_keys", "busy_timeout"
    program = ("import sys; from models.base import Database; db = Database(sys.argv[1])\n"
               "with db.write() as tx: print([tx.connection.exec_driver_sql(f'PRAGMA {name}').scalar() for name in sys.argv[2:]])")
    done = subprocess.run([sys.executable, "-c", program, f"sqlite:///{sqlite_template}", *asked], cwd=Path(__file__).parents[2],
                          capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(["wal", 2, 1, int(PRAGMAS["busy_timeout"])])


def test_a_naive_time_is_refused(sqlite_db: Database) -> None:
    """A time without a zone would mean another moment on another machine."""
    with pytest.raises(Exception, match="naive"), sqlite_db.write() as tx:
        where = add(tx, "x")
        tx.add(person, community_id=where, role="resident", created_at=datetime(2026, 3, 2))


def test_names_are_not_readable_in_the_file(sqlite_db: Database) -> None:
    """Whoever copies the database file learns no name."""
    from datetime import UTC
    with sqlite_db.write() as tx:
        where = add(tx, "x")
        tx.add(person, community_id=where, role="resident", name="金丝雀之名", created_at=datetime(2026, 3, 2, tzinfo=UTC))
    raw = b"".join(p.read_bytes() for p in Path(str(sqlite_db.url.database)).parent.glob("linyi.db*"))
    assert "金丝雀之名".encode() not in raw
    with sqlite_db.read() as tx:
        assert tx.scalar(select(person.c.name)) == "金丝雀之名"


def test_a_poison_unit_fails_alone(db: Database) -> None:
    """One bad unit among many that share a commit: the others are durable, the writer lives on."""
    writer = GroupCommit(db, lambda tx: None)
    gate = threading.Event()

    def good(n: int):  # noqa: ANN202 - a unit
        def unit(tx: Tx) -> int:
            gate.wait(2)
            return add(tx, f"good{n}")
        return unit

    def bad(tx: Tx) -> None:
        add(tx, "bad")
        raise OverflowError

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(writer.run, good(n)) for n in range(4)]
        poison = pool.submit(writer.run, bad)
        more = [pool.submit(writer.run, good(n)) for n in range(4, 7)]
        gate.set()
        assert all(job.result() for job in jobs + more)
        with pytest.raises(OverflowError):
            poison.result()
    assert sorted(names(db)) == sorted(f"good{n}" for n in range(7))
    assert writer.run(lambda tx: add(tx, "after")) > 0
    writer.close()


def test_a_unit_that_waits_too_long_is_dropped_whole(sqlite_db: Database) -> None:
    """Busy means: nothing of it was or will be written."""
    writer = GroupCommit(sqlite_db, lambda tx: None)
    gate, entered = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        entered.set()
        gate.wait(5)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(writer.run, slow)
        entered.wait(5)
        # the writer is inside its first unit: the second joins the batch only when that ends
        with pytest.raises(Busy):
            writer.run(lambda tx: add(tx, "late"), timeout=0.01)
        gate.set()
        first.result()
    writer.run(lambda tx: None)
    writer.close()
    assert names(sqlite_db) == []


def test_migrations_make_the_tables_of_the_code(db: Database) -> None:
    """A migrated database and models/tables.py do not differ."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    with db.engine.connect() as connection:
        diff = compare_metadata(MigrationContext.configure(connection), metadata)
    only_postgres = "ix_outbox_key_prefix" if db.sqlite else "none"  # alembic does not look at ddl_if
    assert [d for d in diff if "modify_type" not in str(d) and only_postgres not in str(d)] == []


def test_migrating_a_filled_database_again_changes_nothing(db: Database) -> None:
    """`db upgrade` can be run at any time."""
    with db.write() as tx:
        add(tx, "kept")
    database.upgrade(db)
    assert names(db) == ["kept"]
    with db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(community)) == 1


def test_a_value_sealed_with_another_key_reads_as_unreadable() -> None:
    """A changed key is a sentence, not a crash."""
    sealed = secret.Sealed()
    secret.set_key("another secret, thirty-two characters long")
    foreign = sealed.process_bind_param("x", None)  # type: ignore[arg-type]
    secret.set_key("a secret for tests, thirty-two characters")
    assert sealed.process_result_value(foreign, None) == "?"  # type: ignore[arg-type]
