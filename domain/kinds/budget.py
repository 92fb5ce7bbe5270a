"""Budget: projects with costs under one limit; each ballot marks the projects the voter wants."""

from collections.abc import Callable, Sequence
from typing import Any

from domain.errors import Refusal
from domain.kinds import equal_shares
from domain.kinds.base import (
    Counts,
    Facts,
    Rules,
    check_options,
    count_marks,
    lot_of,
    only,
    places,
    read_marks,
    whole,
    write_marks,
)

PROJECTS_MAX = 60
METHODS = ("greedy", "equal_shares")


class Budget:
    """Most marks first while the money lasts, or by equal shares of the money and then what is left by marks."""

    name = "budget"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """A limit, and for every project a cost that it can pay, in fen."""
        only(rules, "limit", "costs", "method", "lot")
        check_options(options_count, PROJECTS_MAX)
        limit, costs, method = rules.get("limit"), list(rules.get("costs", ())), rules.get("method", "greedy")
        if method not in METHODS:
            raise Refusal("kind.budget_method")
        if not (whole(limit) and limit > 0):
            raise Refusal("kind.limit")
        if len(costs) > options_count:
            raise Refusal("kind.costs_many", options=options_count, found=len(costs))
        for option, cost in enumerate([*costs, *[None] * (options_count - len(costs))], start=1):
            if not (whole(cost) and cost > 0):
                raise Refusal("kind.cost_missing", option=option)
            if cost > limit:
                raise Refusal("kind.cost_over_limit", option=option)
        return {"limit": limit, "costs": costs, "method": method, "lot": lot_of(rules, options_count)}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The projects marked, ascending."""
        return write_marks(read_marks(text, options_count))

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks, the projects chosen in the order taken, and the money; equal marks by the lot."""
        marks, place = count_marks(counts, options_count), places(rules, options_count)
        costs, limit = rules["costs"], rules["limit"]

        def better(option: int) -> tuple[int, int]:
            return -marks[option], place[option]

        shares = rules["method"] == "equal_shares"
        bought = equal_shares.bought(counts, costs, limit, better) if shares else []
        rest = {i for i, mark in enumerate(marks) if mark} - set(bought)
        added = _affordable(sorted(rest, key=better), costs.__getitem__, limit - sum(costs[i] for i in bought))
        chosen = bought + added
        spent = sum(costs[i] for i in chosen)
        facts = {"ballots": sum(counts.values()), "marks": marks, "chosen": chosen, "spent": spent, "left": limit - spent,
                 "winners": sorted(chosen), "tied": []}
        return facts | {"bought": bought, "added": added} if shares else facts


def _affordable(projects: Sequence[int], cost: Callable[[int], int], money: int) -> list[int]:
    """Takes one after the other, skipping what no longer fits."""
    taken = []
    for project in projects:
        if cost(project) <= money:
            taken.append(project)
            money -= cost(project)
    return taken
