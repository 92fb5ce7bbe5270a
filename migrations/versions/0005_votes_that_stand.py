"""Votes that stand: kinds and classes of polls, owners and their homes, receipts, secret choices kept apart."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NEW = {
    "home": (
        sa.Column("area_source", sa.String(12)),
        sa.Column("counts", sa.Boolean(), nullable=False, server_default="1"),
        sa.Column("handed_over", sa.Boolean(), nullable=False, server_default="1"),
    ),
    "poll": (
        sa.Column("kind", sa.String(12), nullable=False, server_default="single"),
        sa.Column("rules", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("poll_class", sa.String(16), nullable=False, server_default="straw"),
        sa.Column("preset", sa.JSON()),
        sa.Column("secret", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("hides", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("text", sa.Text()),
        sa.Column("root", sa.String(64)),
        sa.Column("log_head", sa.String(64)),
        sa.Column("noticed_at", sa.DateTime(timezone=True)),
        sa.Column("final_at", sa.DateTime(timezone=True)),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("asked", sa.Integer()),
        sa.Column("recognised", sa.String(120)),
    ),
    "ballot": (
        sa.Column("receipt", sa.String(12)),
        sa.Column("salt", sa.String(32)),
        sa.Column("link", sa.Text()),
        sa.Column("state", sa.String(8), nullable=False, server_default="counted"),
    ),
    "ballot_log": (sa.Column("seal", sa.String(64)),),
}


def upgrade() -> None:
    op.create_table(
        "owner",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_owner_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_owner_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
        sa.UniqueConstraint("community_id", "key", name=op.f("uq_owner_community_id_key")),
    )
    op.create_index(op.f("ix_owner_community_id"), "owner", ["community_id"], unique=False)
    op.create_index(op.f("ix_owner_person_id"), "owner", ["person_id"], unique=False)
    op.create_table(
        "ownership",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("share", sa.String(24), nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_ownership_home_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_ownership_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership")),
        sa.UniqueConstraint("home_id", "owner_id", name=op.f("uq_ownership_home_id_owner_id")),
    )
    op.create_index(op.f("ix_ownership_home_id"), "ownership", ["home_id"], unique=False)
    op.create_index(op.f("ix_ownership_owner_id"), "ownership", ["owner_id"], unique=False)
    op.create_table(
        "poll_unit",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("label", sa.String(48), nullable=False),
        sa.Column("area_dm2", sa.Integer(), nullable=True),
        sa.Column("head", sa.String(24), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_how", sa.String(12), nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_poll_unit_home_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_unit_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_unit")),
        sa.UniqueConstraint("poll_id", "home_id", name=op.f("uq_poll_unit_poll_id_home_id")),
    )
    op.create_index("ix_poll_unit_head", "poll_unit", ["poll_id", "head"], unique=False)
    op.create_table(
        "poll_owner",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_poll_owner_home_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_poll_owner_owner_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_owner_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_owner")),
        sa.UniqueConstraint("poll_id", "owner_id", "home_id", name=op.f("uq_poll_owner_poll_id_owner_id_home_id")),
    )
    op.create_index("ix_poll_owner_home", "poll_owner", ["poll_id", "home_id"], unique=False)
    op.create_table(
        "secret_choice",
        sa.Column("poll_id", BIG, autoincrement=False, nullable=False),
        sa.Column("receipt", sa.String(12), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_secret_choice_poll_id")),
        sa.PrimaryKeyConstraint("poll_id", "receipt", name=op.f("pk_secret_choice")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "poll_tree",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("levels", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_tree_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_tree")),
        sa.UniqueConstraint("poll_id", name=op.f("uq_poll_tree_poll_id")),
    )
    op.create_table(
        "objection",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", BIG, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_objection_answered_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_objection_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_objection_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("poll_id", "number", name=op.f("uq_objection_poll_id_number")),
    )
    op.create_table(
        "paper_ballot",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("how", sa.String(8), nullable=False),
        sa.Column("proxy", sa.Text(), nullable=True),
        sa.Column("proxy_key", sa.String(64), nullable=True),
        sa.Column("photo", sa.LargeBinary(), nullable=False),
        sa.Column("photo_hash", sa.String(64), nullable=False),
        sa.Column("entered_by", sa.String(40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(40), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_paper_ballot_home_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_paper_ballot_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_ballot")),
    )
    op.create_index("ix_paper_ballot_poll", "paper_ballot", ["poll_id", "state"], unique=False)
    for table, columns in _NEW.items():
        for column in columns:
            op.add_column(table, column)
    op.drop_index("ix_ballot_log_poll_id", "ballot_log")
    op.create_index("ix_ballot_log_voter", "ballot_log", ["poll_id", "voter"], unique=False)
    for table in ("ballot", "ballot_log"):  # a ballot on paper has nobody of ours who cast it
        with op.batch_alter_table(table) as batch:
            batch.alter_column("person_id", existing_type=BIG, nullable=True)
    _refer("bind_code", "owner_id", "owner")
    op.create_index("ix_ballot_receipt", "ballot", ["poll_id", "receipt"], unique=True)
    if op.get_bind().dialect.name != "sqlite":  # where any text is as long as it likes
        for table in ("ballot", "ballot_log"):
            op.alter_column(table, "choice", type_=sa.Text(), existing_nullable=False)


def _refer(table: str, column: str, target: str) -> None:
    """A new reference; SQLite takes it only with the column, and would otherwise copy the table."""
    name = f"fk_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
    else:
        op.add_column(table, sa.Column(column, BIG, sa.ForeignKey(f"{target}.id", name=name)))


def downgrade() -> None:
    op.drop_index("ix_ballot_receipt", "ballot")
    with op.batch_alter_table("bind_code") as batch:
        batch.drop_column("owner_id")
    for table, columns in _NEW.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)
    for table in ("ballot", "ballot_log"):
        op.execute(f"DELETE FROM {table} WHERE person_id IS NULL")  # the older tables cannot hold what came on paper
        with op.batch_alter_table(table) as batch:
            batch.alter_column("person_id", existing_type=BIG, nullable=False)
    op.drop_index("ix_ballot_log_voter", "ballot_log")
    op.create_index("ix_ballot_log_poll_id", "ballot_log", ["poll_id"], unique=False)
    for table in ("objection", "paper_ballot", "poll_tree", "secret_choice", "poll_owner", "poll_unit", "ownership", "owner"):
        op.drop_table(table)
