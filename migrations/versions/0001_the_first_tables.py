"""The first tables."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("community_id", BIG, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_community", "audit", ["community_id", "seq"], unique=False)
    op.create_index("ix_audit_object", "audit", ["object", "seq"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "community",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("last_issue", sa.Integer(), nullable=False),
        sa.Column("last_poll", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint("code", name=op.f("uq_community_code")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("name", name=op.f("uq_heartbeat_name")),
    )
    op.create_table(
        "login_failure",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    op.create_index(op.f("ix_login_failure_who"), "login_failure", ["who"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("community_id", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_account_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "building",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_building_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_building_community_id_name")),
    )
    op.create_table(
        "person",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_person_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_community_id"), "person", ["community_id"], unique=False)

    op.create_table(
        "chat",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("building_id", BIG, nullable=True),
        sa.Column("post_channel", sa.String(length=32), nullable=True),
        sa.Column("post_address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_chat_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_chat_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_chat_channel_external_id")),
    )
    op.create_index(op.f("ix_chat_community_id"), "chat", ["community_id"], unique=False)

    op.create_table(
        "console_session",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_console_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_session_token_hash")),
    )
    op.create_index(op.f("ix_console_session_account_id"), "console_session", ["account_id"], unique=False)

    op.create_table(
        "home",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("building_id", BIG, nullable=False),
        sa.Column("entrance", sa.String(length=8), nullable=False),
        sa.Column("room", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=48), nullable=False),
        sa.Column("area_dm2", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_home_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_home_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home")),
        sa.UniqueConstraint("community_id", "label", name=op.f("uq_home_community_id_label")),
    )
    op.create_index(op.f("ix_home_building_id"), "home", ["building_id"], unique=False)

    op.create_table(
        "identity",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_identity_channel_external_id")),
    )
    op.create_index(op.f("ix_identity_person_id"), "identity", ["person_id"], unique=False)

    op.create_table(
        "bind_code",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", BIG, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_bind_code_home_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_bind_code_made_by")),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_bind_code_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bind_code")),
    )
    op.create_index(op.f("ix_bind_code_home_id"), "bind_code", ["home_id"], unique=False)

    op.create_table(
        "chat_member",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_chat_member_chat_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_chat_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_member")),
        sa.UniqueConstraint("chat_id", "person_id", name=op.f("uq_chat_member_chat_id_person_id")),
    )
    op.create_index(op.f("ix_chat_member_person_id"), "chat_member", ["person_id"], unique=False)

    op.create_table(
        "issue",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("submitter_id", BIG, nullable=False),
        sa.Column("chat_id", BIG, nullable=True),
        sa.Column("merged_into", BIG, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_issue_chat_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_issue_community_id")),
        sa.ForeignKeyConstraint(["merged_into"], ["issue.id"], name=op.f("fk_issue_merged_into")),
        sa.ForeignKeyConstraint(["submitter_id"], ["person.id"], name=op.f("fk_issue_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_issue_community_id_number")),
    )
    op.create_index("ix_issue_state", "issue", ["community_id", "state", "category"], unique=False)
    op.create_index(op.f("ix_issue_submitter_id"), "issue", ["submitter_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=False),
        sa.Column("community_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("chat_id", BIG, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_message_chat_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_message_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_message_channel_external_id")),
    )
    op.create_index("ix_message_community", "message", ["community_id", "id"], unique=False)
    op.create_index(
        "ix_message_parked",
        "message",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index("ix_message_person", "message", ["person_id", "id"], unique=False)

    op.create_table(
        "residence",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("home_id", BIG, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_residence_home_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_residence_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residence")),
    )
    op.create_index(op.f("ix_residence_home_id"), "residence", ["home_id"], unique=False)
    op.create_index(op.f("ix_residence_person_id"), "residence", ["person_id"], unique=False)

    op.create_table(
        "issue_event",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=True),
        sa.Column("actor_id", BIG, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_issue_event_actor_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_event_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_event")),
    )
    op.create_index(op.f("ix_issue_event_issue_id"), "issue_event", ["issue_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("community_id", BIG, nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=48), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_outbox_community_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_outbox_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_community", "outbox", ["community_id", "id"], unique=False)
    op.create_index("ix_outbox_community_state", "outbox", ["community_id", "state", "id"], unique=False)
    op.create_index("ix_outbox_due", "outbox", ["state", "next_at"], unique=False)
    op.create_index("ix_outbox_sent", "outbox", ["target", "sent_at"], unique=False)
    op.create_index("ix_outbox_target", "outbox", ["target", "id"], unique=False)

    op.create_table(
        "poll",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issue_id", BIG, nullable=True),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("household", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("scope_id", BIG, nullable=True),
        sa.Column("scope_name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preview_id", BIG, nullable=True),
        sa.Column("hand_remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("opened_by", BIG, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_poll_community_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_poll_issue_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_poll_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_poll_community_id_number")),
        sa.UniqueConstraint("preview_id", name=op.f("uq_poll_preview_id")),
    )
    op.create_index("ix_poll_due", "poll", ["state", "closes_at"], unique=False)
    op.create_index(op.f("ix_poll_issue_id"), "poll", ["issue_id"], unique=False)

    op.create_table(
        "supporter",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_supporter_issue_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_supporter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supporter")),
        sa.UniqueConstraint("issue_id", "person_id", name=op.f("uq_supporter_issue_id_person_id")),
    )
    op.create_index(op.f("ix_supporter_person_id"), "supporter", ["person_id"], unique=False)

    op.create_table(
        "ballot",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("voter", sa.String(length=40), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("home_id", BIG, nullable=True),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["home.id"], name=op.f("fk_ballot_home_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_ballot_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ballot_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_ballot_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("poll_id", "voter", name=op.f("uq_ballot_poll_id_voter")),
    )
    op.create_index(op.f("ix_ballot_person_id"), "ballot", ["person_id"], unique=False)

    op.create_table(
        "ballot_log",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("voter", sa.String(length=40), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("choice", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_ballot_log_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ballot_log_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_ballot_log_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_log")),
    )
    op.create_index(op.f("ix_ballot_log_poll_id"), "ballot_log", ["poll_id"], unique=False)

    op.create_table(
        "poll_chat",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("fk_poll_chat_chat_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_chat_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_chat")),
        sa.UniqueConstraint("poll_id", "chat_id", name=op.f("uq_poll_chat_poll_id_chat_id")),
    )
    op.create_index(op.f("ix_poll_chat_chat_id"), "poll_chat", ["chat_id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("poll_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_reminder_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("poll_id", "person_id", "how", name=op.f("uq_reminder_poll_id_person_id_how")),
    )
    op.execute("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '" + "0" * 64 + "')")


def downgrade() -> None:
    raise RuntimeError("the first tables have nothing before them")
