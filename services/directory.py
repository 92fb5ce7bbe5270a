"""Who gets which kind of matter where: the nearest place wins, then the order in which it was entered."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, or_, select

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import building, directory, party
from services import audit
from texts.normal import plain
from texts.places import room
from texts.words import categories, category


def responsible(tx: Tx, community_id: int, code: str, place: str | None) -> list[Row[Any]]:
    """The parties that get such a matter there, the first of them first: those of the building come before the others."""
    where = block(tx, community_id, place or "")
    near = directory.c.building_id == where if where is not None else directory.c.building_id == 0
    rows = tx.all(select(party, directory.c.building_id).join_from(directory, party, party.c.id == directory.c.party_id).where(
        directory.c.community_id == community_id, directory.c.category == code, party.c.closed_at.is_(None),
        or_(directory.c.building_id.is_(None), near)).order_by(
            directory.c.building_id.is_(None), directory.c.place, directory.c.id))
    seen: set[int] = set()
    return [row for row in rows if not (row.id in seen or seen.add(row.id))]  # type: ignore[func-returns-value]


def nearest(tx: Tx, community_id: int, code: str, place: str | None) -> list[Row[Any]]:
    """Of those, the ones at the nearest place: for a matter that summons everybody responsible."""
    rows = responsible(tx, community_id, code, place)
    return [row for row in rows if row.building_id == rows[0].building_id]


def block(tx: Tx, community_id: int, place: str) -> int | None:
    """The building that a place is in."""
    label = room(place) or ""
    rows = tx.all(select(building.c.id, building.c.name).where(building.c.community_id == community_id)) if label else []
    return next((row.id for row in sorted(rows, key=lambda r: -len(r.name)) if label.startswith(row.name)), None)


def give(tx: Tx, actor: Actor, row: Row[Any], *, codes: list[str], building_id: int | None, now: datetime) -> list[str]:
    """Gives a party kinds of matters, of the whole community or of one building; returns those that are new to it."""
    _staff(actor)
    new, before = [], _codes(tx, row.id)
    for code in codes:
        last = tx.scalar(select(func.max(directory.c.place)).where(
            directory.c.community_id == row.community_id, directory.c.category == code))
        if tx.first(select(directory.c.id).where(directory.c.party_id == row.id, directory.c.category == code,
                                                 directory.c.building_id.is_not_distinct_from(building_id))) is None:
            tx.add(directory, community_id=row.community_id, category=code, building_id=building_id, party_id=row.id,
                   place=0 if last is None else last + 1)
            new.append(code)
    audit.note(tx, actor, "party.give", f"party:{row.id}", now=now, categories=",".join(codes), building=building_id, before=before,
               after=_codes(tx, row.id))
    return new


def take(tx: Tx, actor: Actor, row: Row[Any], *, codes: list[str], now: datetime) -> int:
    """A party no longer gets these kinds of matters; returns how many entries went."""
    _staff(actor)
    before = _codes(tx, row.id)
    gone = tx.execute(delete(directory).where(directory.c.party_id == row.id, directory.c.category.in_(codes)))
    audit.note(tx, actor, "party.take", f"party:{row.id}", now=now, categories=",".join(codes), before=before,
               after=_codes(tx, row.id))
    return gone.rowcount


def of_party(tx: Tx, party_id: int) -> list[tuple[str, str | None]]:
    """What a party gets: (category, building)."""
    return [(r.category, r.name) for r in tx.all(select(directory.c.category, building.c.name).join_from(
        directory, building, building.c.id == directory.c.building_id, isouter=True).where(directory.c.party_id == party_id)
        .order_by(directory.c.id))]


def _codes(tx: Tx, party_id: int) -> str:
    return ",".join(f"{code}@{where}" if where else code for code, where in of_party(tx, party_id))


def uncovered(tx: Tx, community_id: int) -> list[str]:
    """The kinds of matters that nobody gets in the whole community."""
    given = set(tx.connection.scalars(select(directory.c.category).join_from(directory, party).where(
        directory.c.community_id == community_id, directory.c.building_id.is_(None), party.c.closed_at.is_(None))))
    return [code for code in categories() if code not in given]


def codes_of(words: str) -> list[str]:
    """The kinds that are named, each by its name or by a word that means it: 电梯 停车 路灯."""
    found = []
    for word in plain(words).replace("、", " ").replace(",", " ").split():
        exact = [c.code for c in categories().values() if word == c.name or word in c.name.split("、")]
        begun = [c.code for c in categories().values() if c.name.startswith(word)]
        code = exact[0] if exact else begun[0] if len(begun) == 1 else category(word)
        if code is None:
            raise Refusal("party.category", said=word, names=[c.name for c in categories().values()])
        found.append(code)
    return list(dict.fromkeys(found))


def _staff(actor: Actor) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
