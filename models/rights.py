"""Tables of residents' rights over their data: what they asked for, and who looked at what is hidden."""

from sqlalchemy import Column, Index, String

from models.base import Utc
from models.secret import Sealed
from models.tables import _ref, _table

data_request = _table(  # what somebody asks about their own data; people call it R12 by its id
    "data_request", _ref("community_id", "community"), _ref("person_id", "person", index=True),
    Column("kind", String(8), nullable=False),  # copy | correct | delete | withdraw | other
    Column("text", Sealed),  # what exactly; forgotten in time
    Column("entered_by", String(40), nullable=False),  # person:7 themselves, or account:3 on their behalf
    Column("state", String(8), nullable=False),  # open | done | refused
    Column("asked_at", Utc, nullable=False), Column("due_at", Utc, nullable=False),
    Column("reminded_at", Utc), Column("ended_at", Utc), Column("ended_by", String(40)),
    Column("answer", Sealed),  # what was done, or why not
    Index("ix_data_request_community", "community_id", "state"), Index("ix_data_request_due", "state", "due_at"),
)
reveal = _table(  # who of the staff looked at what is hidden of a person, and for what; the person is shown this
    "reveal", _ref("community_id", "community"), _ref("person_id", "person", index=True),
    Column("actor", String(40), nullable=False), Column("why", String(12), nullable=False),  # see services/reveals.py
    Column("note", Sealed), Column("at", Utc, nullable=False),
)
