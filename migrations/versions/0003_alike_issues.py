"""What open issues are found by, and which of them seem to be one matter."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issue_term",
        sa.Column("term", BIG, autoincrement=False, nullable=False),
        sa.Column("issue_id", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "issue_id", name=op.f("pk_issue_term")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_issue_term_issue_id", "issue_term", ["issue_id"], unique=False)
    op.create_table(
        "issue_group",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("first_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["issue.id"], name=op.f("fk_issue_group_first_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_group_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_group")),
        sa.UniqueConstraint("issue_id", name=op.f("uq_issue_group_issue_id")),
    )
    op.create_index(op.f("ix_issue_group_first_id"), "issue_group", ["first_id"], unique=False)
    op.create_table(
        "issue_grouping",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_issue_grouping_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_grouping")),
        sa.UniqueConstraint("community_id", name=op.f("uq_issue_grouping_community_id")),
    )
    _enter_open_issues()


def _enter_open_issues() -> None:
    """The index is derived: whatever the present code finds issues by is what must stand in it."""
    from models.base import Tx
    from services import similar

    similar.reindex(Tx(op.get_bind()))


def downgrade() -> None:
    op.drop_table("issue_grouping")
    op.drop_table("issue_group")
    op.drop_table("issue_term")
