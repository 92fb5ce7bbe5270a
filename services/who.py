"""Which person staff mean: by number (#12), by home, or by a name that an admin has entered."""

import re
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from models.base import Tx
from models.tables import home, person, residence
from services import electorate
from texts.normal import plain
from texts.places import room

_NUMBER = re.compile(r"(?:#|编号\s?)(\d{1,9})")


def find(tx: Tx, community_id: int, words: str) -> int:
    """The person meant; a Refusal lists those it could be, with their numbers."""
    said = plain(words).strip(" ,。:")
    found = _numbered(tx, community_id, said) or _living(tx, community_id, said) or called(tx, community_id, said)
    if len(found) != 1:
        raise Refusal("who.several" if found else "who.unknown", said=said,
                      people=[(row.id, electorate.label(tx, row.id, row.name)) for row in found[:8]])
    return int(found[0].id)


def called(tx: Tx, community_id: int | None, said: str) -> list[Row[Any]]:
    """Everybody here of this name (id, name). Names are sealed at rest, so they are compared one by one."""
    return [row for row in tx.all(_here(community_id).where(person.c.name.is_not(None))) if row.name == said]


def name_of(tx: Tx, person_id: int) -> str:
    """What staff call a person among themselves: the name, or else home or number."""
    name = tx.scalar(select(person.c.name).where(person.c.id == person_id))
    return str(name) if name else electorate.label(tx, person_id, None)


def _here(community_id: int | None) -> Any:
    return select(person.c.id, person.c.name).where(
        person.c.community_id == community_id, person.c.left_at.is_(None), person.c.joined_into.is_(None)).order_by(person.c.id)


def _numbered(tx: Tx, community_id: int, said: str) -> list[Row[Any]]:
    number = _NUMBER.fullmatch(said)
    return tx.all(_here(community_id).where(person.c.id == int(number[1]))) if number else []


def _living(tx: Tx, community_id: int, said: str) -> list[Row[Any]]:
    label = room(said)
    return tx.all(_here(community_id).where(person.c.id.in_(
        select(residence.c.person_id).join_from(residence, home).where(
            home.c.community_id == community_id, home.c.label == label, residence.c.until.is_(None))))) if label else []
