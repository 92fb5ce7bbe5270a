"""The public export of a closed poll, built from facts: same facts, same bytes. docs/verify.md says what each file holds.

Whoever opens and closes a poll takes the commitments of its first and last log row from here (`frozen`, `sealed`), so
that the log's head stands for text, ballots and history together.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from domain import merkle
from domain.receipts import canonical, voter_hash

FORMAT = "linyi-poll-1"
GENESIS = "0" * 64
SECRET = "secret"
_DATED = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: a fixed time keeps the archive the same


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who may vote, as frozen at opening: ballots that can come, heads, and area in 0.01 m² (None when some area is unknown)."""

    size: int
    heads: int
    area: int | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """The poll as it was put; `class_` is {"name", "preset", "quorum", "pass"}, for a straw poll {"name": "straw"}."""

    community: str
    number: int
    title: str
    text: str
    options: Sequence[str]
    kind: str
    rules: dict[str, Any]
    class_: dict[str, Any]
    secrecy: str
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime
    electorate: Electorate


class Ballot(NamedTuple):
    """One ballot as it stands at the end. `voter` and `salt` stay empty in a secret poll."""

    receipt: str
    choice: str
    state: str
    voter: str = ""
    salt: str = ""
    seq: int | None = None
    head: str | None = None
    area: int | None = None


class Row(NamedTuple):
    """One deed in the poll's log; `ballot` is a commitment (domain.receipts) or empty."""

    at: datetime
    act: str
    ballot: str = ""


@lru_cache(maxsize=4096)
def moment(at: datetime) -> str:
    """A time as the export writes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def poll_file(poll: Poll) -> dict[str, Any]:
    """What poll.json says."""
    about = poll.electorate
    return {
        "format": FORMAT, "community": poll.community, "number": poll.number, "title": poll.title, "text": poll.text,
        "options": list(poll.options), "kind": poll.kind, "rules": poll.rules, "class": poll.class_, "secrecy": poll.secrecy,
        "opens_at": moment(poll.opens_at), "closes_at": moment(poll.closes_at), "closed_at": moment(poll.closed_at),
        "electorate": {"size": about.size, "heads": about.heads, "area": about.area},
    }


def frozen(poll: Poll) -> str:
    """The commitment of the log's `opened` row: all that may not change afterwards, so not the closing times."""
    return sha256(canonical({k: v for k, v in poll_file(poll).items() if k not in ("closes_at", "closed_at")})).hexdigest()


def sealed(poll: Poll, root: str) -> str:
    """The commitment of the log's `closed` row: the root, and the poll with its closing times."""
    return sha256((root + sha256(canonical(poll_file(poll))).hexdigest()).encode()).hexdigest()


def leaf(ballot: Ballot, *, secret: bool) -> bytes:
    """A ballot's line in ballots.jsonl, without the newline."""
    if secret and (ballot.voter or ballot.salt):
        raise ValueError("a secret poll's export knows no voters")
    area = f'"area":{ballot.area:d},' if ballot.area is not None else ""
    head = f',"head":"{ballot.head}"' if ballot.head is not None else ""
    seq = f',"seq":{ballot.seq:d}' if ballot.seq is not None else ""
    voter = f',"voter":"{voter_hash(ballot.salt, ballot.voter)}"' if ballot.voter else ""
    # canonical JSON, written out because there may be a hundred thousand; nothing in it needs escaping
    said = f'"choice":"{ballot.choice}"{head},"receipt":"{ballot.receipt}"{seq},"state":"{ballot.state}"{voter}'
    return f"{{{area}{said}}}".encode()


def leaves(poll: Poll, ballots: Iterable[Ballot]) -> list[bytes]:
    """The tree's leaves, in the order of the receipts."""
    secret = poll.secrecy == SECRET
    return [leaf(ballot, secret=secret) for ballot in sorted(ballots, key=lambda b: b.receipt)]


def chain(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The log's rows, each holding the hash of the one before."""
    return [json.loads(line) for line in chain_lines(rows)]


def chain_lines(rows: Iterable[Row]) -> list[bytes]:
    """The same as canonical JSON, line by line."""
    lines: list[bytes] = []
    prev = GENESIS
    for seq, row in enumerate(rows, 1):
        act, rest = f'{{"act":"{row.act}","at":"{moment(row.at)}","ballot":"{row.ballot}"', f',"prev":"{prev}","seq":{seq}}}'
        prev = sha256(f"{prev}{act}{rest}".encode()).hexdigest()
        lines.append(f'{act},"hash":"{prev}"{rest}'.encode())
    return lines


def link(line: dict[str, Any]) -> str:
    """The hash of a log row, which is not yet in it."""
    return sha256(line["prev"].encode() + canonical(line)).hexdigest()


def build(poll: Poll, ballots: Sequence[Ballot], log: Sequence[Row], result: dict[str, Any], *, audit_head: str,
          internal: bool = False) -> dict[str, bytes]:
    """The export's files. An `opened` or `closed` row without a commitment gets it here; the internal variant names voters."""
    if internal and poll.secrecy == SECRET:
        raise ValueError("a secret poll has no internal export")
    lines = leaves(poll, ballots)
    root = merkle.root(lines).hex()
    rows = chain_lines(committed(poll, log, root))
    files = {
        "poll.json": canonical(poll_file(poll)), "ballots.jsonl": _lines(lines), "result.json": canonical(result),
        "log.jsonl": _lines(rows),
    }
    if internal:
        files["voters.jsonl"] = _lines(canonical({"receipt": b.receipt, "voter": b.voter, "salt": b.salt})
                                       for b in sorted(ballots, key=lambda b: b.receipt))
    files["manifest.json"] = canonical({
        "format": FORMAT, "files": {name: sha256(data).hexdigest() for name, data in files.items()}, "tree_size": len(lines),
        "root": root, "log_head": head_of(rows), "audit_head": audit_head,
    })
    return files


def head_of(lines: Sequence[bytes]) -> str:
    """The hash of the last row."""
    return str(json.loads(lines[-1])["hash"]) if lines else GENESIS


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as one archive, in a fixed order and with a fixed time."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATED)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=1)
    return into.getvalue()


def committed(poll: Poll, log: Iterable[Row], root: str) -> list[Row]:
    """The log with what its first and last row commit to."""
    given = {"opened": frozen(poll), "closed": sealed(poll, root)}
    return [row._replace(ballot=given[row.act]) if row.act in given and not row.ballot else row for row in log]


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
