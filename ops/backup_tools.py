"""The commands around backups, and what doctor says about them."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.config import Settings, load
from models import secret
from ops import backup, database, house
from ops.backup_file import BackupError
from ops.doctor_finding import Finding
from services import health

Args = argparse.Namespace


def arguments(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`backup`, `backup drill` and `restore` on the command line."""
    make = add("backup", run, "备份：运行中也能做，做完就核对；backup drill 是演练：备份、恢复到别处、核对、报用时")
    make.add_argument("what", nargs="?", choices=["drill"], help="drill：演练，不留下文件")
    make.add_argument("--to", type=Path, metavar="FILE", help="写到哪里；不写则放进 backup.folder，旧的按 7 天、4 周、12 个月留")
    make.add_argument("--plain", action="store_true", help="不加密（默认用这套安装的密钥加密，没有密钥就打不开）")
    back = add("restore", restore, "从备份恢复：先核对，全对才替换；原来的数据改名保留")
    back.add_argument("file", type=Path)
    back.add_argument("--force", action="store_true", help="数据库里已有数据也换掉")


def run(args: Args) -> int:
    """Makes a backup, or rehearses a restore."""
    return _told(_drill if args.what else _make, args)


def restore(args: Args) -> int:
    """Puts a backup back."""
    return _told(_restore, args)


def _told(work: Callable[[Settings, Args], int], args: Args) -> int:
    settings = load(house.settings_path())
    secret.set_key(*settings.keys())
    try:
        return work(settings, args)
    except BackupError as no:
        print(no, file=sys.stderr)
        return 1


def _make(settings: Settings, args: Args) -> int:
    path, manifest = backup.make(settings, to=args.to, sealed=not args.plain, now=house.now())
    print(f"已备份到 {path}（{path.stat().st_size / 2**20:.1f} MiB，{sum(manifest.counts.values())} 行，"
          f"版本 {manifest.revision}，{'已加密' if manifest.sealed else '未加密，请妥善保管'}）")
    return _chain(manifest.audit_rows, manifest.audit_head, manifest.audit_ok)


def _chain(rows: int, head: str, good: bool) -> int:
    print(f"审计链完整：{rows} 条，链头 {head[:16]}" if good else
          f"但审计链不对：第 {rows + 1} 条起有问题，运行 python app.py audit verify 查看")
    return 0 if good else 1


def _restore(settings: Settings, args: Args) -> int:
    manifest, former = backup.restore(settings, args.file, force=args.force, now=house.now())
    print(f"已恢复 {manifest.made_at} 的备份：{sum(manifest.counts.values())} 行。"
          + (f"原来的数据在 {former}。" if former else ""))
    print("备份时还没发出的消息没有重发，在后台“发件箱”的“发送失败”里，逐条决定是否重发。")
    return _chain(manifest.audit_rows, manifest.audit_head, manifest.audit_ok)


def _drill(settings: Settings, _args: Args) -> int:
    manifest, made, restored = backup.drill(settings, now=house.now())
    print(f"演练通过：备份 {made:.1f} 秒，恢复并核对 {restored:.1f} 秒，"
          f"{len(manifest.counts)} 张表 {sum(manifest.counts.values())} 行一致。")
    return _chain(manifest.audit_rows, manifest.audit_head, manifest.audit_ok)


def downgrade(args: Args) -> int:
    """Takes migrations back, with a backup of what is there now."""
    return _told(_downgrade, args)


def _downgrade(settings: Settings, args: Args) -> int:
    if args.revision not in database.known():
        raise BackupError(f"没有 {args.revision} 这个版本；已有：{'、'.join(sorted(database.known()))}")
    path, _ = backup.make(settings, to=None, sealed=True, now=house.now())
    before, after = backup.downgrade(settings, args.revision)
    print(f"数据库版本：{before} → {after}。退回前的数据备份在 {path}")
    return 0


def age(built: house.House) -> Iterator[Finding]:
    """Doctor's line about the last backup."""
    with built.db.read() as tx:
        at = health.last_backup(tx)
    if at is None:
        yield Finding(False, "还没有备份。请系统管理员运行 python app.py backup，并设成每晚自动做（deploy/linyi-backup.timer）")
        return
    hours = (house.now() - at).total_seconds() / 3600
    late = hours > built.settings.backup.every_hours
    cure = "，太久了：运行 python app.py backup，并检查每晚的备份" if late else ""
    yield Finding(not late, f"上次备份在 {hours:.0f} 小时前{cure}")
