"""The export: the same facts give the same bytes, secret polls name nobody, and the log's head stands for everything."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from domain import export, merkle, receipts
from domain.export import Ballot, Electorate, Poll, Row

OPENS = datetime(2026, 3, 1, 19, 0, tzinfo=timezone(timedelta(hours=8)))
POLL = Poll("翠苑三区", 5, "要不要装电梯", "", ["同意", "反对"], "single", {}, {"name": "straw"}, "staff", OPENS, OPENS + timedelta(days=1),
            OPENS + timedelta(days=1, seconds=9), Electorate(30, 30))
BALLOTS = [Ballot("7K3M-Q9XD", "0", "counted", "p1", "a"), Ballot("0000-0001", "", "withdrawn", "p2", "b"),
           Ballot("0000-0000", "1", "held", "p3", "c", seq=4, head="h1", area=8953)]
LOG = [Row(OPENS, "opened"), *(Row(OPENS + timedelta(hours=i), "cast", receipts.commitment(b.receipt, b.choice, b.salt)) for i, b in enumerate(BALLOTS)),
       Row(OPENS + timedelta(days=1, seconds=9), "closed")]


def files(poll: Poll = POLL, *, internal: bool = False) -> dict[str, bytes]:
    """The export of these ballots."""
    return export.build(poll, BALLOTS, LOG, {"ballots": 1}, audit_head="ab", internal=internal)


def test_the_files_are_what_the_manual_says() -> None:
    """Canonical JSON, sorted by receipt, UTC, hashed without the newline."""
    found = files()
    assert sorted(found) == ["ballots.jsonl", "log.jsonl", "manifest.json", "poll.json", "result.json"]
    lines = found["ballots.jsonl"].decode().split("\n")
    assert lines == [
        '{"area":8953,"choice":"1","head":"h1","receipt":"0000-0000","seq":4,"state":"held","voter":"' + sha256(b"cp3").hexdigest() + '"}',
        '{"choice":"","receipt":"0000-0001","state":"withdrawn","voter":"' + sha256(b"bp2").hexdigest() + '"}',
        '{"choice":"0","receipt":"7K3M-Q9XD","state":"counted","voter":"' + sha256(b"ap1").hexdigest() + '"}', ""]
    assert found["poll.json"].decode().startswith('{"class":{"name":"straw"},"closed_at":"2026-03-02T11:00:09Z","closes_at":"2026-03-02T11:00:00Z"')
    manifest = json.loads(found["manifest.json"])
    assert manifest["root"] == merkle.root([line.encode() for line in lines[:-1]]).hex() and manifest["tree_size"] == 3
    assert manifest["files"] == {name: sha256(data).hexdigest() for name, data in found.items() if name != "manifest.json"}
    rows = [json.loads(line) for line in found["log.jsonl"].splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5] and rows[0]["prev"] == "0" * 64
    for before, row in zip(rows, rows[1:], strict=False):
        assert row["prev"] == before["hash"]
    assert rows[0]["hash"] == sha256(b"0" * 64 + receipts.canonical({k: v for k, v in rows[0].items() if k != "hash"})).hexdigest()
    assert manifest["log_head"] == rows[-1]["hash"]


def test_the_same_facts_give_the_same_bytes() -> None:
    """Whatever the order of the ballots, and as an archive too."""
    again = export.build(POLL, BALLOTS[::-1], LOG, {"ballots": 1}, audit_head="ab")
    assert again == files() and export.zipped(again) == export.zipped(dict(reversed(files().items())))
    with zipfile.ZipFile(io.BytesIO(export.zipped(again))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == again


def test_the_first_row_holds_what_is_frozen_and_the_last_the_rest() -> None:
    """An extension moves only the last; a word changed moves both; a ballot changed moves only the last."""
    def ends(poll: Poll, ballots: list[Ballot]) -> tuple[str, str]:
        rows = [json.loads(line) for line in export.build(poll, ballots, LOG, {}, audit_head="")["log.jsonl"].splitlines()]
        return rows[0]["ballot"], rows[-1]["ballot"]
    first, last = ends(POLL, BALLOTS)
    assert (first, last) == (export.frozen(POLL), export.sealed(POLL, json.loads(files()["manifest.json"])["root"]))
    later = ends(replace(POLL, closes_at=OPENS + timedelta(days=2)), BALLOTS)
    assert later[0] == first and later[1] != last
    reworded = ends(replace(POLL, title="要不要拆电梯"), BALLOTS)
    assert reworded[0] != first and reworded[1] != last
    other = ends(POLL, [BALLOTS[0]._replace(choice="1"), *BALLOTS[1:]])
    assert other[0] == first and other[1] != last


def test_a_commitment_made_at_the_time_is_kept() -> None:
    """The log's rows are facts; building the export does not rewrite what was said at opening."""
    rows = [LOG[0]._replace(ballot="cd" * 32), *LOG[1:]]
    first = json.loads(export.build(POLL, BALLOTS, rows, {}, audit_head="")["log.jsonl"].splitlines()[0])
    assert first["ballot"] == "cd" * 32


def test_a_secret_poll_names_nobody() -> None:
    """Neither by hash nor in an internal variant; giving it voters is refused."""
    secret = replace(POLL, secrecy="secret")
    with pytest.raises(ValueError):
        files(secret)
    nameless = [b._replace(voter="", salt="") for b in BALLOTS]
    assert b"voter" not in export.build(secret, nameless, LOG, {}, audit_head="")["ballots.jsonl"]
    with pytest.raises(ValueError):
        export.build(secret, nameless, LOG, {}, audit_head="", internal=True)


def test_the_internal_variant_only_adds_the_voters() -> None:
    """Same root, one more file."""
    public, internal = files(), files(internal=True)
    assert internal["ballots.jsonl"] == public["ballots.jsonl"] and "voters.jsonl" not in public
    assert internal["voters.jsonl"].splitlines()[2] == b'{"receipt":"7K3M-Q9XD","salt":"a","voter":"p1"}'
    assert json.loads(internal["manifest.json"])["root"] == json.loads(public["manifest.json"])["root"]


def test_times_are_utc_whatever_they_came_in() -> None:
    """One moment, one text."""
    assert export.moment(OPENS) == export.moment(OPENS.astimezone(UTC)) == "2026-03-01T11:00:00Z"


def test_an_empty_poll_has_the_empty_tree() -> None:
    """Nobody voted."""
    found = export.build(POLL, [], [LOG[0], LOG[-1]], {}, audit_head="")
    assert found["ballots.jsonl"] == b"" and json.loads(found["manifest.json"])["root"] == sha256(b"").hexdigest()
