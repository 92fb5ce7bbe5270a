"""The live count: an index that alone tells how often each ballot was cast."""

from alembic import op

revision = "0005a"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_ballot_count", "ballot", ["poll_id", "state", "choice"])


def downgrade() -> None:
    op.drop_index("ix_ballot_count", "ballot")
