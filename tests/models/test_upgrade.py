"""A database with people's matters in it goes up to the newest shape and down again, on both kinds; what can be kept is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, DateTime, Integer, MetaData, String, Table, inspect, select, text
from sqlalchemy.engine import make_url

from models.base import Database
from ops import database

OLD = "0005a"
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
UP = tuple(sorted(name for path in (Path(__file__).parents[2] / "migrations" / "versions").glob("0*.py")
                  if (name := path.name.split("_")[0]) > OLD))  # they are named in their order


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of an older version."""
    if request.param == "sqlite":
        db = Database(f"sqlite:///{tmp_path / 'old.db'}")
        database.upgrade(db, OLD)
        yield db
        db.close()
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    server = Database(url.render_as_string(hide_password=False))
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE old"))
        db = Database(url.set(database="old").render_as_string(hide_password=False))
        database.upgrade(db, OLD)
        yield db
        db.close()
        connection.execute(text("DROP DATABASE old WITH (FORCE)"))
    server.close()


def _table(db: Database, name: str) -> Table:
    """As it is now, not as the code knows it."""
    return Table(name, MetaData(), autoload_with=db.engine)


def _put(db: Database, name: str, **values: Any) -> int:
    """One row, with something in every column that must not be empty."""
    table = _table(db, name)
    for column in table.columns:
        if column.name in values or column.nullable or column.server_default is not None or column.primary_key:
            continue
        kind = column.type
        values[column.name] = (AT if isinstance(kind, DateTime) else False if isinstance(kind, Boolean) else 1
                               if isinstance(kind, Integer) else {} if isinstance(kind, JSON) else "x" if isinstance(kind, String) else "x")
    if db.sqlite:
        values = {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in values.items()}
    with db.write() as tx:
        return tx.add(table, **values)


def _rows(db: Database, name: str) -> dict[int, dict[str, Any]]:
    table = _table(db, name)
    with db.read() as tx:
        return {row.id: dict(row._mapping) for row in tx.all(select(table))}


def _same(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _fill(db: Database) -> dict[str, int]:
    """A place, two people, issues of every kind of clock, a vote."""
    place = _put(db, "community", code="east")
    who = _put(db, "person", community_id=place)
    other = _put(db, "person", community_id=place)
    common = {"community_id": place, "submitter_id": who}
    ids = {"place": place, "who": who}
    ids["root"] = _put(db, "issue", **common, number=1, state="submitted")
    ids["merged"] = _put(db, "issue", **common, number=2, state="merged", merged_into=ids["root"])
    ids["further"] = _put(db, "issue", **common, number=3, state="merged", merged_into=ids["merged"])
    ids["draft"] = _put(db, "issue", **common, state="draft", due_at=AT + timedelta(hours=1))
    ids["resolved"] = _put(db, "issue", **common, number=4, state="resolved", due_at=AT + timedelta(days=3))
    ids["event"] = _put(db, "issue_event", issue_id=ids["resolved"], act="resolve", to_state="resolved", at=AT)
    ids["supporter"] = _put(db, "supporter", issue_id=ids["root"], person_id=other)
    ids["poll"] = _put(db, "poll", community_id=place, issue_id=ids["root"], creator_id=who, number=1, state="open")
    ids["outbox"] = _put(db, "outbox", community_id=place, key="news:1", state="waiting")
    return ids


TABLES = ("community", "person", "issue", "issue_event", "supporter", "poll", "outbox")


def test_up_and_down_again_with_data(old: Database) -> None:
    """Nothing is lost on the way up; down again, whatever the old shape has a place for is as it was."""
    ids = _fill(old)
    before = {name: _rows(old, name) for name in TABLES}
    database.upgrade(old)
    _is_new(old, ids)
    _put(old, "promise", community_id=ids["place"], issue_id=ids["root"], made_by=ids["who"])  # and new things happen
    _put(old, "photo", community_id=ids["place"], issue_id=ids["root"], person_id=ids["who"])
    _put(old, "warning", issue_id=ids["root"])
    _put(old, "own_category", community_id=ids["place"], code="own1", resembles="noise", sure=[], hints=[], off=[])
    drones = _put(old, "issue", community_id=ids["place"], submitter_id=ids["who"], number=9, category="own1", state="submitted")
    _put(old, "wording", community_id=ids["place"])
    database.downgrade(old, OLD)
    assert _rows(old, "issue")[drones]["category"] == "noise"  # what the old shape has no name for is what it was like
    with old.write() as tx:
        tx.execute(text(f"DELETE FROM issue WHERE id = {drones}"))
    for name in TABLES:
        after = _rows(old, name)
        assert after.keys() == before[name].keys(), name
        for key, row in before[name].items():
            assert {c: _same(v) for c, v in after[key].items()} == {c: _same(v) for c, v in row.items()}, (name, key)
    assert "merge" not in inspect(old.engine).get_table_names()
    database.upgrade(old)  # and it can be tried again
    _is_new(old, ids)


def _is_new(db: Database, ids: dict[str, int]) -> None:
    assert database.current(db)[0] == database.newest()
    issues = _rows(db, "issue")
    assert issues[ids["merged"]]["root_id"] == issues[ids["further"]]["root_id"] == ids["root"]
    edges = {(r["source_id"], r["target_id"]) for r in _rows(db, "merge").values()}
    assert edges == {(ids["merged"], ids["root"]), (ids["further"], ids["merged"])}
    clocks = {r["issue_id"]: (r["kind"], _same(r["due_at"])) for r in _rows(db, "timer").values()}
    assert clocks == {ids["draft"]: ("draft", _same(AT + timedelta(hours=1))), ids["resolved"]: ("confirm", _same(AT + timedelta(days=3)))}
    assert _same(issues[ids["resolved"]]["resolved_at"]) == _same(AT)
    assert _rows(db, "supporter").keys() == {ids["supporter"]}


def test_each_step_can_be_taken_back(old: Database) -> None:
    """One by one, with rows in every table it touches; the shape is then exactly what it was."""
    _fill(old)
    shapes = {OLD: _shape(old)}
    for revision in UP:
        database.upgrade(old, revision)
        shapes[revision] = _shape(old)
    for revision in reversed((OLD, *UP[:-1])):
        database.downgrade(old, revision)
        assert _shape(old) == shapes[revision], revision
    assert len(_rows(old, "issue")) == 5


def _shape(db: Database) -> dict[str, tuple[Any, ...]]:
    look = inspect(db.engine)
    return {name: (sorted((c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(name)),
                   sorted((i["name"], tuple(i["column_names"])) for i in look.get_indexes(name) if i["name"]),
                   sorted((tuple(k["constrained_columns"]), k["referred_table"]) for k in look.get_foreign_keys(name)))
            for name in look.get_table_names() if name != "alembic_version"}


def test_who_did_it_is_completed_from_the_chain(old: Database) -> None:
    """Lines written before they could name an account get it from the audit chain; what a person did stays theirs."""
    ids = _fill(old)
    database.upgrade(old, UP[UP.index("0021") - 1])
    done = {"accept": None, "invite": None, "assign": ids["who"], "late": None, "inherit": None}
    lines = {act: _put(old, "issue_event", issue_id=ids["root"], act=act, at=AT + timedelta(hours=n), actor_id=who)
             for n, (act, who) in enumerate(done.items(), 1)}
    notes = [("accept", "issue.accept", "account:3"), ("accept", "order.give", "account:9"), ("invite", "deliberation.invite", "account:3"),
             ("assign", "issue.assign", f"person:{ids['who']}"), ("assign", "issue.tell", "system")]
    for n, (act, action, actor) in enumerate(notes, 1):
        at = AT + timedelta(hours=list(done).index(act) + 1)
        table = _table(old, "audit")
        with old.write() as tx:
            tx.execute(table.insert().values(
                seq=n, at=at.replace(tzinfo=None) if old.sqlite else at, actor=actor, action=action, detail="{}", prev="", hash=str(n),
                object=f"issue:{ids['root']}" if action != "order.give" else "message:1"))
    database.upgrade(old)
    events = _rows(old, "issue_event")
    assert {act: events[key]["made_by"] for act, key in lines.items()} == {
        "accept": "account:3", "invite": "account:3", "assign": None, "late": "system", "inherit": None}
