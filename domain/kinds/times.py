"""Times: a date is looked for, and each ballot says which times suit and which would do if need be."""

from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, check_options, leaders, only, read_marks, write_marks


class Times:
    """The time at which the most can come wins, then the one that suits the most; a tie is a tie."""

    name = "times"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """No rules to set."""
        only(rules)
        check_options(options_count)
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """Times that suit, then after a bar those that would do."""
        suits, bar, would_do = text.partition("|")
        yes = read_marks(suits, options_count) if suits or not bar else []
        maybe = read_marks(would_do, options_count) if would_do or bar and not yes else []
        if both := set(yes) & set(maybe):
            raise Refusal("vote.both_times", option=min(both) + 1)
        return write_marks(yes) + ("|" + write_marks(maybe) if maybe else "")

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """How many can, and could, come at each time, and the best time."""
        yes, maybe = [0] * options_count, [0] * options_count
        for text, times in counts.items():
            suits, _, would_do = text.partition("|")
            for marks, part in ((yes, suits), (maybe, would_do)):
                for option in part.split(",") if part else ():
                    marks[int(option)] += times
        cast = sum(counts.values())
        best = [(sure + perhaps, sure) for sure, perhaps in zip(yes, maybe, strict=True)]
        return {"ballots": cast, "yes": yes, "maybe": maybe, **leaders(best, cast)}
