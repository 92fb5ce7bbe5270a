"""#接龙 lists: what is new in one that was seen before, what a line chooses, and a poll as such a list.

People re-post the whole list, also old and shorter ones, so nothing is ever removed by a list; what has once been
seen is no news again.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from models.base import Tx
from models.tables import ballot, home, solitaire
from services import people, standing
from texts.kinds import read, spoken
from texts.normal import plain
from texts.places import room
from texts.say import say
from understanding.jielong import Entry, write

MOST = 500  # lines that are kept of one list
KEPT = timedelta(days=60)  # a list that nobody has posted again for so long is over; polls last no longer
TOKEN = re.compile(r"[\s:,、。;()]+")
LONGEST = 120  # characters of a line that are looked at


@dataclass(frozen=True, slots=True)
class News:
    """What a list says beyond what was known."""

    total: int
    first: bool  # nothing was known before
    added: tuple[Entry, ...]
    changed: tuple[Entry, ...]  # somebody's line reads differently now
    clashes: tuple[int, ...]  # numbers that several people have
    empty: tuple[int, ...]  # new numbers with nothing after them

    def has(self, entry: Entry) -> bool:
        """True when the line was not known."""
        return entry in self.added or entry in self.changed


def topic_key(topic: str) -> str:
    """The name under which a list without poll or issue is remembered."""
    return f"topic:{hashlib.sha256(re.sub(r'[^0-9A-Za-z一-龥]', '', plain(topic)).encode()).hexdigest()[:24]}"


def remember(tx: Tx, community_id: int, about: str, topic: str, entries: Sequence[Entry], *, now: datetime) -> News:
    """Adds what is new to what was known of the list."""
    row = _held(tx, community_id, about, now)
    known = [(Entry(k["n"], k["name"], k["said"]), bool(k.get("old"))) for k in row.entries]
    entries = entries[:MOST]
    exact, spare = Counter(e for e, _ in known), Counter(e.text for e, _ in known)
    spare -= Counter(e.text for e in (exact & Counter(entries)).elements())
    fresh = []
    for entry in entries:  # a line is known by number and words, or by its words alone when the list was renumbered
        if exact[entry]:
            exact[entry] -= 1
        elif spare[entry.text]:
            spare[entry.text] -= 1
        else:
            fresh.append(entry)
    last, times = {e.name: n for n, (e, old) in enumerate(known) if not old}, Counter(e.name for e in entries)
    changed = [e for e in fresh if e.name and e.name in last and times[e.name] == 1]
    for entry in changed:
        known[last[entry.name]] = (known[last[entry.name]][0], True)
    known += [(entry, False) for entry in fresh]
    tx.execute(update(solitaire).where(solitaire.c.id == row.id).values(topic=topic[:200] or None, at=now, entries=[
        {"n": e.index, "name": e.name, "said": e.said} | ({"old": True} if old else {}) for e, old in known[-2 * MOST:]]))
    alive = [e for e, old in known if not old]
    names: dict[int, set[str]] = {}
    for e in (*entries, *(alive if len(fresh) < len(entries) else ())):  # another group's list has numbers of its own
        names.setdefault(e.index, set()).add(e.name)
    new = {e.index for e in fresh}
    clashes = tuple(n for n, of in sorted(names.items()) if len(of) > 1 and n in new)
    added = tuple(e for e in fresh if e.text and e not in set(changed))
    return News(sum(bool(e.text) for e in alive), not row.entries, added, tuple(changed), clashes,
                tuple(e.index for e in fresh if not e.text))


def forget(tx: Tx, *, now: datetime) -> int:
    """Forgets lists that are over; they hold names."""
    return tx.execute(delete(solitaire).where(solitaire.c.at <= now - KEPT)).rowcount


def choice_of(entry: Entry, poll: Row[Any]) -> str | None:
    """The ballot a line holds after its name or home; None when that is not certain."""
    words = [w for w in TOKEN.split(homeless(entry.text)) if w]
    for begin in range(0 if room(entry.text[:LONGEST]) else 1, min(len(words), 4)):
        heard = read(" ".join(words[begin:]), poll.kind, poll.options, poll.rules)
        if isinstance(heard, str):
            return heard
    return None


# --- a poll as a list ---------------------------------------------------------------------------------------------
def export(tx: Tx, poll: Row[Any], *, entries: bool) -> str:
    """The poll as a list to go on with; with what stands already by masked home, for staff of a named poll only."""
    rows = list[Entry]()
    if entries and not standing.discreet(poll):
        found = tx.all(select(ballot.c.person_id, ballot.c.home_id, ballot.c.choice, home.c.label).join_from(
            ballot, home, ballot.c.home_id == home.c.id, isouter=True).where(
            ballot.c.poll_id == poll.id, ballot.c.choice != "").order_by(ballot.c.id))
        for n, row in enumerate(found, 1):
            label = row.label or next((h[2] for h in people.homes_of(tx, row.person_id)), None)
            said = "、".join(spoken(row.choice, poll.kind, poll.options))
            rows.append(Entry(n, masked(label) if label else say("jielong.resident"), said))
    options = " ".join(f"{n} {o}" for n, o in enumerate(poll.options, 1))
    return write(f"P{poll.number} {poll.title}（{options}）", say("jielong.example"), rows)


def masked(label: str) -> str:
    """A home by whose last figures it cannot be found: 3幢2单元501 is 3幢2单元5*1."""
    return re.sub(r"(\d)(\d+)(\d)$", lambda m: m[1] + "*" * len(m[2]) + m[3], label)


def homeless(text: str) -> str:
    """The words after the home, if one stands at their beginning."""
    words = plain(text[:LONGEST])
    label = room(words)
    if label is None:
        return words
    for end in range(1, min(len(words), 24) + 1):  # the shortest beginning that is the whole home
        if room(words[:end]) == label and not words[end:end + 1].isdigit():
            return words[end:].lstrip("室房号")
    return words


def _held(tx: Tx, community_id: int, about: str, now: datetime) -> Row[Any]:
    insert = insert_postgres if tx.postgres else insert_sqlite
    tx.execute(insert(solitaire).values(community_id=community_id, about=about, entries=[], at=now).on_conflict_do_nothing())
    return tx.execute(select(solitaire).where(solitaire.c.community_id == community_id, solitaire.c.about == about)
                      .with_for_update()).one()
