"""The commands of app.py and the health page, on a real database of their own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

import app
from models import base, secret
from models.base import Database
from models.tables import audit, audit_head, heartbeat, home, issue, person
from ops import house, wsgi
from ops.demo import make_secrets
from services import issues, people

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> Iterator[Path]:
    """Settings, secrets and an empty place for data."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    settings["database"]["file"] = str(tmp_path / "linyi.db")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    for name, value in (make_secrets() | {"LINYI_REDIS_URL": valkey_url, "LINYI_PASSWORD": "a long password"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LINYI_DATABASE_URL", raising=False)
    monkeypatch.setenv("LINYI_CONFIG", str(path))
    yield path
    secret.set_key("a secret for tests, thirty-two characters")


def run(*words: str) -> int:
    """One command line."""
    return app.main(list(words))


def open_db(path: Path) -> Database:
    """The installation's database."""
    return Database(f"sqlite:///{path.parent / 'linyi.db'}")


def test_an_installation_from_nothing(installation: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Upgrade, load, accounts, roles; each says what came of it, and doing it again is harmless or refused with a sentence."""
    monkeypatch.setitem(base.PRAGMAS, "synchronous", "FULL")  # as outside of tests
    assert run("serve") == 2
    assert "db upgrade" in capsys.readouterr().err
    assert run("doctor") == 1
    newest = max(path.name.split("_")[0] for path in (ROOT / "migrations" / "versions").glob("0*.py"))
    assert f"需要 {newest}" in capsys.readouterr().out
    assert run("db", "upgrade") == 0 and run("db", "upgrade") == 0
    community = str(ROOT / "demo" / "community.yaml")
    assert run("db", "load", community) == 0 and run("db", "load", community) == 0
    assert "没有改动" in capsys.readouterr().out
    assert run("user", "add", "admin", "--community", "cuiyuan", "--password-env", "LINYI_PASSWORD") == 0
    assert run("user", "add", "admin", "--password-env", "LINYI_PASSWORD") == 2
    assert run("user", "add", "b", "--community", "none", "--password-env", "LINYI_PASSWORD") == 2
    assert run("role", "set", "2", "grid_worker") == 0 and run("role", "set", "999", "grid_worker") == 2
    assert run("log") == 0
    db = open_db(installation)
    with db.read() as tx:
        assert tx.scalar(select(person.c.role).where(person.c.id == 2)) == "grid_worker"
        assert tx.scalar(select(home.c.area_dm2).where(home.c.label == "3幢2单元501")) == 10177
    db.close()
    run("doctor")
    said = capsys.readouterr().out
    assert "✓ SQLite 每次提交都落盘" in said and "✓ Redis 有应答" in said and "✗ 定时程序还没有运行过" in said


def test_audit_verify_names_the_first_bad_row(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and the head when whole, 1 and the row when not."""
    run("db", "upgrade")
    run("db", "load", str(ROOT / "demo" / "community.yaml"))
    run("role", "set", "2", "grid_worker")
    assert run("audit", "verify") == 0
    assert "审计链完整：2 条" in capsys.readouterr().out
    db = open_db(installation)
    with db.write() as tx:
        tx.execute(update(audit).where(audit.c.seq == 2).values(detail="{}"))
    db.close()
    assert run("audit", "verify") == 1
    assert "第 2 条被改动" in capsys.readouterr().out


def test_a_chain_that_was_cut_and_closed_again_does_not_know_its_old_head(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever holds the database can do it; the head in a published export tells."""
    run("db", "upgrade")
    run("db", "load", str(ROOT / "demo" / "community.yaml"))
    run("role", "set", "2", "grid_worker")
    db = open_db(installation)
    with db.write() as tx:
        first, last = tx.all(select(audit).order_by(audit.c.seq))
        assert run("audit", "verify", "--head", last.hash, "--head", first.hash[:16].upper()) == 0
        tx.execute(delete(audit).where(audit.c.seq == 2))
        tx.execute(update(audit_head).values(seq=1, hash=first.hash))
    db.close()
    capsys.readouterr()
    assert run("audit", "verify") == 0 and run("audit", "verify", "--head", last.hash) == 1
    assert f"链上没有公布过的链头 {last.hash}" in capsys.readouterr().out
    assert run("audit", "verify", "--head", "") == 1 and run("audit", "verify", "--head", "%") == 1


@pytest.fixture
def client(installation: Path) -> Iterator[tuple[FlaskClient, Database]]:
    """The web application, as a worker builds it."""
    run("db", "upgrade")
    built = house.build()
    application = wsgi.application(built)
    yield application.test_client(), built.db
    application.extensions["pipeline"].commit.close()
    built.db.close()


def beat(db: Database, ago: timedelta) -> None:
    """The scheduler was last alive this long ago."""
    with db.write() as tx:
        tx.execute(heartbeat.delete())
        tx.add(heartbeat, name="scheduler", at=house.now() - ago)


def test_health(client: tuple[FlaskClient, Database], monkeypatch: pytest.MonkeyPatch) -> None:
    """200 only when the database answers and the scheduler is alive; Redis away is degraded, not down."""
    browser, db = client
    assert browser.get("/healthz").status_code == 503
    beat(db, timedelta(seconds=1))
    assert (browser.get("/healthz").status_code, browser.get("/healthz").get_json()["state"]) == (200, "ok")
    beat(db, timedelta(minutes=2))
    late = browser.get("/healthz")
    assert late.status_code == 503 and "秒没有动静" in late.get_json()["reason"]


def test_health_with_redis_away(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service goes on."""
    monkeypatch.setenv("LINYI_REDIS_URL", "redis://127.0.0.1:1/0")
    run("db", "upgrade")
    built = house.build()
    application = wsgi.application(built)
    beat(built.db, timedelta(seconds=1))
    answer = application.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "degraded")
    application.extensions["pipeline"].commit.close()
    built.db.close()


def test_figures_are_counted_again_from_the_log(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same to the last digit is 0; one changed column is found, named, and 1."""
    run("db", "upgrade")
    run("db", "load", str(ROOT / "demo" / "community.yaml"))
    db = open_db(installation)
    with db.write() as tx:
        who = people.as_person(tx, tx.scalar(select(person.c.id).order_by(person.c.id).limit(1)))
        issues.register(tx, who, issues.Report("电梯坏了没人修", "电梯坏了", "elevator", "3幢"), chat_id=None, now=datetime.now(UTC))
    assert run("figures", "--check") == 0 and "与记录逐项一致：1 件议题" in capsys.readouterr().out
    assert run("figures", "--month", "2001-01") == 0 and "登记 0 件" in capsys.readouterr().out
    assert run("figures", "--month", "x") == 2 and run("figures", "--community", "none") == 2
    with db.write() as tx:
        tx.execute(update(issue).values(rating="satisfied"))
    db.close()
    assert run("figures", "--check") == 1
    said = capsys.readouterr().out
    assert "I1 的 rating" in said and "满意率：按记录算是 0/0，表里算是 1/1" in said.replace("的 满意率", "满意率")
