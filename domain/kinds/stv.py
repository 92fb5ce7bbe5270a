"""Single transferable vote: a committee in which every large enough part of the voters has a seat.

The rules are those of Scottish local elections (SSI 2007/42, schedule 1, rules 45 to 52): Droop quota, weighted inclusive
Gregory transfers cut off after five decimals, the largest surplus first, one candidate excluded at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.kinds.base import Counts, Facts, Rules, places
from domain.kinds.instant_runoff import next_choice, standing

UNIT = 100_000  # all votes are counted in 0.00001 of a ballot
Paper = tuple[Sequence[int], int, int]  # ranking, how many such papers, what each of them is worth


def tally(counts: Counts, options_count: int, rules: Rules) -> Facts:
    """Quota, rounds, and the elected in the order of their election."""
    ballots = sum(counts.values())
    quota = ballots // (rules["seats"] + 1) + 1
    count = _Count(quota * UNIT, rules["seats"], places(rules, options_count))
    for text, times in counts.items():
        ranking = tuple(map(int, text.split(">")))
        count.give(ranking[0], (ranking, times, UNIT))
    while ballots and count.vacant:
        count.round(ballots * UNIT)
    return {"ballots": ballots, "quota": decimal(quota * UNIT), "rounds": count.rounds, "winners": count.elected, "tied": []}


def decimal(units: int) -> str:
    """Votes with their five decimals."""
    return f"{units // UNIT}.{units % UNIT:05d}"


@dataclass
class _Count:
    """Where the papers lie while they are counted."""

    quota: int
    seats: int
    place: list[int]
    votes: list[int] = field(init=False)
    piles: list[list[Paper]] = field(init=False)
    staying: set[int] = field(init=False)  # neither elected nor excluded
    elected: list[int] = field(default_factory=list)
    excluded: set[int] = field(default_factory=set)
    surpluses: set[int] = field(default_factory=set)  # elected with more than the quota, not yet passed on
    history: list[list[int]] = field(default_factory=list)
    rounds: list[Facts] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.place)
        self.votes, self.piles, self.staying = [0] * count, [[] for _ in range(count)], set(range(count))

    @property
    def vacant(self) -> int:
        """Seats not filled yet."""
        return self.seats - len(self.elected)

    def give(self, option: int, paper: Paper) -> None:
        """Puts papers on a pile."""
        self.piles[option].append(paper)
        self.votes[option] += paper[1] * paper[2]

    def round(self, everything: int) -> None:
        """Elects who has the quota, then passes on one surplus or one excluded candidate's papers, if seats are left."""
        self.history.append(list(self.votes))
        written = [None if i in self.excluded else decimal(v) for i, v in enumerate(self.votes)]
        row: Facts = {"votes": written, "elected": [], "out": [], "exhausted": decimal(everything - sum(self.votes))}
        self.rounds.append(row)
        self._elect({i for i in self.staying if self.votes[i] >= self.quota}, row)
        if self._filled(row):
            return
        better = standing(self.history, self.place)
        if self.surpluses:
            self._pass_surplus(max(self.surpluses, key=better))
            return
        loser = min(self.staying, key=better)
        self.staying.remove(loser)
        self.excluded.add(loser)
        row["out"] = [loser]
        if not self._filled(row):
            papers, self.piles[loser], self.votes[loser] = self.piles[loser], [], 0
            self._pass_on(papers)

    def _elect(self, options: set[int], row: Facts) -> None:
        chosen = sorted(options, key=standing(self.history, self.place), reverse=True)
        row["elected"] += chosen
        self.elected += chosen
        self.staying -= options
        self.surpluses |= {i for i in options if self.votes[i] > self.quota}

    def _filled(self, row: Facts) -> bool:
        """When no more candidates are left than seats, they have them, and nothing more is passed on."""
        if len(self.staying) <= self.vacant:
            self._elect(set(self.staying), row)
        return not self.vacant

    def _pass_surplus(self, option: int) -> None:
        surplus, before, papers = self.votes[option] - self.quota, self.votes[option], self.piles[option]
        self.surpluses.remove(option)
        self.votes[option], self.piles[option] = self.quota, []
        self._pass_on([(ranking, times, value * surplus // before) for ranking, times, value in papers])

    def _pass_on(self, papers: list[Paper]) -> None:
        for paper in papers:
            heir = next_choice(paper[0], self.staying)
            if heir is not None and paper[2]:
                self.give(heir, paper)
