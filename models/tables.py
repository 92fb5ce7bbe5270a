"""Every table of the product. Rows hold state; nothing is kept only in memory.

Numbers people see (I12, P5) count per community; ids are internal. Areas are whole dm² (0.01 m²).
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from models.base import Utc
from models.secret import Sealed, SealedBytes, SealedJson

metadata = MetaData(naming_convention={
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s",
})
BigId = BigInteger().with_variant(Integer, "sqlite")


def _table(name: str, *columns: Column | UniqueConstraint | Index) -> Table:
    return Table(name, metadata, Column("id", BigId, primary_key=True, autoincrement=True), *columns)


def _ref(name: str, target: str, *, null: bool = False, index: bool = False) -> Column:
    return Column(name, BigId, ForeignKey(f"{target}.id"), nullable=null, index=index)


# --- the place and its people ---------------------------------------------------------------------------------
community = _table(
    "community",
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("last_issue", Integer, nullable=False, default=0),  # the number given last
    Column("last_poll", Integer, nullable=False, default=0),
    Column("last_session", Integer, nullable=False, server_default="0"),
    Column("voice", String(16)),  # another with every change of its own words, see services/voices.py
)
building = _table(
    "building", _ref("community_id", "community"), Column("name", String(32), nullable=False),
    UniqueConstraint("community_id", "name"),
)
home = _table(
    "home", _ref("community_id", "community"), _ref("building_id", "building", index=True),
    Column("entrance", String(8), nullable=False), Column("room", String(16), nullable=False),
    Column("label", String(48), nullable=False),  # 3幢2单元501
    Column("area_dm2", Integer),  # 0.01 m²; unknown is NULL, never 0
    Column("area_source", String(12)),  # register | survey | contract: where the area is from
    Column("counts", Boolean, nullable=False, default=True, server_default="1"),  # False: a parking place, counted by nobody
    Column("handed_over", Boolean, nullable=False, default=True, server_default="1"),  # False: still the developer's to vote for
    UniqueConstraint("community_id", "label"),
)
chat = _table(
    "chat", _ref("community_id", "community", index=True),
    Column("channel", String(32), nullable=False), Column("external_id", String(128), nullable=False),
    Column("name", String(64), nullable=False, default=""), _ref("building_id", "building", null=True),
    Column("post_channel", String(32)), Column("post_address", Sealed),  # where results go; the address is a credential
    _ref("keeper_id", "person", null=True),  # who forwards by hand, or owns the 客户群
    UniqueConstraint("channel", "external_id"),
)
person = _table(
    "person", _ref("community_id", "community", index=True),
    Column("name", Sealed), Column("role", String(16), nullable=False, default="resident"),
    Column("phone", Sealed), Column("phone_mark", String(64), index=True, info={"mark_of": "phone"}),  # mark: models/secret.py
    Column("told_version", Integer, nullable=False, default=0),  # the privacy notice last shown
    Column("consent_version", Integer, nullable=False, default=0), Column("consented_at", Utc),
    Column("left_at", Utc), Column("erased_at", Utc), Column("created_at", Utc, nullable=False),
    Column("no_brief", Boolean, nullable=False, server_default="0"),  # of staff: wants no message in the morning
    _ref("joined_into", "person", null=True),  # the same person, first met under another account
)
identity = _table(
    "identity", _ref("person_id", "person", index=True),
    Column("channel", String(32), nullable=False), Column("external_id", String(128), nullable=False),
    Column("heard_at", Utc), Column("unreachable_at", Utc),  # blocked us or stopped following; heard again: reachable
    Column("touched_at", Utc),  # followed, scanned or touched the menu: no words, but a minute in which we may write
    Column("shut_at", Utc),  # the platform said that the window or its quota is over
    Column("asked_at", Utc),  # when one-time notices were offered last
    UniqueConstraint("channel", "external_id"),
)
join_code = _table(  # proof that two accounts are one person's: given to one, said by the other
    "join_code", _ref("person_id", "person", index=True), Column("code_hash", String(64), nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("expires_at", Utc, nullable=False), Column("used_at", Utc), Column("created_at", Utc, nullable=False),
)
joining = _table(  # two persons who became one, and what went over, while that can be taken back
    "joining", _ref("survivor_id", "person", index=True), _ref("joined_id", "person", index=True),
    Column("at", Utc, nullable=False), Column("undone_at", Utc), Column("moved", JSON(none_as_null=True)),
)
owner = _table(  # who owns homes, by the register; a person of ours only once they have proved it
    "owner", _ref("community_id", "community", index=True), Column("name", Sealed, nullable=False),
    Column("kind", String(12), nullable=False),  # person | organisation | developer
    Column("key", String(64), nullable=False),  # a fingerprint of the number of their document, or of name and home
    _ref("person_id", "person", null=True, index=True), UniqueConstraint("community_id", "key"),
)
ownership = _table(
    "ownership", _ref("home_id", "home", index=True), _ref("owner_id", "owner", index=True),
    Column("place", Integer, nullable=False),  # 0 is the first entered: who speaks for the others
    Column("share", String(24)), UniqueConstraint("home_id", "owner_id"),
)
chat_member = _table(
    "chat_member", _ref("chat_id", "chat"), _ref("person_id", "person", index=True),
    UniqueConstraint("chat_id", "person_id"),
)
residence = _table(
    "residence", _ref("person_id", "person", index=True), _ref("home_id", "home", index=True),
    Column("since", Utc, nullable=False), Column("until", Utc),
)
bind_code = _table(
    "bind_code", _ref("home_id", "home", index=True), Column("code_hash", String(64), nullable=False),
    _ref("owner_id", "owner", null=True),  # whom it proves to own the home; NULL: it only says who lives there
    _ref("made_by", "person", null=True), Column("failures", Integer, nullable=False, default=0),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc), _ref("used_by", "person", null=True), Column("created_at", Utc, nullable=False),
)

# --- what was heard -------------------------------------------------------------------------------------------
message = _table(
    "message",
    Column("channel", String(32), nullable=False), Column("external_id", String(160), nullable=False),
    _ref("community_id", "community", null=True), _ref("person_id", "person", null=True), _ref("chat_id", "chat", null=True),
    Column("kind", String(16), nullable=False), Column("intent", String(40)),  # what the bot understood
    Column("text", Text),  # only with consent, and only when it was for us
    Column("reply", Text), Column("card", JSON),  # what was answered; a repeat gets both again
    Column("state", String(8), nullable=False),  # done | parked | failed
    Column("payload", Sealed),  # a parked message until it is answered
    Column("how", String(8)), Column("sure", Integer),  # which step understood it (bot/pipeline.py), how sure in thousandths
    Column("sent_at", Utc, nullable=False), Column("received_at", Utc, nullable=False),
    UniqueConstraint("channel", "external_id"),
    Index("ix_message_person", "person_id", "id"), Index("ix_message_community", "community_id", "id"),
)
Index("ix_message_parked", message.c.id, sqlite_where=message.c.state == "parked",
      postgresql_where=message.c.state == "parked")

# --- issues ---------------------------------------------------------------------------------------------------
issue = _table(
    "issue", _ref("community_id", "community"), Column("number", Integer),  # none while it is a draft
    Column("state", String(16), nullable=False), Column("category", String(32), nullable=False),
    Column("place", String(64)), Column("title", String(64), nullable=False), Column("text", Text, nullable=False),
    _ref("submitter_id", "person", index=True), _ref("chat_id", "chat", null=True),
    _ref("merged_into", "issue", null=True),  # of a draft: what it may be the same as; merged issues: see merge
    _ref("root_id", "issue", null=True, index=True),  # where it is dealt with while it is merged; NULL: by itself
    Column("reason", Text), Column("result", Text),
    Column("version", Integer, nullable=False, server_default="0"),  # of two who act at once, one wins
    Column("urgency", String(8), nullable=False, server_default="normal"),  # normal | urgent | critical
    Column("track", String(8), nullable=False, server_default="shared"),  # self | shared | public
    Column("track_why", Text),  # in words, for who asks; a person's reason when they changed it
    Column("proposal", Text),  # what the residents propose themselves (献策)
    Column("private", Boolean, nullable=False, server_default="0"),  # a ticket between two, no matter for the group
    Column("anonymous", Boolean, nullable=False, server_default="0"),  # who raised it is told to nobody
    _ref("host_id", "person", null=True),  # who leads the deliberation
    _ref("party_id", "party", null=True, index=True),  # who has to do it
    Column("level", String(12), nullable=False, server_default="community"),  # community | street | department
    Column("designated", Boolean, nullable=False, server_default="0"),  # decided: may not be sent back again
    Column("returned", Integer, nullable=False, server_default="0"),
    Column("extended", Integer, nullable=False, server_default="0"),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("agreed", Boolean, nullable=False, server_default="1"),  # False while it is disputed or undecided
    Column("assigned_at", Utc), Column("signed_at", Utc), Column("contacted_at", Utc), Column("resolved_at", Utc),
    Column("closed_at", Utc), Column("due_at", Utc),  # done by then, as it was promised
    Column("contact_due", Utc),  # the first word with who raised it is expected by then
    Column("excused", Text),  # why it counts in no figure: what was asked for was not reasonable
    Column("rating", String(12)),  # very_satisfied | satisfied | fair | dissatisfied: what the submitter said last
    Column("solved", Boolean),  # what the submitter said: NULL is silence
    Column("created_at", Utc, nullable=False), Column("changed_at", Utc, nullable=False),
    UniqueConstraint("community_id", "number"), Index("ix_issue_state", "community_id", "state", "category"),
)
issue_event = _table(
    "issue_event", _ref("issue_id", "issue", index=True), Column("at", Utc, nullable=False),
    Column("act", String(24), nullable=False), Column("from_state", String(16)), Column("to_state", String(16)),
    _ref("actor_id", "person", null=True), Column("made_by", String(40)),  # account:3 | system | anonymous; null: that person
    Column("text", Text), _ref("party_id", "party", null=True),  # for whom they acted
    Column("inner", Boolean, nullable=False, server_default="0"),  # for staff only
    Column("facts", JSON(none_as_null=True)),  # numbers and times of the act, for figures that can be recomputed
)
merge = _table(  # an edge that can be taken away again; nothing is copied along it
    "merge", _ref("source_id", "issue", index=True), _ref("target_id", "issue", index=True), Column("at", Utc, nullable=False),
    Column("undone_at", Utc),
)
timer = _table(  # what becomes due, and when; a row outlives every process
    "timer", _ref("issue_id", "issue", null=True, index=True), Column("kind", String(16), nullable=False),
    Column("about", String(40), nullable=False, server_default=""),  # what else it is about
    Column("due_at", Utc, nullable=False), Column("round", Integer, nullable=False, server_default="0"),
    Column("fired_at", Utc), Column("ended_at", Utc),  # it did its work; or nobody needs it any more
    Column("failures", Integer, nullable=False, server_default="0"),
)
Index("ix_timer_due", timer.c.due_at, sqlite_where=timer.c.fired_at.is_(None) & timer.c.ended_at.is_(None),
      postgresql_where=timer.c.fired_at.is_(None) & timer.c.ended_at.is_(None))
calendar_day = _table(  # what the holiday notice says, where the library does not know it yet
    "calendar_day", Column("day", String(10), nullable=False, unique=True), Column("workday", Boolean, nullable=False),
    Column("name", String(32), nullable=False, default=""),
)
warning = _table(  # how near a matter is to a quarrel, each time that changed: codes, no words of residents; the newest holds
    "warning", _ref("issue_id", "issue", index=True), Column("at", Utc, nullable=False), Column("score", Integer, nullable=False),
    Column("signs", JSON, nullable=False), Column("level", String(8), nullable=False),  # see domain/warning.py
    Column("held", String(8)), Column("seen", String(8)),  # what a person decided, and what the score had said to them
    Column("made_by", String(40), nullable=False), Column("reason", Text),
)
photo = _table(  # what somebody sent as a picture; fetched from the platform after the commit that took note of it. No person: a
    # form of the console brought it, and the chain says whose account it was
    "photo", _ref("community_id", "community"), _ref("issue_id", "issue", null=True, index=True),  # none: not said yet
    _ref("person_id", "person", null=True, index=True), Column("kind", String(8), nullable=False),  # report | evidence
    Column("channel", String(32), nullable=False), Column("reference", Sealed),  # where it is fetched; forgotten with it
    Column("data", SealedBytes), Column("sha256", String(64)),  # a JPEG without the camera's notes
    Column("state", String(8), nullable=False),  # waiting | kept | failed
    Column("at", Utc, nullable=False), Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Utc), Column("error", String(24)),
)
Index("ix_photo_waiting", photo.c.next_at, sqlite_where=photo.c.state == "waiting", postgresql_where=photo.c.state == "waiting")
bulletin = _table(  # what was told of a stretch of time, so that it is told once: a week of a group, a morning of a grid worker
    "bulletin", Column("kind", String(8), nullable=False), Column("about", BigId, nullable=False),
    Column("period", String(10), nullable=False), Column("at", Utc, nullable=False), UniqueConstraint("kind", "about", "period"),
)
supporter = _table(
    "supporter", _ref("issue_id", "issue"), _ref("person_id", "person", index=True),
    Column("at", Utc, nullable=False), UniqueConstraint("issue_id", "person_id"),
)
promise = _table(  # what was promised of an issue, by whom and until when; everybody may read it
    "promise", _ref("community_id", "community"), _ref("issue_id", "issue", index=True), _ref("party_id", "party", null=True),
    Column("owner", String(64), nullable=False),  # as it is called on the list
    Column("text", Text, nullable=False), Column("due_at", Utc, nullable=False),
    Column("state", String(8), nullable=False),  # open | asked | kept | broken
    _ref("made_by", "person", null=True), Column("made_at", Utc, nullable=False),
    Column("result", Text), Column("answered_at", Utc), Column("ended_at", Utc),  # reported done; counted
    Index("ix_promise_community", "community_id", "state"),
)
promise_answer = _table(  # whether it was kept, in the words of those it concerns; the last counts
    "promise_answer", _ref("promise_id", "promise"), _ref("person_id", "person", index=True),
    Column("answer", Integer, nullable=False),  # 0: asked and silent; 1 solved, 2 partly, 3 not
    Column("at", Utc, nullable=False), UniqueConstraint("promise_id", "person_id"),
)

# --- who has to do it -----------------------------------------------------------------------------------------
party = _table(
    "party", _ref("community_id", "community"), Column("name", String(64), nullable=False),
    # property | committee | neighbourhood | street | department | volunteers
    Column("kind", String(16), nullable=False), Column("phone", Sealed), Column("closed_at", Utc),
    UniqueConstraint("community_id", "name"),
)
party_member = _table(
    "party_member", _ref("party_id", "party"), _ref("person_id", "person", index=True),
    Column("leads", Boolean, nullable=False, server_default="0"), UniqueConstraint("party_id", "person_id"),
)
directory = _table(  # who gets which kind of matter where; the nearest place wins, then the order
    "directory", _ref("community_id", "community"), Column("category", String(32), nullable=False),
    _ref("building_id", "building", null=True), _ref("party_id", "party", index=True),
    Column("place", Integer, nullable=False, server_default="0"),
    Index("ix_directory_category", "community_id", "category"),
)
duty = _table(  # who answers a danger at which hours
    "duty", _ref("community_id", "community", index=True), _ref("person_id", "person", index=True),
    Column("starts_at", Utc, nullable=False), Column("ends_at", Utc, nullable=False),
)
stand_in = _table(  # acts for somebody who is away
    "stand_in", _ref("person_id", "person", index=True), _ref("for_id", "person", index=True),
    Column("starts_at", Utc, nullable=False), Column("ends_at", Utc, nullable=False),
)

# --- deliberation ---------------------------------------------------------------------------------------------
deliberation = _table(  # one course of talking about an issue, by the procedure as it was when it began
    "deliberation", _ref("issue_id", "issue", index=True), Column("course", JSON, nullable=False), _ref("host_id", "person"),
    Column("starts_at", Utc, nullable=False), Column("phase", Integer, nullable=False, server_default="-1"),  # -1: announced
    Column("until", Utc), Column("talk_over", Boolean, nullable=False, server_default="0"),  # the window of the last phase is over
    Column("summary", Text), Column("summed_at", Utc), Column("assembly_at", Utc),  # when it went to the residents' assembly
    Column("conclusion", Text), Column("adopted", String(8)),  # yes | partly | no
    Column("why", Text), Column("doer", String(64)), Column("do_by", Utc),  # what the result card holds
    Column("decided", String(12)), Column("ended_at", Utc),  # vote | consensus | assembly
    Column("votes_failed", Integer, nullable=False, server_default="0"),  # votes that decided nothing
    Column("created_at", Utc, nullable=False),
)
participant = _table(  # who deliberates on it: a party, the residents of a building, a person, or everybody
    "participant", _ref("deliberation_id", "deliberation", index=True), Column("kind", String(12), nullable=False),
    _ref("party_id", "party", null=True), _ref("building_id", "building", null=True), _ref("person_id", "person", null=True),
)
statement = _table(  # what somebody said in a phase; of the positions of one person the latest counts
    "statement", _ref("deliberation_id", "deliberation", index=True), _ref("issue_id", "issue"),  # the issue they named
    _ref("person_id", "person", null=True, index=True), Column("phase", Integer, nullable=False),
    Column("deed", String(8), nullable=False),  # see domain/procedures.py
    Column("stance", String(12)),  # for | against | neutral | conditional; of a rating: good | fair | bad
    Column("text", Text, nullable=False), Column("condition", Text), Column("at", Utc, nullable=False),
)
dissent = _table(  # who was against or had a condition: answered in private, under a number
    "dissent", _ref("deliberation_id", "deliberation"), Column("number", Integer, nullable=False), _ref("person_id", "person"),
    Column("answer", Text), _ref("answered_by", "person", null=True), Column("answered_at", Utc),
    UniqueConstraint("deliberation_id", "number"), UniqueConstraint("deliberation_id", "person_id"),
)
meeting = _table(  # a meeting that decides on a phase, as it was held
    "meeting", _ref("deliberation_id", "deliberation", index=True), Column("phase", Integer, nullable=False),
    Column("members", Integer, nullable=False), Column("present", Integer, nullable=False),
    Column("agreed", Integer, nullable=False), Column("passed", Boolean, nullable=False), Column("at", Utc, nullable=False),
    _ref("entered_by", "person"),
)
session = _table(  # a meeting with questions, people call it S3
    "session", _ref("community_id", "community"), Column("number", Integer, nullable=False), _ref("issue_id", "issue", null=True),
    Column("title", String(64), nullable=False), _ref("host_id", "person"), _ref("chat_id", "chat", null=True),
    Column("starts_at", Utc, nullable=False), Column("state", String(8), nullable=False),  # notice | open | ended
    Column("ended_at", Utc), Column("minutes", Text), Column("minutes_at", Utc), Column("created_at", Utc, nullable=False),
    UniqueConstraint("community_id", "number"),
)
question = _table(  # of a session: it ends answered, as a task with a date, or as a private matter
    "question", _ref("session_id", "session"), Column("number", Integer, nullable=False), _ref("person_id", "person", null=True),
    Column("text", Text, nullable=False), Column("at", Utc, nullable=False), Column("answer", Text),
    Column("state", String(8), nullable=False),  # open | answered | task | private
    _ref("issue_id", "issue", null=True), Column("due_at", Utc), _ref("closed_by", "person", null=True), Column("closed_at", Utc),
    UniqueConstraint("session_id", "number"),
)
question_backer = _table(
    "question_backer", _ref("question_id", "question"), _ref("person_id", "person", index=True),
    UniqueConstraint("question_id", "person_id"),
)
attendee = _table(
    "attendee", _ref("session_id", "session"), _ref("person_id", "person", index=True), Column("said_at", Utc),  # will come
    Column("came_at", Utc), Column("late", Boolean, nullable=False, server_default="0"),
    UniqueConstraint("session_id", "person_id"),
)
turn = _table(  # a turn to speak: asked for, called, over
    "turn", _ref("session_id", "session", index=True), _ref("person_id", "person"), Column("asked_at", Utc, nullable=False),
    Column("called_at", Utc), Column("over_at", Utc),
)

community_word = _table(  # what people here call things and places
    "community_word", _ref("community_id", "community"), Column("word", String(40), nullable=False),
    Column("kind", String(24), nullable=False),  # place, or a category's code
    Column("created_at", Utc, nullable=False), UniqueConstraint("community_id", "word"),
)
correction = _table(  # what staff put right; training learns from it
    "correction", _ref("community_id", "community"), _ref("issue_id", "issue"), Column("field", String(16), nullable=False),
    Column("before", String(80)), Column("after", String(80), nullable=False),
    Column("made_by", String(40), nullable=False), Column("made_at", Utc, nullable=False),
    UniqueConstraint("issue_id", "field"), Index("ix_correction_community", "community_id"),
)
issue_term = Table(  # what an open issue is found by: hashed pairs of characters, see services/similar.py; no words
    "issue_term", metadata, Column("term", BigId, primary_key=True, autoincrement=False),
    Column("issue_id", BigId, primary_key=True, autoincrement=False), Index("ix_issue_term_issue_id", "issue_id"),
    sqlite_with_rowid=False,
)
issue_group = _table(  # proposed to staff as one matter; nothing is merged by it
    "issue_group", _ref("issue_id", "issue"), _ref("first_id", "issue", index=True), UniqueConstraint("issue_id"),
)
issue_grouping = _table(  # how far a community's issues have been looked through for groups
    "issue_grouping", _ref("community_id", "community"), Column("upto", Integer, nullable=False),
    Column("at", Utc, nullable=False), UniqueConstraint("community_id"),
)

# --- polls ----------------------------------------------------------------------------------------------------
poll = _table(
    "poll", _ref("community_id", "community"), Column("number", Integer, nullable=False),
    _ref("issue_id", "issue", null=True, index=True), Column("title", String(160), nullable=False),
    Column("options", JSON, nullable=False),  # list of str
    Column("most", Integer, nullable=False),  # options one ballot may mark; 1 is single choice
    Column("household", Boolean, nullable=False), Column("anonymous", Boolean, nullable=False),
    Column("scope", String(16), nullable=False),  # community | building | chat
    Column("scope_id", BigId), Column("scope_name", String(64), nullable=False),
    Column("state", String(8), nullable=False),  # notice | open | closed | void
    Column("opens_at", Utc, nullable=False), Column("closes_at", Utc, nullable=False),
    Column("remind_at", Utc), Column("reminded_at", Utc),  # the automatic reminder
    Column("preview_id", BigId, unique=True),  # the message whose preview was published: a double tap opens one poll
    Column("hand_remind_at", Utc),  # a reminder asked for in quiet hours, until they end
    Column("closed_at", Utc), Column("reason", Text), Column("result", JSON),  # frozen at closing
    Column("kind", String(12), nullable=False, default="single", server_default="single"),  # see domain/kinds
    Column("rules", JSON, nullable=False, default=dict, server_default="{}"),  # of its kind, frozen at opening
    Column("poll_class", String(16), nullable=False, default="straw", server_default="straw"),  # see domain/classes.py
    Column("preset", JSON), Column("secret", Boolean, nullable=False, default=False, server_default="0"),
    Column("hides", Boolean, nullable=False, default=False, server_default="0"),  # no count before the end
    Column("text", Text), Column("root", String(64)),  # what is decided, in full; the root of the published ballots
    Column("log_head", String(64)),  # the end of the published log, which stands for text, options and course
    Column("noticed_at", Utc),  # when a poll with a notice period was announced; NULL: it opened at once
    Column("final_at", Utc), Column("archived_at", Utc),  # the end of the publication period, and when it was closed for good
    Column("asked", Integer),  # of a decision: how many votes could be cast, frozen when it was announced
    Column("recognised", String(120)),  # of owners' votes: who has recognised this channel; NULL: nobody
    _ref("opened_by", "person"), UniqueConstraint("community_id", "number"),
    Index("ix_poll_due", "state", "closes_at"),
    Column("forgotten_at", Utc),  # when its ballots were deleted, because they had been kept long enough; the result stays
    Column("prolonged_at", Utc),  # when too few had taken part, and it was given more time, once
)
poll_chat = _table("poll_chat", _ref("poll_id", "poll"), _ref("chat_id", "chat", index=True),
                   UniqueConstraint("poll_id", "chat_id"))
poll_unit = _table(  # who is asked in a vote of owners, frozen when it opens
    "poll_unit", _ref("poll_id", "poll"), _ref("home_id", "home"), Column("label", String(48), nullable=False),
    Column("area_dm2", Integer), Column("head", String(24), nullable=False),  # homes of one head count as one owner
    Column("reached_at", Utc), Column("reached_how", String(12)),  # the proof that the notice arrived
    UniqueConstraint("poll_id", "home_id"), Index("ix_poll_unit_head", "poll_id", "head"),
)
poll_owner = _table(  # who may speak for a home in a vote of owners, frozen with it
    "poll_owner", _ref("poll_id", "poll"), _ref("home_id", "home"), _ref("owner_id", "owner"),
    UniqueConstraint("poll_id", "owner_id", "home_id"), Index("ix_poll_owner_home", "poll_id", "home_id"),
)
objection = _table(  # what somebody has against a poll or its result, and what was answered
    "objection", _ref("poll_id", "poll"), Column("number", Integer, nullable=False), _ref("person_id", "person", null=True),
    Column("text", Text, nullable=False), Column("at", Utc, nullable=False),
    Column("answer", Text), _ref("answered_by", "person", null=True), Column("answered_at", Utc),
    UniqueConstraint("poll_id", "number"),
)
ballot = _table(
    "ballot", _ref("poll_id", "poll"), Column("voter", String(40), nullable=False),  # person:7 | home:12
    _ref("person_id", "person", null=True, index=True),  # who cast it last; NULL: it came on paper
    _ref("home_id", "home", null=True),
    Column("choice", Text, nullable=False),  # canonical, see domain/kinds; "" is withdrawn, "*" cast in secret
    Column("sent_at", Utc, nullable=False), Column("cast_at", Utc, nullable=False), _ref("message_id", "message", null=True),
    Column("receipt", String(12)), Column("salt", String(32)),  # none in a secret poll
    Column("link", Sealed),  # in a secret poll the way to the choice, for changing it; gone at closing
    Column("state", String(8), nullable=False, server_default="counted"),  # counted | held
    UniqueConstraint("poll_id", "voter"), Index("ix_ballot_receipt", "poll_id", "receipt", unique=True),
    Index("ix_ballot_count", "poll_id", "state", "choice"),  # the count of an open poll reads nothing but this
)
poll_tree = _table(  # the hashes over a closed poll's published ballots, so that one proof needs not all of them
    "poll_tree", _ref("poll_id", "poll"), Column("size", Integer, nullable=False), Column("levels", LargeBinary, nullable=False),
    UniqueConstraint("poll_id"),
)
secret_choice = Table(  # what was chosen in a secret poll: no person, no time, no order
    "secret_choice", metadata, Column("poll_id", BigId, ForeignKey("poll.id"), primary_key=True, autoincrement=False),
    Column("receipt", String(12), primary_key=True), Column("choice", Text, nullable=False),
    Column("salt", String(32), nullable=False),
    sqlite_with_rowid=False,
)
ballot_log = _table(  # append-only: every ballot cast, changed or withdrawn
    "ballot_log", _ref("poll_id", "poll"), Column("voter", String(40), nullable=False),
    _ref("person_id", "person", null=True), Column("act", String(12), nullable=False), Column("choice", Text, nullable=False),
    Column("at", Utc, nullable=False), _ref("message_id", "message", null=True),
    Column("seal", String(64)),  # what the audit chain holds of this ballot
    Index("ix_ballot_log_voter", "poll_id", "voter"),
)
paper_ballot = _table(  # on paper, entered by one and confirmed by another, who both saw the photo; or told them both by phone
    "paper_ballot", _ref("poll_id", "poll"), _ref("home_id", "home"), Column("choice", Text, nullable=False),
    Column("how", String(8), nullable=False),  # paper | phone
    Column("proxy", Sealed), Column("proxy_key", String(64)),  # who signed for the owner, on a written authority
    Column("photo", SealedBytes, nullable=False), Column("photo_hash", String(64), nullable=False),
    Column("entered_by", String(40), nullable=False), Column("entered_at", Utc, nullable=False),
    Column("confirmed_by", String(40)), Column("confirmed_at", Utc),
    Column("state", String(8), nullable=False),  # waiting | counted | dropped
    Column("reason", Text), Index("ix_paper_ballot_poll", "poll_id", "state"),
)
reminder = _table(
    "reminder", _ref("poll_id", "poll"), _ref("person_id", "person"), Column("how", String(8), nullable=False),
    Column("at", Utc, nullable=False), UniqueConstraint("poll_id", "person_id", "how"),
)

# --- what is sent, and what happened --------------------------------------------------------------------------
outbox = _table(
    "outbox", Column("key", String(120), nullable=False, unique=True),  # what it is, so that it goes once
    _ref("community_id", "community", null=True), Column("channel", String(32), nullable=False),
    Column("target", String(48), nullable=False),  # chat:3 | identity:9: order and rate are kept per target
    Column("address", Sealed, nullable=False),
    Column("kind", String(8), nullable=False),  # text | chart | card | link | update | notice
    Column("text", Text, nullable=False), Column("facts", JSON),
    Column("weight", Integer, nullable=False, default=2, server_default="2"),  # see services/outbox.py
    Column("state", String(8), nullable=False),  # waiting | sending | sent | dead | merged into one with others
    _ref("merged_into", "outbox", null=True),
    Column("attempts", Integer, nullable=False, default=0), Column("next_at", Utc, nullable=False),
    Column("quiet", Boolean, nullable=False, default=True),  # waits while nobody shall be disturbed
    Column("lease_until", Utc), Column("doubtful", Boolean, nullable=False, default=False),  # may have gone out twice
    Column("error", String(200)), Column("created_at", Utc, nullable=False), Column("sent_at", Utc),
    _ref("message_id", "message", null=True), Column("platform_id", String(128)),  # the platform's name of what was sent
    Index("ix_outbox_community", "community_id", "id"), Index("ix_outbox_community_state", "community_id", "state", "id"),
    Index("ix_outbox_due", "state", "next_at"), Index("ix_outbox_target", "target", "id"),
    Index("ix_outbox_sent", "target", "sent_at"),
)
card_sent = _table(  # a card on somebody's phone that may be changed once more
    "card_sent", Column("about", String(40), nullable=False, index=True), Column("channel", String(32), nullable=False),
    Column("task_id", String(128), nullable=False), Column("address", Sealed, nullable=False),
    Column("code", Sealed, nullable=False), Column("at", Utc, nullable=False), Column("used_at", Utc),
)
forward = _table(  # what a person shall carry into a group that no API reaches
    "forward", Column("key", String(120), nullable=False, unique=True), _ref("community_id", "community"),
    _ref("chat_id", "chat"), Column("text", Text, nullable=False), Column("facts", JSON),
    Column("state", String(8), nullable=False),  # waiting | done | dropped
    Column("created_at", Utc, nullable=False), Column("told_at", Utc), Column("reminded_at", Utc),
    Column("reminders", Integer, nullable=False, default=0), Column("done_at", Utc), _ref("done_by", "person", null=True),
    Index("ix_forward_open", "community_id", "state"),
)
group_task = _table(  # a post to a 客户群, which its owner must confirm by hand
    "group_task", _ref("outbox_id", "outbox", index=True), _ref("community_id", "community"), _ref("chat_id", "chat"),
    Column("channel", String(32), nullable=False), Column("msgid", String(128), nullable=False),
    Column("owner", String(128), nullable=False),
    Column("state", String(8), nullable=False),  # waiting | sent | refused | dead
    Column("created_at", Utc, nullable=False), Column("check_at", Utc), Column("reminded_at", Utc),
    Column("reminders", Integer, nullable=False, default=0), Column("sent_at", Utc), Column("told_at", Utc),
    Index("ix_group_task_due", "state", "check_at"),
)
permission = _table(  # one authorisation of one-time notices: one message
    "permission", _ref("identity_id", "identity", index=True), Column("template", String(16), nullable=False),
    Column("at", Utc, nullable=False), Column("used_at", Utc), Column("event_id", String(160), nullable=False, unique=True),
)
solitaire = _table(  # the last #接龙 list seen about something: people re-post the whole list
    "solitaire", _ref("community_id", "community"), Column("about", String(40), nullable=False),  # poll:5 | issue:7 | topic hash
    Column("topic", Text), Column("entries", SealedJson, nullable=False), Column("at", Utc, nullable=False),
    UniqueConstraint("community_id", "about"),
)
lease = _table(  # who may do what only one process may do
    "lease", Column("name", String(64), nullable=False, unique=True), Column("owner", String(64), nullable=False),
    Column("until", Utc, nullable=False),
)
audit = Table(
    "audit", metadata, Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False), Column("community_id", BigId), Column("actor", String(40), nullable=False),
    Column("action", String(40), nullable=False), Column("object", String(40), nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON; personal words only as their hash
    Column("prev", String(64), nullable=False), Column("hash", String(64), nullable=False),
    Index("ix_audit_object", "object", "seq"), Index("ix_audit_community", "community_id", "seq"),
)
audit_head = _table("audit_head", Column("seq", BigId, nullable=False), Column("hash", String(64), nullable=False))
heartbeat = _table("heartbeat", Column("name", String(32), nullable=False, unique=True), Column("at", Utc, nullable=False))

# --- the console ----------------------------------------------------------------------------------------------
account = _table(
    "account", Column("username", String(64), nullable=False, unique=True), Column("password_hash",
    String(200), nullable=False),
    Column("created_at", Utc, nullable=False), Column("disabled_at", Utc),
    Column("must_change", Boolean, nullable=False, server_default="0"),  # somebody else knows the password
)
console_session = _table(
    "console_session", Column("token_hash", String(64), nullable=False, unique=True), _ref("account_id", "account",
    index=True),
    Column("created_at", Utc, nullable=False), Column("seen_at", Utc, nullable=False), Column("ended_at", Utc),
    # open | code: the second factor is still owed | enrol: it has to be set up first | change: a new password first
    Column("stage", String(8), nullable=False, server_default="open"),
    _ref("community_id", "community", null=True),  # which of their communities is on the screen; NULL: the first, or all
    Column("address", String(64), nullable=False, server_default=""),
    Column("agent", String(64), nullable=False, server_default=""),
)
login_failure = _table("login_failure", Column("who", String(80), nullable=False, index=True),  # user:… | ip:…
                       Column("at", Utc, nullable=False))
