"""Figures that can be recomputed, and promises with an owner and a date."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("issue") as batch:
        batch.add_column(sa.Column("contact_due", AT))
        batch.add_column(sa.Column("excused", sa.Text()))
    op.create_table(
        "promise", sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False), sa.Column("issue_id", BIG, nullable=False), sa.Column("party_id", BIG),
        sa.Column("owner", sa.String(64), nullable=False), sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", AT, nullable=False), sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_by", BIG), sa.Column("made_at", AT, nullable=False),
        sa.Column("result", sa.Text()), sa.Column("answered_at", AT), sa.Column("ended_at", AT),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_promise_community_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_promise_issue_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_promise_party_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_promise_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")))
    op.create_index(op.f("ix_promise_issue_id"), "promise", ["issue_id"])
    op.create_index("ix_promise_community", "promise", ["community_id", "state"])
    op.create_table(
        "promise_answer", sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("promise_id", BIG, nullable=False), sa.Column("person_id", BIG, nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False), sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_promise_answer_promise_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_promise_answer_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_answer")),
        sa.UniqueConstraint("promise_id", "person_id", name=op.f("uq_promise_answer_promise_id_person_id")))
    op.create_index(op.f("ix_promise_answer_person_id"), "promise_answer", ["person_id"])
    _times_from_the_log()


def _times_from_the_log() -> None:
    """Issues of before know their times from their course, which figures are recomputed from."""
    for column, act in (("resolved_at", "to_state = 'resolved'"), ("closed_at", "to_state = 'closed'"),
                        ("created_at", "act = 'submit' AND to_state = 'submitted'")):
        found = f"SELECT max(e.at) FROM issue_event e WHERE e.issue_id = issue.id AND e.{act}"
        op.execute(sa.text(f"UPDATE issue SET {column} = ({found}) WHERE ({found}) IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("promise_answer")
    op.drop_table("promise")
    with op.batch_alter_table("issue") as batch:
        batch.drop_column("excused")
        batch.drop_column("contact_due")
