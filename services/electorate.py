"""Whom a poll asks: who may vote in it, as what, and who has not yet.

An opinion poll asks whoever is here; a decision asks those who were here when it was announced. A vote of owners asks the
homes frozen from the register, for which their owners speak.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, or_, select

from domain.classes import BY_AREA, STRAW
from domain.errors import Refusal
from domain.roles import Role
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, chat_member, home, owner, person, poll_owner, poll_unit, residence
from services import owner_votes
from services.people import Speaker, homes_of

_HOMES_THEN = Hot(select(home.c.id, home.c.building_id, home.c.label).join_from(residence, home).where(
    residence.c.person_id == bindparam("person_id"), residence.c.until.is_(None), residence.c.since <= bindparam("then"))
    .order_by(home.c.id))
_SITS = Hot(select(chat_member.c.id).where(
    chat_member.c.chat_id == bindparam("chat_id"), chat_member.c.person_id == bindparam("person_id")))


@dataclass(frozen=True, slots=True)
class Right:
    """One vote that a person may cast: for themselves or for a household."""

    voter: str  # person:7 | home:12
    home_id: int | None


def rights(tx: Tx, poll: Row[Any], speaker: Speaker) -> list[Right]:
    """The votes the speaker has in the poll; a Refusal says what is missing."""
    if poll.community_id != speaker.community_id:
        raise Refusal("vote.other_community", number=poll.number)
    if poll.poll_class in BY_AREA:
        owned = owner_votes.spoken_for(tx, poll.id, speaker.id)
        if not owned:
            raise Refusal("vote.owners_only", number=poll.number, scope=poll.scope_name)
        return [Right(f"home:{home_id}", home_id) for home_id in owned]
    if poll.scope == "chat" and not _sits_in(tx, poll.scope_id, speaker.id):
        raise Refusal("vote.not_in_group", number=poll.number, scope=poll.scope_name)
    needs_home = (poll.scope == "building" or poll.household or speaker.role is not Role.RESIDENT
                  or poll.poll_class == "resident_adult")  # who lives here is known by their home
    if not needs_home:
        return [Right(speaker.who, None)]
    homes = homes_of(tx, speaker.id)
    if not homes:
        raise Refusal("vote.bind_first", number=poll.number)
    if poll.poll_class != STRAW:
        homes = [tuple(r) for r in tx.all(_HOMES_THEN, {"person_id": speaker.id, "then": poll.noticed_at or poll.opens_at})]
        if not homes:
            raise Refusal("vote.bound_too_late", number=poll.number, since=poll.noticed_at or poll.opens_at)
    if poll.scope == "building":
        homes = [h for h in homes if h[1] == poll.scope_id]
    if not homes:
        raise Refusal("vote.not_in_building", number=poll.number, scope=poll.scope_name)
    if poll.household:
        return [Right(f"home:{home_id}", home_id) for home_id, _, _ in homes]
    return [Right(speaker.who, homes[0][0])]


def _sits_in(tx: Tx, chat_id: int, person_id: int) -> bool:
    return tx.first(_SITS, {"chat_id": chat_id, "person_id": person_id}) is not None


def _asked(poll: Row[Any]) -> Select[Any]:
    """The people the poll asks, as (id): residents known to us, and staff only where they live; of a vote of owners the owners."""
    if poll.poll_class in BY_AREA:
        return owner_votes.proved(poll.id)
    bound = exists().where(residence.c.person_id == person.c.id, *_lives(poll))
    query = select(person.c.id).where(person.c.community_id == poll.community_id, person.c.left_at.is_(None),
                                      person.c.erased_at.is_(None), person.c.joined_into.is_(None),
                                      or_(person.c.role == Role.RESIDENT, bound))
    if poll.poll_class == "resident_adult":
        query = query.where(bound)
    if poll.scope == "chat":
        query = query.where(exists().where(chat_member.c.chat_id == poll.scope_id, chat_member.c.person_id == person.c.id))
    if poll.scope == "building":
        query = query.where(exists().where(residence.c.person_id == person.c.id, *_lives(poll),
                                           residence.c.home_id == home.c.id, home.c.building_id == poll.scope_id))
    return query


def _lives(poll: Row[Any]) -> list[ColumnElement[bool]]:
    """Lives here now; for a decision, since before it was announced."""
    here = residence.c.until.is_(None)
    return [here] if poll.poll_class == STRAW else [here, residence.c.since <= (poll.noticed_at or poll.opens_at)]


def _asked_homes(poll: Row[Any]) -> Select[Any]:
    """The households the poll asks: those with somebody bound, or those in the register."""
    if poll.poll_class in BY_AREA:
        return select(poll_unit.c.home_id).where(poll_unit.c.poll_id == poll.id)
    return select(residence.c.home_id).distinct().join_from(residence, home).where(
        *_lives(poll), residence.c.person_id.in_(_asked(poll)),
        *([home.c.building_id == poll.scope_id] if poll.scope == "building" else []))


def asks_home(tx: Tx, poll: Row[Any], home_id: int) -> bool:
    """Whether the home has a vote; an opinion poll of households asks every home."""
    if poll.poll_class == STRAW:
        return True
    found = _asked_homes(poll).subquery()
    return tx.scalar(select(func.count()).select_from(found).where(found.c.home_id == home_id)) > 0


def size(tx: Tx, poll: Row[Any]) -> int:
    """How many votes could be cast: people, or households; of a decision as many as when it was announced."""
    return int(poll.asked) if poll.asked is not None else count(tx, poll)


def count(tx: Tx, poll: Row[Any]) -> int:
    """How many votes could be cast by what is known now."""
    query = _asked_homes(poll) if poll.household else _asked(poll)
    return int(tx.scalar(select(func.count()).select_from(query.subquery())))


def unbound(tx: Tx, poll: Row[Any], asked: int) -> int:
    """How many homes an opinion poll of households leaves out of the `asked`: nobody there is bound. 0 for other polls."""
    if not poll.household or poll.poll_class != STRAW or poll.scope == "chat":
        return 0
    here = [home.c.building_id == poll.scope_id] if poll.scope == "building" else [home.c.community_id == poll.community_id]
    return int(tx.scalar(select(func.count()).select_from(home).where(*here, home.c.counts))) - asked


def missing(tx: Tx, poll: Row[Any]) -> list[Row[Any]]:
    """The people who could still vote and have not: (id, name)."""
    voted = select(ballot.c.id).where(ballot.c.poll_id == poll.id, ballot.c.choice != "")
    query = select(person.c.id, person.c.name).where(person.c.id.in_(_asked(poll)))
    if poll.poll_class in BY_AREA:
        query = query.where(person.c.id.in_(select(owner.c.person_id).join_from(poll_owner, owner).where(
            poll_owner.c.poll_id == poll.id, ~voted.where(ballot.c.home_id == poll_owner.c.home_id).exists())))
    elif poll.household:
        silent = select(residence.c.person_id).where(
            *_lives(poll), residence.c.home_id.in_(_asked_homes(poll)),
            ~voted.where(ballot.c.home_id == residence.c.home_id).exists())
        query = query.where(person.c.id.in_(silent))
    else:
        query = query.where(~voted.where(ballot.c.person_id == person.c.id).exists())
    return tx.all(query.order_by(person.c.id))


def label(tx: Tx, person_id: int, name: str | None) -> str:
    """How staff see a person: home and name, as far as known."""
    known = "、".join(h[2] for h in homes_of(tx, person_id))
    return " ".join(x for x in (known, name) if x) or f"#{person_id}"


def named(tx: Tx, person_id: int) -> str:
    """The same, looked up."""
    return label(tx, person_id, tx.scalar(select(person.c.name).where(person.c.id == person_id)))
