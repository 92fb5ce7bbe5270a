"""Every two options compared: Schulze (2011) and ranked pairs (Tideman 1987), both by margins.

Whoever is not named on a ballot stands, level with the others not named, behind all who are.
"""

from collections.abc import Mapping
from typing import Any

Order = tuple[tuple[int, ...], ...]


def schulze(orders: Mapping[Order, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
    """A comes before B when the strongest way from A to B is stronger than back; a way is as strong as its weakest step."""
    wins = _compared(orders, options)
    way = [[max(0, wins[i][j] - wins[j][i]) for j in range(options)] for i in range(options)]
    for k in range(options):
        for i in range(options):
            for j in range(options):
                if i != j:
                    way[i][j] = max(way[i][j], min(way[i][k], way[k][j]))
    return _facts(orders, wins, [[i != j and way[i][j] > way[j][i] for j in range(options)] for i in range(options)])


def ranked(orders: Mapping[Order, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
    """Victories are taken up from the clearest down, except those that would close a circle with what stands already.

    Equally clear: first the one with fewer against it, then by lot of the winner, then of the loser.
    """
    wins = _compared(orders, options)
    lot = {option: place for place, option in enumerate(rules["lot"])}
    victories = sorted(((i, j) for i in range(options) for j in range(options) if wins[i][j] > wins[j][i]),
                       key=lambda v: (wins[v[1]][v[0]] - wins[v[0]][v[1]], wins[v[1]][v[0]], lot[v[0]], lot[v[1]]))
    before = [[False] * options for _ in range(options)]
    for i, j in victories:
        if not before[j][i]:
            for a in [x for x in range(options) if x == i or before[x][i]]:
                for b in [x for x in range(options) if x == j or before[j][x]]:
                    before[a][b] = True
    return _facts(orders, wins, before)


def _compared(orders: Mapping[Order, int], options: int) -> list[list[int]]:
    wins = [[0] * options for _ in range(options)]
    for order, times in orders.items():
        place = {i: n for n, group in enumerate(order) for i in group}
        last = len(order)
        for i in place:
            for j in range(options):
                if place[i] < place.get(j, last):
                    wins[i][j] += times
    return wins


def _facts(orders: Mapping[Order, int], wins: list[list[int]], before: list[list[bool]]) -> dict[str, Any]:
    """The comparisons and the order from best to worst, in groups that nothing tells apart."""
    left, order = set(range(len(wins))), []
    while left:
        best = sorted(i for i in left if not any(before[j][i] for j in left))
        order.append(best)
        left -= set(best)
    top = order[0] if orders else []
    return {"pairs": wins, "order": order, "winners": top if len(top) == 1 else [], "tied": top if len(top) > 1 else []}
