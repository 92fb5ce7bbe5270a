"""Pictures to print: the QR code of a poll's or an issue's page."""

import argparse
import re
from pathlib import Path

from sqlalchemy import select

from bot.config import ConfigError
from models.tables import community, issue, poll
from ops import house
from services import pages


def qr(args: argparse.Namespace) -> None:
    """Writes the QR code of a page as PNG."""
    name = re.fullmatch(r"([PI])([1-9][0-9]{0,8})", args.thing.upper())
    if name is None:
        raise ConfigError("请写编号，如 P5（投票）或 I12（议题）")
    built = house.build()
    if not pages.base():
        raise ConfigError("还没有网页地址：请在 config.yaml 的 server.public_url 填 https://您的域名")
    kind, table = ("poll", poll) if name[1] == "P" else ("issue", issue)
    with built.db.read() as tx:
        home = tx.scalar(select(community.c.id).where(community.c.code == args.community))
        found = home is not None and tx.first(select(table.c.id).where(
            table.c.community_id == home, table.c.number == int(name[2]))) is not None
        if not found:
            raise ConfigError(f"社区 {args.community} 里没有 {args.thing}")
        url = pages.url_of(tx, kind, home, int(name[2]))
    Path(args.out).write_bytes(pages.qr_png(url))
    print(f"二维码写到了 {args.out}，扫开是 {url}")
