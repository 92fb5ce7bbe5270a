"""Every road to residents: cards, notices, forwarding by hand, group tasks, one person behind many accounts."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_sent",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=128), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_sent")),
    )
    op.create_index(op.f("ix_card_sent_about"), "card_sent", ["about"], unique=False)

    op.create_table(
        "lease",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
        sa.UniqueConstraint("name", name=op.f("uq_lease_name")),
    )
    op.create_table(
        "solitaire",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_solitaire_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solitaire")),
        sa.UniqueConstraint("community_id", "about", name=op.f("uq_solitaire_community_id_about")),
    )
    op.create_table(
        "join_code",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_join_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_code")),
    )
    op.create_index(op.f("ix_join_code_person_id"), "join_code", ["person_id"], unique=False)
    op.create_table(
        "joining",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("survivor_id", BIG, nullable=False),
        sa.Column("joined_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["joined_id"], ["person.id"], name=op.f("fk_joining_joined_id")),
        sa.ForeignKeyConstraint(["survivor_id"], ["person.id"], name=op.f("fk_joining_survivor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joining")),
    )
    for column in ("survivor_id", "joined_id"):
        op.create_index(op.f(f"ix_joining_{column}"), "joining", [column], unique=False)

    op.create_table(
        "forward",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", BIG, nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_forward_chat_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_forward_community_id")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_forward_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forward")),
        sa.UniqueConstraint("key", name=op.f("uq_forward_key")),
    )
    op.create_index("ix_forward_open", "forward", ["community_id", "state"], unique=False)

    op.create_table(
        "permission",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("identity_id", BIG, nullable=False),
        sa.Column("template", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_permission_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
        sa.UniqueConstraint("event_id", name=op.f("uq_permission_event_id")),
    )
    op.create_index(op.f("ix_permission_identity_id"), "permission", ["identity_id"], unique=False)

    op.create_table(
        "group_task",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("outbox_id", BIG, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("msgid", sa.String(length=128), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_group_task_chat_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_group_task_community_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_group_task_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_task")),
    )
    op.create_index("ix_group_task_due", "group_task", ["state", "check_at"], unique=False)
    op.create_index(op.f("ix_group_task_outbox_id"), "group_task", ["outbox_id"], unique=False)

    _refer("chat", "keeper_id", "person")
    _refer("person", "joined_into", "person")
    _refer("outbox", "merged_into", "outbox")
    for name in ("unreachable_at", "touched_at", "shut_at", "asked_at"):
        op.add_column("identity", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("message", sa.Column("card", sa.JSON()))
    op.add_column("outbox", sa.Column("weight", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("outbox", sa.Column("platform_id", sa.String(128)))


def _refer(table: str, column: str, target: str) -> None:
    """A new reference; SQLite takes it only with the column, and would otherwise copy the table."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
    else:
        op.add_column(table, sa.Column(column, BIG, sa.ForeignKey(f"{target}.id", name=name)))


def downgrade() -> None:
    for table, column in (
        ("chat", "keeper_id"),
        ("person", "joined_into"),
        ("outbox", "merged_into"),
        ("identity", "unreachable_at"),
        ("identity", "touched_at"),
        ("identity", "shut_at"),
        ("identity", "asked_at"),
        ("message", "card"),
        ("outbox", "weight"),
        ("outbox", "platform_id"),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    for table in ("group_task", "permission", "forward", "joining", "join_code", "solitaire", "lease", "card_sent"):
        op.drop_table(table)
