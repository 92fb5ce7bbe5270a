"""Sets up a 公众号 from the command line: its menu, and pictures of QR codes."""

import argparse
import os
from pathlib import Path

from bot.channels.mp_admin import LONGEST_DAYS, SCENE, MpAdmin
from bot.channels.mp_events import MENU
from bot.config import ConfigError, load
from bot.message import ChannelError
from ops import house
from ops.doctor_accounts import cure


def menu(args: argparse.Namespace) -> None:
    """Puts up the menu."""
    print(put_menu(args.account))


def put_menu(name: str) -> str:
    """Puts up the menu of this account and says what is in it; a ConfigError says why not and what to do."""
    try:
        _admin(name).put_menu()
    except ChannelError as error:
        raise ConfigError(f"菜单没有建好：{cure(error)}") from None
    return f"菜单建好了：{' / '.join(MENU.values())}。已关注的人重新进入公众号后看到。"


def code(args: argparse.Namespace) -> None:
    """Writes the picture of a QR code."""
    if not SCENE.fullmatch(args.scene):
        raise ConfigError("--scene 可以写 join（加入社区）、poll:P5（打开投票）、issue:I12（看议题）")
    if not 0 <= args.days <= LONGEST_DAYS:
        raise ConfigError(f"--days 可以写 1 到 {LONGEST_DAYS}，写 0 是长期有效（一个账号最多 10 万个）")
    try:
        picture = _admin(args.account).code(args.scene, days=args.days)
    except ChannelError as error:
        raise ConfigError(f"二维码没有做好：{cure(error)}") from None
    Path(args.out).write_bytes(picture)
    print(f"二维码写到了 {args.out}，{f'{args.days} 天内有效' if args.days else '长期有效'}。")


def _admin(name: str) -> MpAdmin:
    settings = load(house.settings_path())
    found = next((c for c in settings.channels if c.name == name), None)
    if found is None or found.kind != "mp":
        names = "、".join(c.name for c in settings.channels if c.kind == "mp")
        raise ConfigError(f"没有名叫 {name} 的公众号账号" + (f"，config.yaml 里有：{names}" if names else ""))
    return MpAdmin(found.account(os.environ), clock=house.now)
