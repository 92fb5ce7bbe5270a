"""The electorate of a vote of owners: frozen from the register when the poll opens, and what its ballots weigh."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select

from domain.classes import Measure
from domain.errors import Refusal
from domain.heads import DEVELOPER, Grouping, Unit, group
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, home, owner, ownership, person, poll_owner, poll_unit

_IN_IT = (poll_unit.c.poll_id == ballot.c.poll_id) & (poll_unit.c.home_id == ballot.c.home_id)
_SPOKEN_FOR = Hot(select(poll_owner.c.home_id).join_from(poll_owner, owner).where(
    poll_owner.c.poll_id == bindparam("poll_id"), owner.c.person_id == bindparam("person_id")).distinct()
    .order_by(poll_owner.c.home_id))
_ONE_HEAD = Hot(select(poll_unit.c.home_id, poll_unit.c.label).where(
    poll_unit.c.poll_id == bindparam("poll_id"), poll_unit.c.head == bindparam("head")).order_by(poll_unit.c.home_id))


@dataclass(frozen=True, slots=True)
class Weights:
    """What the ballots weigh; those held back stand apart and count nowhere."""

    choices: dict[str, Measure]
    took_part: Measure
    held: Measure
    held_ballots: int

    def options(self, count: int, marks: Callable[[str], frozenset[int]]) -> list[Measure]:
        """Heads and area behind each option; `marks` reads the options a choice names.

        All homes of a head have the same hands (domain/heads.py), so a head has one choice, and heads add up.
        """
        behind = [[each for choice, each in self.choices.items() if i in marks(choice)] for i in range(count)]
        return [Measure(sum(m.heads for m in some), sum(m.area for m in some)) for some in behind]


@dataclass(frozen=True, slots=True)
class Sums:
    """All who are asked."""

    everybody: Measure
    homes: int
    missing_area: tuple[str, ...]  # labels


def units(tx: Tx, community_id: int, *, building_id: int | None = None, entrance: str | None = None) -> list[Any]:
    """The homes of a scope as rows (id, label, area_dm2, counts, handed_over), in the order of their entry."""
    query = select(home.c.id, home.c.label, home.c.area_dm2, home.c.counts, home.c.handed_over).where(
        home.c.community_id == community_id)
    if building_id is not None:
        query = query.where(home.c.building_id == building_id)
    if entrance is not None:
        query = query.where(home.c.entrance == entrance)
    return tx.all(query.order_by(home.c.id))


def as_units(tx: Tx, community_id: int, rows: list[Any]) -> list[Unit]:
    """These homes with their owners, by the register as it is now."""
    owners, developers = defaultdict(set), defaultdict(set)
    found = tx.all(select(ownership.c.home_id, owner.c.id, owner.c.kind).join_from(ownership, owner)
                   .where(owner.c.community_id == community_id))
    for home_id, owner_id, kind in map(tuple, found):
        owners[home_id].add(owner_id)
        if kind == DEVELOPER:
            developers[home_id].add(owner_id)
    return [Unit(r.id, r.area_dm2, frozenset(owners[r.id]), frozenset(developers[r.id]), r.handed_over, r.counts) for r in rows]


def grouping(tx: Tx, community_id: int, rows: list[Any]) -> Grouping:
    """Which of these homes are one head, by the register as it is now."""
    developers = tx.connection.scalars(select(owner.c.id).join_from(ownership, owner).where(
        owner.c.community_id == community_id, owner.c.kind == DEVELOPER))
    return group(as_units(tx, community_id, rows), frozenset(developers))


def freeze(tx: Tx, poll_id: int, community_id: int, *, building_id: int | None = None, entrance: str | None = None,
           chance: random.Random) -> Grouping:
    """Writes down who is asked; later changes of the register change nothing in this poll.

    The heads are numbered in a random order: published next to a choice, a number must not tell the flat.
    """
    if tx.scalar(select(poll_unit.c.id).where(poll_unit.c.poll_id == poll_id).limit(1)) is not None:
        raise Refusal("register.frozen")
    rows = units(tx, community_id, building_id=building_id, entrance=entrance)
    chance.shuffle(rows)
    found = grouping(tx, community_id, rows)
    asked = sorted((r for r in rows if r.id in found.head), key=lambda r: r.id)
    if not asked:
        raise Refusal("register.empty")
    tx.execute(insert(poll_unit), [{"poll_id": poll_id, "home_id": r.id, "label": r.label, "area_dm2": r.area_dm2,
                                    "head": found.head[r.id]} for r in asked])
    speak = [{"poll_id": poll_id, "home_id": r.id, "owner_id": each} for r in asked for each in sorted(found.speakers[r.id])]
    if speak:
        tx.execute(insert(poll_owner), speak)
    return found


def spoken_for(tx: Tx, poll_id: int, person_id: int) -> list[int]:
    """The homes of this vote that the person has proved to own, alone or with others."""
    return [r.home_id for r in tx.all(_SPOKEN_FOR, {"poll_id": poll_id, "person_id": person_id})]


def one_head(tx: Tx, poll_id: int, home_id: int) -> list[Row[Any]]:
    """The homes (home_id, label) that count as one owner with this one: they have one opinion."""
    head = tx.scalar(select(poll_unit.c.head).where(poll_unit.c.poll_id == poll_id, poll_unit.c.home_id == home_id))
    return tx.all(_ONE_HEAD, {"poll_id": poll_id, "head": head})


def silent(tx: Tx, poll_id: int) -> list[Row[Any]]:
    """The homes (home_id, label, reached_at, reached_how) for which nobody has voted, in the order of the register."""
    voted = select(ballot.c.id).where(ballot.c.poll_id == poll_id, ballot.c.home_id == poll_unit.c.home_id, ballot.c.choice != "")
    return tx.all(select(poll_unit.c.home_id, poll_unit.c.label, poll_unit.c.reached_at, poll_unit.c.reached_how).where(
        poll_unit.c.poll_id == poll_id, ~voted.exists()).order_by(poll_unit.c.home_id))


def proved(poll_id: int) -> Select[Any]:
    """The people who may vote, as (id): owners who have proved it and are still with us."""
    return select(person.c.id).join_from(poll_owner, owner).join(person, person.c.id == owner.c.person_id).where(
        poll_owner.c.poll_id == poll_id, person.c.left_at.is_(None), person.c.erased_at.is_(None),
        person.c.joined_into.is_(None)).distinct()


def sums(tx: Tx, poll_id: int) -> Sums:
    """All heads and all area of a frozen electorate, and the homes whose area nobody knows."""
    mine = poll_unit.c.poll_id == poll_id
    row = tx.first(select(func.count().label("homes"), func.count(poll_unit.c.head.distinct()).label("heads"),
                          func.coalesce(func.sum(poll_unit.c.area_dm2), 0).label("area")).where(mine))
    assert row is not None  # a count always has a row
    lacking = tx.all(select(poll_unit.c.label).where(mine, poll_unit.c.area_dm2.is_(None)).order_by(poll_unit.c.home_id))
    return Sums(Measure(int(row.heads), int(row.area)), int(row.homes), tuple(r.label for r in lacking))


def weights(tx: Tx, poll_id: int) -> Weights:
    """What every choice weighs now; a withdrawn ballot weighs nothing."""
    mine = (ballot.c.poll_id == poll_id) & (ballot.c.choice != "")
    sums = (func.count(poll_unit.c.head.distinct()), func.coalesce(func.sum(poll_unit.c.area_dm2), 0))
    choices, held, number = {}, Measure(0, 0), 0
    for choice, state, count, heads, area in map(tuple, tx.all(
            select(ballot.c.choice, ballot.c.state, func.count(), *sums).join_from(ballot, poll_unit, _IN_IT).where(mine)
            .group_by(ballot.c.choice, ballot.c.state))):
        if state == "held":
            held, number = Measure(held.heads + heads, held.area + int(area)), number + count
        else:
            choices[choice] = Measure(heads, int(area))
    took_part = Measure(sum(m.heads for m in choices.values()), sum(m.area for m in choices.values()))
    return Weights(choices, took_part, held, number)


def apart(tx: Tx, poll_id: int, marks: Callable[[str], frozenset[int]]) -> tuple[list[int], list[int], list[int]]:
    """The areas of the heads that chose the first option, of the others that took part, and of the rest."""
    area = func.coalesce(func.sum(poll_unit.c.area_dm2), 0)
    absent = {head: int(size) for head, size in map(tuple, tx.all(
        select(poll_unit.c.head, area).where(poll_unit.c.poll_id == poll_id).group_by(poll_unit.c.head)))}
    agree: list[int] = []
    others: list[int] = []
    for head, choice in map(tuple, tx.all(select(poll_unit.c.head, func.max(ballot.c.choice)).join_from(
            ballot, poll_unit, _IN_IT).where(ballot.c.poll_id == poll_id, ballot.c.choice != "", ballot.c.state == "counted")
            .group_by(poll_unit.c.head))):
        (agree if 0 in marks(choice) else others).append(absent.pop(head))
    return agree, others, list(absent.values())
