"""Calls a human: tells the grid workers that somebody wants one of them."""

from datetime import datetime

from sqlalchemy import select

from models.base import Tx
from models.tables import person
from services import audit, electorate, notices, outbox
from services.people import Speaker, staff_of
from texts.say import say


def call(tx: Tx, speaker: Speaker, *, key: str, now: datetime) -> int:
    """Tells every grid worker who it is; returns how many can be reached."""
    name = tx.scalar(select(person.c.name).where(person.c.id == speaker.id))
    who = electorate.label(tx, speaker.id, name)
    reached = sum(outbox.to_person(tx, person_id=i, key=f"{key}:person:{i}", text=say("handoff.notice", who=who), now=now,
                                   notice=notices.call(who, now=now))
                  for i in staff_of(tx, speaker.community_id))
    audit.note(tx, speaker, "person.handoff", speaker.who, now=now, reached=reached)
    return reached
