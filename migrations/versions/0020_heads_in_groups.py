"""Which heads of the audit chain groups were told."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anchor", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("key", sa.String(120), nullable=False),
        sa.Column("seq", BIG, nullable=False), sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("chat_id", BIG, nullable=False), sa.Column("community_id", BIG, nullable=False), sa.Column("poll_id", BIG),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_anchor_chat_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_anchor_community_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_anchor_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")), sa.UniqueConstraint("key", name=op.f("uq_anchor_key")))
    for name, columns in (("poll_id", ["poll_id"]), ("seq", ["seq"]), ("community", ["community_id", "id"])):
        op.create_index(f"ix_anchor_{name}", "anchor", columns)


def downgrade() -> None:
    op.drop_table("anchor")
