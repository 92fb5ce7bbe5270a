"""A person's right to be forgotten: what tells who they are and what they said is removed, counts stay."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update

from domain.lifecycle import TABLE, Act
from domain.roles import Actor, Role
from domain.states import State
from models.base import Tx
from models.deeds import claim, point
from models.secret import UNREADABLE
from models.tables import (
    bind_code,
    chat_member,
    duty,
    forward,
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
    solitaire,
    stand_in,
    statement,
    warning,
)
from services import audit, ballots, digest, evidence, holdings, issues, quoted, rights, round_erasure, sight, triage
from services.people import Speaker, behind, drop_waiting, homes_of
from services.roads import TEXT_BYTES
from texts.say import say


def erase(tx: Tx, speaker: Speaker, *, now: datetime, by: Actor | None = None) -> None:
    """Removes identities, name, phone, home and words of everybody this person was joined from; `by` others only for them.

    Ballots in open polls are withdrawn; closed polls keep their counts.
    """
    mine = behind(tx, speaker.id)
    _erase_traces(tx, speaker, mine)
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
    holdings.forget(tx, mine)
    rights.on_record(tx, by or speaker, person_id=speaker.id, community_id=speaker.home_community, kind="delete", now=now)
    rights.drop_open(tx, mine, now=now)
    tx.execute(update(person).where(person.c.id.in_(mine)).values(
        name=None, phone=None, phone_mark=None, role=Role.RESIDENT, consent_version=0, consented_at=None, left_at=now,
        erased_at=now))
    audit.note(tx, by or speaker, "person.erase", speaker.who, now=now, community_id=speaker.community_id)


def _erase_traces(tx: Tx, speaker: Speaker, mine: list[int]) -> None:
    """Takes the name out of what the bot has written about this person to others, and their lines out of #接龙 lists.

    What others said stays as they said it. A namesake's name is hidden too: these are copies of what was sent long ago.
    """
    rows = tx.all(select(person.c.name, person.c.created_at).where(person.c.id.in_(mine)))
    labels = [label for i in mine for _, _, label in homes_of(tx, i)]
    names = {r.name for r in rows if r.name and r.name != UNREADABLE}
    here, since, someone = speaker.community_id, min(r.created_at for r in rows), say("rights.someone")
    for name in names:
        for table, column, at in ((outbox, outbox.c.text, outbox.c.created_at), (message, message.c.reply, message.c.received_at)):
            tx.execute(update(table).where(table.c.community_id == here, at >= since, column.contains(name, autoescape=True))
                       .values({column: func.replace(column, name, someone)}))
        tx.execute(update(forward).where(forward.c.community_id == here, forward.c.text.contains(name, autoescape=True)).values(
            text=func.replace(forward.c.text, name, someone)))
    for row in tx.all(select(solitaire.c.id, solitaire.c.entries).where(solitaire.c.community_id == here)):
        kept = [e for e in row.entries if e["name"] not in names and not any(
            word in f"{e['name']} {e['said']}" for word in (*names, *labels))]
        if len(kept) < len(row.entries):
            tx.execute(update(solitaire).where(solitaire.c.id == row.id).values(entries=kept))


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
    for table, answers in ((statement, "talk."), (question, "session.")):
        for said in tx.all(select(table.c.text, table.c.at).where(table.c.person_id.in_(mine))):
            quoted.take_out(tx, said.text, community_id=speaker.home_community, since=said.at, answers=answers)
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
    tx.execute(update(outbox).where(own, outbox.c.state.in_(["sent", "dead", "merged"])).values(
        text=say("issue.struck"), facts=None))
    for digest_id in set(tx.connection.scalars(select(outbox.c.merged_into).where(own, outbox.c.merged_into.is_not(None)))):
        digest.compose(tx, digest_id, text_bytes=TEXT_BYTES)
    tx.execute(delete(outbox).where(own, outbox.c.state == "waiting"))
    if row.number:
        quoted.take_out(tx, row.title, community_id=row.community_id, since=row.created_at,
                        beside=rf"(?<![A-Za-z0-9])I{row.number}(?!\d)")
