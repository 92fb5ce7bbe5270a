"""One box for everything: what somebody looks for is read into numbers, homes, people, a time and words, and then found."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from domain.roles import Actor, Where
from models.base import Tx
from models.tables import forward, home, issue, message, person, poll
from services import browse, sight
from services.paging import LARGEST, Filter, Page, within
from texts import places
from texts.past import past

SHOWN = 5  # rows of each list
MOST_HOMES = 8
_NUMBER = re.compile(r"(?<![A-Za-z0-9])([IPFM])\s?(\d{1,18})(?![A-Za-z0-9])", re.IGNORECASE)
_TABLES = {"I": issue, "P": poll, "F": forward, "M": message}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was looked for."""

    numbers: tuple[tuple[str, int], ...] = ()
    home: str = ""  # 3幢2单元501, 3幢2单元, 3幢
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that has a number: how it is called, what it is, and whose story its page tells."""

    label: str
    title: str
    kind: str
    id: int
    state: str = ""
    community_id: int | None = None


@dataclass(slots=True)
class Results:
    """What was found; `person` is the filter by which the lists can be narrowed to whom the words named."""

    asked: Asked
    things: list[Thing] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # numbers that nothing has
    homes: list[Row[Any]] = field(default_factory=list)
    people: list[tuple[int, str]] = field(default_factory=list)
    person: str = ""
    text: str = ""
    lists: dict[str, Page] = field(default_factory=dict)


def read(words: str, now: datetime) -> Asked:
    """Takes the query apart; what is neither number, home nor time is words."""
    numbers = tuple(dict.fromkeys((kind.upper(), min(int(n), LARGEST)) for kind, n in _NUMBER.findall(words)))
    words = _NUMBER.sub(" ", words)
    flat, rest = "", []
    for part in words.split():
        found = places.home(part)
        label = found.label if found is not None else places.building(part) or _entrance(part)
        if label and not flat:
            flat = label
        else:
            rest.append(part)
    words = " ".join(rest)
    when = past(words, now)
    if when is not None:
        words = f"{words[: when.start]} {words[when.end:]}"
    return Asked(numbers, flat, when.since if when else None, when.until if when else None, " ".join(words.split()))


def _entrance(part: str) -> str | None:
    """3幢2单元, when the whole part is that."""
    label = places.room(part)
    return label if label is not None and label == part else None


def find(tx: Tx, actor: Actor, asked: Asked, community_id: Where) -> Results:
    """The newest of everything that fits and the actor may read, each list with the filter under which all of it is found."""
    found = Results(asked)
    for kind, number in asked.numbers:
        things = _things(tx, kind, number, community_id)
        found.things += things
        if not things:
            found.missing.append(f"{kind}{number}")
    if asked.home:
        found.homes = _homes(tx, asked.home, community_id)
        found.person = asked.home
    found.text = asked.words
    if asked.words and not asked.home:
        found.people = _people(tx, asked.words, community_id)
        if found.people:
            found.person, found.text = asked.words, ""
    if not (found.person or found.text or (asked.since and not asked.numbers)):
        return found
    chosen = Filter(community_id, asked.since, asked.until, found.person, "", found.text, limit=SHOWN)
    lists = {"messages": browse.messages, "issues": browse.issues}
    if not found.person:
        lists |= {"polls": browse.polls, "outbox": browse.posts}
    if not found.text:
        lists["audit"] = browse.audits
    found.lists = {name: rows(tx, chosen) for name, rows in lists.items() if sight.reads(actor, name)}
    return found


def _things(tx: Tx, kind: str, number: int, community_id: Where) -> list[Thing]:
    """I12 and P5 count per community, F3 and M120 for the whole installation."""
    table = _TABLES[kind]
    if kind in "IP" and number >= 2**31:
        return []
    called = table.c.number if kind in "IP" else table.c.id
    query = select(table).where(called == number, within(table.c.community_id, community_id))
    if kind == "F":
        return [Thing(f"F{row.id}", row.text, "forward", row.id, row.state, row.community_id) for row in tx.all(query)]
    if kind == "M":
        return [Thing(f"M{row.id}", "", "message", row.id, row.state, row.community_id) for row in tx.all(query)]
    story = "issue" if kind == "I" else "poll"
    rows = tx.all(query.order_by(table.c.id).limit(SHOWN))
    return [Thing(f"{kind}{row.number}", row.title, story, row.id, row.state, row.community_id) for row in rows]


def _homes(tx: Tx, label: str, community_id: Where) -> list[Row[Any]]:
    query = select(home).where(or_(home.c.label == label, home.c.label.startswith(label, autoescape=True)),
                               within(home.c.community_id, community_id))
    return tx.all(query.order_by(func.length(home.c.label), home.c.label, home.c.id).limit(MOST_HOMES))


def _people(tx: Tx, name: str, community_id: Where) -> list[tuple[int, str]]:
    """Those who are called so, or have this number with a # before it; a bare number is rather something said."""
    if name.isdigit():
        return []
    ids = browse.people_called(tx, Filter(community_id, person=name))[: MOST_HOMES]
    names = browse.labels(tx, set(ids))
    known = select(person.c.id).where(person.c.id.in_(ids), person.c.erased_at.is_(None))
    return [(i, names[i]) for i in tx.connection.scalars(known.order_by(person.c.id))]
