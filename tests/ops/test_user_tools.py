"""Console accounts from the command line: for the first one, and for when nobody can get in any more."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain import totp
from domain.roles import SYSTEM
from models.base import Database
from models.tables import community
from ops.house import now
from services import accounts, audit, factors, logins, posts
from tests.ops.test_tools import installation, open_db, run

__all__ = ["installation"]
WORD = ("--password-env", "LINYI_PASSWORD")


def _tried(db: Database, password: str) -> str | None:
    """The stage a login with this password comes to; None when the password is wrong."""
    with db.write() as tx:
        tried = accounts.begin(tx, username="wang", address="10.0.0.1", now=now())
        if not accounts.fits(tried, password) or tried.account_id is None:
            return None
        return factors.first_stage(tx, tried.account_id, factors.ADMINS)


def test_an_account_from_the_first_day_to_the_last(
        installation: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, given another role, locked and unlocked, a phone and a password lost, shut and opened; each says what came of it."""
    assert run("db", "upgrade") == 0
    db = open_db(installation)
    with db.write() as tx:
        tx.add(community, code="cuiyuan", name="翠苑", last_issue=0, last_poll=0)
    assert run("user", "add", "wang", "--community", "cuiyuan", "--role", "grid_worker", *WORD) == 0
    assert run("user", "add", "root", *WORD) == 0
    assert run("user", "add", "x", "--community", "cuiyuan", "--role", "system_admin", *WORD) == 2
    assert _tried(db, "a long password") == logins.OPEN
    assert run("user", "role", "wang", "admin", "--community", "cuiyuan") == 0
    assert _tried(db, "a long password") == logins.ENROL  # admins need a second factor
    for _ in range(5):
        _tried(db, "wrong")
    capsys.readouterr()
    run("user", "list")
    said = capsys.readouterr().out
    assert "wang：管理员（cuiyuan）；没有二次验证；试错太多，锁住了" in said and "root：系统管理员（全部社区）" in said
    assert run("user", "unlock", "wang") == 0
    with db.read() as tx:
        key = posts.id_of(tx, "wang") or 0
        assert not accounts.locked(tx, "wang", now=now())
    _phone(db, key)
    assert _tried(db, "a long password") == logins.CODE
    assert run("user", "drop-second", "wang") == 0
    assert _tried(db, "a long password") == logins.ENROL
    assert run("user", "role", "wang", "grid_worker", "--community", "cuiyuan") == 0
    monkeypatch.setenv("LINYI_PASSWORD", "short")
    assert run("user", "password", "wang", *WORD) == 2
    monkeypatch.setenv("LINYI_PASSWORD", "another password")
    assert run("user", "password", "wang", *WORD) == 0
    assert _tried(db, "a long password") is None and _tried(db, "another password") == logins.CHANGE
    assert run("user", "disable", "wang") == 0 and _tried(db, "another password") is None
    assert run("user", "enable", "wang") == 0 and _tried(db, "another password") == logins.CHANGE
    assert run("user", "role", "wang", "none", "--community", "cuiyuan") == 0 and _tried(db, "another password") is None
    capsys.readouterr()
    assert run("user", "disable", "root") == 2 and "最后一个" in capsys.readouterr().err
    assert run("user", "unlock", "nobody") == 2 and "user list" in capsys.readouterr().err
    with db.read() as tx:
        assert audit.verify(tx).ok
    db.close()


def _phone(db: Database, key: int) -> None:
    """Sets the second factor up."""
    with db.write() as tx:
        login = logins.Login(key, "wang", SYSTEM, now(), 0, logins.OPEN, logins.posts_of(tx, key))
        secret = factors.start(tx, login, now=now())
        assert factors.confirm(tx, login, totp.code(secret, totp.step_of(now())), now=now())
        audit.seal(tx)


def test_a_password_costs_who_guesses_it_as_much_as_advised() -> None:
    """64 MB and three rounds each, for an account that does not exist too; asked of a process that no test has made cheaper."""
    program = "from services import accounts; print(accounts._hasher.hash('a long password'), accounts._NOBODY)"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60)
    assert [found[:31] for found in done.stdout.split()] == ["$argon2id$v=19$m=65536,t=3,p=4$"] * 2
