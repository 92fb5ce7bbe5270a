"""The tables of what neighbours do for each other: matters that a resident takes on, and the ledger of points.

The ledger is append-only: a balance is the sum of its lines, and what was wrong is reversed by a line of its own.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from models.base import Utc
from models.tables import BigId, metadata


def _ref(name: str, target: str, *, null: bool = False, index: bool = False) -> Column:
    return Column(name, BigId, ForeignKey(f"{target}.id"), nullable=null, index=index)


claim = Table(  # a resident does it; of one issue at most one does
    "claim", metadata, Column("id", BigId, primary_key=True, autoincrement=True), _ref("issue_id", "issue", index=True),
    _ref("person_id", "person", null=True, index=True),  # NULL: they wanted to be forgotten
    Column("at", Utc, nullable=False), Column("until", Utc, nullable=False),
    Column("state", String(8), nullable=False),  # open | done | dropped
    Column("ended_at", Utc),
)
Index("uq_claim_open", claim.c.issue_id, unique=True, sqlite_where=claim.c.state == "open",
      postgresql_where=claim.c.state == "open")
point = Table(
    "point", metadata, Column("id", BigId, primary_key=True, autoincrement=True), _ref("community_id", "community", index=True),
    _ref("person_id", "person", null=True, index=True), Column("at", Utc, nullable=False),
    Column("amount", Integer, nullable=False),  # never 0
    Column("kind", String(12), nullable=False),  # see domain/points.py
    Column("reason", Text), _ref("issue_id", "issue", null=True), Column("made_by", String(40), nullable=False),
    Column("key", String(80), nullable=False, unique=True),  # what it is for, so that it is given once
    _ref("reverses_id", "point", null=True),
)
