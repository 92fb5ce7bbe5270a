"""What a community has set up for itself in the console: its hours, its procedures, and the wording of what is told.

Where nothing stands here, config.yaml, procedures/ and texts/ hold.
"""

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text, UniqueConstraint

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
wording = Table(  # a sentence of the catalogue said in other words, by this whole installation
    "wording", metadata, _id(), Column("name", String(80), nullable=False, unique=True), Column("source", Text, nullable=False),
    Column("changed_at", Utc, nullable=False),
)
account_person = Table(  # whom of the staff an account of the console is in chat: in whose name it opens polls
    "account_person", metadata, _id(), Column("account_id", BigId, ForeignKey("account.id"), nullable=False),
    Column("person_id", BigId, ForeignKey("person.id"), nullable=False), UniqueConstraint("account_id", "person_id"),
    Column("used_at", Utc, nullable=False),
)
