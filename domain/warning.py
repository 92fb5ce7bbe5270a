"""How near a matter is to an open quarrel: signs in, a score and a level out; the score belongs to the matter, to no person.

The weights are those of the field (a threat of violence, a crowd, the press …); a person's word stands above the score until
something new is said that the person has not seen.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

from domain.clock import SHANGHAI

WEIGHTS = {  # of each sign once, however often it is seen
    "violence": 60, "mass": 40, "escalation": 20, "repeat": 15, "exchange": 15, "buck_passing": 10, "insult": 10, "late": 5,
}
URGENT = frozenset({"violence", "mass"})  # what somebody must hear of at once, whatever the hour
MOST = 100
EXCHANGE, WITHIN = 6, timedelta(minutes=10)  # so many messages of two people in this time are a quarrel
AGAIN = 3  # so many times is often
NIGHT = (22, 6)  # by the law on noise


class Level(StrEnum):
    """How much care a matter needs."""

    NONE = "none"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """A number to compare by."""
        return list(Level).index(self)


_FROM = ((80, Level.RED), (60, Level.ORANGE), (30, Level.YELLOW), (1, Level.BLUE))


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was said of the matter: the signs in it, when, and by whom (None: it does not matter who)."""

    at: datetime
    signs: frozenset[str]
    who: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What a person decided, and what the score had said to them."""

    level: Level
    seen: Level


def signs_of(told: Sequence[Told], *, times: int = 1, reopened: int = 0) -> frozenset[str]:
    """Every sign of the matter: of its words, of how often it was raised, of who answered whom, and of the hour.

    The hour alone is no sign; it adds to what was said then.
    """
    found = frozenset().union(*(each.signs for each in told))
    if times >= AGAIN or reopened:
        found |= {"repeat"}
    if exchange(told):
        found |= {"exchange"}
    if any(each.signs and _at_night(each.at) for each in told):
        found |= {"late"}
    return found


def score(signs: Set[str]) -> int:
    """From 0 (nothing) to 100."""
    return min(MOST, sum(WEIGHTS[sign] for sign in signs))


def level_of(points: int) -> Level:
    """The level of a score."""
    return next((level for least, level in _FROM if points >= least), Level.NONE)


def standing(by_score: Level, held: Held | None) -> Level:
    """The level that holds: a person's word, unless the score has since risen above what that person saw."""
    if held is None:
        return by_score
    return max(held.level, by_score, key=lambda level: level.rank) if by_score.rank > held.seen.rank else held.level


def exchange(told: Iterable[Told]) -> bool:
    """True when two people have answered each other often within a short time."""
    said = sorted((each.at, each.who) for each in told if each.who is not None)
    for pair in combinations(sorted({who for _, who in said}), 2):
        theirs = [(at, who) for at, who in said if who in pair]
        for first, last in zip(theirs, theirs[EXCHANGE - 1:], strict=False):
            inside = [who for at, who in theirs if first[0] <= at <= last[0]]
            if last[0] - first[0] <= WITHIN and min(inside.count(who) for who in pair) >= 2:
                return True
    return False


def _at_night(at: datetime) -> bool:
    hour = at.astimezone(SHANGHAI).hour
    return hour >= NIGHT[0] or hour < NIGHT[1]
