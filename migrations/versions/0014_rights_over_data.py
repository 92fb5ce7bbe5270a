"""What residents ask about their data, who looked at it, their phone, and lists that can be sealed.

Nothing is encrypted here: a migration has no key. `python app.py key rotate` seals what still stands open.
"""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_request", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False), sa.Column("kind", sa.String(8), nullable=False), sa.Column("text", sa.Text()),
        sa.Column("entered_by", sa.String(40), nullable=False), sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", AT, nullable=False), sa.Column("due_at", AT, nullable=False), sa.Column("reminded_at", AT),
        sa.Column("ended_at", AT), sa.Column("ended_by", sa.String(40)), sa.Column("answer", sa.Text()),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_data_request_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")))
    op.create_index(op.f("ix_data_request_person_id"), "data_request", ["person_id"])
    op.create_index("ix_data_request_community", "data_request", ["community_id", "state"])
    op.create_index("ix_data_request_due", "data_request", ["state", "due_at"])
    op.create_table(
        "reveal", sa.Column("id", BIG, autoincrement=True, nullable=False), sa.Column("community_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False), sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("why", sa.String(12), nullable=False), sa.Column("note", sa.Text()), sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_reveal_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reveal_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveal")))
    op.create_index(op.f("ix_reveal_person_id"), "reveal", ["person_id"])
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("phone", sa.Text()))
        batch.add_column(sa.Column("phone_mark", sa.String(64)))
    with op.batch_alter_table("poll") as batch:
        batch.add_column(sa.Column("forgotten_at", AT))
    op.create_index(op.f("ix_person_phone_mark"), "person", ["phone_mark"])
    if op.get_bind().dialect.name == "postgresql":  # on SQLite JSON is text already
        op.execute("ALTER TABLE solitaire ALTER COLUMN entries TYPE TEXT USING entries::text")


def downgrade() -> None:
    # an older program cannot read a sealed list; what it forgets is only which lines of a list were seen before
    op.execute("DELETE FROM solitaire WHERE substr(entries, 1, 1) <> '['")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE solitaire ALTER COLUMN entries TYPE JSON USING entries::json")
    with op.batch_alter_table("poll") as batch:
        batch.drop_column("forgotten_at")
    op.drop_index(op.f("ix_person_phone_mark"), "person")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("phone_mark")
        batch.drop_column("phone")
    op.drop_table("reveal")
    op.drop_table("data_request")
