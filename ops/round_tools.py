"""`python app.py round export | import`: a round as files in the format of the public Polis exports, and back."""

import argparse
import re
from pathlib import Path

from sqlalchemy import select

from bot.config import ConfigError
from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import community
from ops import house
from ops.tools import database_of
from texts.say import say


def arguments(export: argparse.ArgumentParser, taken: argparse.ArgumentParser) -> None:
    """What the two commands take."""
    for each in (export, taken):
        each.add_argument("issue", help="议题编号，如 I12")
        each.add_argument("--community", required=True, help="社区代码")
    export.add_argument("--out", required=True, metavar="FILE.zip", help="写到哪里")
    taken.add_argument("--statements", required=True, metavar="comments.csv", help="观点")
    taken.add_argument("--votes", required=True, metavar="votes.csv", help="表态（votes.csv，或 participants-votes.csv）")
    taken.add_argument("--title", default="", help="这次征言叫什么；不写就用议题的标题")
    taken.add_argument("--apply", action="store_true", help="真的导入；不写只检查")


def export(args: argparse.Namespace) -> None:
    """Writes the newest round about an issue."""
    from services import audit, round_files, rounds
    with database_of() as db, db.write() as tx:
        actor = _actor(tx, args.community)
        try:
            data = round_files.archive(tx, actor, rounds.of_issue(tx, actor.community_id, _number(args.issue)), now=house.now())
        except Refusal as no:
            raise ConfigError(say(no.key, **no.facts)) from None
        audit.seal(tx)
    try:
        Path(args.out).write_bytes(data)
    except OSError:
        raise ConfigError(say("opinions.file.unwritten", file=args.out)) from None
    print(say("findings.import.written", file=args.out))


def take_in(args: argparse.Namespace) -> None:
    """Checks the files; with --apply puts the round on the issue's record."""
    from services import audit, round_files, round_view
    number = _number(args.issue)
    try:
        comments, votes = round_files.read(Path(args.statements), Path(args.votes))
        counted = {"people": len({v.person for v in votes}), "statements": len(comments), "votes": len(votes), "number": number}
        if not args.apply:
            print(say("findings.import.checked", **counted))
            return
        files = {"comments.csv": Path(args.statements).read_text("utf-8-sig"), "votes.csv": round_files.polis.write_votes(votes)}
        with database_of() as db, db.write() as tx:
            row = round_files.take_in(tx, _actor(tx, args.community), comments, votes, number=number, title=args.title, files=files,
                                      now=house.now())
            report = round_view.of(tx, row)
            audit.seal(tx)
    except Refusal as no:
        raise ConfigError(say(no.key, **no.facts)) from None
    assert report is not None
    print(say("findings.import.done", title=row.title, common=len(report.common), **counted))


def _actor(tx: Tx, code: str) -> Actor:
    where = tx.scalar(select(community.c.id).where(community.c.code == code))
    if where is None:
        raise ConfigError(say("findings.import.unknown", code=code))
    return Actor("system", Role.ADMIN, where)


def _number(said: str) -> int:
    found = re.fullmatch(r"[Ii]?([1-9]\d{0,8})", said.strip())
    if found is None:
        raise ConfigError(say("findings.import.number"))
    return int(found[1])
