"""Early warning: how near a matter is to a quarrel, each time that changed."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "warning", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("issue_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False), sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("signs", sa.JSON(), nullable=False), sa.Column("level", sa.String(8), nullable=False),
        sa.Column("held", sa.String(8)), sa.Column("seen", sa.String(8)),
        sa.Column("made_by", sa.String(40), nullable=False), sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_warning_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")))
    op.create_index(op.f("ix_warning_issue_id"), "warning", ["issue_id"])


def downgrade() -> None:
    op.drop_table("warning")
