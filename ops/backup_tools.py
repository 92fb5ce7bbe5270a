"""The commands around backups, and what doctor says about them."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.config import Settings, load
from models import secret
from ops import backup, database, house
from ops.backup_file import BackupError, Manifest
from ops.backup_since import Outcome
from ops.doctor_finding import Finding
from services import anchors, health

Args = argparse.Namespace
_SHOWN = 50  # posts that are listed


def arguments(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`backup`, `backup drill` and `restore` on the command line."""
    make = add("backup", run, "备份：运行中也能做，做完就核对；backup drill 是演练：备份、恢复到别处、核对、报用时")
    make.add_argument("what", nargs="?", choices=["drill"], help="drill：演练，不留下文件")
    make.add_argument("--to", type=Path, metavar="FILE", help="写到哪里；不写则放进 backup.folder，旧的按 7 天、4 周、12 个月留")
    make.add_argument("--plain", action="store_true", help="不加密（默认用这套安装的密钥加密，没有密钥就打不开）")
    back = add("restore", restore, "从备份恢复：先核对，全对才替换；原来的数据改名保留")
    back.add_argument("file", type=Path)
    back.add_argument("--force", action="store_true", help="数据库里已有数据也换掉")
    back.add_argument("--head", default="", metavar="留痕",
                      help="群里最近一次投票结果或周报末尾的“留痕 123 号 3f2a…”，看备份是不是较早、被改过")


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
    told = anchors.read(args.head) if args.head else None
    if args.head and told is None:
        raise BackupError(f"看不懂 --head {args.head}：请照群里的抄，如 --head \"留痕 123 号 3f2ac01d9e77b012\"")
    manifest, outcome = backup.restore(settings, args.file, force=args.force, now=house.now(), told=told)
    print(f"已恢复 {manifest.made_at} 的备份：{sum(manifest.counts.values())} 行。"
          + (f"原来的数据在 {outcome.former}，确认无误后请删掉它：里面还有已删除的人的资料。" if outcome.former else ""))
    for line in (*_age(manifest, outcome, asked=told is not None), *_posts(outcome), *_erased(manifest, outcome)):
        print(line)
    return _chain(manifest.audit_rows, manifest.audit_head, manifest.audit_ok)


def _age(manifest: Manifest, outcome: Outcome, *, asked: bool) -> Iterator[str]:
    """Whether the backup is older than what groups were told, and which results came since."""
    if outcome.newer is not None:
        yield f"注意：还有更新的备份（{outcome.newer.made_at}），这一份不是最新的。"
    if outcome.strange is not None:
        yield f"注意：在群里公布过的留痕 {outcome.strange} 和这份备份对不上，它们不是同一段经过：请查清楚再启动。"
    if outcome.behind is not None:
        yield (f"这是一份较早的备份：群里已公布到留痕 {outcome.behind}，它只到 {manifest.audit_rows} 号；"
               "以后的登记、选票和改动都不在里面。")
    elif asked:
        yield "和群里公布的留痕对得上。"
    elif not outcome.present:
        yield ("原来的数据库读不到，看不出这份备份是不是较早：请看群里最近一次投票结果或周报末尾的“留痕 … 号”，"
               f"比 {manifest.audit_rows} 大就是较早；想核对，加 --force --head 再恢复一次。")
    if outcome.told:
        yield "备份以后在群里公布过："
    yield from (f"  {each.words}" for each in outcome.told[:_SHOWN])
    if len(outcome.told) > _SHOWN:
        yield f"  还有 {len(outcome.told) - _SHOWN} 条"


def _posts(outcome: Outcome) -> Iterator[str]:
    """What became of posts that waited, and which polls will end now."""
    if outcome.had_gone:
        yield f"备份时等着发的消息里，{outcome.had_gone} 条后来已经发出，不再发。"
    yield (f"备份时还没发出的 {outcome.held} 条消息没有重发，在后台“发件箱”的“发送失败”里，逐条决定是否重发；"
           "等人手工转发的，转发前先看群里是否已有。")
    if outcome.due:
        yield ("备份时还在进行、现在已过截止时间的投票，启动后按备份里的票结束，结果不自动发，也在“发送失败”里等您决定："
               + "、".join(outcome.due))


def _erased(manifest: Manifest, outcome: Outcome) -> Iterator[str]:
    """Who was erased since, or that nobody can tell."""
    if outcome.erased:
        yield f"备份以后要求删除资料的 {outcome.erased} 人，已在恢复的数据里再删除一次。"
    if not outcome.present:
        yield (f"没有找到 {(outcome.newer or manifest).made_at} 以后的删除记录（原来的数据库读不到）："
               "这以后要求过删除的人，请照你们自己的记录，在后台“数据权利”里再办一次。")


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
