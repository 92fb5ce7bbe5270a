"""The tables of the logs: what a platform answered to each try, what sweeps did, which heads of the chain groups were told, and by
what old log lines are found.

`log_term` holds no words: it says in which stretch of a log a hashed pair of characters occurs, see services/finding.py.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, String, Table

from models.base import Utc
from models.tables import BigId, _ref, _table, metadata, outbox

delivery = Table(  # each try to send a post, and what came of it; append-only
    "delivery", metadata, Column("id", BigId, primary_key=True, autoincrement=True),
    Column("outbox_id", BigId, nullable=False),  # no foreign key: an erased person's posts go, that something was sent stays
    Column("community_id", BigId, ForeignKey("community.id")), Column("channel", String(32), nullable=False),
    Column("at", Utc, nullable=False), Column("took_ms", Integer, nullable=False), Column("attempt", Integer, nullable=False),
    Column("result", String(8), nullable=False),  # sent | again | dead
    Column("code", Integer), Column("reason", String(200)), Column("platform_id", String(128)),  # the platform's own words
    Index("ix_delivery_outbox_id", "outbox_id"), Index("ix_delivery_community", "community_id", "id"),
    Index("ix_delivery_result", "result", "id"),
)
sweep_run = Table(  # a sweep that did something, or broke; idle beats leave no row
    "sweep_run", metadata, Column("id", BigId, primary_key=True, autoincrement=True),
    Column("name", String(32), nullable=False), Column("at", Utc, nullable=False), Column("took_ms", Integer, nullable=False),
    Column("done", Integer, nullable=False), Column("error", String(64)),  # how many things; the name of what broke it
    Index("ix_sweep_run_name", "name", "id"),
)
# all posts about one issue or poll; by its collation PostgreSQL's own index on the key is of no use for that
Index("ix_outbox_key_prefix", outbox.c.key, postgresql_ops={"key": "text_pattern_ops"}).ddl_if(dialect="postgresql")
anchor = _table(  # a head of the audit chain in a post to a group, see services/anchors.py
    "anchor", Column("key", String(120), nullable=False, unique=True),  # of the post, in `outbox` or `forward`
    Column("seq", BigId, nullable=False), Column("hash", String(64), nullable=False), _ref("chat_id", "chat"),
    _ref("community_id", "community"), _ref("poll_id", "poll", null=True, index=True), Index("ix_anchor_seq", "seq"),
    Index("ix_anchor_community", "community_id", "id"),
)
log_index = Table(  # up to where a log is indexed
    "log_index", metadata, Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_block", BigInteger, nullable=False),
)
log_term = Table(  # in which of a segment's blocks a term stands, one bit a block
    "log_term", metadata, Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("segment", Integer, primary_key=True, autoincrement=False),
    Column("term", Integer, primary_key=True, autoincrement=False), Column("blocks", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
log_stale = Table(  # blocks in which words were struck out since: a trigger notes it with the striking, a sweep indexes them anew
    "log_stale", metadata, Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("block", BigInteger, primary_key=True, autoincrement=False), sqlite_with_rowid=False,
)
