"""Instant runoff: whoever has the fewest first preferences goes out, and their ballots go on, until one has more than half."""

from collections.abc import Mapping
from typing import Any


def count(orders: Mapping[tuple[tuple[int, ...], ...], int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
    """The rounds. Of the last goes out who had fewer in the latest earlier round that tells them apart, then by lot."""
    total = sum(orders.values())
    lot = {option: place for place, option in enumerate(rules["lot"])}
    staying = set(range(options))
    rounds: list[dict[str, Any]] = []
    while total:
        votes = dict.fromkeys(staying, 0)
        for order, times in orders.items():
            first = next((group[0] for group in order if group[0] in staying), None)
            if first is not None:
                votes[first] += times
        said = {"votes": [votes.get(i) for i in range(options)], "exhausted": total - sum(votes.values()), "out": []}
        rounds.append(said)
        top = max(votes.values())
        best = sorted(i for i in staying if votes[i] == top)
        if 2 * top > sum(votes.values()):
            return {"rounds": rounds, "winners": best, "tied": []}
        if len(staying) == 2:  # neither has more than half
            return {"rounds": rounds, "winners": [], "tied": sorted(staying)}
        out = min(staying, key=lambda i: ([r["votes"][i] for r in reversed(rounds)], -lot[i]))
        said["out"] = [out]
        staying.remove(out)
    return {"rounds": rounds, "winners": [], "tied": []}
