"""Single transferable vote for several seats, as Scottish councils are elected (SSI 2007/42, rules 45-52).

Droop quota; a surplus passes on from every ballot of the elected at a share of its value (weighted inclusive Gregory),
truncated to five decimals; who is last goes out and their ballots pass on at full value.
"""

from collections.abc import Mapping
from typing import Any

_UNIT = 100_000  # values are whole hundred-thousandths


def count(orders: Mapping[tuple[tuple[int, ...], ...], int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
    """The rounds of the count, values with five decimals; winners in the order in which they were elected."""
    papers = [[tuple(group[0] for group in order), times, _UNIT] for order, times in orders.items()]
    return _Count(papers, options, int(rules["seats"]), list(rules["lot"])).run()


class _Count:
    """A count under way: whose papers lie where, at what value."""

    def __init__(self, papers: list[Any], options: int, seats: int, lot: list[int]):
        self.options, self.seats = options, seats
        self.lot = {option: place for place, option in enumerate(lot)}
        self.total = sum(times for _, times, _ in papers) * _UNIT
        self.quota = (self.total // _UNIT // (seats + 1) + 1) * _UNIT
        self.staying, self.out, self.elected = set(range(options)), set[int](), list[int]()
        self.heaps: dict[int, list[Any]] = {i: [] for i in range(options)}
        self.kept: dict[int, int] = {}  # what those hold on to whose surplus has gone on
        self.surplus: list[int] = []  # elected, their surplus still to be passed on
        self.rounds: list[dict[str, Any]] = []
        self.past: list[list[int | None]] = []
        for paper in papers:
            self.heaps[paper[0][0]].append(paper)

    def run(self) -> dict[str, Any]:
        """Counts until every seat has its holder; the last seats are filled without passing anything on."""
        while self.total and len(self.elected) < self.seats and self.staying:
            votes = self._votes()
            self.past.append(votes)
            spent = self.total - sum(v or 0 for v in votes)
            self.rounds.append({"votes": [_shown(v) for v in votes], "elected": [], "out": [], "exhausted": _shown(spent)})
            self._elect([i for i in self.staying if (votes[i] or 0) >= self.quota], votes)
            source = None
            if len(self.staying) > self.seats - len(self.elected) > 0:
                source = max(self.surplus, key=self._rank) if self.surplus else self._drop(min(self.staying, key=self._rank))
            if len(self.staying) <= self.seats - len(self.elected):
                self._elect(list(self.staying), votes)
                break
            if source is not None:
                self._pass_on(source, votes[source] or 0)
        return {"quota": _shown(self.quota), "rounds": self.rounds, "winners": self.elected, "tied": []}

    def _votes(self) -> list[int | None]:
        return [self.kept[i] if i in self.kept else None if i in self.out else
                sum(times * value for _, times, value in self.heaps[i]) for i in range(self.options)]

    def _rank(self, option: int) -> tuple[Any, ...]:
        """How high an option stands now; among equals, in the latest earlier round that tells them apart; then the lot."""
        return (*[votes[option] or 0 for votes in reversed(self.past)], -self.lot[option])

    def _elect(self, chosen: list[int], votes: list[int | None]) -> None:
        for i in sorted(chosen, key=self._rank, reverse=True):
            self.elected.append(i)
            self.rounds[-1]["elected"].append(i)
            self.staying.discard(i)
            if (votes[i] or 0) > self.quota:
                self.surplus.append(i)

    def _drop(self, option: int) -> int:
        self.rounds[-1]["out"] = [option]
        self.staying.discard(option)
        self.out.add(option)
        return option

    def _pass_on(self, source: int, held: int) -> None:
        """A surplus at its share of each paper's value, or all papers of who went out at the value they have."""
        over = source in self.surplus
        extra, whole = (held - self.quota, held) if over else (1, 1)
        if over:
            self.surplus.remove(source)
            self.kept[source] = self.quota
        for names, times, value in self.heaps.pop(source):
            self._move(names, times, value * extra // whole)

    def _move(self, names: tuple[int, ...], times: int, value: int) -> None:
        """To the next on the paper who is still in the running; else its value is spent."""
        target = next((i for i in names if i in self.staying), None)
        if target is not None and value:
            self.heaps[target].append([names, times, value])


def _shown(value: int | None) -> str | None:
    return None if value is None else f"{value // _UNIT}.{value % _UNIT:05d}"
