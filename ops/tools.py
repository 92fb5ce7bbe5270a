"""The small commands of app.py: each opens the house, does one thing, and says what came of it."""

import argparse
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.config import ConfigError, load
from domain.errors import Refusal
from domain.roles import SYSTEM
from models import secret
from models.base import Database
from ops import database, house, seed
from texts.say import clock, say

Args = argparse.Namespace


@contextmanager
def database_of() -> Iterator[Database]:
    """The installation's database, for as long as a command runs."""
    settings = load(house.settings_path())
    secret.set_key(*settings.keys())
    db = Database(settings.database_url())
    try:
        yield db
    finally:
        db.close()


def serve(args: Args) -> None:
    """Runs the web workers."""
    from ops.serve import serve as run
    run(args.port)


def schedule(args: Args) -> None:
    """Runs the scheduler."""
    from ops.serve import schedule as run
    run()


def aibot(args: Args) -> int:
    """Runs the bots on their own connections."""
    from ops.aibot import run
    return run(args.account)


def demo(args: Args) -> int:
    """Runs everything at once on a demo community."""
    from ops.demo import run
    return run(args.port, fresh=args.fresh, folder=args.folder)


def doctor(args: Args) -> int:
    """Prints the findings; 1 when something is wrong."""
    from ops import doctor_accounts
    from ops.doctor import examine
    path = house.settings_path()
    findings = doctor_accounts.examine(path, args.account) if args.account else examine(path)
    for finding in findings:
        print(("✓ " if finding.good else "✗ ") + finding.text)
    return 0 if all(f.good for f in findings) else 1


def db_upgrade(args: Args) -> None:
    """Applies missing migrations."""
    with database_of() as db:
        before, _ = database.current(db)
        database.upgrade(db)
        after, _ = database.current(db)
    print(f"数据库版本：{before or '空'} → {after}")


def db_load(args: Args) -> None:
    """Loads a community from a file."""
    with database_of() as db:
        loaded = seed.load(db, args.file, now=house.now())
    print("已载入。" if loaded else "这个社区已经在库里，没有改动。")


def role_set(args: Args) -> None:
    """Gives a person a role."""
    from services import audit, people
    with database_of() as db, db.write() as tx:
        try:
            people.set_role(tx, SYSTEM, person_id=args.person, role=args.role, now=house.now())
        except Refusal as no:
            raise ConfigError(say(no.key, **no.facts)) from None
        audit.seal(tx)
    print("已设置。")


def log(args: Args) -> None:
    """Prints the message log, the newest last."""
    from services import browse
    with database_of() as db, db.read() as tx:
        lines = browse.log_lines(tx, community_id=None, since=house.now() - timedelta(days=args.days), person=args.person,
                                 kind=args.kind, text=args.text, limit=args.limit)
    for line in lines:
        print(line)


def audit_verify(args: Args) -> int:
    """Walks the chain and names the first bad row, and heads that were told to groups, or are given, and that it does not know."""
    from services import anchors, audit, proving
    asked = {words: anchors.read(words) for words in args.head}
    with database_of() as db, db.read() as tx:
        verdict = audit.verify(tx)
        wrong = [*proving.check(tx), *anchors.lost(tx)]
        for words, head in asked.items():
            if head is None:
                wrong.append(f"看不懂链头 {words}：请照群里的抄，如 留痕 123 号 3f2ac01d9e77b012，或只写后面 16 位以上")
            elif not anchors.fits(tx, head):
                wrong.append(f"链上没有公布过的链头 {words}：它以前的记录被删过或换过"
                             + (f"（这条链只到 {verdict.rows} 号）" if (head.seq or 0) > verdict.rows else ""))
        back = anchors.restored(tx) if wrong else None
    for what in wrong:
        print(what)
    if back is not None:
        print(f"说明：{clock(back)} 恢复过一份备份，比那份备份晚公布的链头不在链上，是正常的")
    if verdict.ok:
        print(f"审计链完整：{verdict.rows} 条，链头 {verdict.head[:16]}" + ("，但有不对的" if wrong else "，选票和记录一致"))
        return 1 if wrong else 0
    why = {"changed": "被改动", "missing": "缺失", "cut": "末尾与链头不符"}[verdict.why]
    print(f"审计链不对：第 {verdict.bad_seq} 条{why}，前 {verdict.bad_seq - 1 if verdict.bad_seq else 0} 条完好")
    return 1


def poll_verify(args: Args) -> int:
    """Checks a poll's public export with the very file that a sceptic runs alone."""
    from verify.linyi_verify import main
    return main(args.words)


def understand(args: Args) -> int:
    """Reads sentences as JSON lines and writes what each means; a line that is no sentence gets an error of its own."""
    from bot.understand import understand as meaning
    from understanding import trained
    from understanding.context import from_json

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    reader = trained.reader()
    bad = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            found = meaning(str(said["text"]), from_json(said.get("context") or {}), reader).as_json()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            bad += 1
            found = {"error": f"第 {number} 行不是 {{\"text\": …, \"context\": …}}（{type(error).__name__}）"}
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 1 if bad else 0
