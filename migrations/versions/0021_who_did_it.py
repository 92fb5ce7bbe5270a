"""A line of an issue's course says who did it also when no person in chat did: an account, the clock, or nobody to be named."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_CLOCK = ("overdue", "supervise", "late", "follow", "whistle_unheard", "ring", "talk_over", "round_report", "photo_failed")
_NOTED = """UPDATE issue_event SET made_by = (SELECT a.actor FROM audit a
WHERE a.object = 'issue:' || CAST(issue_event.issue_id AS VARCHAR(20)) AND a.at = issue_event.at
AND substr(a.actor, 1, 7) <> 'person:' %s ORDER BY a.seq LIMIT 1) WHERE made_by IS NULL"""


def upgrade() -> None:
    op.add_column("issue_event", sa.Column("made_by", sa.String(40)))
    # every line and note of a transaction has the same moment, and the chain has always said who did it
    op.execute(_NOTED % "AND a.action = 'issue.' || issue_event.act")
    op.execute(_NOTED % "" + " AND actor_id IS NULL")
    events = sa.table("issue_event", sa.column("made_by"), sa.column("actor_id"), sa.column("act"))
    op.execute(events.update().where(events.c.made_by.is_(None), events.c.actor_id.is_(None), events.c.act.in_(_CLOCK))
               .values(made_by="system"))


def downgrade() -> None:
    op.drop_column("issue_event", "made_by")
