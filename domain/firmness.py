"""How firm a result is: the fewest ballots that would have made it another one, and whether those who did not vote could have.

Another result is another winner, a tie where there was a winner, or another tie. Exact for marks, points and times; for
ranked ballots and budgets a number that is enough, while fewer might be (`exact` says which).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from domain import firm_search
from domain.classes import Bar
from domain.kinds.base import Counts, Facts, Rules

MARKED = ("single", "multiple", "approval", "stance")


@dataclass(frozen=True, slots=True)
class Firm:
    """The fewest ballots between this result and another."""

    changed: int | None  # ballots cast that would have to say something else; None when no such change does it
    added: int | None  # further ballots; None when no number of them does it
    exact: bool  # False: so many are enough, but fewer might be
    rival: int | None = None  # who would then be level, or in; None when the result is a tie already
    absent_could: bool | None = None  # whether those who could vote and did not were enough; None when that is not known
    others: Mapping[str, list[int]] = field(default_factory=dict)  # ranked ballots: the winner by each rule that applies

    @property
    def agree(self) -> bool | None:
        """Whether every rule finds the same winner; None when there is nothing to compare."""
        return len({tuple(winners) for winners in self.others.values()}) == 1 if self.others else None


def firm(name: str, counts: Counts, options_count: int, rules: Rules, facts: Facts, electorate: int | None = None) -> Firm | None:
    """How firm the result `facts` of these ballots is; None for a sign-up, where nobody wins."""
    if name == "signup":
        return None
    absent = None if electorate is None else max(0, electorate - facts["ballots"])
    if name in MARKED:
        return _plain(facts, facts["marks"], absent, 2, 1)
    if name == "score":
        return _weighed(facts, _points(counts, options_count, rules["low"]), rules["high"] - rules["low"], absent)
    if name == "times":
        return _weighed(facts, _suits(counts, options_count, facts["ballots"]), _steps(facts["ballots"]) + 1, absent)
    changed, added, rival = firm_search.fewest(name, counts, options_count, rules, facts)
    others = firm_search.other_rules(counts, options_count, rules) if name == "ranked" and rules["seats"] == 1 and counts else {}
    return Firm(changed, added, False, rival if facts["winners"] else None, _could(added, absent, exact=False), others)


def _could(added: int | None, absent: int | None, *, exact: bool) -> bool | None:
    if absent is None:
        return None
    if added is not None and added <= absent:
        return True
    return False if exact or not absent else None


def _plain(facts: Facts, marks: list[int], absent: int | None, swap: int, add: int) -> Firm:
    """A ballot that drops the leader for the next brings them two nearer, a further ballot one; a tie hangs on one ballot."""
    if not facts["winners"]:
        return Firm(1 if facts["ballots"] else None, 1, True, None, _could(1, absent, exact=True))
    leader = facts["winners"][0]
    rival = max((i for i in range(len(marks)) if i != leader), key=lambda i: (marks[i], -i))
    gap = marks[leader] - marks[rival]
    return Firm(-(-gap // swap), -(-gap // add), True, rival, _could(-(-gap // add), absent, exact=True))


Weights = list[tuple[tuple[int, ...], int]]  # what a ballot gives to each option, and how many such ballots


def _weighed(facts: Facts, ballots: Weights, most: int, absent: int | None) -> Firm:
    """Each ballot may come to give a rival the most and the leader nothing; those that gain most by it come first."""
    totals = [sum(gives[i] * times for gives, times in ballots) for i in range(len(facts.get("points") or facts["yes"]))]
    plain = _plain(facts, totals, absent, most, most)
    if not facts["winners"]:
        return plain
    leader, best, rival = facts["winners"][0], facts["ballots"], plain.rival
    for other in range(len(totals)):
        if other != leader and (needed := _swaps(ballots, leader, other, most, totals[leader] - totals[other])) < best:
            best, rival = needed, other
    return Firm(best, plain.added, True, rival, plain.absent_could)


def _swaps(ballots: Weights, leader: int, other: int, most: int, gap: int) -> int:
    gains: Counter[int] = Counter()
    for gives, times in ballots:
        gains[gives[leader] + most - gives[other]] += times
    needed = 0
    for gain, times in sorted(gains.items(), reverse=True):
        if gain * times >= gap:
            return needed - (-gap // gain)
        needed, gap = needed + times, gap - gain * times
    return needed


def _points(counts: Counts, options_count: int, low: int) -> Weights:
    ballots = []
    for text, times in counts.items():
        gives = [0] * options_count
        for part in text.split(","):
            option, _, points = part.partition(":")
            gives[int(option)] = int(points) - low
        ballots.append((tuple(gives), times))
    return ballots


def _steps(ballots: int) -> int:
    """What coming at all counts for when suiting counts one: more than all ballots, old and new, can suit."""
    return 4 * (ballots + 1)


def _suits(counts: Counts, options_count: int, ballots: int) -> Weights:
    """Times as one number: who can come counts before whom it suits."""
    found = []
    for text, times in counts.items():
        gives = [0] * options_count
        for extra, part in zip((1, 0), text.split("|"), strict=False):
            for option in part.split(",") if part else ():
                gives[int(option)] = _steps(ballots) + extra
        found.append((tuple(gives), times))
    return found


@dataclass(frozen=True, slots=True)
class FirmClass:
    """How far a vote with thresholds is from the other outcome, in persons; None where no number does it."""

    quorum: bool
    passed: bool
    no_more: int | None = None  # passed: further votes against that make it fail
    yes_fewer: int | None = None  # passed: votes for that would have had to be against (or abstain) to make it fail
    yes_away: int | None = None  # passed: votes for that would have had to stay away to make it fail
    yes_more: int | None = None  # not passed: further votes for that make it pass
    yes_switched: int | None = None  # not passed: votes against or abstaining that would have had to be for to make it pass
    any_more: int | None = None  # no quorum: further votes of any kind that make the quorum

    @property
    def absent_could(self) -> bool:
        """Whether those who did not vote could have turned it."""
        return (self.no_more if self.passed else self.yes_more) is not None


def firm_class(yes: int, participating: int, everybody: int, quorum: Bar, passes: Bar) -> FirmClass:
    """How firm a vote by heads is: the quorum is of everybody, the majority of those who took part."""
    return _firm_class(([1] * yes,), ([1] * (participating - yes),), ([1] * (everybody - participating),), quorum, passes)


def firm_owners(yes: Sequence[int], others: Sequence[int], absent: Sequence[int], quorum: Bar, passes: Bar) -> FirmClass:
    """How firm a vote of owners is, in owners: given are the areas of those for, of the others who took part, and of the rest.

    Heads and area must both reach both bars. The fewest are those with the most area: it counts for area as much as so few
    can, and for heads as much as any.
    """
    for_it, the_others, the_rest = [([1] * len(areas), sorted(areas, reverse=True)) for areas in (yes, others, absent)]
    return _firm_class(for_it, the_others, the_rest, quorum, passes)


Measures = tuple[Sequence[int], ...]  # the same persons by heads, and perhaps by area, the largest first


def _firm_class(yes: Measures, others: Measures, absent: Measures, quorum: Bar, passes: Bar) -> FirmClass:
    sums = [[list(accumulate(persons, initial=0)) for persons in group] for group in (yes, others, absent)]

    def reached(bar: str, away: int = 0, fewer: int = 0, switched: int = 0, more_yes: int = 0, more: int = 0) -> bool:
        """Whether every measure reaches the bar when so many of those with the most stay away, change sides, or come."""
        for agree, rest, stay in zip(*sums, strict=True):
            everybody = agree[-1] + rest[-1] + stay[-1]
            took_part = agree[-1] + rest[-1] - agree[away] + stay[more_yes] + stay[more]
            agreed = agree[-1] - agree[away] - agree[fewer] + rest[switched] + stay[more_yes]
            if not quorum.met(took_part, everybody) or bar == "both" and not passes.met(agreed, took_part):
                return False
        return True

    some, dissent, missing = len(yes[0]), len(others[0]), len(absent[0])
    if reached("both"):
        return FirmClass(True, True, no_more=_first(missing, lambda k: not reached("both", more=k)),
                         yes_fewer=_first(some, lambda k: not reached("both", fewer=k)),
                         yes_away=_first(some, lambda k: not reached("both", away=k)))
    enough = reached("quorum")
    return FirmClass(enough, False, yes_more=_first(missing, lambda k: reached("both", more_yes=k)),
                     yes_switched=_first(dissent, lambda k: reached("both", switched=k)),
                     any_more=None if enough else _first(missing, lambda k: reached("quorum", more=k)))


def _first(most: int, does: Callable[[int], bool]) -> int | None:
    """The smallest number up to `most` that does it; what does it with some also does with more."""
    found = bisect_left(range(1, most + 1), True, key=does) + 1
    return found if found <= most else None
