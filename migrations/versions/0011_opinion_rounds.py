"""Opinion rounds: short statements, votes on them, and how far each person has got."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _big(name: str) -> sa.Column:
    return sa.Column(name, BIG, nullable=False)


def upgrade() -> None:
    op.create_table(
        "opinion_round", sa.Column("id", BIG, autoincrement=True, nullable=False), _big("community_id"),
        sa.Column("number", sa.Integer(), nullable=False), _big("issue_id"), sa.Column("title", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False), sa.Column("phase", sa.String(32)),
        sa.Column("moderation", sa.String(8), nullable=False), sa.Column("daily", sa.Integer(), nullable=False),
        sa.Column("opens_at", AT, nullable=False), sa.Column("closes_at", AT, nullable=False), _big("host_id"), _big("created_by"),
        sa.Column("warm", sa.Text()), sa.Column("seq", BIG, nullable=False, server_default="0"),
        sa.Column("mapped_seq", BIG, nullable=False, server_default="0"), sa.Column("closed_at", AT),
        sa.Column("reported_at", AT), sa.Column("summary", sa.Text()), sa.Column("summary_ok_at", AT),
        _to("opinion_round", "community_id", "community"), _to("opinion_round", "issue_id", "issue"),
        _to("opinion_round", "host_id", "person"), _to("opinion_round", "created_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_round")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_opinion_round_community_id_number")))
    op.create_index(op.f("ix_opinion_round_issue_id"), "opinion_round", ["issue_id"])
    op.create_index("ix_opinion_round_open", "opinion_round", ["community_id", "state"])
    op.create_table(
        "opinion", sa.Column("id", BIG, autoincrement=True, nullable=False), _big("round_id"),
        sa.Column("number", sa.Integer(), nullable=False), sa.Column("person_id", BIG), sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False), sa.Column("joined_to", BIG), sa.Column("reason", sa.Text()),
        sa.Column("source", sa.String(8), nullable=False), sa.Column("message_id", BIG), sa.Column("at", AT, nullable=False),
        sa.Column("seq", BIG, nullable=False, server_default="0"),
        sa.Column("extremity", sa.Float(), nullable=False, server_default="0"),
        sa.Column("moderated_at", AT), sa.Column("moderated_by", BIG),
        _to("opinion", "round_id", "opinion_round"), _to("opinion", "person_id", "person"), _to("opinion", "joined_to", "opinion"),
        _to("opinion", "message_id", "message"), _to("opinion", "moderated_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_opinion_round_id_number")))
    op.create_index(op.f("ix_opinion_person_id"), "opinion", ["person_id"])
    op.create_index(op.f("ix_opinion_joined_to"), "opinion", ["joined_to"])
    op.create_table(
        "opinion_vote", _big("opinion_id"), _big("person_id"), _big("round_id"), sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False), sa.Column("seq", BIG, nullable=False, server_default="0"),
        _to("opinion_vote", "opinion_id", "opinion"), _to("opinion_vote", "person_id", "person"),
        _to("opinion_vote", "round_id", "opinion_round"),
        sa.PrimaryKeyConstraint("opinion_id", "person_id", name=op.f("pk_opinion_vote")))
    op.create_index("ix_opinion_vote_round", "opinion_vote", ["round_id", "seq"])
    op.create_index("ix_opinion_vote_person", "opinion_vote", ["person_id", "round_id"])
    op.create_table(
        "opinion_served", _big("round_id"), _big("person_id"), sa.Column("day", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, server_default="0"), sa.Column("opinion_id", BIG),
        _to("opinion_served", "round_id", "opinion_round"), _to("opinion_served", "person_id", "person"),
        _to("opinion_served", "opinion_id", "opinion"),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_opinion_served")))
    op.create_table(
        "opinion_nudge", _big("round_id"), _big("person_id"), sa.Column("at", AT, nullable=False),
        _to("opinion_nudge", "round_id", "opinion_round"), _to("opinion_nudge", "person_id", "person"),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_opinion_nudge")))
    op.create_table(
        "opinion_flag", sa.Column("id", BIG, autoincrement=True, nullable=False), _big("round_id"),
        sa.Column("kind", sa.String(12), nullable=False), sa.Column("about", sa.String(40), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False), sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False), sa.Column("seen_at", AT), sa.Column("seen_by", BIG),
        _to("opinion_flag", "round_id", "opinion_round"), _to("opinion_flag", "seen_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_flag")),
        sa.UniqueConstraint("round_id", "kind", "about", name=op.f("uq_opinion_flag_round_id_kind_about")))
    op.create_table(
        "person_trait", _big("person_id"), sa.Column("age_band", sa.String(8)), sa.Column("tenure", sa.String(8)),
        sa.Column("at", AT, nullable=False), _to("person_trait", "person_id", "person"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_trait")))


def downgrade() -> None:
    for name in ("person_trait", "opinion_flag", "opinion_nudge", "opinion_served", "opinion_vote", "opinion", "opinion_round"):
        op.drop_table(name)
