"""Backups for real, on both databases: what comes back is what was there, and a broken file changes nothing."""

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from domain.roles import SYSTEM
from models.tables import audit as chain
from models.tables import heartbeat, outbox, person
from ops import backup, database, house, seed
from ops.backup_file import read_manifest
from services import audit
from tests.ops.place import Place, run

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def place(empty_place: Place) -> Place:
    """A community in a database of its own, on either kind."""
    db = empty_place.open()
    seed.load(db, ROOT / "demo" / "community.yaml", now=house.now())
    with db.write() as tx:
        audit.note(tx, SYSTEM, "test.filled", "test:1", now=house.now())
        who = tx.first(select(person.c.id, person.c.community_id))
        assert who is not None
        tx.add(outbox, key="news:1", community_id=who.community_id, channel="mp", target="identity:1", address="somebody",
               kind="text", text="停水通知", state="waiting", attempts=0, next_at=house.now(), created_at=house.now())
        audit.seal(tx)
    db.close()
    return empty_place


def test_what_comes_back_is_what_was_there(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """After the loss of everything: the same rows, names readable, the chain whole; what waited is held, not sent again."""
    before, file = place.people(), place.folder / "kept.linyi-backup"
    assert run("backup", "--to", str(file)) == 0
    assert "审计链完整" in capsys.readouterr().out
    assert file.stat().st_mode & 0o077 == 0 and "停水通知".encode() not in file.read_bytes()
    db = place.open()
    with db.read() as tx:
        name = tx.scalar(select(person.c.name).where(person.c.name.is_not(None)).order_by(person.c.id).limit(1))
    db.close()
    place.wipe()
    assert run("restore", str(file)) == 0
    assert "没有重发" in capsys.readouterr().out
    assert place.people() == before
    db = place.open()
    with db.read() as tx:
        assert tx.scalar(select(person.c.name).where(person.c.name.is_not(None)).order_by(person.c.id).limit(1)) == name != "?"
        held = tx.first(select(outbox).where(outbox.c.key == "news:1"))
        assert held is not None and held.state == "dead" and "restored" in held.error
        assert tx.scalar(select(chain.c.action).order_by(chain.c.seq.desc()).limit(1)) == "backup.restored"
    with db.write() as tx:  # and it works on: ids go on where they were
        tx.add(heartbeat, name="alive", at=house.now())
    db.close()


def test_nothing_is_overwritten_unasked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Filled: only with --force, and what was there is kept; a running scheduler: never."""
    file = place.folder / "kept.linyi-backup"
    assert run("backup", "--plain", "--to", str(file)) == 0
    assert run("restore", str(file)) == 1
    assert "--force" in capsys.readouterr().err
    db = place.open()
    with db.write() as tx:
        tx.execute(update(person).values(no_brief=True))
        tx.add(heartbeat, name="scheduler", at=house.now())
    assert run("restore", str(file), "--force") == 1
    assert "还在运行" in capsys.readouterr().err
    with db.write() as tx:
        tx.execute(update(heartbeat).where(heartbeat.c.name == "scheduler").values(at=house.now() - timedelta(hours=1)))
    db.close()
    assert run("restore", str(file), "--force") == 0
    assert "before" in capsys.readouterr().out
    db = place.open()
    with db.read() as tx:
        assert not tx.scalar(select(func.count()).select_from(person).where(person.c.no_brief))
    db.close()


@pytest.mark.parametrize("sealed", [True, False])
def test_a_broken_file_changes_nothing(place: Place, sealed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Cut anywhere, or with one byte changed in the data, the file is refused with a sentence."""
    file = place.folder / "kept.linyi-backup"
    backup.make(place.settings, to=file, sealed=sealed, now=house.now())
    whole, before = file.read_bytes(), place.people()
    with zipfile.ZipFile(file) as archive:
        info = archive.infolist()[-1]
        inside = info.header_offset + 200 + info.compress_size // 2
    flipped = whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1:]
    for bad in (whole[:len(whole) // 2], whole[:-30], b"", flipped):
        file.write_bytes(bad)
        assert run("restore", str(file), "--force") == 1
        said = capsys.readouterr().err
        assert "截断或改动" in said or "校验和" in said, said
    assert place.people() == before
    assert not list(place.folder.glob(".restore-*")) and not list(place.folder.glob(".backup-*"))


def test_the_wrong_key_and_the_wrong_version_are_named(place: Place, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """Both are refused before anything is touched."""
    file = place.folder / "kept.linyi-backup"
    assert run("backup", "--to", str(file)) == 0
    key = place.settings.secret_key()
    monkeypatch.setenv("LINYI_SECRET_KEY", "another key of at least thirty-two characters")
    assert run("restore", str(file), "--force") == 1
    assert "另一把密钥" in capsys.readouterr().err
    monkeypatch.setenv("LINYI_SECRET_KEY", key)
    monkeypatch.setattr(database, "known", lambda: {"0001"})
    assert run("restore", str(file), "--force") == 1
    assert "不认识" in capsys.readouterr().err


def test_the_drill_says_how_long_it_took_and_leaves_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no backup, for nothing is kept: the doctor counts only those that are."""
    assert run("doctor") == 1 and "还没有备份" in capsys.readouterr().out
    before = sorted(p.name for p in place.folder.iterdir() if not p.name.endswith(".lock"))
    assert run("backup", "drill") == 0
    said = capsys.readouterr().out
    assert "演练通过" in said and "秒" in said
    assert sorted(p.name for p in place.folder.iterdir() if not p.name.endswith(".lock")) == before
    run("doctor")
    assert "还没有备份" in capsys.readouterr().out
    assert run("backup") == 0 and len(list((place.folder / "backups").glob("linyi-*"))) == 1
    run("doctor")
    assert "上次备份在 0 小时前" in capsys.readouterr().out


def test_a_broken_chain_is_said_but_still_backed_up(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup of a record that was tampered with is better than none, and says so."""
    db = place.open()
    with db.write() as tx:
        tx.execute(update(chain).where(chain.c.seq == 1).values(action="test.changed"))
    db.close()
    file = place.folder / "kept.linyi-backup"
    assert run("backup", "--to", str(file)) == 1
    assert "审计链不对" in capsys.readouterr().out
    assert not read_manifest(file).audit_ok


def test_old_backups_are_thinned_out(tmp_path: Path) -> None:
    """Seven days, four weeks, twelve months; what is named otherwise stays."""
    names = [f"linyi-{y}{m:02}{d:02}-0300{s:02}.linyi-backup" for y in (2025, 2026) for m in range(1, 13) for d in (1, 15, 27, 28)
             for s in (0, 1)]
    for name in [*names, "linyi-by-hand.linyi-backup"]:
        (tmp_path / name).touch()
    backup._thin_out(tmp_path)
    left = {p.name for p in tmp_path.iterdir()}
    assert "linyi-by-hand.linyi-backup" in left and max(names) in left
    assert {name[6:12] for name in left if name[6].isdigit()} >= {f"2026{m:02}" for m in range(1, 13)}
    assert len(left) <= 7 + 4 + 12 + 1 and not any(name.endswith("00.linyi-backup") for name in left)


def test_going_back_a_version_keeps_a_backup_first(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The older shape, and everything there was in a file that brings it back."""
    assert run("db", "downgrade", "9999") == 1 and "没有 9999" in capsys.readouterr().err
    before = place.people()
    assert run("db", "downgrade", "0009") == 0
    assert "→ 0009" in capsys.readouterr().out
    kept = next((place.folder / "backups").glob("linyi-*"))
    assert run("restore", str(kept), "--force") == 0 and place.people() == before
    db = place.open()
    assert database.current(db)[0] == database.newest()
    db.close()


def test_a_backup_of_an_older_version_is_brought_up(place: Place) -> None:
    """Restored with newer code, it is upgraded before it takes the place."""
    file, before = place.folder / "old.linyi-backup", place.people()
    db = place.open()
    database.downgrade(db, "0009")
    db.close()
    backup.make(place.settings, to=file, sealed=True, now=house.now())
    assert read_manifest(file).revision == "0009"
    assert run("restore", str(file), "--force") == 0 and place.people() == before
    db = place.open()
    assert database.current(db)[0] == database.newest()
    db.close()
