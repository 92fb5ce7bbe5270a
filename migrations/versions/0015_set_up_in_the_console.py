"""What a community sets up in the console."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "community_setting", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("name", sa.String(40), nullable=False), sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_community_setting_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community_setting")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_community_setting_community_id_name")))
    op.create_table(
        "own_course", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("name", sa.String(32), nullable=False), sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_own_course_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_course")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_own_course_community_id_name")))
    op.create_table(
        "wording", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("name", sa.String(80), nullable=False),
        sa.Column("source", sa.Text(), nullable=False), sa.Column("changed_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")), sa.UniqueConstraint("name", name=op.f("uq_wording_name")))
    op.create_table(
        "account_person", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("account_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False), sa.Column("used_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_person_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_person")),
        sa.UniqueConstraint("account_id", "person_id", name=op.f("uq_account_person_account_id_person_id")))


def downgrade() -> None:
    for name in ("account_person", "wording", "own_course", "community_setting"):
        op.drop_table(name)
