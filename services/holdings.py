"""What is held of a person, table by table: what they are shown and given, and what becomes of it when they want it gone.

Every column that points at a person stands in one of the two tables here; a test sees to it. So nobody adds a table of
people's doings without saying what they are given of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, func, or_, select, update

from models.base import Tx
from models.tables import ballot, ballot_log, home, issue, metadata, outbox, poll

MOST = 20_000  # rows of one kind in a copy

# table.column -> the columns a copy shows. What a person did in a secret poll is shown without the choice, as to everybody.
OWN: dict[str, tuple[str, ...]] = {
    "identity.person_id": ("channel", "external_id", "heard_at"),
    "residence.person_id": ("home_id", "since", "until"),
    "owner.person_id": ("name", "kind"),
    "chat_member.person_id": ("chat_id",),
    "message.person_id": ("received_at", "chat_id", "text", "reply"),
    "issue.submitter_id": ("number", "created_at", "state", "category", "place", "title", "text", "proposal", "result", "rating"),
    "issue_event.actor_id": ("at", "act", "text"),
    "supporter.person_id": ("issue_id", "at"),
    "photo.person_id": ("at", "issue_id", "kind", "state"),
    "ballot.person_id": ("poll_id", "cast_at", "choice", "receipt"),
    "ballot_log.person_id": ("poll_id", "at", "act"),
    "reminder.person_id": ("poll_id", "how", "at"),
    "objection.person_id": ("poll_id", "at", "text", "answer"),
    "promise_answer.person_id": ("at", "answer"),
    "statement.person_id": ("at", "stance", "text", "condition"),
    "dissent.person_id": ("number", "answer", "answered_at"),
    "question.person_id": ("at", "text", "answer"),
    "question_backer.person_id": ("question_id",),
    "attendee.person_id": ("session_id", "said_at", "came_at"),
    "turn.person_id": ("session_id", "asked_at", "called_at"),
    "participant.person_id": ("deliberation_id",),
    "party_member.person_id": ("party_id",),
    "duty.person_id": ("starts_at", "ends_at"),
    "data_request.person_id": ("kind", "text", "asked_at", "due_at", "state", "answer", "ended_at"),
    "reveal.person_id": ("at", "why", "actor"),
    # of opinion rounds: their own statements and votes, for their eyes
    "opinion.person_id": ("at", "text", "state", "reason"),
    "opinion_vote.person_id": ("opinion_id", "value", "at"),
    "person_trait.person_id": ("age_band", "tenure", "at"),
    "claim.person_id": ("issue_id", "at", "until", "state"),
    "point.person_id": ("at", "amount", "kind", "reason"),
}
# What points at a person and is no account of their own doings, and why they are not given it.
OTHER: dict[str, str] = {
    "person.joined_into": "shown as one person", "chat.keeper_id": "an office", "join_code.person_id": "a one-time code",
    "joining.survivor_id": "while it can be undone", "joining.joined_id": "while it can be undone",
    "stand_in.person_id": "an office", "stand_in.for_id": "an office", "bind_code.made_by": "an office",
    "bind_code.used_by": "shown as the home", "forward.done_by": "an office", "issue.host_id": "an office",
    "deliberation.host_id": "an office", "poll.opened_by": "an office", "promise.made_by": "an office",
    "session.host_id": "an office", "dissent.answered_by": "an office", "meeting.entered_by": "an office",
    "objection.answered_by": "an office", "question.closed_by": "an office", "opinion_round.host_id": "an office",
    "opinion_round.created_by": "an office", "opinion.moderated_by": "an office", "opinion_flag.seen_by": "an office",
    "round_report.draft_for": "an office", "account_person.person_id": "an office",
    "opinion_served.person_id": "until tomorrow", "opinion_nudge.person_id": "that they were asked",
}
# What is removed, or emptied, when somebody is forgotten, beside what services/erasure.py does itself.
DELETED = ("participant.person_id",)
EMPTIED: dict[str, dict[str, Any]] = {
    "dissent.person_id": {"answer": None},
    "data_request.person_id": {"text": None, "answer": None}, "reveal.person_id": {"note": None},
}


@dataclass(frozen=True, slots=True)
class Held:
    """Everything of one kind that is held of a person."""

    kind: str  # the table's name
    columns: tuple[str, ...]
    rows: list[Row[Any]]


def count(tx: Tx, persons: list[int]) -> dict[str, int]:
    """How much there is of each kind; kinds of which there is nothing are left out."""
    found = {t.name: int(tx.scalar(select(func.count()).select_from(t).where(_theirs(t, c, persons)))) for t, c, _ in _own()}
    return {name: n for name, n in found.items() if n}


def collect(tx: Tx, persons: list[int]) -> Iterator[Held]:
    """What they are given, oldest first; without the bytes of photos."""
    for table, column, shown in _own():
        chosen = [table.c[name] for name in shown]
        query = select(*chosen).where(_theirs(table, column, persons)).limit(MOST)
        if table is ballot:
            query = select(*chosen, poll.c.number.label("poll"), poll.c.secret).join_from(ballot, poll).where(
                _theirs(table, column, persons)).limit(MOST)
        key = table.c.get("id")
        rows = tx.all(query if key is None else query.order_by(key))
        if rows:
            yield Held(table.name, shown, rows)


def sent(tx: Tx, persons: list[int]) -> list[Row[Any]]:
    """What was pushed to them, as far as it is kept."""
    mine = [f"identity:{i}" for i in tx.connection.scalars(select(metadata.tables["identity"].c.id).where(
        metadata.tables["identity"].c.person_id.in_(persons)))]
    return tx.all(select(outbox.c.created_at, outbox.c.text, outbox.c.state).where(outbox.c.target.in_(mine))
                  .order_by(outbox.c.id).limit(MOST))


def forget(tx: Tx, persons: list[int]) -> None:
    """Removes and empties what stands in DELETED and EMPTIED, as far as there are such tables."""
    for name in DELETED:
        if (found := _column(name)) is not None:
            tx.execute(delete(found.table).where(found.in_(persons)))
    for name, values in EMPTIED.items():
        if (found := _column(name)) is not None:
            tx.execute(update(found.table).where(found.in_(persons)).values(values))


def called(tx: Tx, kind: str, ids: set[int]) -> dict[int, str]:
    """How what a copy points at is called: homes, issues and polls by the names people know."""
    tables: dict[str, tuple[Table, Any]] = {
        "home_id": (home, home.c.label), "issue_id": (issue, issue.c.number), "poll_id": (poll, poll.c.number),
        "chat_id": (metadata.tables["chat"], metadata.tables["chat"].c.name),
        "party_id": (metadata.tables["party"], metadata.tables["party"].c.name)}
    if kind not in tables:
        return {}
    table, name = tables[kind]
    before = {"issue_id": "I", "poll_id": "P"}.get(kind, "")
    return {row.id: f"{before}{row.name}" for row in tx.all(select(table.c.id, name.label("name")).where(table.c.id.in_(ids)))}


def pointing() -> set[str]:
    """Every column of the database that points at a person."""
    return {f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns
            for key in c.foreign_keys if key.target_fullname == "person.id"}


def _own() -> Iterator[tuple[Table, ColumnElement[Any], tuple[str, ...]]]:
    for name, shown in OWN.items():
        if (found := _column(name)) is not None:
            yield found.table, found, shown


def _column(name: str) -> Any:
    table, _, column = name.partition(".")
    found = metadata.tables.get(table)
    return None if found is None else found.c[column]


def _theirs(table: Table, column: ColumnElement[Any], persons: list[int]) -> ColumnElement[bool]:
    if table in (ballot, ballot_log):  # a household's vote too, as far as they cast it
        return or_(column.in_(persons), table.c.voter.in_([f"person:{i}" for i in persons]))
    return column.in_(persons)
