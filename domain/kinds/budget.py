"""Projects with prices under one limit: approvals, then the most wanted first (greedy), or equal shares for every voter."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain.errors import Refusal
from domain.kinds.marks import indexes, marks_of

METHODS = ("greedy", "equal_shares")


@dataclass(frozen=True, slots=True)
class Budget:
    """Approvals for projects; money is whole fen."""

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """A limit, a price for every project, none dearer than the limit."""
        limit, prices = int(rules.get("limit") or 0), list(rules.get("costs") or [])
        if options < 2:
            raise Refusal("kind.options", least=2)
        missing = [i for i in range(options) if i >= len(prices) or not prices[i]]
        if missing:
            raise Refusal("kind.costs", missing=[i + 1 for i in missing])
        if limit <= 0 or any(price > limit for price in prices):
            raise Refusal("kind.limit", too_dear=[i + 1 for i, price in enumerate(prices) if price > limit])
        lot = list(rules.get("lot") or range(options))
        if sorted(lot) != list(range(options)):
            raise Refusal("kind.lot")
        method = rules.get("method") if rules.get("method") in METHODS else METHODS[0]
        return {"limit": limit, "costs": prices, "method": method, "lot": lot}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """Option indexes, ascending."""
        chosen = indexes(text, options)
        if not chosen:
            raise Refusal("vote.invalid_option", options=options)
        return ",".join(map(str, chosen))

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """`marks`, what is `chosen` in the order taken, `spent` and `left`."""
        got = marks_of(counts, options)
        if rules["method"] == "equal_shares":
            bought = _shares(counts, got, rules)
            added = _greedy(got, rules, bought)
            more: dict[str, Any] = {"bought": bought, "added": added}
        else:
            bought, added, more = [], _greedy(got, rules, []), {}
        chosen = bought + added
        spent = sum(rules["costs"][i] for i in chosen)
        return {"ballots": sum(counts.values()), "marks": got, "chosen": chosen, "spent": spent, "left": rules["limit"] - spent,
                "winners": sorted(chosen), "tied": []} | more


def _greedy(got: list[int], rules: dict[str, Any], taken: list[int]) -> list[int]:
    """The most marks first; what no longer fits is passed over; what nobody marked is never taken."""
    lot = {option: place for place, option in enumerate(rules["lot"])}
    left = rules["limit"] - sum(rules["costs"][i] for i in taken)
    chosen = []
    for i in sorted((i for i, n in enumerate(got) if n and i not in taken), key=lambda i: (-got[i], lot[i])):
        if rules["costs"][i] <= left:
            chosen.append(i)
            left -= rules["costs"][i]
    return chosen


def _shares(counts: Mapping[str, int], got: list[int], rules: dict[str, Any]) -> list[int]:
    """Method of equal shares, a project being worth its price to those who marked it (Peters, Pierczyński, Skowron 2021).

    Every voter has the same share of the money. A project is bought when its supporters can pay for it together, the one
    first that asks the smallest part of its worth from each who pays; equals by more marks, then by lot.
    """
    lot = {option: place for place, option in enumerate(rules["lot"])}
    purse = {text: Fraction(rules["limit"], sum(counts.values())) for text in counts}
    wants = {i: [text for text in counts if str(i) in text.split(",")] for i, n in enumerate(got) if n}
    bought: list[int] = []
    while True:
        asks = {i: rho for i, backers in wants.items() if i not in bought
                and (rho := _asked(rules["costs"][i], [(purse[t], counts[t]) for t in backers])) is not None}
        if not asks:
            return bought
        best = min(asks, key=lambda i: (asks[i], -got[i], lot[i]))
        each = asks[best] * rules["costs"][best]
        for text in wants[best]:
            purse[text] -= min(purse[text], each)
        bought.append(best)


def _asked(price: int, purses: list[tuple[Fraction, int]]) -> Fraction | None:
    """The smallest share of its price that each backer must give, those with less giving all; None when it is not enough."""
    if sum(money * times for money, times in purses) < price:
        return None
    due, heads = Fraction(price), sum(times for _, times in purses)
    for money, times in sorted(purses):
        if money * heads >= due:
            return due / heads / price
        due -= money * times
        heads -= times
    return None
