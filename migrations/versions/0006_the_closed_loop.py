"""The closed loop: clocks as rows, merges as edges, who has to do what, duty; what an issue knows of its course."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
revision = "0006"
down_revision = "0005a"
branch_labels = None
depends_on = None
_WAITING = sa.text("fired_at IS NULL AND ended_at IS NULL")

_ISSUE = (
    sa.Column("root_id", BIG), sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("urgency", sa.String(8), nullable=False, server_default="normal"),
    sa.Column("track", sa.String(8), nullable=False, server_default="shared"), sa.Column("track_why", sa.Text()),
    sa.Column("proposal", sa.Text()), sa.Column("private", sa.Boolean(), nullable=False, server_default="0"),
    sa.Column("anonymous", sa.Boolean(), nullable=False, server_default="0"), sa.Column("host_id", BIG),
    sa.Column("party_id", BIG), sa.Column("level", sa.String(12), nullable=False, server_default="community"),
    sa.Column("designated", sa.Boolean(), nullable=False, server_default="0"),
    sa.Column("returned", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("extended", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("agreed", sa.Boolean(), nullable=False, server_default="1"),
    sa.Column("assigned_at", AT), sa.Column("signed_at", AT), sa.Column("contacted_at", AT), sa.Column("resolved_at", AT),
    sa.Column("closed_at", AT), sa.Column("rating", sa.String(12)), sa.Column("solved", sa.Boolean()),
)
_EVENT = (sa.Column("party_id", BIG), sa.Column("inner", sa.Boolean(), nullable=False, server_default="0"),
          sa.Column("facts", sa.JSON()))


def _ref(name: str, target: str, null: bool = False) -> tuple[sa.Column, sa.ForeignKeyConstraint, str]:
    return sa.Column(name, BIG, nullable=null), [name], [f"{target}.id"]


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


def upgrade() -> None:
    _table("party", _ref("community_id", "community"), sa.Column("name", sa.String(64), nullable=False),
           sa.Column("kind", sa.String(16), nullable=False), sa.Column("phone", sa.Text()), sa.Column("closed_at", AT),
           sa.UniqueConstraint("community_id", "name", name=op.f("uq_party_community_id_name")))
    _table("party_member", _ref("party_id", "party"), _ref("person_id", "person"),
           sa.Column("leads", sa.Boolean(), nullable=False, server_default="0"),
           sa.UniqueConstraint("party_id", "person_id", name=op.f("uq_party_member_party_id_person_id")), index=("person_id",))
    _table("directory", _ref("community_id", "community"), sa.Column("category", sa.String(32), nullable=False),
           _ref("building_id", "building", True), _ref("party_id", "party"),
           sa.Column("place", sa.Integer(), nullable=False, server_default="0"), index=("party_id",))
    op.create_index("ix_directory_category", "directory", ["community_id", "category"])
    for name, other in (("duty", None), ("stand_in", "for_id")):
        first = _ref("person_id", "person")
        _table(name, *((_ref("community_id", "community"), first) if other is None else (first, _ref(other, "person"))),
               sa.Column("starts_at", AT, nullable=False), sa.Column("ends_at", AT, nullable=False),
               index=("community_id", "person_id") if other is None else ("person_id", "for_id"))
    _table("merge", _ref("source_id", "issue"), _ref("target_id", "issue"), sa.Column("at", AT, nullable=False),
           sa.Column("undone_at", AT), index=("source_id", "target_id"))
    _table("timer", _ref("issue_id", "issue", True), sa.Column("kind", sa.String(16), nullable=False),
           sa.Column("about", sa.String(40), nullable=False, server_default=""), sa.Column("due_at", AT, nullable=False),
           sa.Column("round", sa.Integer(), nullable=False, server_default="0"), sa.Column("fired_at", AT),
           sa.Column("ended_at", AT), sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
           index=("issue_id",))
    op.create_index("ix_timer_due", "timer", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    _table("calendar_day", sa.Column("day", sa.String(10), nullable=False), sa.Column("workday", sa.Boolean(), nullable=False),
           sa.Column("name", sa.String(32), nullable=False), sa.UniqueConstraint("day", name=op.f("uq_calendar_day_day")))
    with op.batch_alter_table("issue") as batch:
        for column in _ISSUE:
            batch.add_column(column)
        batch.create_foreign_key(op.f("fk_issue_root_id"), "issue", ["root_id"], ["id"])
        batch.create_foreign_key(op.f("fk_issue_host_id"), "person", ["host_id"], ["id"])
        batch.create_foreign_key(op.f("fk_issue_party_id"), "party", ["party_id"], ["id"])
        batch.create_index(op.f("ix_issue_root_id"), ["root_id"])
        batch.create_index(op.f("ix_issue_party_id"), ["party_id"])
    with op.batch_alter_table("issue_event") as batch:
        for column in _EVENT:
            batch.add_column(column)
        batch.create_foreign_key(op.f("fk_issue_event_party_id"), "party", ["party_id"], ["id"])
    _carry_over()


def _carry_over() -> None:
    """Clocks that ran as a column become rows; merged issues become edges, and lead to where they are dealt with."""
    db = op.get_bind()
    db.execute(sa.text(
        "INSERT INTO timer (issue_id, kind, due_at) SELECT id, CASE state WHEN 'draft' THEN 'draft' ELSE 'confirm' END, due_at "
        "FROM issue WHERE state IN ('draft', 'resolved') AND due_at IS NOT NULL"))
    db.execute(sa.text("UPDATE issue SET due_at = NULL"))
    db.execute(sa.text("INSERT INTO merge (source_id, target_id, at) SELECT id, merged_into, changed_at FROM issue "
                       "WHERE state = 'merged' AND merged_into IS NOT NULL"))
    db.execute(sa.text("UPDATE issue SET root_id = merged_into, merged_into = NULL WHERE state = 'merged'"))
    step = sa.text("UPDATE issue SET root_id = (SELECT next.root_id FROM issue next WHERE next.id = issue.root_id) WHERE root_id "
                   "IN (SELECT id FROM issue further WHERE further.root_id IS NOT NULL)")
    while db.execute(step).rowcount:
        pass


def _carry_back() -> None:
    """Edges and clocks become columns again; what the older shape has no column for is lost."""
    db = op.get_bind()
    db.execute(sa.text(
        "UPDATE issue SET merged_into = (SELECT m.target_id FROM merge m WHERE m.source_id = issue.id AND m.undone_at IS NULL "
        "ORDER BY m.id DESC LIMIT 1) WHERE state = 'merged'"))
    db.execute(sa.text(
        "UPDATE issue SET due_at = (SELECT min(t.due_at) FROM timer t WHERE t.issue_id = issue.id AND t.kind IN ('draft', 'confirm') "
        "AND t.fired_at IS NULL AND t.ended_at IS NULL) WHERE state IN ('draft', 'resolved')"))


def downgrade() -> None:
    _carry_back()
    with op.batch_alter_table("issue_event") as batch:
        batch.drop_constraint(op.f("fk_issue_event_party_id"), type_="foreignkey")
        for column in _EVENT:
            batch.drop_column(column.name)
    with op.batch_alter_table("issue") as batch:
        for name in ("root_id", "party_id"):
            batch.drop_index(op.f(f"ix_issue_{name}"))
        for name in ("root_id", "host_id", "party_id"):
            batch.drop_constraint(op.f(f"fk_issue_{name}"), type_="foreignkey")
        for column in _ISSUE:
            batch.drop_column(column.name)
    for name in ("calendar_day", "timer", "merge", "stand_in", "duty", "directory", "party_member", "party"):
        op.drop_table(name)
