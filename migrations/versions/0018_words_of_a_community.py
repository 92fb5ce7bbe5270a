"""Kinds of matters, wordings and days off of a community's own."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
_EVERYWHERE = sa.text("community_id IS NULL")


def upgrade() -> None:
    op.add_column("community", sa.Column("voice", sa.String(16)))
    op.execute("UPDATE community SET voice = 'first' WHERE EXISTS (SELECT 1 FROM wording)")
    with op.batch_alter_table("wording") as table:
        table.add_column(sa.Column("community_id", BIG))
        table.drop_constraint("uq_wording_name", type_="unique")
        table.create_foreign_key("fk_wording_community_id", "community", ["community_id"], ["id"])
        table.create_unique_constraint("uq_wording_community_id_name", ["community_id", "name"])
    op.create_index("uq_wording_everywhere", "wording", ["name"], unique=True, sqlite_where=_EVERYWHERE, postgresql_where=_EVERYWHERE)
    op.create_table(
        "own_category", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("code", sa.String(32), nullable=False), sa.Column("name", sa.String(20)), sa.Column("resembles", sa.String(32)),
        sa.Column("sure", sa.JSON(), nullable=False), sa.Column("hints", sa.JSON(), nullable=False),
        sa.Column("off", sa.JSON(), nullable=False), sa.Column("retired_at", AT), sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_own_category_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_category")),
        sa.UniqueConstraint("community_id", "code", name=op.f("uq_own_category_community_id_code")))
    op.create_table(
        "community_day", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("day", sa.String(10), nullable=False), sa.Column("name", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_community_day_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community_day")),
        sa.UniqueConstraint("community_id", "day", name=op.f("uq_community_day_community_id_day")))


def downgrade() -> None:
    """What belongs to one community cannot be kept; kinds of its own become the kinds they were like."""
    like = 'SELECT c.resembles FROM own_category c WHERE c.code = {0}'
    for table, column in (("issue", "category"), ("directory", "category"), ("community_word", "kind"), ("correction", "before"),
                          ("correction", "after")):
        own = f'{column} IN (SELECT code FROM own_category WHERE resembles IS NOT NULL)'
        op.execute(f"UPDATE {table} SET {column} = ({like.format(f'{table}.{column}')}) WHERE {own}")
    op.drop_table("community_day")
    op.drop_table("own_category")
    op.execute("DELETE FROM wording WHERE community_id IS NOT NULL")
    op.drop_index("uq_wording_everywhere", "wording")
    with op.batch_alter_table("wording") as table:
        table.drop_constraint("uq_wording_community_id_name", type_="unique")
        table.drop_constraint("fk_wording_community_id", type_="foreignkey")
        table.drop_column("community_id")
        table.create_unique_constraint("uq_wording_name", ["name"])
    op.drop_column("community", "voice")
