"""Who has not been heard in a round, as sums; whom to remind first; and votes that look arranged, for staff to look at.

Taking part is counted, never what somebody said. A group of fewer than five people is not shown, so that no sum tells of a person.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.opinions import Cast, arranged
from models.base import Tx
from models.rounds import opinion, opinion_flag, opinion_nudge, opinion_vote, person_trait
from models.tables import building, chat_member, home, owner, person, residence
from services import audit, outbox, people, rounds
from services.people import Speaker
from texts.say import say

SMALLEST = 5  # people a group must have to be shown
NUDGED = 30  # people reminded at a time
_WHO = func.coalesce(person.c.joined_into, person.c.id)


@dataclass(frozen=True, slots=True)
class Heard:
    """How many of a group take part."""

    name: str
    heard: int
    of: int

    @property
    def share(self) -> float:
        """The part that has been heard."""
        return self.heard / self.of


@dataclass(frozen=True, slots=True)
class Voice:
    """A round's state for its host."""

    round: Row[Any]
    statements: int
    waiting: int
    people: int
    votes: int
    known: int  # people who could take part, as far as they are known
    by: dict[str, list[Heard]]  # building | tenure | age, the least heard first
    flags: list[Row[Any]]


def of(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> Voice:
    """How a round goes and whom it has not heard, for its host."""
    row = rounds.led(tx, actor, number, now=now)
    states = Counter(tx.connection.scalars(select(opinion.c.state).where(opinion.c.round_id == row.id)))
    took, everybody = heard(tx, row), _everybody(tx, row)
    votes = int(tx.scalar(select(func.count()).where(opinion_vote.c.round_id == row.id)))
    flags = tx.all(select(opinion_flag).where(opinion_flag.c.round_id == row.id).order_by(opinion_flag.c.id))
    tx.execute(update(opinion_flag).where(opinion_flag.c.round_id == row.id, opinion_flag.c.seen_at.is_(None)).values(
        seen_at=now, seen_by=actor.id))
    return Voice(row, states["shown"], states["waiting"], len(took), votes, len(everybody | took),
                 {kind: _shares(groups, took) for kind, groups in groups_of(tx, row.community_id).items()}, flags)


def _shares(group_of: dict[int, str], took: set[int]) -> list[Heard]:
    size, there = Counter(group_of.values()), Counter(g for p, g in group_of.items() if p in took)
    found = [Heard(name, there[name], count) for name, count in size.items() if count >= SMALLEST]
    return sorted(found, key=lambda h: (h.share, h.name))


def heard(tx: Tx, row: Row[Any]) -> set[int]:
    """Everybody who voted in a round; who says something agrees with it."""
    return set(tx.connection.scalars(select(_WHO).join_from(opinion_vote, person, person.c.id == opinion_vote.c.person_id).where(
        opinion_vote.c.round_id == row.id)))


def _everybody(tx: Tx, row: Row[Any]) -> set[int]:
    """The members of the round's groups who are here."""
    return set(tx.connection.scalars(select(_WHO).join_from(chat_member, person, person.c.id == chat_member.c.person_id).where(
        chat_member.c.chat_id.in_(rounds.chats(tx, row)), person.c.left_at.is_(None))))


def groups_of(tx: Tx, community_id: int) -> dict[str, dict[int, str]]:
    """For each kind of group that exists already, who belongs where: by building, as owner or tenant, by age if they told it."""
    here = (person.c.community_id == community_id, person.c.left_at.is_(None))
    lives = tx.all(select(_WHO.label("who"), building.c.name).join_from(residence, home).join(
        building, building.c.id == home.c.building_id).join(person, person.c.id == residence.c.person_id).where(
        residence.c.until.is_(None), *here).order_by(residence.c.id))
    traits = tx.all(select(_WHO.label("who"), person_trait.c.age_band, person_trait.c.tenure).join_from(
        person_trait, person, person.c.id == person_trait.c.person_id).where(*here))
    owners = set(tx.connection.scalars(select(_WHO).join_from(owner, person, person.c.id == owner.c.person_id).where(*here)))
    tenure = {r.who: r.tenure for r in traits if r.tenure} | dict.fromkeys(owners, "owner")
    return {"building": {r.who: r.name for r in lives},
            "tenure": {who: say(f"terms.tenure.{t}") for who, t in tenure.items()},
            "age": {r.who: say(f"terms.age.{r.age_band}") for r in traits if r.age_band}}


# --- reminding ------------------------------------------------------------------------------------------------
def remind(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> int:
    """Asks some of those who have not been heard, of the least heard groups first; each person once in a round."""
    row = rounds.led(tx, actor, number, now=now)
    rounds.running(tx, row.id, now=now)
    count = _nudge(tx, row, now)
    audit.note(tx, actor, "round.remind", f"round:{row.id}", now=now, people=count)
    return count


def half_time(tx: Tx, round_id: int, now: datetime) -> None:
    """Half of the time is over: the least heard are asked."""
    row = rounds.held(tx, round_id)
    if row.state == "open" and row.closes_at > now:
        _nudge(tx, row, now)


def _nudge(tx: Tx, row: Row[Any], now: datetime) -> int:
    number = rounds.number_of(tx, row)
    asked, insert = 0, insert_postgres if tx.postgres else insert_sqlite
    for who in first(tx, row):
        if asked == NUDGED:
            break
        # «issue:…:person:…» is what counts in a person's share of the day's news; what is over it waits for the morning
        if outbox.to_person(tx, person_id=who, key=f"issue:{row.issue_id}:round:{row.id}:person:{who}", now=now,
                            weight=outbox.REMINDER, rationed=True, text=say("round.nudge", round=row, number=number)):
            tx.execute(insert(opinion_nudge).values(round_id=row.id, person_id=who, at=now).on_conflict_do_nothing())
            asked += 1
    return asked


def first(tx: Tx, row: Row[Any]) -> list[int]:
    """Who has neither been heard nor asked, those of the least heard groups first; of nobody's group last."""
    took = heard(tx, row)
    asked = set(tx.connection.scalars(select(opinion_nudge.c.person_id).where(opinion_nudge.c.round_id == row.id)))
    share: dict[int, list[float]] = defaultdict(list)
    for group_of in groups_of(tx, row.community_id).values():
        size, there = Counter(group_of.values()), Counter(g for p, g in group_of.items() if p in took)
        for who, group in group_of.items():
            share[who].append(there[group] / size[group])
    return sorted(_everybody(tx, row) - took - asked - {row.host_id}, key=lambda p: (min(share[p], default=2.0), p))


# --- arranged -------------------------------------------------------------------------------------------------
def watch(tx: Tx, row: Row[Any], now: datetime) -> int:
    """Tells staff, once for each pattern, of votes that look arranged; takes nothing away. Returns how many are new."""
    of_vote = (opinion_vote.c.opinion_id, opinion_vote.c.value, opinion_vote.c.at, person.c.created_at)
    votes = [Cast(*tuple(r)) for r in tx.all(select(_WHO, *of_vote).join_from(
        opinion_vote, person, person.c.id == opinion_vote.c.person_id).where(opinion_vote.c.round_id == row.id))]
    insert, fresh = insert_postgres if tx.postgres else insert_sqlite, 0
    day = now.astimezone(SHANGHAI).date()  # a crowd that goes on voting is told of once a day
    for each in arranged(votes):
        new = tx.execute(insert(opinion_flag).values(
            round_id=row.id, kind=each.kind, about=each.about, people=each.people, votes=each.votes, at=now)
            .on_conflict_do_nothing(index_elements=["round_id", "kind", "about"]).returning(opinion_flag.c.id)).first()
        if new is None:
            continue
        fresh += 1
        for who in people.staff_of(tx, row.community_id):
            outbox.to_person(tx, person_id=who, key=f"round:{row.id}:flag:{day}:{who}", now=now,
                             text=say("round.flag", number=rounds.number_of(tx, row), round=row, flag=each))
    return fresh


def tell_of_me(tx: Tx, speaker: Speaker, *, age_band: str | None, tenure: str | None, now: datetime) -> None:
    """Keeps what somebody says of themselves so that their group is heard; None leaves it, '' forgets it."""
    speaker = people.present(tx, speaker)
    had = tx.first(select(person_trait).where(person_trait.c.person_id == speaker.id))
    values = {name: value or None for name, value in (("age_band", age_band), ("tenure", tenure)) if value is not None}
    if not values:
        raise Refusal("round.trait_how")
    if had is None:
        tx.execute(person_trait.insert().values(person_id=speaker.id, at=now, **values))
    else:
        tx.execute(update(person_trait).where(person_trait.c.person_id == speaker.id).values(at=now, **values))
    audit.note(tx, speaker, "person.trait", speaker.who, now=now, kinds=sorted(values))
