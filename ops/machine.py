"""What doctor and the console's first page say alike: room on the disk, the age of the last backup, the platforms' tokens."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from redis import RedisError

from bot.channels import tokens
from ops import backup_tools, house
from ops.doctor_finding import Finding

GIB = 1024**3
LEAST = 1


def findings(built: house.House) -> list[Finding]:
    """One line each; what cannot be looked at is left out, the others stand."""
    found: list[Finding] = []
    for look in (disk, backup_tools.age, platform_tokens):
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
