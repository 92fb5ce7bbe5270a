"""The data key from the command line: made, put in, exchanged, and missed when it is gone; a backup asks for its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

import app
from bot.config import ConfigError, Settings
from models import secret
from models.base import Database
from models.tables import person
from ops import database, house, seed
from ops.demo import make_secrets

ROOT = Path(__file__).parents[2]
SECRET = "a secret for tests, thirty-two characters"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation with people and without a data key."""
    for name, value in (make_secrets() | {"LINYI_SECRET_KEY": SECRET}).items():
        monkeypatch.setenv(name, value)
    for name in ("LINYI_DATABASE_URL", "LINYI_DATA_KEY", "LINYI_PREVIOUS_DATA_KEYS"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"database": {"file": str(tmp_path / "linyi.db")}, "backup": {"folder": str(tmp_path / "kept")}}))
    monkeypatch.setenv("LINYI_CONFIG", str(path))
    db = Database(f"sqlite:///{tmp_path / 'linyi.db'}")
    database.upgrade(db)
    seed.load(db, ROOT / "demo" / "community.yaml", now=house.now())
    db.close()
    yield tmp_path
    secret.set_key(SECRET)


def _names(folder: Path) -> list[str]:
    db = Database(f"sqlite:///{folder / 'linyi.db'}")
    with db.read() as tx:
        found = list(tx.connection.scalars(select(person.c.name).order_by(person.c.id)))
    db.close()
    return found


def test_a_key_is_put_in_and_exchanged(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """From no key to one, from one to the next; an old backup is refused without its key and taken with it."""
    names = _names(folder)
    keys = []
    for _ in range(2):
        assert app.main(["key", "new"]) == 0
        keys.append(capsys.readouterr().out.strip())
    assert len(set(keys)) == 2 and all(len(k) == 44 for k in keys)
    monkeypatch.setenv("LINYI_DATA_KEY", keys[0])
    assert app.main(["key", "rotate"]) == 0 and "换好了" in capsys.readouterr().out
    assert app.main(["key", "rotate"]) == 0 and "都已经" in capsys.readouterr().out
    assert _names(folder) == names
    old = folder / "old.linyi-backup"
    assert app.main(["backup", "--plain", "--to", str(old)]) == 0
    assert not any(name.encode() in old.read_bytes() + (folder / "linyi.db").read_bytes() for name in names if len(name) > 2)
    monkeypatch.setenv("LINYI_DATA_KEY", keys[1])
    capsys.readouterr()
    assert app.main(["key", "status"]) == 1 and "读不出来" in capsys.readouterr().out
    assert app.main(["key", "rotate"]) == 1 and "打不开" in capsys.readouterr().out
    monkeypatch.setenv("LINYI_PREVIOUS_DATA_KEYS", keys[0])
    assert app.main(["key", "rotate"]) == 0 and app.main(["key", "status"]) == 0
    monkeypatch.delenv("LINYI_PREVIOUS_DATA_KEYS")
    assert app.main(["key", "status"]) == 0 and _names(folder) == names
    capsys.readouterr()
    assert app.main(["restore", str(old), "--force"]) == 1 and "请把当时的密钥放进" in capsys.readouterr().err
    assert _names(folder) == names
    monkeypatch.setenv("LINYI_PREVIOUS_DATA_KEYS", keys[0])
    assert app.main(["restore", str(old), "--force"]) == 0 and _names(folder) == names


def test_a_key_that_is_none_stops_the_start() -> None:
    """Too short, or only the ones of before."""
    env = {"LINYI_SECRET_KEY": SECRET}
    assert Settings().keys(env) == (SECRET, "", [])
    for more in ({"LINYI_DATA_KEY": "short"}, {"LINYI_PREVIOUS_DATA_KEYS": "x" * 40},
                 {"LINYI_DATA_KEY": "y" * 40, "LINYI_PREVIOUS_DATA_KEYS": f"{'x' * 40} short"}):
        with pytest.raises(ConfigError, match="LINYI_"):
            Settings().keys(env | more)
    assert Settings().keys(env | {"LINYI_DATA_KEY": "y" * 40, "LINYI_PREVIOUS_DATA_KEYS": f" {'x' * 40}  {'z' * 40} "})[2] == [
        "x" * 40, "z" * 40]
