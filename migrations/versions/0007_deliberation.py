"""Deliberation: its course, who takes part, what was said, who was against; meetings; sessions with questions and turns."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
_NEW = ("deliberation", "participant", "statement", "dissent", "meeting", "session", "question", "question_backer", "attendee", "turn")


def _ref(name: str, target: str, null: bool = False) -> tuple[sa.Column, list[str], list[str]]:
    return sa.Column(name, BIG, nullable=null), [name], [f"{target}.id"]


def _one(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _table(name: str, *parts: object, index: tuple[str, ...] = ()) -> None:
    columns, keys = [sa.Column("id", BIG, autoincrement=True, nullable=False)], []
    for part in parts:
        if isinstance(part, tuple):
            column, ours, theirs = part
            columns.append(column)
            keys.append(sa.ForeignKeyConstraint(ours, theirs, name=op.f(f"fk_{name}_{ours[0]}")))
        else:
            columns.append(part)
    op.create_table(name, *columns, *keys, sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")))
    for column in index:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _must(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    _talks()
    _sessions()
    with op.batch_alter_table("community") as batch:
        batch.add_column(sa.Column("last_session", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("poll") as batch:
        batch.add_column(sa.Column("prolonged_at", AT))


def _talks() -> None:
    _table("deliberation", _ref("issue_id", "issue"), _must("course", sa.JSON()), _ref("host_id", "person"), _must("starts_at", AT),
           sa.Column("phase", sa.Integer(), nullable=False, server_default="-1"), sa.Column("until", AT),
           sa.Column("talk_over", sa.Boolean(), nullable=False, server_default="0"), sa.Column("summary", sa.Text()),
           sa.Column("summed_at", AT), sa.Column("assembly_at", AT), sa.Column("conclusion", sa.Text()),
           sa.Column("adopted", sa.String(8)), sa.Column("why", sa.Text()), sa.Column("doer", sa.String(64)),
           sa.Column("do_by", AT), sa.Column("decided", sa.String(12)), sa.Column("ended_at", AT),
           sa.Column("votes_failed", sa.Integer(), nullable=False, server_default="0"), _must("created_at", AT), index=("issue_id",))
    _table("participant", _ref("deliberation_id", "deliberation"), _must("kind", sa.String(12)), _ref("party_id", "party", True),
           _ref("building_id", "building", True), _ref("person_id", "person", True), index=("deliberation_id",))
    _table("statement", _ref("deliberation_id", "deliberation"), _ref("issue_id", "issue"), _ref("person_id", "person", True),
           _must("phase", sa.Integer()), _must("deed", sa.String(8)), sa.Column("stance", sa.String(12)), _must("text", sa.Text()),
           sa.Column("condition", sa.Text()), _must("at", AT), index=("deliberation_id", "person_id"))
    _table("dissent", _ref("deliberation_id", "deliberation"), _must("number", sa.Integer()), _ref("person_id", "person"),
           sa.Column("answer", sa.Text()), _ref("answered_by", "person", True), sa.Column("answered_at", AT),
           _one("dissent", "deliberation_id", "number"), _one("dissent", "deliberation_id", "person_id"))
    _table("meeting", _ref("deliberation_id", "deliberation"), *(_must(n, sa.Integer()) for n in ("phase", "members", "present", "agreed")),
           _must("passed", sa.Boolean()), _must("at", AT), _ref("entered_by", "person"), index=("deliberation_id",))


def _sessions() -> None:
    _table("session", _ref("community_id", "community"), _must("number", sa.Integer()), _ref("issue_id", "issue", True),
           _must("title", sa.String(64)), _ref("host_id", "person"), _ref("chat_id", "chat", True), _must("starts_at", AT),
           _must("state", sa.String(8)), sa.Column("ended_at", AT), sa.Column("minutes", sa.Text()), sa.Column("minutes_at", AT),
           _must("created_at", AT), _one("session", "community_id", "number"))
    _table("question", _ref("session_id", "session"), _must("number", sa.Integer()), _ref("person_id", "person", True),
           _must("text", sa.Text()), _must("at", AT), sa.Column("answer", sa.Text()), _must("state", sa.String(8)),
           _ref("issue_id", "issue", True), sa.Column("due_at", AT), _ref("closed_by", "person", True), sa.Column("closed_at", AT),
           _one("question", "session_id", "number"))
    _table("question_backer", _ref("question_id", "question"), _ref("person_id", "person"),
           _one("question_backer", "question_id", "person_id"), index=("person_id",))
    _table("attendee", _ref("session_id", "session"), _ref("person_id", "person"), sa.Column("said_at", AT), sa.Column("came_at", AT),
           sa.Column("late", sa.Boolean(), nullable=False, server_default="0"), _one("attendee", "session_id", "person_id"),
           index=("person_id",))
    _table("turn", _ref("session_id", "session"), _ref("person_id", "person"), _must("asked_at", AT), sa.Column("called_at", AT),
           sa.Column("over_at", AT), index=("session_id",))


def downgrade() -> None:
    for name in reversed(_NEW):
        op.drop_table(name)
    with op.batch_alter_table("poll") as batch:
        batch.drop_column("prolonged_at")
    with op.batch_alter_table("community") as batch:
        batch.drop_column("last_session")
