"""What a closed opinion round has brought."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
_DUE = sa.text("made_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "round_report", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("round_id", BIG, nullable=False),
        sa.Column("due_at", AT, nullable=False), sa.Column("made_at", AT),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"), sa.Column("found", sa.JSON()),
        sa.Column("files", sa.LargeBinary()), sa.Column("draft", sa.Text()), sa.Column("draft_state", sa.String(8)),
        sa.Column("draft_why", sa.String(16)), sa.Column("draft_at", AT), sa.Column("draft_for", BIG),
        sa.ForeignKeyConstraint(["round_id"], ["opinion_round.id"], name=op.f("fk_round_report_round_id")),
        sa.ForeignKeyConstraint(["draft_for"], ["person.id"], name=op.f("fk_round_report_draft_for")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_report")),
        sa.UniqueConstraint("round_id", name=op.f("uq_round_report_round_id")))
    op.create_index("ix_round_report_due", "round_report", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    op.drop_table("round_report")
