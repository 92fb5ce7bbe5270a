"""A person's right to be forgotten: what tells who they are and what they said is removed, counts stay."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from domain.lifecycle import TABLE, Act, State
from domain.roles import Role
from models.base import Tx
from models.tables import (
    ballot,
    bind_code,
    chat_member,
    identity,
    issue,
    issue_event,
    message,
    outbox,
    person,
    poll,
    reminder,
    residence,
)
from services import audit, issues
from services.people import Speaker, drop_waiting
from texts.say import say


def erase(tx: Tx, speaker: Speaker, *, now: datetime) -> None:
    """Removes identities, name, home and words. Ballots in open polls are withdrawn; closed polls keep their counts."""
    _erase_words(tx, speaker, now=now)
    still_open = select(poll.c.id).where(poll.c.community_id == speaker.community_id, poll.c.state == "open")
    tx.execute(delete(ballot).where(ballot.c.person_id == speaker.id, ballot.c.poll_id.in_(still_open)))
    answered = select(message.c.id).where(message.c.person_id == speaker.id)
    tx.execute(delete(outbox).where(outbox.c.message_id.in_(answered), outbox.c.state != "sending"))
    tx.execute(update(message).where(message.c.person_id == speaker.id).values(text=None, reply=None, card=None, payload=None))
    drop_waiting(tx, speaker)
    for table in (residence, chat_member, reminder, identity):
        tx.execute(delete(table).where(table.c.person_id == speaker.id))
    tx.execute(update(bind_code).where(bind_code.c.used_by == speaker.id).values(used_by=None))
    tx.execute(update(person).where(person.c.id == speaker.id).values(
        name=None, role=Role.RESIDENT, consent_version=0, consented_at=None, left_at=now, erased_at=now))
    audit.note(tx, speaker, "person.erase", speaker.who, now=now)


def _erase_words(tx: Tx, speaker: Speaker, *, now: datetime) -> None:
    """Issues nobody else stands behind end; the others go on without the words."""
    for row in tx.all(select(issue).where(issue.c.submitter_id == speaker.id)):
        if row.state == State.DRAFT:
            issues.drop(tx, speaker, issue_id=row.id, now=now)
        elif (State(row.state), Act.WITHDRAW) in TABLE:
            issues.withdraw(tx, speaker, number=row.number, now=now)
        issues.forget(tx, row.id)
        _silence(tx, row)
    for row in tx.all(select(issue).where(issue.c.id.in_(
            select(issue_event.c.issue_id).where(issue_event.c.actor_id == speaker.id, issue_event.c.text.is_not(None))))):
        _silence(tx, row)
    tx.execute(update(issue_event).where(issue_event.c.actor_id == speaker.id).values(text=None))


def _silence(tx: Tx, row: Row[Any]) -> None:
    """Forgets what the bot has said about an issue since it was raised: answers that name it or list issues, and posts.

    By number and key, never by searching for the person's words: those could be anybody's.
    """
    about = or_(message.c.reply.contains(f"I{row.number}"), message.c.intent == "issue.list") if row.number else message.c.id == 0
    answers = [message.c.community_id == row.community_id, message.c.received_at >= row.created_at, about]
    tx.execute(delete(outbox).where(outbox.c.state.in_(["sent", "dead"]), outbox.c.message_id.in_(
        select(message.c.id).where(*answers))))
    tx.execute(update(message).where(*answers)
               .values(reply=None, card=None))
    tx.execute(update(outbox).where(outbox.c.key.startswith(f"issue:{row.id}:"), outbox.c.state.in_(["sent", "dead"]))
               .values(text=say("issue.struck")))
    tx.execute(delete(outbox).where(outbox.c.key.startswith(f"issue:{row.id}:"), outbox.c.state == "waiting"))
