"""What a community has set up for itself in the console: its hours and days, its procedures, kinds of matters, and wordings.

Where nothing stands here, config.yaml, procedures/ and texts/ hold.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from models.base import Utc
from models.tables import BigId, metadata


def _id() -> Column:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _community() -> Column:
    return Column("community_id", BigId, ForeignKey("community.id"), nullable=False)


community_setting = Table(  # one value under one name: see services/settings.py
    "community_setting", metadata, _id(), _community(), Column("name", String(40), nullable=False),
    Column("value", JSON, nullable=False), Column("changed_at", Utc, nullable=False), UniqueConstraint("community_id", "name"),
)
own_course = Table(  # a procedure of deliberation of one's own, as it was written
    "own_course", metadata, _id(), _community(), Column("name", String(32), nullable=False), Column("source", Text, nullable=False),
    Column("changed_at", Utc, nullable=False), UniqueConstraint("community_id", "name"),
)
wording = Table(  # a sentence of the catalogue in other words: a community's, or (no community) of all that have none of their own
    "wording", metadata, _id(), Column("community_id", BigId, ForeignKey("community.id")),
    Column("name", String(80), nullable=False), Column("source", Text, nullable=False), Column("changed_at", Utc, nullable=False),
    UniqueConstraint("community_id", "name"),
    Index("uq_wording_everywhere", "name", unique=True, sqlite_where=text("community_id IS NULL"),
          postgresql_where=text("community_id IS NULL")),
)
own_category = Table(  # a kind of matter as a community has it: ours changed, or (resembles) its own; see texts/categories.py
    "own_category", metadata, _id(), _community(), Column("code", String(32), nullable=False), Column("name", String(20)),
    Column("resembles", String(32)), Column("sure", JSON, nullable=False), Column("hints", JSON, nullable=False),
    Column("off", JSON, nullable=False),  # words of ours, as they stand in categories.yaml
    Column("retired_at", Utc), Column("changed_at", Utc, nullable=False), UniqueConstraint("community_id", "code"),
)
community_day = Table(  # a day on which a community's office is shut although it is a working day elsewhere
    "community_day", metadata, _id(), _community(), Column("day", String(10), nullable=False),
    Column("name", String(32), nullable=False), UniqueConstraint("community_id", "day"),
)
account_person = Table(  # whom of the staff an account of the console is in chat: in whose name it opens polls
    "account_person", metadata, _id(), Column("account_id", BigId, ForeignKey("account.id"), nullable=False),
    Column("person_id", BigId, ForeignKey("person.id"), nullable=False), UniqueConstraint("account_id", "person_id"),
    Column("used_at", Utc, nullable=False),
)
