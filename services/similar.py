"""Finds the open issues that speak of the same thing: candidates from an index in the database, then an exact comparison.

The index holds hashed pairs of characters and places (texts/same.py), and only of open issues: `enter` and `leave`
are called in the transaction that opens, closes or forgets an issue. Why not FTS5 or pg_trgm: docs/adr/0007.
"""

import json
from collections import defaultdict
from math import log
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, Text, bindparam, delete, select, text

from domain.lifecycle import OPEN
from models.base import Tx
from models.hot import Hot
from models.tables import issue, issue_term
from texts.same import Matter, same_matter, similar, terms

COMMON = 400  # issues in which a term may stand to be followed to the last one
ROWS = 3000  # entries of the index that one search reads
COMPARED = 60  # candidates that are compared word for word
_OPEN = [str(s) for s in OPEN]
_LEAVE = Hot(delete(issue_term).where(issue_term.c.issue_id == bindparam("issue_id")))
_NEWEST = Hot(select(issue_term.c.issue_id).where(issue_term.c.term == bindparam("term"))
              .order_by(issue_term.c.issue_id.desc()).limit(bindparam("most")))


def _both(sql: str, **columns: Any) -> tuple[Hot, Hot]:
    """The statement for SQLite and for PostgreSQL, which unfold a list of numbers in different ways."""
    lists = ("json_each(:{}) given", "unnest(CAST(:{} AS bigint[])) AS given(value)")
    lite, postgres = (text(sql.format(given=each.format("given"))) for each in lists)
    return Hot(lite.columns(**columns) if columns else lite), Hot(postgres.columns(**columns) if columns else postgres)


_ENTER = _both("INSERT INTO issue_term (term, issue_id) SELECT given.value, CAST(:issue_id AS bigint) FROM {given}")
_OFTEN = _both(
    "SELECT given.value AS term, (SELECT count(*) FROM (SELECT 1 FROM issue_term t WHERE t.term = given.value LIMIT :most) s)"
    " AS often FROM {given}", term=BigInteger, often=Integer)
_FOUND = _both("SELECT t.issue_id, t.term FROM {given} JOIN issue_term t ON t.term = given.value",
               issue_id=BigInteger, term=BigInteger)
_WORDS = _both("SELECT i.id, i.state, i.category, i.place, i.text FROM {given} JOIN issue i ON i.id = given.value",
               id=BigInteger, state=Text, category=Text, place=Text, text=Text)


def enter(tx: Tx, row: Row[Any]) -> None:
    """Makes an open issue findable, unless others must not know of it."""
    if not row.private:
        _put(tx, row)


def _put(tx: Tx, row: Row[Any]) -> None:
    found = dict.fromkeys(terms(Matter(row.text, row.category, row.place), row.community_id))
    if found:
        tx.execute(_ENTER[tx.postgres], {"given": _given(tx, list(found)), "issue_id": row.id})


def leave(tx: Tx, row: Row[Any]) -> None:
    """Takes an issue out of the index: it is over, or its words are forgotten."""
    tx.execute(_LEAVE, {"issue_id": row.id})


def reindex(tx: Tx, step: int = 1000) -> int:
    """Builds the index from every open issue, as a migration does that knows of no private ones; how many there are."""
    tx.execute(delete(issue_term))
    done, last = 0, 0
    while rows := tx.all(select(issue.c.id, issue.c.community_id, issue.c.text, issue.c.category, issue.c.place).where(
            issue.c.id > last, issue.c.state.in_(_OPEN), issue.c.text != "").order_by(issue.c.id).limit(step)):
        for row in rows:
            _put(tx, row)
        done, last = done + len(rows), rows[-1].id
    return done


def same_open(tx: Tx, community_id: int, matter: Matter) -> int | None:
    """The open issue that says the same, the one with the most words in common first."""
    best, most = None, -1.0
    for row in candidates(tx, community_id, matter):
        if same_matter(matter, Matter(row.text, row.category, row.place)):
            shared = similar(matter.text, row.text)
            if shared > most:
                best, most = row.id, shared
    return best


def candidates(tx: Tx, community_id: int, matter: Matter) -> list[Row[Any]]:
    """Open issues of the community that share rare terms with this matter, the oldest first."""
    ids = _ranked(tx, terms(matter, community_id))[:COMPARED]
    rows = tx.all(_WORDS[tx.postgres], {"given": _given(tx, sorted(ids))})
    return [row for row in rows if row.state in _OPEN]


def _ranked(tx: Tx, wanted: list[int]) -> list[int]:
    """Issues by what they share; a term counts the more, the fewer issues have it.

    What is in too many issues to follow (电梯, in a town of elevators) is followed only when nothing rarer is there,
    and then to the newest ones: the search reads a bounded number of rows, however many issues are open.
    """
    often = sorted((row.often, row.term) for row in tx.all(_OFTEN[tx.postgres], {"given": _given(tx, wanted), "most": COMMON}))
    told: dict[int, float] = {}
    rows = 0
    for times, term in often:
        if 0 < times < COMMON and rows + times <= ROWS:
            told[term] = log(1 + COMMON / times)
            rows += times
    score: dict[int, float] = defaultdict(float)
    for row in tx.all(_FOUND[tx.postgres], {"given": _given(tx, list(told))}):
        score[row.issue_id] += told[row.term]
    for term in [term for times, term in often if times >= COMMON][: max(0, 3 - len(told))]:
        for row in tx.all(_NEWEST, {"term": term, "most": COMMON}):
            score[row.issue_id] += log(2)
    return sorted(score, key=lambda i: (-score[i], i))


def _given(tx: Tx, numbers: list[int]) -> Any:
    return numbers if tx.postgres else json.dumps(numbers)

