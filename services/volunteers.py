"""Brings somebody who wants to help to the staff, who know what there is to do; hours and deeds come into the ledger of points."""

from datetime import datetime

from models.base import Tx
from services import audit, electorate, outbox
from services.people import Speaker, staff_of
from texts.say import say


def offer(tx: Tx, speaker: Speaker, *, activity: str, key: str, now: datetime) -> int:
    """Tells everybody who works for the community who it is and what for; returns how many can be reached."""
    text = say("volunteer.notice", who=electorate.named(tx, speaker.id), number=speaker.id, activity=activity)
    reached = sum(outbox.to_person(tx, person_id=i, key=f"{key}:person:{i}", text=text, now=now)
                  for i in staff_of(tx, speaker.community_id) if i != speaker.id)
    audit.note(tx, speaker, "person.volunteer", speaker.who, now=now, reached=reached)
    return reached
