"""Points for every option; what a ballot does not rate gets the lowest, and the highest sum wins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Refusal
from domain.kinds.marks import leaders

HIGHEST = 10
_POINT = re.compile(r"(\d{1,2}):(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Score:
    """From `low` to `high` points for each option."""

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """0-5 when nothing is said."""
        low, high = int(rules.get("low", 0)), int(rules.get("high", 5))
        if options < 2:
            raise Refusal("kind.options", least=2)
        if not 0 <= low < high <= HIGHEST:
            raise Refusal("kind.points", highest=HIGHEST)
        return {"low": low, "high": high}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """Option and points, ascending: `0:5,2:3`."""
        given: dict[int, int] = {}
        for part in text.split(","):
            found = _POINT.fullmatch(part)
            if found is None or int(found[1]) >= options or int(found[1]) in given:
                raise Refusal("vote.invalid_option", options=options)
            given[int(found[1])] = int(found[2])
        if any(not rules["low"] <= n <= rules["high"] for n in given.values()):
            raise Refusal("vote.points", low=rules["low"], high=rules["high"])
        return ",".join(f"{i}:{given[i]}" for i in sorted(given))

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """`points` and how many rated each option."""
        points, raters = [0] * options, [0] * options
        for text, times in counts.items():
            rated = {int(option): int(n) for option, _, n in (part.partition(":") for part in text.split(","))}
            for option in range(options):
                points[option] += times * rated.get(option, rules["low"])
                raters[option] += times * (option in rated)
        winners, tied = leaders([n + 1 for n in points]) if counts else ([], [])
        return {"ballots": sum(counts.values()), "points": points, "raters": raters, "winners": winners, "tied": tied}
