"""The method of equal shares: everyone gets the same part of the money, and projects are bought by those who want them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import gcd
from typing import Any

from domain.kinds.base import Counts


def bought(counts: Counts, costs: Sequence[int], limit: int, better: Callable[[int], Any]) -> list[int]:
    """The projects that their supporters' shares pay for, in the order bought (Peters, Pierczyński and Skowron 2021).

    The value of a project to a supporter is its cost; next comes the project whose supporters pay the least per unit of
    value, where those who have less left pay all they have; exact fractions, ties by `better` (smaller is better).
    """
    purses = _Purses(counts, len(costs), limit)
    # A project never gets cheaper for its supporters, so the price found last is a lower bound: whatever comes up with a
    # price from before the last purchase is asked again and put back.
    waiting: list[tuple[Fraction, Any, int, int]] = [
        (Fraction(0), better(i), i, -1) for i in range(len(costs)) if purses.supporters[i]]
    heapify(waiting)
    taken: list[int] = []
    while waiting:
        rate, rank, project, asked = heappop(waiting)
        if asked == len(taken):
            purses.pay(project, rate * costs[project])
            taken.append(project)
        elif (share := purses.share(project, costs[project])) is not None:
            heappush(waiting, (share / costs[project], rank, project, len(taken)))
    return taken


class _Purses:
    """What every voter has left, in whole parts of a fen; the parts get smaller when a share asks for it."""

    def __init__(self, counts: Counts, options_count: int, limit: int):
        self.times = list(counts.values())
        self.parts = max(1, sum(self.times))  # of one fen
        self.left = [limit] * len(self.times)  # of each voter in this group of equal ballots
        self.supporters: list[list[int]] = [[] for _ in range(options_count)]  # of each project: groups
        for group, text in enumerate(counts):
            for part in text.split(","):
                self.supporters[int(part)].append(group)

    def share(self, project: int, cost: int) -> Fraction | None:
        """The equal share that pays the project when who has less gives all; None when supporters cannot pay it."""
        voters: dict[int, int] = {}
        for group in self.supporters[project]:
            voters[self.left[group]] = voters.get(self.left[group], 0) + self.times[group]
        owed, payers = cost * self.parts, sum(voters.values())
        for has, heads in sorted(voters.items()):
            if has * payers >= owed:
                return Fraction(owed, payers * self.parts)
            owed -= has * heads
            payers -= heads
        return None

    def pay(self, project: int, share: Fraction) -> None:
        """Takes the share, or all that is there, from every supporter."""
        finer = share.denominator // gcd(share.denominator, self.parts)
        if finer > 1:
            self.parts *= finer
            self.left = [left * finer for left in self.left]
        price = int(share * self.parts)
        for group in self.supporters[project]:
            self.left[group] = max(self.left[group] - price, 0)
