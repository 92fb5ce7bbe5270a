"""What platforms answered, what sweeps did, how messages were understood, and an index by which old log lines are found."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BLOCK = 512  # as in services/finding.py
_GONE = "(OLD.text IS NOT NULL AND NEW.text IS DISTINCT FROM OLD.text) OR (OLD.reply IS NOT NULL AND NEW.reply IS DISTINCT FROM OLD.reply)"
_HAD = "OLD.text IS NOT NULL OR OLD.reply IS NOT NULL"
_NOTE = f"BEGIN INSERT OR IGNORE INTO log_stale (log, block) VALUES (1, OLD.id / {BLOCK}); END"
_LITE = (
    f"CREATE TRIGGER message_struck AFTER UPDATE OF text, reply ON message WHEN {_GONE.replace('IS DISTINCT FROM', 'IS NOT')} {_NOTE}",
    f"CREATE TRIGGER message_gone AFTER DELETE ON message WHEN {_HAD} {_NOTE}")
_POSTGRES = (
    f"""CREATE FUNCTION message_struck() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO log_stale (log, block) VALUES (1, OLD.id / {BLOCK}) ON CONFLICT DO NOTHING; RETURN NULL; END $$""",
    f"""CREATE TRIGGER message_struck AFTER UPDATE OF text, reply ON message FOR EACH ROW
WHEN ({_GONE}) EXECUTE FUNCTION message_struck()""",
    f"CREATE TRIGGER message_gone AFTER DELETE ON message FOR EACH ROW WHEN ({_HAD}) EXECUTE FUNCTION message_struck()")


def upgrade() -> None:
    op.create_table(
        "delivery", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("outbox_id", BIG, nullable=False),
        sa.Column("community_id", BIG), sa.Column("channel", sa.String(32), nullable=False), sa.Column("at", AT, nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False), sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(8), nullable=False), sa.Column("code", sa.Integer()), sa.Column("reason", sa.String(200)),
        sa.Column("platform_id", sa.String(128)),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_delivery_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")))
    op.create_index("ix_delivery_outbox_id", "delivery", ["outbox_id"])
    op.create_index("ix_delivery_community", "delivery", ["community_id", "id"])
    op.create_index("ix_delivery_result", "delivery", ["result", "id"])
    op.create_table(
        "sweep_run", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("name", sa.String(32), nullable=False),
        sa.Column("at", AT, nullable=False), sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False), sa.Column("error", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_run")))
    op.create_index("ix_sweep_run_name", "sweep_run", ["name", "id"])
    log = sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False)
    op.create_table("log_index", log.copy(), sa.Column("next_block", sa.BigInteger(), nullable=False),
                    sa.PrimaryKeyConstraint("log", name=op.f("pk_log_index")))
    op.create_table(
        "log_term", log.copy(), sa.Column("segment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Integer(), autoincrement=False, nullable=False), sa.Column("blocks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", "segment", "term", name=op.f("pk_log_term")), sqlite_with_rowid=False)
    op.create_table("log_stale", log.copy(), sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
                    sa.PrimaryKeyConstraint("log", "block", name=op.f("pk_log_stale")), sqlite_with_rowid=False)
    op.add_column("message", sa.Column("how", sa.String(8)))
    op.add_column("message", sa.Column("sure", sa.Integer()))
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_outbox_key_prefix", "outbox", ["key"], postgresql_ops={"key": "text_pattern_ops"})
    for sql in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _LITE:
        op.execute(sql)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_outbox_key_prefix", "outbox")
        op.execute("DROP TRIGGER message_struck ON message")
        op.execute("DROP TRIGGER message_gone ON message")
        op.execute("DROP FUNCTION message_struck()")
    else:
        op.execute("DROP TRIGGER message_struck")
        op.execute("DROP TRIGGER message_gone")
    op.drop_column("message", "sure")
    op.drop_column("message", "how")
    for name in ("log_stale", "log_term", "log_index", "sweep_run", "delivery"):
        op.drop_table(name)
