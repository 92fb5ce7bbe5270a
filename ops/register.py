"""`python app.py register import | status`: the register of owners from a table, and where it stands."""

import argparse
from pathlib import Path

from sqlalchemy import select

from bot.config import ConfigError
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Tx
from models.tables import community
from ops import house
from ops.tools import database_of
from services import audit, register, register_apply
from services.register_sheet import sheet
from texts.register import told
from texts.say import say


def import_arguments(parser: argparse.ArgumentParser) -> None:
    """What `register import` takes."""
    parser.add_argument("file", help="表格：.xlsx 或 .csv，要有 房屋（或楼栋、单元、房号）、面积、业主 几列")
    parser.add_argument("--community", required=True, help="社区代码")
    parser.add_argument("--create", action="store_true", help="新增没有登记的房屋")
    parser.add_argument("--partly", action="store_true", help="跳过有错的房屋，其余先导入")
    parser.add_argument("--apply", action="store_true", help="真的导入；不写只检查、报告")


def take_in(args: argparse.Namespace) -> int:
    """Reports on a table, and with --apply takes it in; 1 when something is wrong with it."""
    try:
        data = Path(args.file).read_bytes()
    except OSError as error:
        raise ConfigError(f"读不了文件 {args.file}：{error.strerror}") from None
    try:
        with database_of() as db, db.write() as tx:
            where = _community(tx, args.community)
            report = register_apply.look(tx, where, register.read(sheet(data, args.file)), create=args.create)
            print("\n".join([*told(report.findings), say("register.look", **report.counts)]))
            if args.apply:
                register_apply.take_in(tx, SYSTEM, where, report, partly=args.partly, now=house.now())
                audit.seal(tx)
                print(say("register.done", homes=report.homes))
            print(say("register.status", it=register_apply.status(tx, where)))
    except Refusal as no:
        raise ConfigError(say(no.key, **no.facts)) from None
    return 1 if report.errors else 0


def status(args: argparse.Namespace) -> None:
    """Prints homes, heads and area, and what is missing."""
    with database_of() as db, db.read() as tx:
        print(say("register.status", it=register_apply.status(tx, _community(tx, args.community))))


def _community(tx: Tx, code: str) -> int:
    found = tx.scalar(select(community.c.id).where(community.c.code == code))
    if found is None:
        raise ConfigError(f"没有代码为 {code} 的社区")
    return int(found)
