"""What a closed opinion round has brought: computed once, kept as it was told, whatever becomes of people and homes later."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from models.base import Utc
from models.tables import BigId, metadata

round_report = Table(
    "round_report", metadata, Column("id", BigId, primary_key=True, autoincrement=True),
    Column("round_id", BigId, ForeignKey("opinion_round.id"), nullable=False, unique=True),
    Column("due_at", Utc, nullable=False), Column("made_at", Utc),  # waits to be computed until it is made
    Column("failures", Integer, nullable=False, server_default="0"),  # attempts that broke
    Column("found", JSON(none_as_null=True)),  # see services/round_findings.py: ids, counts, groups; no sentences, no persons
    Column("files", LargeBinary),  # of an imported round: its votes, as a zip of the files it came in
    Column("draft", Text), Column("draft_state", String(8)),  # asked | ready | refused: a summary written by a machine
    Column("draft_why", String(16)), Column("draft_at", Utc), Column("draft_for", BigId, ForeignKey("person.id")),
)
Index("ix_round_report_due", round_report.c.due_at, sqlite_where=round_report.c.made_at.is_(None),
      postgresql_where=round_report.c.made_at.is_(None))
