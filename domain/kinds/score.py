"""Score: each ballot gives points to options; the highest sum wins."""

import re
from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, check_options, leaders, only, whole

HIGHEST = 100
POINTS = re.compile(r"[0-9]{1,3}:[0-9]{1,3}(?:,[0-9]{1,3}:[0-9]{1,3})*")


class Score:
    """Each voter gives an option `low` to `high` points, `low` where nothing is said; the highest sum wins; a tie is a tie."""

    name = "score"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """A scale that goes up, from 0 or more to 100 or less; 0 to 5 unless said otherwise."""
        only(rules, "low", "high")
        check_options(options_count)
        low, high = rules.get("low", 0), rules.get("high", 5)
        if not (whole(low) and whole(high) and 0 <= low < high <= HIGHEST):
            raise Refusal("kind.scale", highest=HIGHEST)
        return {"low": low, "high": high}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """Option and points, ascending by option."""
        if not POINTS.fullmatch(text):
            raise Refusal("vote.invalid_score", low=rules["low"], high=rules["high"])
        given = [(int(option), int(points)) for option, points in (part.split(":") for part in text.split(","))]
        if any(option >= options_count for option, _ in given):
            raise Refusal("vote.invalid_option", options=options_count)
        if len(dict(given)) < len(given):
            raise Refusal("vote.twice")
        if any(not rules["low"] <= points <= rules["high"] for _, points in given):
            raise Refusal("vote.invalid_score", low=rules["low"], high=rules["high"])
        return ",".join(f"{option}:{points}" for option, points in sorted(given))

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """Sum of points and number of raters per option, and who has the highest sum."""
        cast, low = sum(counts.values()), rules["low"]
        points, raters = [low * cast] * options_count, [0] * options_count
        for text, times in counts.items():
            for part in text.split(","):
                option, _, given = part.partition(":")
                points[int(option)] += (int(given) - low) * times
                raters[int(option)] += times
        return {"ballots": cast, "points": points, "raters": raters, **leaders(points, cast)}
