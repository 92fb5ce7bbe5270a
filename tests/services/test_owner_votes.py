"""The frozen electorate of a vote of owners and the weight of its ballots, on both databases."""

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from domain.classes import Measure
from domain.errors import Refusal
from models.base import Database, Tx
from models.tables import ballot, building, community, home, owner, ownership, person, poll
from services import owner_votes

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
FLAT = 8953
CHANCE = random.Random(3)


class Town:
    """A community with a building of flats, and a poll; helpers to write rows."""

    def __init__(self, tx: Tx, flats: int) -> None:
        self.tx = tx
        self.community = tx.add(community, code="c", name="c", last_issue=0, last_poll=0)
        self.block = tx.add(building, community_id=self.community, name="1幢")
        self.person = tx.add(person, community_id=self.community, name="王", created_at=NOW)
        self.homes = [self.home(i) for i in range(flats)]
        self.poll = tx.add(poll, community_id=self.community, number=1, title="t", options=["a", "b", "c"], most=1, household=False,
                           anonymous=False, scope="community", scope_name="c", state="open", opens_at=NOW, closes_at=NOW,
                           opened_by=self.person)

    def home(self, i: int, area: int | None = FLAT, entrance: str = "1") -> int:
        return self.tx.add(home, community_id=self.community, building_id=self.block, entrance=entrance, room=str(i),
                           label=f"1幢{entrance}单元{i}", area_dm2=area)

    def owner(self, name: str, *homes: int, kind: str = "person") -> None:
        key = self.tx.add(owner, community_id=self.community, name=name, kind=kind, key=name)
        for each in homes:
            self.tx.add(ownership, home_id=each, owner_id=key, place=0)

    def cast(self, home_id: int, choice: str, state: str = "counted") -> None:
        self.tx.add(ballot, poll_id=self.poll, voter=f"home:{home_id}", person_id=self.person, home_id=home_id, choice=choice,
                    sent_at=NOW, cast_at=NOW, state=state)


def marks(choice: str) -> frozenset[int]:
    return frozenset(int(i) for i in choice.split(","))


def test_what_is_frozen_stays_when_the_register_changes(db: Database) -> None:
    """One owner of two flats is one head, parking is nobody's, and later changes touch nothing."""
    with db.write() as tx:
        town = Town(tx, 5)
        a, b, c, d, e = town.homes
        town.owner("李", a, b)
        town.owner("陈", c)
        town.owner("建", d, kind="developer")
        tx.execute(update(home).where(home.c.id == e).values(counts=False))
        found = owner_votes.freeze(tx, town.poll, town.community, chance=CHANCE)
        assert found.head[a] == found.head[b] and set(found.head) == {a, b, c, d} and not found.unowned
        assert owner_votes.sums(tx, town.poll) == owner_votes.Sums(Measure(3, 4 * FLAT), 4, ())
        tx.execute(update(home).values(area_dm2=1, counts=True))
        assert owner_votes.sums(tx, town.poll).everybody == Measure(3, 4 * FLAT)
        with pytest.raises(Refusal, match=r"register\.frozen"):
            owner_votes.freeze(tx, town.poll, town.community, chance=CHANCE)


def test_a_missing_area_is_named_and_a_scope_is_kept(db: Database) -> None:
    """The lift of one entrance asks that entrance; nobody there: said so."""
    with db.write() as tx:
        town = Town(tx, 2)
        town.home(9, None, entrance="2")
        owner_votes.freeze(tx, town.poll, town.community, building_id=town.block, entrance="2", chance=CHANCE)
        assert owner_votes.sums(tx, town.poll) == owner_votes.Sums(Measure(1, 0), 1, ("1幢2单元9",))
        with pytest.raises(Refusal, match=r"register\.empty"):
            owner_votes.freeze(tx, town.poll + 1, town.community, building_id=town.block, entrance="3", chance=CHANCE)


def test_ballots_weigh_heads_and_area_and_held_ones_stand_apart(db: Database) -> None:
    """A withdrawn ballot weighs nothing; a head that says two things is named."""
    with db.write() as tx:
        town = Town(tx, 6)
        a, b, c, d, e, _ = town.homes
        town.owner("李", a, b)
        head = owner_votes.freeze(tx, town.poll, town.community, chance=CHANCE).head
        for home_id, choice in ((a, "0"), (b, "0"), (c, "0,1"), (d, "")):
            town.cast(home_id, choice)
        town.cast(e, "1", "held")
        found = owner_votes.weights(tx, town.poll)
        assert found.options(3, marks) == [Measure(2, 3 * FLAT), Measure(1, FLAT), Measure(0, 0)]
        assert found.took_part == Measure(2, 3 * FLAT)
        assert (found.held, found.held_ballots) == (Measure(1, FLAT), 1)
        agree, others, absent = owner_votes.apart(tx, town.poll, marks)
        assert (sorted(agree), others, absent) == ([FLAT, 2 * FLAT], [], [FLAT] * 3)
        assert [r.label for r in owner_votes.one_head(tx, town.poll, b)] == ["1幢1单元0", "1幢1单元1"] and head[a] == head[b]


def test_the_number_of_a_head_does_not_tell_the_flat(sqlite_db: Database) -> None:
    """Numbers in the order of the flats would publish who chose what; 40 flats fall in order once in 40!."""
    with sqlite_db.write() as tx:
        town = Town(tx, 40)
        head = owner_votes.freeze(tx, town.poll, town.community, chance=CHANCE).head
        assert sorted(head.values()) == sorted(f"h{i + 1}" for i in range(40))
        assert [head[h] for h in town.homes] != [f"h{i + 1}" for i in range(40)]
