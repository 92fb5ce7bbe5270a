"""Accounts that act for a party, and photos that came with a form of theirs: no person sent those."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_party", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("account_id", BIG, nullable=False),
        sa.Column("party_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_party_account_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_account_party_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_party")),
        sa.UniqueConstraint("account_id", "party_id", name=op.f("uq_account_party_account_id_party_id")))
    op.create_index(op.f("ix_account_party_account_id"), "account_party", ["account_id"])
    with op.batch_alter_table("photo") as batch:
        batch.alter_column("person_id", existing_type=BIG, nullable=True)


def downgrade() -> None:
    """The old shape has no place for a photo that no person sent."""
    op.execute(sa.text("DELETE FROM photo WHERE person_id IS NULL"))
    with op.batch_alter_table("photo") as batch:
        batch.alter_column("person_id", existing_type=BIG, nullable=False)
    op.drop_table("account_party")
