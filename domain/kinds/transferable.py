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
        self.quota = self.total // _UNIT // (seats + 1) + 1
        self.staying, self.elected = set(range(options)), list[int]()
        self.heaps: dict[int, list[Any]] = {i: [] for i in range(options)}
        self.kept: dict[int, int] = {}  # what the elected hold on to
        self.surplus: list[int] = []  # elected, their surplus still to be passed on
        self.rounds: list[dict[str, Any]] = []
        for paper in papers:
            self.heaps[paper[0][0]].append(paper)

    def run(self) -> dict[str, Any]:
        """Counts until every seat has its holder."""
        while self.total:
            votes = self._votes()
            self.rounds.append({"votes": [_shown(v) for v in votes], "elected": [], "out": [], "exhausted": "", "_": votes})
            self._elect(votes)
            left = self.total - sum(v for v in votes if v is not None)
            self.rounds[-1]["exhausted"] = _shown(left)
            if len(self.elected) >= self.seats:
                break
            if len(self.staying) <= self.seats - len(self.elected):
                self._seat(sorted(self.staying, key=lambda i: self._rank(i)), votes)
                break
            if self.surplus:
                self._pass_surplus(max(self.surplus, key=lambda i: self._rank_key(i)), votes)
            else:
                self._drop(min(self.staying, key=lambda i: self._rank_key(i)))
        for each in self.rounds:
            del each["_"]
        return {"quota": str(self.quota) if self.total else "0", "rounds": self.rounds, "winners": self.elected, "tied": []}

    def _votes(self) -> list[int | None]:
        return [self.kept[i] if i in self.kept else sum(times * value for _, times, value in self.heaps[i])
                if i in self.staying or i in self.surplus else None for i in range(self.options)]

    def _rank_key(self, option: int) -> tuple[Any, ...]:
        """How high an option stands now; among equals, in the latest earlier round that tells them apart; then the lot."""
        return (*[r["_"][option] or 0 for r in reversed(self.rounds)], -self.lot[option])

    def _rank(self, option: int) -> tuple[Any, ...]:
        return tuple(-x for x in self._rank_key(option))

    def _elect(self, votes: list[int | None]) -> None:
        over = [i for i in self.staying if (votes[i] or 0) >= self.quota * _UNIT]
        self._seat(sorted(over, key=self._rank), votes)

    def _seat(self, chosen: list[int], votes: list[int | None]) -> None:
        for i in chosen:
            self.elected.append(i)
            self.rounds[-1]["elected"].append(i)
            self.staying.discard(i)
            if (votes[i] or 0) > self.quota * _UNIT:
                self.surplus.append(i)
            else:
                self.kept[i] = votes[i] or 0

    def _pass_surplus(self, option: int, votes: list[int | None]) -> None:
        held = votes[option] or 0
        extra = held - self.quota * _UNIT
        self.surplus.remove(option)
        self.kept[option] = self.quota * _UNIT
        for names, times, value in self.heaps.pop(option):
            self._move(names, times, extra * value // held)

    def _drop(self, option: int) -> None:
        self.rounds[-1]["out"] = [option]
        self.staying.discard(option)
        for names, times, value in self.heaps.pop(option):
            self._move(names, times, value)

    def _move(self, names: tuple[int, ...], times: int, value: int) -> None:
        """To the next on the paper who is still in the running; else its value is spent."""
        target = next((i for i in names if i in self.staying), None)
        if target is not None and value:
            self.heaps[target].append([names, times, value])


def _shown(value: int | None) -> str | None:
    return None if value is None else f"{value // _UNIT}.{value % _UNIT:05d}"
