"""Whose vote or support a line of a #接龙 list is: one's own by one's name, a neighbour's only by home and a grid worker's yes.

A nickname alone is nobody. What a resident did by their own hand, before or after, is never overwritten by a list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import ballot, home, person, residence
from services import ballots, electorate, issues, outbox, people, standing
from services.people import Speaker
from services.solitaire import LONGEST, MOST, TOKEN, News, choice_of, homeless
from texts.kinds import spoken
from texts.places import room
from texts.say import say
from understanding.jielong import Entry

_AGAINST = re.compile(r"反对|不同意|不支持|不附议|算了|退出|取消")


@dataclass(frozen=True, slots=True)
class Known:
    """A line that is certainly one resident's."""

    person_id: int
    home_id: int
    label: str
    choice: str = ""


def own_line(speaker_name: str | None, entries: Sequence[Entry]) -> Entry | None:
    """The one line under exactly the person's name; a name that stands twice is nobody's."""
    found = [e for e in entries if speaker_name and e.name == speaker_name]
    return found[0] if len(found) == 1 else None


def name_of(tx: Tx, person_id: int) -> str | None:
    """What the person is called here."""
    return tx.execute(select(person.c.name).where(person.c.id == person_id)).scalar_one()


def resident_of(tx: Tx, community_id: int | None, entry: Entry) -> Known | None:
    """The resident a line is certainly of: its home has one person, or one of its people has just this name."""
    label = room(entry.text[:LONGEST])
    if label is None:
        return None
    rows = tx.all(select(person.c.id, person.c.name, home.c.id.label("home_id"), home.c.label).join_from(residence, home)
                  .join(person, person.c.id == residence.c.person_id)
                  .where(home.c.community_id == community_id, home.c.label == label, residence.c.until.is_(None),
                         person.c.left_at.is_(None), person.c.joined_into.is_(None)).order_by(person.c.id))
    if len(rows) > 1:
        words = set(TOKEN.split(homeless(entry.text)))
        rows = [r for r in rows if r.name and r.name in words]
    return Known(rows[0].id, rows[0].home_id, rows[0].label) if len(rows) == 1 else None


def votes(tx: Tx, poll: Row[Any], entries: Sequence[Entry], news: News) -> tuple[list[Known], int, list[Entry]]:
    """The votes that could be entered, how many residents have voted themselves, and the new lines that are not clear."""
    sure, own, unclear = list[Known](), 0, list[Entry]()
    for entry in entries[:MOST]:
        known, choice = resident_of(tx, poll.community_id, entry), choice_of(entry, poll)
        voters = _votes_of(tx, poll, people.as_person(tx, known.person_id), known.home_id) if known is not None else []
        if known is None or choice is None or not voters or any(k.person_id == known.person_id and not poll.household or
                                                                k.home_id == known.home_id and poll.household for k in sure):
            unclear += [entry] if news.has(entry) else []
        elif any(ballots.own_hand(tx, poll.id, v) for v in voters):
            own += 1
        elif news.has(entry) or not _has_ballot(tx, poll.id, voters):
            sure.append(Known(known.person_id, known.home_id, known.label, choice))
    return sure, own, unclear


def enter_votes(tx: Tx, actor: Actor, poll: Row[Any], found: Sequence[Known], *, message_id: int, now: datetime) -> int:
    """Records the votes of a list that a grid worker has confirmed, and tells each resident; own hand beats list."""
    _staff(actor, poll)
    done = 0
    for known in found:
        resident = people.as_person(tx, known.person_id)
        if not ballots.enter(tx, actor, resident, poll_id=poll.id, home_id=known.home_id, choice=known.choice,
                             message_id=message_id, now=now):
            continue
        done += 1
        outbox.to_person(tx, person_id=known.person_id, key=f"poll:{poll.id}:jielong:{message_id}:person:{known.person_id}",
                         text=say("jielong.told", poll=poll, options=spoken(known.choice, poll.kind, poll.options)), now=now)
    return done


def supports(tx: Tx, issue: Row[Any], entries: Sequence[Entry], news: News) -> tuple[list[Known], list[Entry]]:
    """The residents who stand behind an issue by a list, and the new lines that are not clear."""
    found = [(e, resident_of(tx, issue.community_id, e)) for e in entries[:MOST]]
    sure = {k.person_id: k for e, k in found if k is not None and backs(e) and k.person_id != issue.submitter_id}
    return list(sure.values()), [e for e, k in found if news.has(e) and (k is None or not backs(e))]


def backs(entry: Entry) -> bool:
    """Whether the line stands behind the matter."""
    return bool(entry.name) and not _AGAINST.search(entry.text)


def enter_supports(tx: Tx, actor: Actor, number: int, found: Sequence[Known], *, message_id: int, now: datetime) -> int:
    """Lets residents stand behind an issue as a grid worker has confirmed, and tells each who is new."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    done = 0
    for known in found:
        row, _, fresh = issues.support(tx, people.as_person(tx, known.person_id), number=number, now=now)
        done += fresh
        if fresh:
            outbox.to_person(tx, person_id=known.person_id, key=f"issue:{row.id}:jielong:{message_id}:person:{known.person_id}",
                             text=say("jielong.told_support", number=row.number, title=row.title), now=now)
    return done


def has_voted(tx: Tx, poll: Row[Any], speaker: Speaker) -> bool:
    """True when the speaker has cast, changed or taken back this ballot by their own hand."""
    return any(ballots.own_hand(tx, poll.id, voter) for voter in _votes_of(tx, poll, speaker))


def _votes_of(tx: Tx, poll: Row[Any], speaker: Speaker, home_id: int | None = None) -> list[str]:
    try:
        found = electorate.rights(tx, poll, speaker)
    except Refusal:
        return []
    return [r.voter for r in found if home_id is None or not poll.household or r.home_id == home_id]


def _has_ballot(tx: Tx, poll_id: int, voters: list[str]) -> bool:
    return tx.first(select(ballot.c.id).where(ballot.c.poll_id == poll_id, ballot.c.voter.in_(voters))) is not None


def _staff(actor: Actor, poll: Row[Any]) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    if standing.discreet(poll):
        raise Refusal("jielong.secret", number=poll.number)
