"""`python app.py opinions`: an exported round of opinions in, groups and common ground out as JSON."""

import argparse
import json
import sys
from pathlib import Path

from domain.errors import Refusal
from texts.say import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the files are."""
    parser.add_argument("--votes", required=True, metavar="votes.csv", help="表态（votes.csv，或 participants-votes.csv）")
    parser.add_argument("--statements", required=True, metavar="comments.csv", help="观点（comments.csv）")
    parser.add_argument("--out", default="", metavar="FILE", help="JSON 写到哪里；不写则打印出来")
    parser.add_argument("--seed", type=int, default=0, help="为将来的抽样留的种子；现在的计算没有随机，任何值结果都一样")


def analyse(args: argparse.Namespace) -> int:
    """Reads, computes, writes; 2 with one sentence when a file is no good."""
    from opinions import matrix, polis, report, rounds

    try:
        comments = polis.read_comments(Path(args.statements))
        votes = polis.read_votes(Path(args.votes), comments)
        table = matrix.from_events(((v.person, v.comment, v.value) for v in votes),
                                   out=[c.id for c in comments if c.moderated == -1])
        found = rounds.analyse(table)
        text = json.dumps(report.as_data(found, {c.id: c.body for c in comments}), ensure_ascii=False, indent=1, allow_nan=False)
        if args.out:
            _write(Path(args.out), text)
        else:
            print(text)
    except Refusal as no:
        print(say(no.key, **no.facts), file=sys.stderr)
        return 2
    why = say(f"opinions.gate.{found.reason}") if found.reason else ""
    print(say("opinions.done", people=len(table.people), statements=len(comments), votes=len(table.values), reason=found.reason,
              why=why, groups=len(found.numbers), sizes="、".join(f"{n} 人" for n in found.sizes.values()), file=args.out),
          file=sys.stderr)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as bad:
        raise Refusal("opinions.file.unwritten", file=str(path)) from bad
