"""`app.py figures`: the figures counted from the log alone, and whether they are what the pages show, to the last digit."""

import argparse
from itertools import chain

from sqlalchemy import select

from bot.config import ConfigError
from domain.errors import Refusal
from models.base import Tx
from models.tables import community
from ops import house
from ops.tools import database_of
from services import figures
from services.figures import GROUPS, Asked, Sheet
from texts.say import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `figures` takes."""
    parser.add_argument("--community", default="", help="社区代码；不写则是所有社区")
    parser.add_argument("--month", default="", help="登记月份，如 2026-11；不写则是全部")
    parser.add_argument("--check", action="store_true", help="与页面上的数字逐项核对，有一处不同就退出 1")


def run(args: argparse.Namespace) -> int:
    """Prints the figures of each community; 1 when they were to be compared and something differs."""
    now = house.now()
    try:
        if args.month:
            figures.span(args.month)
        with database_of() as db, db.read() as tx:
            cases = figures.from_log(tx)
            places = tx.all(select(community.c.id, community.c.name).where(
                community.c.code == args.community if args.community else community.c.id > 0).order_by(community.c.id))
            if not places:
                raise ConfigError(f"没有代码为 {args.community} 的社区")
            for where in places:
                counted = figures.recount(tx, cases, Asked(where.id, args.month), now)
                print(say("figures.words", title=f"{where.name} {args.month}".strip(), it=counted))
            if not args.check:
                return 0
            found = [say("figures.differs", number=number, what=what, told=told, kept=kept)
                     for number, what, told, kept in figures.differences(tx, cases)]
            asked = list(chain.from_iterable(_parts(tx, Asked(where.id, args.month)) for where in places))
            numbers = 0
            for name, each in asked:
                by_log, by_table = figures.recount(tx, cases, each, now), figures.sheet(tx, each, now)
                numbers += 3 + 2 * len(by_log.rates)
                found += [say("figures.differs_sum", where=name, what=what, told=told, kept=kept)
                          for what, told, kept in _compare(by_log, by_table)]
    except Refusal as no:
        raise ConfigError(say(no.key, **no.facts)) from None
    print("\n".join(found) if found else say("figures.same", issues=len(cases), numbers=numbers))
    return 1 if found else 0


def _parts(tx: Tx, asked: Asked) -> list[tuple[str, Asked]]:
    """Everything together, and each category, party, building and month of it."""
    return [(asked.month or say("figures.all"), asked), *chain.from_iterable(figures.narrowed(tx, asked, by) for by in GROUPS)]


def _compare(one: Sheet, other: Sheet) -> list[tuple[str, object, object]]:
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in ("raised", "silent", "excused")]
    pairs += [(say(f"terms.figure.{f}"), f"{rate.met}/{rate.of}", f"{other.rates[f].met}/{other.rates[f].of}")
              for f, rate in one.rates.items()]
    return [(name, a, b) for name, a, b in pairs if a != b]
