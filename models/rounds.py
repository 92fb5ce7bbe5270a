"""The tables of opinion rounds (征言): what was said in short, who agrees with it, and how far each person has got.

Who voted what is kept so that a vote can be changed and counted; no page, answer or export joins a name to it.
"""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from models.base import Utc
from models.tables import BigId, metadata


def _id() -> Column:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, null: bool = False, index: bool = False) -> Column:
    return Column(name, BigId, ForeignKey(f"{target}.id"), nullable=null, index=index)


def _key(name: str, target: str) -> Column:
    return Column(name, BigId, ForeignKey(f"{target}.id"), primary_key=True, autoincrement=False)


opinion_round = Table(  # residents call it by its matter: 征言 I12; of one matter at most one is open
    "opinion_round", metadata, _id(), _ref("community_id", "community"), Column("number", Integer, nullable=False),
    _ref("issue_id", "issue", index=True), Column("title", String(64), nullable=False),
    Column("state", String(8), nullable=False),  # open | closed
    Column("phase", String(32)),  # the phase of the procedure it was opened in
    Column("moderation", String(8), nullable=False),  # before: nothing is shown unread | after
    Column("daily", Integer, nullable=False),  # statements a person is served per day
    Column("opens_at", Utc, nullable=False), Column("closes_at", Utc, nullable=False),
    _ref("host_id", "person"), _ref("created_by", "person"),
    Column("warm", Text),  # JSON of opinions.rounds.State, so that the next picture does not jump
    Column("seq", BigId, nullable=False, server_default="0"),  # grows with every vote and every change of a statement
    Column("mapped_seq", BigId, nullable=False, server_default="0"),  # what `warm` and the extremities were computed from
    Column("closed_at", Utc), Column("reported_at", Utc),
    Column("summary", Text), Column("summary_ok_at", Utc),  # the host's words, and when they were confirmed
    UniqueConstraint("community_id", "number"), Index("ix_opinion_round_open", "community_id", "state"),
)
opinion = Table(  # one statement, one point
    "opinion", metadata, _id(), _ref("round_id", "opinion_round"), Column("number", Integer, nullable=False),
    _ref("person_id", "person", null=True, index=True),  # none: a seed, or somebody who was forgotten
    Column("text", Text, nullable=False),  # masked
    Column("state", String(8), nullable=False),  # waiting | shown | hidden | joined
    _ref("joined_to", "opinion", null=True, index=True),  # an edge that can be taken away: author and votes stay here
    Column("reason", Text),  # why it is hidden, told to its author
    Column("source", String(8), nullable=False),  # chat | seed | ballot | session | import
    _ref("message_id", "message", null=True), Column("at", Utc, nullable=False),
    Column("seq", BigId, nullable=False, server_default="0"),
    Column("extremity", Float, nullable=False, server_default="0"),  # of the last map: how far it parts people
    Column("moderated_at", Utc), _ref("moderated_by", "person", null=True),
    UniqueConstraint("round_id", "number"),
)
opinion_vote = Table(  # of one person on one statement the latest counts
    "opinion_vote", metadata, _key("opinion_id", "opinion"), _key("person_id", "person"),
    _ref("round_id", "opinion_round"), Column("value", Integer, nullable=False),  # 1 agrees, -1 disagrees, 0 passed over
    Column("at", Utc, nullable=False), Column("seq", BigId, nullable=False, server_default="0"),
    Index("ix_opinion_vote_round", "round_id", "seq"), Index("ix_opinion_vote_person", "person_id", "round_id"),
)
opinion_served = Table(  # how far a person has got today, and which statement lies before them
    "opinion_served", metadata, _key("round_id", "opinion_round"), _key("person_id", "person"),
    Column("day", String(10), nullable=False), Column("number", Integer, nullable=False, server_default="0"),
    _ref("opinion_id", "opinion", null=True),
)
opinion_nudge = Table(  # who was asked to take part, once in a round
    "opinion_nudge", metadata, _key("round_id", "opinion_round"), _key("person_id", "person"), Column("at", Utc, nullable=False),
)
opinion_flag = Table(  # votes that look arranged: staff look, nothing is taken away by it
    "opinion_flag", metadata, _id(), _ref("round_id", "opinion_round"), Column("kind", String(12), nullable=False),  # alike | new
    Column("about", String(40), nullable=False),  # which pattern of votes, so that it is told once
    Column("people", Integer, nullable=False), Column("votes", Integer, nullable=False), Column("at", Utc, nullable=False),
    Column("seen_at", Utc), _ref("seen_by", "person", null=True), UniqueConstraint("round_id", "kind", "about"),
)
person_trait = Table(  # what somebody told of themselves so that their group is heard; never needed, shown only as sums
    "person_trait", metadata, _key("person_id", "person"),
    Column("age_band", String(8)),  # under35 | 35to59 | 60plus
    Column("tenure", String(8)),  # owner | tenant
    Column("at", Utc, nullable=False),
)
