"""What doctor and the console's first page say alike: room on the disk, clocks, the age of the last backup, tokens."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from redis import RedisError
from sqlalchemy import func, select

from bot.channels import tokens
from ops import backup_tools, house
from ops.doctor_finding import Finding
from services import health

GIB = 1024**3
LEAST = 1
APART_S, LATE_S = 5, 60  # clocks this far apart, and messages that all take so long, are no accident


def findings(built: house.House) -> list[Finding]:
    """One line each; what cannot be looked at is left out, the others stand."""
    found: list[Finding] = []
    for look in (disk, clock, backup_tools.age, platform_tokens):
        try:
            found += look(built)
        except Exception as error:
            found.append(Finding(False, f"检查没有完成（{look.__name__}）：{type(error).__name__}"))
    return found


def disk(built: house.House) -> Iterator[Finding]:
    """How much room there is where the data is."""
    folder = house.data_folder(built.settings)
    free = shutil.disk_usage(folder if folder.exists() else Path(".")).free / GIB
    cure = "，快满了：请清理旧文件或扩容，满了以后什么都记不下来" if free <= LEAST else ""
    yield Finding(free > LEAST, f"磁盘剩余 {free:.1f} GiB{cure}")


def clock(built: house.House) -> Iterator[Finding]:
    """Whether this machine's clock agrees with the platforms' (by when messages were sent) and with the database server's."""
    with built.db.read() as tx:
        skew = health.skew_s(tx)
        server = tx.scalar(select(func.now())) if tx.postgres else None
    apart = 0.0 if server is None else abs((datetime.now(UTC) - server).total_seconds())
    if apart > APART_S:
        yield Finding(False, f"本机和数据库服务器的时钟相差 {apart:.0f} 秒：请两边都开启自动对时")
    if skew is None:
        return
    good = -APART_S <= skew <= LATE_S
    what = f"比平台慢 {-skew:.0f} 秒" if skew < 0 else f"比平台快 {skew:.0f} 秒，或者消息都来得很迟"
    yield Finding(good, "时钟和平台一致" if good else f"本机时钟{what}：截止时间会不准，请开启自动对时（timedatectl set-ntp true）")


def platform_tokens(built: house.House) -> Iterator[Finding]:
    """For how long each account's token is still good; one that nobody needed yet is no fault."""
    for channel in built.settings.channels:
        account = channel.account(os.environ)
        if account.kind not in tokens.KINDS:
            continue
        try:
            life_ms = int(built.redis.pttl(tokens.key_of(account)))  # type: ignore[arg-type]
        except RedisError:
            yield Finding(False, f"账号 {account.name}：Redis 没有应答，看不到令牌")
            continue
        yield Finding(True, f"账号 {account.name}：令牌还有 {life_ms // 60000} 分钟，到期前自动更换" if life_ms > 0 else
                      f"账号 {account.name}：现在没有令牌，要发送时自动去取")
