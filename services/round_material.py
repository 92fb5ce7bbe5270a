"""What a round is computed from, read from its rows: statements, the vote of each person on each, and the groups people live in.

Votes on statements that were joined count for the one they were joined to; two accounts of one person are one person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from models.base import Tx
from models.rounds import opinion, opinion_vote
from models.tables import home, person, residence
from services import round_voice

SMALLEST = 5  # people of a floor band that is worth showing
_WHO = func.coalesce(person.c.joined_into, person.c.id)
Groups = dict[int, str]


@dataclass(frozen=True, slots=True)
class Material:
    """A round in plain values."""

    statements: dict[int, Row[Any]]  # shown or hidden, by id; joined ones are part of what they were joined to
    voices: dict[int, int]  # how many people said the same, by statement
    votes: list[tuple[int, int, int, datetime]]  # person, statement, value, when: of each pair the latest
    groups: dict[str, Groups] = field(default_factory=dict)  # by way of grouping: the group of each person

    @property
    def hidden(self) -> list[int]:
        """Statements that were taken out."""
        return [row.id for row in self.statements.values() if row.state != "shown"]

    @property
    def people(self) -> set[int]:
        """Who has voted."""
        return {person_id for person_id, _, _, _ in self.votes}


def read(tx: Tx, round_: Row[Any]) -> Material:
    """Everything the computation needs of a round."""
    rows = tx.all(select(opinion).where(opinion.c.round_id == round_.id).order_by(opinion.c.number))
    root = roots(rows)
    statements = {row.id: row for row in rows if root[row.id] == row.id and row.state in ("shown", "hidden")}
    said: dict[int, set[int]] = defaultdict(set)
    whose = _one_person(tx, {row.person_id for row in rows if row.person_id})
    for row in rows:
        if row.person_id and row.state != "waiting":
            said[root[row.id]].add(whose.get(row.person_id, row.person_id))
    votes = _votes(tx, round_.id, root, statements)
    people = {person_id for person_id, _, _, _ in votes}
    return Material(statements, {i: len(said[i]) for i in statements}, votes, groups_of(tx, round_.community_id, people))


def roots(rows: Iterable[Row[Any]]) -> dict[int, int]:
    """For each statement the one it counts for: along the edges of those that were joined, never in a circle."""
    to = {row.id: row.joined_to if row.state == "joined" and row.joined_to else None for row in rows}
    found = {}
    for start in to:
        here, seen = start, {start}
        while (further := to.get(here)) is not None and further in to and further not in seen:
            seen.add(further)
            here = further
        found[start] = here
    return found


def _votes(tx: Tx, round_id: int, root: Mapping[int, int], statements: Mapping[int, Any]) -> list[tuple[int, int, int, datetime]]:
    latest: dict[tuple[int, int], tuple[Any, int, datetime]] = {}
    query = select(_WHO.label("who"), opinion_vote.c.opinion_id, opinion_vote.c.value, opinion_vote.c.at, opinion_vote.c.seq)
    for row in tx.all(query.join_from(opinion_vote, person, person.c.id == opinion_vote.c.person_id).where(
            opinion_vote.c.round_id == round_id)):
        key, when = (row.who, root.get(row.opinion_id, row.opinion_id)), (row.seq, row.at)
        if key[1] in statements and (key not in latest or latest[key][0] < when):
            latest[key] = (when, row.value, row.at)
    return [(who, statement, value, at) for (who, statement), (_, value, at) in sorted(latest.items())]


def _one_person(tx: Tx, ids: set[int]) -> dict[int, int]:
    return {row.id: row.who for row in tx.all(select(person.c.id, _WHO.label("who")).where(person.c.id.in_(ids)))} if ids else {}


# --- groups that exist already --------------------------------------------------------------------------------
def groups_of(tx: Tx, community_id: int, people: set[int]) -> dict[str, Groups]:
    """Building, owner or tenant, floor, age, of these people as far as it is known; what was not told is not guessed."""
    known = round_voice.groups_of(tx, community_id) | {"floor": _floors(tx, community_id, people)}
    return {name: {who: group for who, group in known[name].items() if who in people}
            for name in ("building", "tenure", "floor", "age")}


def _floors(tx: Tx, community_id: int, people: set[int]) -> Groups:
    """Ground, middle and top floor of each building; lower and upper half where those would be too few to show."""
    top: dict[int, int] = {}
    for row in tx.all(select(home.c.building_id, home.c.room).where(home.c.community_id == community_id)):
        top[row.building_id] = max(top.get(row.building_id, 0), floor(row.room) or 0)
    floors: dict[int, tuple[int, int]] = {}
    for row in tx.all(select(_WHO.label("who"), home.c.room, home.c.building_id).join_from(residence, home).join(
            person, person.c.id == residence.c.person_id).where(residence.c.until.is_(None), home.c.community_id == community_id)
            .order_by(residence.c.id)):
        level = floor(row.room)
        if row.who in people and level and top[row.building_id] > 1:
            floors[row.who] = level, top[row.building_id]
    three = {who: "ground" if level == 1 else "top" if level == highest else "middle" for who, (level, highest) in floors.items()}
    large = [name for name in ("ground", "middle", "top") if sum(v == name for v in three.values()) >= SMALLEST]
    if "ground" in large and len(large) > 1:
        return three
    return {who: "lower" if 2 * level <= highest else "upper" for who, (level, highest) in floors.items()}


def floor(room: str) -> int | None:
    """The floor of a room: 501 is on the fifth, 1203 on the twelfth; None where the number does not tell."""
    digits = room.strip()
    return int(digits[:-2]) if digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 4 else None
