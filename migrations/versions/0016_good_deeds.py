"""Matters that residents take on, and the ledger of points."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "claim", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("issue_id", BIG, nullable=False),
        sa.Column("person_id", BIG), sa.Column("at", AT, nullable=False), sa.Column("until", AT, nullable=False),
        sa.Column("state", sa.String(8), nullable=False), sa.Column("ended_at", AT),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_claim_issue_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")))
    op.create_index(op.f("ix_claim_issue_id"), "claim", ["issue_id"])
    op.create_index(op.f("ix_claim_person_id"), "claim", ["person_id"])
    op.create_index("uq_claim_open", "claim", ["issue_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "point", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("person_id", BIG), sa.Column("at", AT, nullable=False), sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False), sa.Column("reason", sa.Text()), sa.Column("issue_id", BIG),
        sa.Column("made_by", sa.String(40), nullable=False), sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reverses_id", BIG),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_point_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_point_person_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_point_issue_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["point.id"], name=op.f("fk_point_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point")), sa.UniqueConstraint("key", name=op.f("uq_point_key")))
    op.create_index(op.f("ix_point_community_id"), "point", ["community_id"])
    op.create_index(op.f("ix_point_person_id"), "point", ["person_id"])


def downgrade() -> None:
    op.drop_table("point")
    op.drop_table("claim")
