"""`python app.py backup`, `restore`, `backup drill`: one file that can be trusted, or a sentence why not."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import make_url

from bot.config import Settings
from domain.clock import SHANGHAI
from domain.roles import SYSTEM
from models.base import Database, Tx
from models.tables import heartbeat, metadata, outbox
from ops import backup_since, database
from ops.backup_file import BackupError, Manifest, key_name, pack, read_manifest, sync_folder, unpack
from ops.backup_since import Outcome, Since
from ops.backup_stores import Store, filled, store_of
from scheduler.sweeps import HEARTBEAT
from services import anchors, audit, finding, forgotten, health, proving, resealing
from services import outbox as posts
from services.anchors import Head

ENDING = ".linyi-backup"
_RUNNING = timedelta(seconds=30)
_KEEP = ((7, "%Y-%m-%d"), (4, "%G-W%V"), (12, "%Y-%m"))  # the last of so many days, weeks and months


def make(settings: Settings, *, to: Path | None, sealed: bool, now: datetime, stays: bool = True) -> tuple[Path, Manifest]:
    """Copies the database while it works, checks the copy, and writes the file; one that `stays` counts as the last backup."""
    into = to or Path(settings.backup.folder) / f"linyi-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}{ENDING}"
    into.parent.mkdir(parents=True, exist_ok=True)
    store = _store(settings)
    with _database(settings) as db, tempfile.TemporaryDirectory(prefix=".backup-", dir=into.parent) as folder:
        _at_head(db)
        copy, facts = Path(folder) / "copy", []
        store.copy(db, copy, lambda tx: facts.append(_facts(tx, store.kind, sealed, now)))
        manifest = pack(copy, into, facts[0])
        if stays:
            _remember(db, now)
    if to is None:
        _thin_out(into.parent)
    return into, manifest


def restore(settings: Settings, source: Path, *, force: bool, now: datetime,
            told: Head | None = None) -> tuple[Manifest, Outcome]:
    """Checks the file, then its data beside the present one, and only then exchanges them.

    `told` is a head that stands in a group, as somebody copied it from there: a backup that contradicts it is refused.
    """
    store = _store(settings)
    manifest = _usable(source, store.kind, settings)
    place = Path(settings.database.file).parent
    place.mkdir(parents=True, exist_ok=True)
    with _present(settings, force, now) as present, tempfile.TemporaryDirectory(prefix=".restore-", dir=place) as folder:
        since = backup_since.look(present, source, manifest, [source.parent, Path(settings.backup.folder)])
        outcome = Outcome(present=since.present, newer=since.newer)
        data = Path(folder) / "data"
        unpack(source, data)
        sound = _checked(manifest, now)

        def check(db: Database) -> None:
            sound(db)
            _compare(db, manifest, since, told, outcome)
            _forget(db, since.erased, outcome, now)
            _hold(db, since, manifest, outcome, now)

        outcome.former = store.put(data, check, now=now)
        sync_folder(place)
    return manifest, outcome


def drill(settings: Settings, *, now: datetime) -> tuple[Manifest, float, float]:
    """A backup, restored somewhere else and checked: what came of it, and how many seconds each took."""
    store = _store(settings)
    with tempfile.TemporaryDirectory(prefix="linyi-drill-") as folder:
        begin = time.monotonic()
        path, manifest = make(settings, to=Path(folder) / f"drill{ENDING}", sealed=True, now=now, stays=False)
        made = time.monotonic()
        data = Path(folder) / "data"
        unpack(path, data)
        store.rehearse(data, _checked(manifest, now), now=now)
        return manifest, made - begin, time.monotonic() - made


def downgrade(settings: Settings, revision: str) -> tuple[str | None, str | None]:
    """Takes migrations back; the revisions before and after."""
    with _database(settings) as db:
        before, _ = database.current(db)
        database.downgrade(db, revision)
        return before, database.current(db)[0]


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    db = Database(settings.database_url())
    try:
        yield db
    finally:
        db.close()


def _store(settings: Settings) -> Store:
    return store_of(make_url(settings.database_url()), settings.backup.postgres_bin)


def _at_head(db: Database) -> None:
    have, need = database.current(db)
    if have is None:
        raise BackupError("数据库是空的，没有可备份的：先运行 python app.py db upgrade")
    if have not in database.known():
        raise BackupError(f"数据库版本 {have} 比程序（{need}）新：请用新版本的程序备份")


def _facts(tx: Tx, kind: str, sealed: bool, now: datetime) -> Manifest:
    verdict = audit.verify(tx)
    counts = {t.name: tx.scalar(text(f'SELECT count(*) FROM "{t.name}"')) for t in metadata.sorted_tables if _exists(tx, t.name)}
    revision = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return Manifest(made_at=now.isoformat(timespec="seconds"), database=kind, revision=revision, audit_rows=verdict.rows,
                    audit_head=verdict.head, audit_ok=verdict.ok, counts=counts, sealed=sealed, key=key_name(),
                    erased=forgotten.known(tx))


def _exists(tx: Tx, name: str) -> bool:
    return bool(tx.connection.dialect.has_table(tx.connection, name))


def _remember(db: Database, now: datetime) -> None:
    with db.write() as tx:
        _beat(tx, health.BACKUP, now)


def _beat(tx: Tx, name: str, now: datetime) -> None:
    insert = insert_postgres if tx.postgres else insert_sqlite
    put = insert(heartbeat).values(name=name, at=now)
    tx.execute(put.on_conflict_do_update(index_elements=["name"], set_={"at": put.excluded.at}))


def _usable(source: Path, kind: str, settings: Settings) -> Manifest:
    manifest = read_manifest(source)
    if manifest.database != kind:
        raise BackupError(f"这是 {manifest.database} 的备份，这套设置用的是 {kind}：请按备份的种类设置 database 再恢复")
    if manifest.revision not in database.known():
        raise BackupError(f"备份的数据库版本 {manifest.revision} 这个程序不认识（程序到 {database.newest()}）："
                          "请用做备份的那个版本，或更新的版本")
    return manifest


@contextmanager
def _present(settings: Settings, force: bool, now: datetime) -> Iterator[Database | None]:
    """The database that is about to be replaced, if there is one; a BackupError when it must not be."""
    url = make_url(settings.database_url())
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        yield None
        return
    with _database(settings) as db:
        if _beats(db, now):
            raise BackupError("定时程序还在运行：请先停下 serve、scheduler、aibot，等 30 秒再恢复")
        if filled(db) and not force:
            raise BackupError("数据库里已有数据，没有覆盖。确定要换成备份请加 --force；现在的数据会改名保留")
        yield db


def _beats(db: Database, now: datetime) -> bool:
    try:
        with db.read() as tx:
            at = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == HEARTBEAT))
    except Exception:  # empty or broken: nothing runs on it
        return False
    return at is not None and abs(now - at) < _RUNNING


def _checked(manifest: Manifest, now: datetime) -> Callable[[Database], None]:
    """Compares a restored copy with the manifest, and brings it to the present shape."""
    def check(db: Database) -> None:
        with db.read() as tx:
            same = _facts(tx, manifest.database, manifest.sealed, now)
        given = {name: getattr(manifest, name) for name in ("made_at", "sha256", "format", "erased")}
        if replace(same, **given) != manifest:
            raise BackupError("恢复出来的数据和备份清单不一致（行数、版本或审计链），没有使用：请换一份备份")
        if same.revision != database.newest():
            database.upgrade(db)
        with db.read() as tx:
            gone, wrong = next(resealing.unknown(tx), None), next(proving.check(tx), None)
        if gone:
            raise BackupError(f"备份里的姓名、电话是用数据密钥 {gone} 加密的，现在没有设置它：请把当时的密钥放进 "
                              "previous_data_keys_env 指的环境变量再恢复，现有数据没有动")
        if wrong:
            raise BackupError(f"恢复出来的选票和记录不一致，没有使用：{wrong}")
    return check


def _compare(db: Database, manifest: Manifest, since: Since, told: Head | None, outcome: Outcome) -> None:
    """Looks how the copy's chain stands to what groups were told: behind it, or in contradiction to it."""
    rows = manifest.audit_rows
    with db.read() as tx:
        if told is not None and not anchors.fits(tx, told):
            if told.seq is None:
                raise BackupError(f"这份备份的链上没有 {told.hash}，看不出是备份较早还是被改过，没有使用："
                                  "请连号一起抄，如 --head \"留痕 123 号 3f2a…\"")
            if told.seq <= rows:
                raise BackupError(f"这份备份的第 {told.seq} 条和群里公布的不一样，没有使用：抄错了，或备份被改过、不是这里的。"
                                  "请再核对群里的“留痕”；确定要用它就不带 --head")
        outcome.strange = next((each.head for each in since.told
                                if (each.head.seq or 0) <= rows and not anchors.fits(tx, each.head)), None)
    outcome.told = since.after(rows)
    last = [each.head for each in outcome.told] + ([told] if told is not None and (told.seq or 0) > rows else [])
    outcome.behind = max(last, key=lambda head: head.seq or 0, default=None)


def _hold(db: Database, since: Since, manifest: Manifest, outcome: Outcome, now: datetime) -> None:
    """Keeps posts from going twice: what is known to have gone has gone, the rest waits for somebody to decide."""
    waits = outbox.c.state.in_(["waiting", "sending"])
    with db.write() as tx:
        for key in tx.connection.scalars(select(outbox.c.key).where(waits)).all():
            if (at := since.sent.get(key)) is not None:
                tx.execute(update(outbox).where(outbox.c.key == key).values(state="sent", sent_at=at, lease_until=None))
                outcome.had_gone += 1
        outcome.held = tx.execute(update(outbox).where(waits).values(state="dead", error=posts.RESTORED, lease_until=None)).rowcount
        outcome.due = backup_since.due(tx, now=now)
        _beat(tx, health.RESTORED, now)
        if manifest.audit_ok:
            told = None if outcome.behind is None else f"{outcome.behind.seq}:{outcome.behind.hash}"
            audit.note(tx, SYSTEM, "backup.restored", f"backup:{manifest.sha256[:16]}", now=now, made_at=manifest.made_at,
                       held=outcome.held, told=told)
            audit.seal(tx)


def _forget(db: Database, names: set[str], outcome: Outcome, now: datetime) -> None:
    """Erases once more who was erased since, and takes their words out of the search index, before anybody can look."""
    with db.write() as tx:
        outcome.erased = forgotten.again(tx, names, now=now)
        audit.seal(tx)
    more = bool(outcome.erased)
    while more:
        with db.write() as tx:
            more = finding.index_one(tx, now=now)


def _thin_out(folder: Path) -> None:
    """Keeps the last of each of seven days, four weeks and twelve months."""
    files = sorted(folder.glob(f"linyi-*{ENDING}"), reverse=True)
    keep: set[Path] = set(files[:1])
    for most, period in _KEEP:
        newest: dict[str, Path] = {}
        for path in files:
            try:
                made = datetime.strptime(path.name.removesuffix(ENDING), "linyi-%Y%m%d-%H%M%S")
            except ValueError:
                keep.add(path)  # not named by us
                continue
            newest.setdefault(made.strftime(period), path)
        keep |= set(list(newest.values())[:most])
    for path in set(files) - keep:
        path.unlink()
