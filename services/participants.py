"""Who deliberates on an issue: parties, the residents of buildings, persons, or everybody; recorded for each matter by itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from models.base import Tx
from models.tables import building, home, participant, party, person, residence
from services import joined, parties, people
from services import who as persons_here
from texts.places import building as read_building
from texts.say import say

EVERYBODY = ("全体居民", "全体", "全小区", "所有居民", "大家")


@dataclass(frozen=True, slots=True)
class Who:
    """One of those who take part."""

    kind: str  # party | building | person | everybody
    id: int | None
    name: str


def find(tx: Tx, community_id: int | None, words: list[str]) -> list[Who]:
    """Who is meant by each word; a Refusal names those that nobody here is called by."""
    found = [(word, _one(tx, community_id, word)) for word in dict.fromkeys(words)]
    unknown = [word for word, who in found if who is None]
    if unknown:
        names = tx.connection.scalars(select(party.c.name).where(
            party.c.community_id == community_id, party.c.closed_at.is_(None)).order_by(party.c.id)).all()
        raise Refusal("talk.who_unknown", names=unknown, known=list(names))
    return [who for _, who in found if who is not None]


def _one(tx: Tx, community_id: int | None, word: str) -> Who | None:
    if word in EVERYBODY:
        return Who("everybody", None, word)
    own = tx.scalar(select(party.c.id).where(
        party.c.community_id == community_id, party.c.name == word, party.c.closed_at.is_(None)))
    if own is not None:
        return Who("party", own, word)
    label = read_building(word.removesuffix("居民"))
    block = tx.first(select(building.c.id, building.c.name).where(
        building.c.community_id == community_id, building.c.name == label))
    return Who("building", block.id, block.name) if block is not None else person_called(tx, community_id, word)


def person_called(tx: Tx, community_id: int | None, name: str) -> Who | None:
    """The one person here of this name; a Refusal when there are several."""
    same = persons_here.called(tx, community_id, name)
    if len(same) > 1:
        raise Refusal("talk.who_several", name=name)
    return Who("person", same[0].id, name) if same else None


def record(tx: Tx, deliberation_id: int, who: list[Who]) -> None:
    """Writes down who takes part, nobody twice."""
    had = {(w.kind, w.id) for w in of(tx, deliberation_id)}
    for each in who:
        if (each.kind, each.id) not in had:
            tx.add(participant, deliberation_id=deliberation_id, kind=each.kind, party_id=each.id if each.kind == "party" else None,
                   building_id=each.id if each.kind == "building" else None, person_id=each.id if each.kind == "person" else None)


def of(tx: Tx, deliberation_id: int) -> list[Who]:
    """Who takes part, as they were entered."""
    rows = tx.all(select(participant, party.c.name.label("party"), building.c.name.label("building"), person.c.name.label("person"))
                  .join_from(participant, party, isouter=True).join(building, isouter=True).join(
                      person, person.c.id == participant.c.person_id, isouter=True)
                  .where(participant.c.deliberation_id == deliberation_id).order_by(participant.c.id))
    return [Who(row.kind, row.party_id or row.building_id or row.person_id, _name(row)) for row in rows]


def _name(row: Row[Any]) -> str:
    """As it is told to everybody: a person is only somebody who was invited."""
    return row.party or row.building or say("talk.everybody" if row.kind == "everybody" else "talk.invited")


def shown(who: list[Who]) -> list[str]:
    """The names for a notice, without those of persons: how many were invited."""
    persons = sum(w.kind == "person" for w in who)
    named = [say("talk.residents_of", building=w.name) if w.kind == "building" else w.name for w in who if w.kind != "person"]
    return named + ([say("talk.persons", count=persons)] if persons else [])


def persons(tx: Tx, issue_id: int, deliberation_id: int, *, now: datetime) -> list[int]:
    """Everybody to tell in private: those who take part, and who raised the issue or stands behind it."""
    found = [person_id for person_id, _ in joined.followers(tx, issue_id)]
    for who in of(tx, deliberation_id):
        if who.kind == "party" and who.id is not None:
            found += parties.members(tx, who.id, now=now)
        elif who.kind == "building":
            found += tx.connection.scalars(select(residence.c.person_id).join_from(residence, home).where(
                home.c.building_id == who.id, residence.c.until.is_(None)).order_by(residence.c.id))
        elif who.kind == "person" and who.id is not None:
            found.append(who.id)
    return list(dict.fromkeys(found))


def belongs(tx: Tx, issue_id: int, deliberation_id: int, person_id: int, *, now: datetime) -> bool:
    """True when this person may have a say: everybody may, unless only some take part."""
    return any(w.kind == "everybody" for w in of(tx, deliberation_id)) or bool(
        {*people.behind(tx, person_id)} & {*persons(tx, issue_id, deliberation_id, now=now)})
