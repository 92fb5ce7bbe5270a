"""Photos of issues, and which weeks and mornings have been told."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "photo", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("issue_id", BIG), sa.Column("person_id", BIG, nullable=False), sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False), sa.Column("reference", sa.Text()), sa.Column("data", sa.LargeBinary()),
        sa.Column("sha256", sa.String(64)), sa.Column("state", sa.String(8), nullable=False), sa.Column("at", AT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"), sa.Column("next_at", AT),
        sa.Column("error", sa.String(24)),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_photo_community_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_photo_issue_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_photo_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")))
    op.create_index(op.f("ix_photo_issue_id"), "photo", ["issue_id"])
    op.create_index(op.f("ix_photo_person_id"), "photo", ["person_id"])
    op.create_index("ix_photo_waiting", "photo", ["next_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_table(
        "bulletin", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("about", BIG, nullable=False), sa.Column("period", sa.String(10), nullable=False),
        sa.Column("at", AT, nullable=False), sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
        sa.UniqueConstraint("kind", "about", "period", name=op.f("uq_bulletin_kind_about_period")))
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("no_brief", sa.Boolean(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.drop_column("no_brief")
    op.drop_table("bulletin")
    op.drop_table("photo")
