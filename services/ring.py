"""The bell (响铃): enough neighbours behind an issue within a day summon whoever is responsible, exactly once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from domain.roles import SYSTEM
from models.base import Tx
from models.tables import issue_event, supporter
from services import directory, joined, limits, parties, steps, telling
from texts.mask import mask

RING = "ring"


def heard(tx: Tx, row: Row[Any], *, now: datetime) -> bool:
    """Rings when enough people have come to stand behind the issue of late; whoever asks holds the issue, so it rings once."""
    chosen = limits.of()
    fresh = tx.scalar(select(func.count(supporter.c.person_id.distinct())).where(
        supporter.c.issue_id.in_(joined.members(tx, row.id)), supporter.c.at > now - chosen.ring_window))
    if fresh < chosen.ring_people or tx.first(select(issue_event.c.id).where(
            issue_event.c.issue_id == row.id, issue_event.c.act == RING).limit(1)) is not None:
        return False
    called = directory.nearest(tx, row.community_id, row.category, row.place)
    if row.party_id is not None and row.party_id not in {p.id for p in called}:
        called = [parties.by_id(tx, row.party_id), *called]
    names = [p.name for p in called]
    steps.event(tx, row.id, RING, SYSTEM, now=now, text="、".join(names) or None,
                facts={"people": fresh, "parties": [p.id for p in called]})
    who = dict.fromkeys(i for p in called for i in parties.members(tx, p.id, now=now))
    told = telling.persons(tx, row, "rung.party", list(who), now, notify=True, people=fresh, hours=chosen.ring_hours,
                           text=mask(row.text))
    telling.staff(tx, row, "rung", now, people=fresh, hours=chosen.ring_hours, names=names, told=told)
    telling.group(tx, row, "rung", now, people=fresh, names=names)
    return True
