"""A round as files anybody may study: the CSV format of the public Polis exports, and the way back in.

Under pseudonyms that hold for one round only. Whoever said something in the group is known there, so authors have pseudonyms
of their own that lead to no votes, and times are given by the day.
"""

import csv
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.round_reports import round_report
from models.rounds import opinion, opinion_round
from models.secret import fingerprint
from models.tables import community
from opinions import matrix, polis
from opinions import rounds as mathematics
from services import audit, issues, people, round_findings, round_material, rounds, steps
from services.round_material import Material
from texts.mask import public
from texts.say import say

FEWEST = 5  # people a round must have: of fewer, votes would tell who it was
AUTHORS_FROM = 100_000  # the first pseudonym of an author
MOST_STATEMENTS, MOST_VOTES = 2_000, 300_000
_NAMES = ("comments.csv", "votes.csv", "participants-votes.csv", "summary.csv", "README.txt")


# --- out ------------------------------------------------------------------------------------------------------
def archive(tx: Tx, actor: Actor, round_: Row[Any], *, now: datetime) -> bytes:
    """The round as a zip; that it was taken is noted. An imported round is given back as it came."""
    audit.note(tx, actor, "round.export", f"round:{round_.id}", now=now, community_id=round_.community_id)
    kept = tx.scalar(select(round_report.c.files).where(round_report.c.round_id == round_.id))
    if kept is not None:
        return bytes(kept)
    material = round_material.read(tx, round_)
    if len(material.people) < FEWEST:
        raise Refusal("findings.export.few", least=FEWEST)
    return packed(_files(tx, round_, material))


def packed(files: dict[str, str]) -> bytes:
    """A zip of texts, the same bytes each time."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, text in files.items():
            box.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _files(tx: Tx, round_: Row[Any], material: Material) -> dict[str, str]:
    shown = [row for row in material.statements.values() if row.state in ("shown", "hidden")]
    voter = polis.pseudonyms(material.people, {p: fingerprint("voter", str(round_.id), str(p)) for p in material.people})
    authors = {row.person_id for row in shown if row.person_id}
    author = {p: str(AUTHORS_FROM + int(n)) for p, n in polis.pseudonyms(
        authors, {p: fingerprint("author", str(round_.id), str(p)) for p in authors}).items()}
    comments = [polis.Comment(str(row.number), author.get(row.person_id, ""), public(row.text) if row.state == "shown" else "",
                              1 if row.state == "shown" else -1, _day(row.at)) for row in shown]
    number = {row.id: str(row.number) for row in shown}
    votes = [polis.Vote(voter[p], number[s], value, _day(at)) for p, s, value, at in material.votes]
    votes.sort(key=lambda vote: (vote.at, int(vote.person), int(vote.comment)))
    group = _groups(round_, material, voter)
    return dict(zip(_NAMES, (
        polis.write_comments(comments, votes), polis.write_votes(votes), polis.write_participants(comments, votes, group),
        _summary(tx, round_, len(voter), len(authors), len(comments), group), say("findings.export.readme", round=round_)),
        strict=True))


def _groups(round_: Row[Any], material: Material, voter: dict[Any, str]) -> dict[str, int]:
    """The group of each pseudonym, when groups may be shown."""
    last = mathematics.State.from_json(json.loads(round_.warm)) if round_.warm else None
    found = mathematics.analyse(matrix.from_events(((p, s, v) for p, s, v, _ in material.votes), out=material.hidden), last)
    if not found.shown:
        return {}
    return {voter[p]: int(g) for p, g in zip(found.votes.people, found.group, strict=True) if g >= 0}


def _summary(tx: Tx, round_: Row[Any], voters: int, commenters: int, comments: int, group: dict[str, int]) -> str:
    """The lines of summary.csv."""
    where = tx.scalar(select(community.c.name).where(community.c.id == round_.community_id))
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([
        ("topic", round_.title), ("url", ""), ("voters", voters), ("voters-in-conv", len(group) or voters),
        ("commenters", commenters), ("comments", comments), ("groups", len(set(group.values()))),
        ("conversation-description", where)])
    return out.getvalue()


def _day(at: datetime) -> int:
    """The beginning of the day here, in milliseconds."""
    return int(datetime.combine(at.astimezone(SHANGHAI).date(), time(), SHANGHAI).timestamp() * 1000)


# --- in -------------------------------------------------------------------------------------------------------
def read(statements: Path, votes: Path) -> tuple[list[polis.Comment], list[polis.Vote]]:
    """The statements and votes of two files, checked; a Refusal names the line that is wrong."""
    comments = polis.read_comments(statements)
    cast = polis.read_votes(votes, comments)
    check(comments, cast)
    return comments, cast


def check(comments: Sequence[polis.Comment], votes: Sequence[polis.Vote]) -> None:
    """Refuses a round that is too large, or too small to be shown."""
    if len(comments) > MOST_STATEMENTS or len(votes) > MOST_VOTES:
        raise Refusal("findings.import.too_many", statements=MOST_STATEMENTS, votes=MOST_VOTES)
    if len({vote.person for vote in votes}) < FEWEST:
        raise Refusal("findings.export.few", least=FEWEST)


def take_in(tx: Tx, actor: Actor, comments: Sequence[polis.Comment], votes: Sequence[polis.Vote], *, number: int, title: str,
            files: dict[str, str], now: datetime) -> Row[Any]:
    """Puts a round that was held elsewhere on the record of an issue, closed and computed; nobody is told unasked.

    Its voters are nobody's persons here: their votes stay in the files, only statements and findings become rows.
    """
    check(comments, votes)
    matter = issues.by_number(tx, actor.community_id, number, lock=True)
    if rounds.open_on(tx, matter.id) is not None:
        raise Refusal("round.already", number=matter.number)
    host = matter.host_id or next(iter(people.staff_of(tx, matter.community_id)), None)
    if host is None:
        raise Refusal("findings.import.nobody")
    latest = tx.scalar(select(func.max(opinion_round.c.number)).where(opinion_round.c.community_id == matter.community_id)) or 0
    began, ended = _span(comments, votes, now)
    round_id = tx.add(opinion_round, community_id=matter.community_id, number=latest + 1, issue_id=matter.id,
                      title=(public(title) or matter.title)[:64], state="closed", moderation="after", daily=rounds.DAILY,
                      opens_at=began, closes_at=ended, closed_at=ended, reported_at=now, host_id=host, created_by=host)
    for n, each in enumerate(comments, 1):
        tx.add(opinion, round_id=round_id, number=n, text=public(each.body), source="import", at=_moment(each.at, now),
               state="hidden" if each.moderated == -1 else "shown")
    row = rounds.by_id(tx, round_id)
    rows = tx.all(select(opinion).where(opinion.c.round_id == round_id).order_by(opinion.c.number))
    found = round_findings.compute(_material(rows, comments, votes), about=row.title)
    tx.add(round_report, round_id=round_id, due_at=now, made_at=now, found=found, files=packed(files))
    steps.event(tx, matter.id, "round_import", actor, now=now, text=row.title)
    audit.note(tx, actor, "round.import", f"round:{round_id}", now=now, community_id=row.community_id, statements=len(comments),
               votes=len(votes))
    return row


def _material(rows: Sequence[Row[Any]], comments: Iterable[polis.Comment], votes: Iterable[polis.Vote]) -> Material:
    """Statements by their rows, voters by numbers that mean nothing here."""
    key = {comment.id: row.id for comment, row in zip(comments, rows, strict=True)}
    who: dict[str, int] = {}
    latest = {(who.setdefault(vote.person, len(who)), key[vote.comment]): vote for vote in votes}
    return Material({row.id: row for row in rows}, {row.id: 0 for row in rows},
                    [(p, s, vote.value, _moment(vote.at, None)) for (p, s), vote in latest.items()])


def _span(comments: Sequence[polis.Comment], votes: Sequence[polis.Vote], now: datetime) -> tuple[datetime, datetime]:
    times = [at for at in (*(c.at for c in comments), *(v.at for v in votes)) if at]
    return (_moment(min(times), now), _moment(max(times), now)) if times else (now, now)


def _moment(at: int, otherwise: datetime | None) -> datetime:
    return datetime.fromtimestamp(at / 1000, SHANGHAI) if at or otherwise is None else otherwise
