"""Rounds as files: the CSV format of the public Polis exports, read and written."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.errors import Refusal
from opinions.matrix import in_order

VOTES = ("timestamp", "datetime", "comment-id", "voter-id", "vote")
COMMENTS = ("timestamp", "datetime", "comment-id", "author-id", "agrees", "disagrees", "moderated", "comment-body")
VOTE_VALUES = {"1": 1, "0": 0, "-1": -1}


@dataclass(frozen=True)
class Comment:
    """One statement of an export."""

    id: str
    author: str
    body: str
    moderated: int = 0  # -1 taken out, 1 let in, 0 not looked at
    at: int = 0  # milliseconds since 1970


@dataclass(frozen=True)
class Vote:
    """One vote of an export."""

    person: str
    comment: str
    value: int
    at: int = 0


def read_comments(path: Path) -> list[Comment]:
    """Statements of comments.csv, in the order of the file."""
    found: dict[str, Comment] = {}
    for line, row in _rows(path, ("comment-id", "moderated", "comment-body")):
        name = row["comment-id"].strip()
        if not name:
            raise Refusal("opinions.file.empty", file=path.name, line=line, column="comment-id")
        if name in found:
            raise Refusal("opinions.file.twice", file=path.name, line=line, id=name)
        if row["moderated"].strip() not in VOTE_VALUES:
            raise Refusal("opinions.file.moderated", file=path.name, line=line, value=row["moderated"])
        found[name] = Comment(name, (row.get("author-id") or "").strip(), row["comment-body"],
                              VOTE_VALUES[row["moderated"].strip()], _time(path, line, row.get("timestamp")))
    return list(found.values())


def read_votes(path: Path, comments: Iterable[Comment]) -> list[Vote]:
    """Votes of votes.csv in the order they were given, or of participants-votes.csv; every statement must be known."""
    known = {comment.id for comment in comments}
    head = _head(path)
    if "vote" not in head and "participant" in head:
        found = _participants(path, head)
    else:
        found = [(line, Vote(row["voter-id"].strip(), row["comment-id"].strip(), _vote(path, line, row["vote"]),
                             _time(path, line, row.get("timestamp"))))
                 for line, row in _rows(path, ("comment-id", "voter-id", "vote"))]
        found.sort(key=lambda one: one[1].at)
    for line, vote in found:
        if not vote.person:
            raise Refusal("opinions.file.empty", file=path.name, line=line, column="voter-id")
        if vote.comment not in known:
            raise Refusal("opinions.file.unknown", file=path.name, line=line, id=vote.comment)
    if not found:
        raise Refusal("opinions.file.no_votes", file=path.name)
    return [vote for _, vote in found]


def write_comments(comments: Sequence[Comment], votes: Iterable[Vote]) -> str:
    """The text of comments.csv; counts are of the last vote of each person."""
    last = {(vote.person, vote.comment): vote.value for vote in sorted(votes, key=lambda vote: vote.at)}
    rows = []
    for comment in comments:
        values = [value for (_, name), value in last.items() if name == comment.id]
        rows.append((comment.at, _written(comment.at), comment.id, comment.author, values.count(1), values.count(-1),
                     comment.moderated, comment.body))
    return _text(COMMENTS, rows)


def write_votes(votes: Iterable[Vote]) -> str:
    """The text of votes.csv, oldest first."""
    return _text(VOTES, [(v.at, _written(v.at), v.comment, v.person, v.value) for v in sorted(votes, key=lambda vote: vote.at)])


def write_participants(comments: Sequence[Comment], votes: Iterable[Vote], group: Mapping[str, int]) -> str:
    """The text of participants-votes.csv: one row per person, one column per statement."""
    last: dict[str, dict[str, int]] = {}
    for vote in sorted(votes, key=lambda vote: vote.at):
        last.setdefault(vote.person, {})[vote.comment] = vote.value
    rows = []
    for person in in_order(last):
        own = list(last[person].values())
        rows.append([person, group.get(person, ""), sum(c.author == person for c in comments), len(own), own.count(1),
                     own.count(-1), *(last[person].get(c.id, "") for c in comments)])
    return _text(("participant", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree", *(c.id for c in comments)), rows)


def pseudonyms(people: Iterable[Any], secret_order: Mapping[Any, Any]) -> dict[Any, str]:
    """Numbers from 0 in the order of a secret mark of each person (a keyed hash), so that neither the number nor its place
    tells who it is, and the next export gives the same order."""
    return {person: str(n) for n, person in enumerate(sorted(people, key=lambda person: secret_order[person]))}


def renamed(comments: Iterable[Comment], votes: Iterable[Vote], names: Mapping[Any, str]) -> tuple[list[Comment], list[Vote]]:
    """The round under pseudonyms."""
    return ([Comment(c.id, names.get(c.author, ""), c.body, c.moderated, c.at) for c in comments],
            [Vote(names[v.person], v.comment, v.value, v.at) for v in votes])


def _participants(path: Path, head: list[str]) -> list[tuple[int, Vote]]:
    if "n-disagree" not in head:
        raise Refusal("opinions.file.columns", file=path.name, missing="n-disagree")
    names = head[head.index("n-disagree") + 1:]
    return [(line, Vote(row["participant"].strip(), name, _vote(path, line, row[name])))
            for line, row in _rows(path, ("participant",)) for name in names if (row[name] or "").strip()]


def _vote(path: Path, line: int, value: str) -> int:
    if value.strip() not in VOTE_VALUES:
        raise Refusal("opinions.file.vote", file=path.name, line=line, value=value.strip()[:20])
    return VOTE_VALUES[value.strip()]


def _time(path: Path, line: int, value: str | None) -> int:
    if value and not value.strip().lstrip("-").isdecimal():
        raise Refusal("opinions.file.time", file=path.name, line=line, value=value.strip()[:20])
    return int(value) if value else 0


def _head(path: Path) -> list[str]:
    return next(csv.reader(io.StringIO(_read(path))), [])


def _rows(path: Path, needed: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """Each row with the number of its line; a file without the needed columns, or a row of another length, is refused."""
    table = csv.DictReader(io.StringIO(_read(path), newline=""))
    missing = [name for name in needed if name not in (table.fieldnames or ())]
    if missing:
        raise Refusal("opinions.file.columns", file=path.name, missing="、".join(missing))
    try:
        for row in table:
            if None in row or None in row.values():
                raise Refusal("opinions.file.length", file=path.name, line=table.line_num, columns=len(table.fieldnames or ()))
            yield table.line_num, row
    except csv.Error as bad:
        raise Refusal("opinions.file.not_csv", file=path.name, line=table.line_num) from bad


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as bad:
        raise Refusal("opinions.file.missing", file=str(path)) from bad
    except UnicodeDecodeError as bad:
        raise Refusal("opinions.file.encoding", file=path.name) from bad


def _written(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


def _text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
