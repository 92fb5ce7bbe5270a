"""What each console account may be in which community, second factors, and what a session shows of itself."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_post", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("account_id", BIG, nullable=False),
        sa.Column("community_id", BIG), sa.Column("role", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_post_account_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_account_post_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_post")),
        sa.UniqueConstraint("account_id", "community_id", name=op.f("uq_account_post_account_id_community_id")))
    op.create_index(op.f("ix_account_post_account_id"), "account_post", ["account_id"])
    op.create_table(
        "account_factor", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("account_id", BIG, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False), sa.Column("last_step", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("made_at", AT, nullable=False), sa.Column("confirmed_at", AT),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_factor_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_factor")),
        sa.UniqueConstraint("account_id", name=op.f("uq_account_factor_account_id")))
    op.create_table(
        "recovery_code", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("account_id", BIG, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False), sa.Column("used_at", AT),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("account_id", "code_hash", name=op.f("uq_recovery_code_account_id_code_hash")))
    op.create_index(op.f("ix_recovery_code_account_id"), "recovery_code", ["account_id"])
    op.execute(sa.text(  # who may see every community was, and is, an admin of the system
        "INSERT INTO account_post (account_id, community_id, role) "
        "SELECT id, community_id, CASE WHEN role = 'admin' AND community_id IS NULL THEN 'system_admin' ELSE role END FROM account"))
    with op.batch_alter_table("account") as batch:
        batch.drop_constraint("fk_account_community_id", type_="foreignkey")
        batch.drop_column("community_id")
        batch.drop_column("role")
        batch.add_column(sa.Column("must_change", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("console_session") as batch:
        batch.add_column(sa.Column("stage", sa.String(8), nullable=False, server_default="open"))
        batch.add_column(sa.Column("community_id", BIG))
        batch.add_column(sa.Column("address", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("agent", sa.String(64), nullable=False, server_default=""))
        batch.create_foreign_key(op.f("fk_console_session_community_id"), "community", ["community_id"], ["id"])


def downgrade() -> None:
    """The old shape knows admins of one community or of all; accounts it has no place for are disabled, not promoted."""
    op.execute(sa.text("UPDATE console_session SET ended_at = seen_at WHERE stage <> 'open' AND ended_at IS NULL"))
    with op.batch_alter_table("console_session") as batch:
        batch.drop_constraint("fk_console_session_community_id", type_="foreignkey")
        for name in ("agent", "address", "community_id", "stage"):
            batch.drop_column(name)
    with op.batch_alter_table("account") as batch:
        batch.drop_column("must_change")
        batch.add_column(sa.Column("role", sa.String(16), nullable=False, server_default="admin"))
        batch.add_column(sa.Column("community_id", BIG))
        batch.create_foreign_key("fk_account_community_id", "community", ["community_id"], ["id"])
    with op.batch_alter_table("account") as batch:
        batch.alter_column("role", server_default=None, existing_type=sa.String(16), existing_nullable=False)
    admins = "SELECT 1 FROM account_post p WHERE p.account_id = account.id AND p.role IN ('admin', 'street_admin', 'system_admin')"
    op.execute(sa.text("UPDATE account SET community_id = (SELECT min(p.community_id) FROM account_post p WHERE p.account_id = account.id)"))
    op.execute(sa.text(f"UPDATE account SET disabled_at = created_at WHERE disabled_at IS NULL AND (NOT EXISTS ({admins}) OR "
                       "(SELECT count(*) FROM account_post p WHERE p.account_id = account.id) <> 1)"))
    op.drop_table("recovery_code")
    op.drop_table("account_factor")
    op.drop_table("account_post")
