"""How long what is personal is kept, by kind, and its removal when that time is over: counts, results and the chain stay.

Each kind names the rows that are due and what is done to them; the dry run counts with the very same statement. Which rows
are due is read without holding up anybody, and each batch is written by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, Text, cast, delete, exists, func, or_, select, update

from domain.clock import SHANGHAI
from domain.lifecycle import OPEN
from domain.roles import SYSTEM
from domain.states import State
from models.base import Database, Tx
from models.logs import delivery
from models.rights import data_request, reveal
from models.rounds import opinion, opinion_nudge, opinion_round, opinion_served, opinion_vote
from models.tables import (
    ballot,
    ballot_log,
    bind_code,
    card_sent,
    console_session,
    deliberation,
    forward,
    heartbeat,
    issue,
    issue_event,
    join_code,
    message,
    objection,
    outbox,
    paper_ballot,
    permission,
    person,
    photo,
    poll,
    question,
    reminder,
    session,
    statement,
    warning,
)
from services import audit, erasure, issues, people, steps
from texts.say import say

BATCH = 200
SWEPT = "retention"  # its row among the heartbeats: when it was done last
DEFAULTS: dict[str, int | None] = {
    "messages": 180, "posts": 180, "codes": 180, "deliveries": 365, "issues": 730, "polls": 730, "votes": 3650, "left": 365,
    "requests": 1095}
_days: dict[str, int | None] = dict(DEFAULTS)
_hour: list[time | None] = [time(3)]
_DEAD = ("sent", "dead", "merged")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of thing that is kept for a time."""

    name: str
    period: str
    due: Callable[[datetime], Select[Any]]  # ids, given the moment before which they are due
    do: Callable[[Tx, list[int], datetime], None]


def configure(days: Mapping[str, int | None], hour: time | None) -> None:
    """Tells how many days each is kept (None: for good), and when the sweep is (None: never by itself). Called once at start."""
    _days.update(DEFAULTS | dict(days))
    _hour[0] = hour


def limits() -> list[tuple[str, int | None]]:
    """How many days each is kept, in the order it is told."""
    return list(_days.items())


def due(tx: Tx, *, now: datetime) -> dict[str, int]:
    """How many of each kind a sweep would take now."""
    found = {}
    for kind in KINDS:
        chosen = _due(kind, now)
        found[kind.name] = 0 if chosen is None else int(tx.scalar(select(func.count()).select_from(chosen.subquery())))
    return found


def sweep(db: Database, *, now: datetime) -> dict[str, int]:
    """Takes everything that is due; says how many of each kind. Safe to break off and to run again."""
    done = {}
    for kind in KINDS:
        done[kind.name] = count = _sweep(db, kind, now)
        if count:
            with db.write() as tx:
                audit.note(tx, SYSTEM, "retention.sweep", f"kind:{kind.name}", now=now, rows=count)
                audit.seal(tx)
    return done


def nightly(db: Database, *, now: datetime) -> bool:
    """The sweep of tonight, once; True when it was done now."""
    if _hour[0] is None:
        return False
    local = now.astimezone(SHANGHAI)
    begins = datetime.combine(local.date(), _hour[0], SHANGHAI)
    begins -= timedelta(days=begins > local)
    with db.read() as tx:
        last = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == SWEPT))
    if last is not None and last >= begins:
        return False
    sweep(db, now=now)
    with db.write() as tx:
        if not tx.execute(update(heartbeat).where(heartbeat.c.name == SWEPT).values(at=now)).rowcount:
            tx.add(heartbeat, name=SWEPT, at=now)
    if db.sqlite:  # what was deleted stands in the log of the database file until it is taken into the file
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def _sweep(db: Database, kind: Kind, now: datetime) -> int:
    chosen, count, last = _due(kind, now), 0, 0
    while chosen is not None:
        key = chosen.selected_columns[0]
        with db.read() as tx:
            ids = list(tx.connection.scalars(chosen.where(key > last).order_by(key).limit(BATCH)))
        if not ids:
            break
        with db.write() as tx:
            kind.do(tx, ids, now)
            audit.seal(tx)
        count, last = count + len(ids), ids[-1]
    return count


def _due(kind: Kind, now: datetime) -> Select[Any] | None:
    days = _days[kind.period]
    return None if days is None else kind.due(now - timedelta(days=days))


# --- the kinds ----------------------------------------------------------------------------------------------------
def _messages(tx: Tx, ids: list[int], now: datetime) -> None:
    tx.execute(update(message).where(message.c.id.in_(ids)).values(text=None, reply=None, card=None, payload=None))


def _posts(tx: Tx, ids: list[int], now: datetime) -> None:
    """The key stays, so that the same news is never posted twice."""
    tx.execute(update(outbox).where(outbox.c.id.in_(ids)).values(text=say("rights.gone"), facts=None, address=""))


def _forwards(tx: Tx, ids: list[int], now: datetime) -> None:
    tx.execute(update(forward).where(forward.c.id.in_(ids)).values(text=say("rights.gone"), facts=None))


def _issues(tx: Tx, ids: list[int], now: datetime) -> None:
    """What kind of matter it was, where and how it went stays; who raised it is told to nobody any more."""
    for issue_id in ids:
        issues.forget(tx, issue_id)
    tx.execute(update(issue).where(issue.c.id.in_(ids)).values(
        reason=None, result=None, track_why=None, excused=None, anonymous=True))
    tx.execute(update(issue_event).where(issue_event.c.issue_id.in_(ids)).values(text=None))
    tx.execute(update(warning).where(warning.c.issue_id.in_(ids)).values(reason=None))
    held = select(deliberation.c.id).where(deliberation.c.issue_id.in_(ids))
    tx.execute(update(statement).where(statement.c.deliberation_id.in_(held)).values(text="", condition=None, person_id=None))
    tx.execute(delete(photo).where(photo.c.issue_id.in_(ids)))
    if _days["messages"] is None or _days["posts"] is None:  # else what was said of it is gone long since
        for issue_id in ids:
            erasure.silence(tx, steps.by_id(tx, issue_id))


def _statements(tx: Tx, ids: list[int], now: datetime) -> None:
    """What was said in a round stays, as it was published; whose it was does not."""
    tx.execute(update(opinion).where(opinion.c.id.in_(ids)).values(person_id=None, message_id=None))


def _round_votes(tx: Tx, ids: list[int], now: datetime) -> None:
    """Who answered what in a round; what was found of it is kept as it was told."""
    for table in (opinion_vote, opinion_served, opinion_nudge):
        tx.execute(delete(table).where(table.c.round_id.in_(ids)))


def _questions(tx: Tx, ids: list[int], now: datetime) -> None:
    tx.execute(update(question).where(question.c.id.in_(ids)).values(text=say("rights.gone"), answer=None, person_id=None))


def _ballots(tx: Tx, ids: list[int], now: datetime) -> None:
    """The ballots go, and with them who cast them; the result, its root and a secret poll's choices, which are nobody's, stay."""
    for table in (ballot, ballot_log, paper_ballot, reminder):
        tx.execute(delete(table).where(table.c.poll_id.in_(ids)))
    tx.execute(update(objection).where(objection.c.poll_id.in_(ids)).values(person_id=None))
    tx.execute(update(poll).where(poll.c.id.in_(ids)).values(forgotten_at=now))
    for row in tx.all(select(poll.c.id, poll.c.community_id).where(poll.c.id.in_(ids))):
        audit.note(tx, SYSTEM, "poll.forget", f"poll:{row.id}", now=now, community_id=row.community_id)


def _people(tx: Tx, ids: list[int], now: datetime) -> None:
    for person_id in ids:
        erasure.erase(tx, people.as_person(tx, person_id), now=now, by=SYSTEM)


def _requests(tx: Tx, ids: list[int], now: datetime) -> None:
    tx.execute(update(data_request).where(data_request.c.id.in_(ids)).values(text=None, answer=None))


def _reveals(tx: Tx, ids: list[int], now: datetime) -> None:
    tx.execute(update(reveal).where(reveal.c.id.in_(ids)).values(note=None))


def _gone(table: Any) -> Callable[[Tx, list[int], datetime], None]:
    def do(tx: Tx, ids: list[int], now: datetime) -> None:
        tx.execute(delete(table).where(table.c.id.in_(ids)))
    return do


def _old(table: Any, at: Any, *more: Any) -> Callable[[datetime], Select[Any]]:
    return lambda cut: select(table.c.id).where(at < cut, *more)


_OVER = issue.c.state.not_in([*map(str, OPEN), State.DRAFT])
_STRAW = poll.c.poll_class == "straw"
_ENDED = (poll.c.state.in_(("closed", "void")), poll.c.forgotten_at.is_(None))
_HAS_WORDS = or_(*(message.c[name].is_not(None) for name in ("text", "reply", "payload")),
                 func.coalesce(cast(message.c.card, Text), "null") != "null")  # JSON says null where there is no card
_LEFT = (person.c.erased_at.is_(None), person.c.joined_into.is_(None))
KINDS = (
    Kind("messages", "messages", _old(message, message.c.received_at, message.c.state != "parked", _HAS_WORDS), _messages),
    Kind("posts", "posts", lambda cut: select(outbox.c.id).where(
        outbox.c.created_at < cut, outbox.c.state.in_(_DEAD), outbox.c.text != say("rights.gone")), _posts),
    Kind("forwards", "posts", lambda cut: select(forward.c.id).where(
        forward.c.created_at < cut, forward.c.state != "waiting", forward.c.text != say("rights.gone")), _forwards),
    Kind("bind_codes", "codes", _old(bind_code, bind_code.c.expires_at), _gone(bind_code)),
    Kind("join_codes", "codes", _old(join_code, join_code.c.expires_at), _gone(join_code)),
    Kind("logins", "codes", _old(console_session, console_session.c.created_at), _gone(console_session)),
    Kind("cards", "codes", _old(card_sent, card_sent.c.at), _gone(card_sent)),
    Kind("permissions", "codes", _old(permission, permission.c.at, permission.c.used_at.is_not(None)), _gone(permission)),
    Kind("deliveries", "deliveries", _old(delivery, delivery.c.at), _gone(delivery)),
    Kind("issues", "issues", _old(issue, func.coalesce(issue.c.closed_at, issue.c.changed_at), _OVER, issue.c.text != "",
                                  issue.c.number.is_not(None)), _issues),
    Kind("questions", "issues", lambda cut: select(question.c.id).join(session, session.c.id == question.c.session_id).where(
        session.c.ended_at < cut, question.c.text != say("rights.gone")), _questions),
    Kind("statements", "issues", lambda cut: select(opinion.c.id).join(
        opinion_round, opinion_round.c.id == opinion.c.round_id).where(
        opinion_round.c.closed_at < cut, opinion.c.person_id.is_not(None)), _statements),
    Kind("round_votes", "polls", lambda cut: select(opinion_round.c.id).where(
        opinion_round.c.closed_at < cut, exists().where(opinion_vote.c.round_id == opinion_round.c.id)), _round_votes),
    Kind("polls", "polls", _old(poll, func.coalesce(poll.c.closed_at, poll.c.closes_at), _STRAW, *_ENDED), _ballots),
    Kind("votes", "votes", _old(poll, func.coalesce(poll.c.closed_at, poll.c.closes_at), ~_STRAW, *_ENDED), _ballots),
    Kind("left", "left", _old(person, person.c.left_at, *_LEFT), _people),
    Kind("requests", "requests", _old(data_request, data_request.c.ended_at, or_(
        data_request.c.text.is_not(None), data_request.c.answer.is_not(None))), _requests),
    Kind("reveals", "requests", _old(reveal, reveal.c.at, reveal.c.note.is_not(None)), _reveals),
)
