"""Options in order of preference; counted by instant runoff, by pairs, or for several seats by single transferable vote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Refusal
from domain.kinds import instant_runoff, pairs, transferable

METHODS = ("irv", "schulze", "ranked_pairs", "stv")
Order = tuple[tuple[int, ...], ...]


def order_of(text: str) -> Order:
    """The groups of a canonical ballot, from the most to the least wanted."""
    return tuple(tuple(map(int, group.split("="))) for group in text.split(">"))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Preferences; whoever is not named comes after all who are."""

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """Instant runoff for one, transferable votes for several seats."""
        seats = int(rules.get("seats") or 1)
        method = rules.get("method") or ("stv" if seats > 1 else "irv")
        if options < 2 or method not in METHODS:
            raise Refusal("kind.options", least=2)
        if not 1 <= seats < options or (seats > 1 and method != "stv"):
            raise Refusal("kind.seats", most=options - 1)
        lot = list(rules.get("lot") or range(options))
        if sorted(lot) != list(range(options)):
            raise Refusal("kind.lot")
        return {"method": method, "seats": seats, "lot": lot}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """`2>0=3>1`; equals only where options are compared in pairs."""
        groups = [group.split("=") for group in text.split(">")]
        flat = [i for group in groups for i in group]
        if not all(i.isascii() and i.isdigit() and int(i) < options for i in flat):
            raise Refusal("vote.invalid_option", options=options)
        numbers = [[int(i) for i in group] for group in groups]
        if len({i for group in numbers for i in group}) < len(flat):
            raise Refusal("vote.rank_twice")
        if rules["method"] in ("irv", "stv") and len(flat) > len(groups):
            raise Refusal("vote.rank_tie")
        return ">".join("=".join(map(str, sorted(group))) for group in numbers)

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """`rounds`, or `pairs` and `order`."""
        orders: dict[Order, int] = {}
        for text, times in counts.items():
            orders[order_of(text)] = orders.get(order_of(text), 0) + times
        count = {"irv": instant_runoff.count, "stv": transferable.count, "schulze": pairs.schulze, "ranked_pairs": pairs.ranked}
        return {"ballots": sum(counts.values())} | count[rules["method"]](orders, options, rules)
