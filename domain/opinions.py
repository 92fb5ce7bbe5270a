"""One statement of a round: how long it may be, that it makes one point, and when votes look arranged. No I/O."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

LONGEST = 140  # characters
SHORTEST = 4
TOGETHER = timedelta(minutes=15)  # within which arranged votes come
ALIKE = 6  # votes two people must have in common to be compared at all
CROWD = 5  # people with the very same votes in that time
NEWCOMERS = timedelta(days=2)  # accounts that were first met so shortly before they voted
_EDGE = r"(?:^|[\s,，。;；])"
_FIRST, _SECOND = r"(?:[1１一]\s*[、.．)）]|第一[,，、是]|一是|首先)", r"(?:[2２二]\s*[、.．)）]|第二[,，、是]|二是|其次)"
_LISTED = re.compile(f"{_EDGE}{_FIRST}.+?{_EDGE}{_SECOND}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote as the watch over arranged votes sees it."""

    person: int
    statement: int
    value: int
    at: datetime
    met_at: datetime  # when the account was first heard


@dataclass(frozen=True, slots=True)
class Pattern:
    """Votes that look arranged: how many people, how many votes each, and what the pattern is called; never who or what."""

    kind: str  # alike: the very same votes in a short time | new: accounts met just before
    about: str
    people: int
    votes: int


def several_points(text: str) -> bool:
    """True when the words count points: one statement makes one, so that others can agree with it or not."""
    return _LISTED.search(text) is not None


def arranged(votes: Iterable[Cast]) -> list[Pattern]:
    """The crowds that cast the very same votes within a short time, or came just to vote alike; each under a name that stays."""
    of: dict[int, dict[int, Cast]] = defaultdict(dict)
    for vote in votes:
        of[vote.person][vote.statement] = vote
    same: dict[frozenset[tuple[int, int]], list[int]] = defaultdict(list)
    for person, cast in of.items():
        if len(cast) >= ALIKE:
            same[frozenset((s, v.value) for s, v in cast.items())].append(person)
    found = []
    for choices, people in same.items():
        crowd = _close_in_time(people, of)
        if len(crowd) < CROWD or len({value for _, value in choices}) < 2:
            continue  # who agrees with everything, or passes everything over, is no crowd
        new = sum(all(v.at - v.met_at <= NEWCOMERS for v in of[p].values()) for p in crowd)
        found.append(Pattern("new" if new >= CROWD else "alike", _name(choices), len(crowd), len(choices)))
    return sorted(found, key=lambda p: (-p.people, p.about))


def _close_in_time(people: list[int], of: dict[int, dict[int, Cast]]) -> list[int]:
    """The most of them whose last votes came within a short time of each other."""
    last = sorted((max(v.at for v in of[p].values()), p) for p in people)
    best: list[int] = []
    begin = 0
    for end, (at, _) in enumerate(last):
        while at - last[begin][0] > TOGETHER:
            begin += 1
        if end - begin + 1 > len(best):
            best = [p for _, p in last[begin: end + 1]]
    return best


def _name(choices: frozenset[tuple[int, int]]) -> str:
    return sha256(repr(sorted(choices)).encode()).hexdigest()[:32]
