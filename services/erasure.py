"""A person's right to be forgotten: what tells who they are and what they said is removed, counts stay."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from domain.lifecycle import TABLE, Act
from domain.roles import Role
from domain.states import State
from models.base import Tx
from models.deeds import claim, point
from models.tables import (
    bind_code,
    chat_member,
    duty,
    identity,
    issue,
    issue_event,
    join_code,
    joining,
    message,
    objection,
    outbox,
    owner,
    party_member,
    permission,
    person,
    question,
    reminder,
    residence,
    stand_in,
    statement,
    warning,
)
from services import audit, ballots, digest, evidence, issues, round_erasure, sight, triage
from services.people import Speaker, behind, drop_waiting
from services.roads import TEXT_BYTES
from texts.say import say


def erase(tx: Tx, speaker: Speaker, *, now: datetime) -> None:
    """Removes identities, name, home and words of everybody this person was joined from.

    Ballots in open polls are withdrawn; closed polls keep their counts.
    """
    mine = behind(tx, speaker.id)
    _erase_words(tx, speaker, mine, now=now)
    evidence.forget_of(tx, mine)
    round_erasure.forget(tx, mine, now=now)
    for person_id in mine:
        ballots.take_all_back(tx, person_id, now=now)
    answered = select(message.c.id).where(message.c.person_id.in_(mine))
    tx.execute(delete(outbox).where(outbox.c.message_id.in_(answered), outbox.c.state != "sending"))
    tx.execute(update(message).where(message.c.person_id.in_(mine)).values(text=None, reply=None, card=None, payload=None))
    drop_waiting(tx, speaker)
    own = select(identity.c.id).where(identity.c.person_id.in_(mine))
    tx.execute(delete(permission).where(permission.c.identity_id.in_(own)))
    for table in (residence, chat_member, reminder, identity, join_code, party_member, duty, stand_in):
        tx.execute(delete(table).where(table.c.person_id.in_(mine)))
    tx.execute(delete(stand_in).where(stand_in.c.for_id.in_(mine)))
    tx.execute(delete(joining).where(or_(joining.c.survivor_id.in_(mine), joining.c.joined_id.in_(mine))))
    tx.execute(update(bind_code).where(bind_code.c.used_by.in_(mine)).values(used_by=None))
    tx.execute(update(owner).where(owner.c.person_id.in_(mine)).values(person_id=None))
    tx.execute(update(claim).where(claim.c.person_id.in_(mine), claim.c.state == "open").values(state="dropped", ended_at=now))
    for deeds in (claim, point):  # that it was done stays; who did it, and the staff's words about it, go
        tx.execute(update(deeds).where(deeds.c.person_id.in_(mine)).values(
            {"person_id": None} | ({"reason": None} if deeds is point else {})))
    tx.execute(update(objection).where(objection.c.person_id.in_(mine)).values(person_id=None))  # the vote's record keeps the words
    tx.execute(update(person).where(person.c.id.in_(mine)).values(
        name=None, role=Role.RESIDENT, consent_version=0, consented_at=None, left_at=now, erased_at=now))
    audit.note(tx, speaker, "person.erase", speaker.who, now=now)


def _erase_words(tx: Tx, speaker: Speaker, mine: list[int], *, now: datetime) -> None:
    """Issues nobody else stands behind end; the others go on without the words."""
    for row in tx.all(select(issue).where(issue.c.submitter_id.in_(mine))):
        submitter = replace(speaker, person_id=row.submitter_id)
        if row.state == State.DRAFT:
            issues.drop(tx, submitter, issue_id=row.id, now=now)
        elif (State(row.state), Act.WITHDRAW) in TABLE:
            issues.withdraw(tx, submitter, number=row.number, now=now)
        issues.forget(tx, row.id)
        sight.forget(tx, row)
        silence(tx, row)
    for row in tx.all(select(issue).where(issue.c.id.in_(
            select(issue_event.c.issue_id).where(issue_event.c.actor_id.in_(mine), issue_event.c.text.is_not(None))))):
        silence(tx, row)
        triage.forget_proposals(tx, row.id, set(tx.connection.scalars(select(issue_event.c.text).where(
            issue_event.c.issue_id == row.id, issue_event.c.actor_id.in_(mine), issue_event.c.act == "propose"))))
    tx.execute(update(issue_event).where(issue_event.c.actor_id.in_(mine)).values(text=None))
    tx.execute(update(warning).where(warning.c.made_by.in_([f"person:{i}" for i in mine])).values(reason=None))
    tx.execute(update(statement).where(statement.c.person_id.in_(mine)).values(text="", condition=None))
    tx.execute(update(question).where(question.c.person_id.in_(mine)).values(text=say("issue.struck")))


def silence(tx: Tx, row: Row[Any]) -> None:
    """Forgets what the bot has said about an issue since it was raised: answers that name it or list issues, and posts.

    By number and key, never by searching for the person's words: those could be anybody's.
    """
    about = or_(message.c.reply.contains(f"I{row.number}"), message.c.intent == "issue.list") if row.number else message.c.id == 0
    answers = [message.c.community_id == row.community_id, message.c.received_at >= row.created_at, about]
    tx.execute(delete(outbox).where(outbox.c.state.in_(["sent", "dead"]), outbox.c.message_id.in_(
        select(message.c.id).where(*answers))))
    tx.execute(update(message).where(*answers)
               .values(reply=None, card=None))
    own = outbox.c.key.startswith(f"issue:{row.id}:")
    tx.execute(update(outbox).where(own, outbox.c.state.in_(["sent", "dead", "merged"])).values(text=say("issue.struck")))
    for digest_id in set(tx.connection.scalars(select(outbox.c.merged_into).where(own, outbox.c.merged_into.is_not(None)))):
        digest.compose(tx, digest_id, text_bytes=TEXT_BYTES)
    tx.execute(delete(outbox).where(own, outbox.c.state == "waiting"))
