"""Whom to remind first: who has not been reached at all, then those of the stairwells from which the fewest have voted."""

from collections import Counter
from typing import Any

from sqlalchemy import Row, select

from domain.classes import BY_AREA
from models.base import Tx
from models.tables import ballot, home, owner, poll_owner, residence
from services import procedure

Stair = tuple[int, str]


def first(tx: Tx, row: Row[Any], people: list[int]) -> list[int]:
    """The same people in the order in which they are reminded; who lives nowhere known comes last."""
    where = _stairs(tx, row)
    voted = Counter(where[p] for p in tx.connection.scalars(select(ballot.c.person_id).where(
        ballot.c.poll_id == row.id, ballot.c.choice != "", ballot.c.person_id.is_not(None))) if p in where)
    absent = Counter(where[p] for p in people if p in where)
    share = {stair: voted[stair] / (voted[stair] + absent[stair]) for stair in absent}
    reached = _reached(tx, row)
    return sorted(people, key=lambda p: (p in reached, share[where[p]] if p in where else 2, p))


def _stairs(tx: Tx, row: Row[Any]) -> dict[int, Stair]:
    """Where each person lives, or owns what is voted on."""
    place = (home.c.building_id, home.c.entrance)
    if row.poll_class in BY_AREA:
        query = select(owner.c.person_id, *place).join_from(poll_owner, owner).join(home, home.c.id == poll_owner.c.home_id).where(
            poll_owner.c.poll_id == row.id, owner.c.person_id.is_not(None))
    else:
        query = select(residence.c.person_id, *place).join_from(residence, home).where(
            residence.c.until.is_(None), home.c.community_id == row.community_id)
    return {person_id: (building_id, entrance) for person_id, building_id, entrance in map(tuple, tx.all(query))}


def _reached(tx: Tx, row: Row[Any]) -> set[int]:
    """Of a vote of owners, those who own a home that was reached."""
    if row.poll_class not in BY_AREA:
        return set()
    homes = procedure.reached(tx, row)
    return {person_id for person_id, home_id in map(tuple, tx.all(select(owner.c.person_id, poll_owner.c.home_id).join_from(
        poll_owner, owner).where(poll_owner.c.poll_id == row.id, owner.c.person_id.is_not(None)))) if home_id in homes}
