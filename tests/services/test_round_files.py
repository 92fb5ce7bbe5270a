"""A round as files: pseudonyms that lead nowhere, the way out and in again, and what is refused."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Database
from models.rounds import opinion, opinion_round, opinion_vote
from models.tables import audit as audit_table
from models.tables import outbox as posts
from models.tables import person
from opinions import polis
from services import audit, round_files, round_making, round_view, rounds
from tests.services.crowd import BRIDGE, NOW, Crowd, close, gather


def _admin(crowd: Crowd) -> Actor:
    return Actor("account:1", Role.ADMIN, crowd.community_id)


def _taken(db: Database, crowd: Crowd, into: Path) -> dict[str, str]:
    with db.write() as tx:
        data = round_files.archive(tx, _admin(crowd), rounds.by_id(tx, crowd.round_id), now=NOW)
        audit.seal(tx)
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        box.extractall(into)
        return {name: box.read(name).decode() for name in box.namelist()}


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_round_goes_out_under_pseudonyms_and_comes_in_again_with_the_same_findings(sqlite_db: Database, tmp_path: Path) -> None:
    """Same votes and statements, no ids of ours, authors apart from voters, no hours; the bridge is found again, nobody is told."""
    crowd = gather(sqlite_db, people=24, statements=20)
    with sqlite_db.write() as tx:
        tx.execute(update(opinion).where(opinion.c.round_id == crowd.round_id, opinion.c.number == 3).values(state="hidden"))
    close(sqlite_db, crowd, now=NOW)
    round_making.make_due(sqlite_db, now=NOW)
    files = _taken(sqlite_db, crowd, tmp_path)
    assert set(files) == {"comments.csv", "votes.csv", "participants-votes.csv", "summary.csv", "README.txt"}
    comments, votes = _rows(files["comments.csv"]), _rows(files["votes.csv"])
    with sqlite_db.read() as tx:
        cast = tx.all(select(opinion_vote.c.person_id, opinion.c.number, opinion_vote.c.value).join(opinion))
        assert len(votes) == len(cast) and len(comments) == 20
        names = {row.name for row in tx.all(select(person))}
    pattern = {p: sorted((r.number, r.value) for r in cast if r.person_id == p) for p in crowd.people}
    pattern_of = {v["voter-id"]: sorted((int(w["comment-id"]), int(w["vote"])) for w in votes if w["voter-id"] == v["voter-id"])
                  for v in votes}
    voters, authors = {v["voter-id"] for v in votes}, {c["author-id"] for c in comments} - {""}
    assert voters == {str(n) for n in range(24)} and not voters & authors and len(authors) == 20
    assert [pattern_of[str(n)] for n in range(24)] != [pattern[p] for p in crowd.people]  # not in the order in which we know them
    assert sorted(pattern_of.values()) == sorted(pattern.values())
    assert all(int(each["timestamp"]) % 86_400_000 == 16 * 3_600_000 for each in (*comments, *votes))  # midnight here
    assert not any(name in text for name in names if name for text in files.values())
    assert [c["moderated"] for c in comments][2] == "-1" and comments[2]["comment-body"] == ""
    assert {row["group-id"] for row in _rows(files["participants-votes.csv"])} == {"0", "1"}

    said = polis.read_comments(tmp_path / "comments.csv")
    again_cast = polis.read_votes(tmp_path / "votes.csv", said)
    with sqlite_db.write() as tx:
        before = len(tx.all(select(posts)))
        row = round_files.take_in(tx, _admin(crowd), said, again_cast, number=1, title="别处的一轮", files={"votes.csv": files["votes.csv"]}, now=NOW)
        audit.seal(tx)
    with sqlite_db.read() as tx:
        first, again = round_view.of(tx, rounds.by_id(tx, crowd.round_id)), round_view.of(tx, row)
        assert first is not None and again is not None
        assert [again.text(key) for key in again.common] == [first.text(key) for key in first.common] == [BRIDGE]
        assert again.found["people"] == 24 and again.found["votes"] == first.found["votes"] and again.opinion is not None
        assert len(tx.all(select(posts))) == before and len(tx.all(select(person.c.id))) == 25
        assert {r.action for r in tx.all(select(audit_table.c.action))} >= {"round.export", "round.import"}
        assert audit.verify(tx).ok
    with sqlite_db.write() as tx:  # an imported round is given back as it came
        assert b"votes.csv" in round_files.archive(tx, _admin(crowd), row, now=NOW)


def test_the_same_round_has_the_same_pseudonyms_and_another_round_others(sqlite_db: Database, tmp_path: Path) -> None:
    crowd = gather(sqlite_db, people=12, statements=8)
    one, two = (_taken(sqlite_db, crowd, tmp_path / str(n)) for n in range(2))
    assert one == two
    mine = polis.pseudonyms(crowd.people, {p: round_files.fingerprint("voter", "1", str(p)) for p in crowd.people})
    other = polis.pseudonyms(crowd.people, {p: round_files.fingerprint("voter", "2", str(p)) for p in crowd.people})
    assert mine != other


def test_too_few_people_and_an_open_round_are_refused(sqlite_db: Database) -> None:
    """Of four, votes would tell who it was; what is open is not overlaid by what comes in."""
    crowd = gather(sqlite_db, people=4, statements=6)
    with sqlite_db.write() as tx:
        row = rounds.by_id(tx, crowd.round_id)
        with pytest.raises(Refusal, match="findings.export.few"):
            round_files.archive(tx, _admin(crowd), row, now=NOW)
        comments = [polis.Comment("1", "", "先修")]
        votes = [polis.Vote(str(n), "1", 1) for n in range(5)]
        with pytest.raises(Refusal, match="round.already"):
            round_files.take_in(tx, _admin(crowd), comments, votes, number=1, title="", files={}, now=NOW)
        with pytest.raises(Refusal, match="findings.export.few"):
            round_files.check(comments, votes[:4])
        assert tx.scalar(select(opinion_round.c.id).where(opinion_round.c.title == "")) is None
