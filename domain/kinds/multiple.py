"""Multiple choice: each ballot marks between `least` and `most` options."""

from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, check_options, marked_facts, only, read_marks, whole, write_marks


class Multiple:
    """Each voter marks at least and at most so many options; the most marks win; a tie is a tie."""

    name = "multiple"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """Who must mark every option has no choice, so `least` stays below the number of options."""
        only(rules, "least", "most")
        check_options(options_count)
        least, most = rules.get("least", 1), rules.get("most", options_count)
        if not (whole(least) and whole(most) and 1 <= least <= most and least < options_count):
            raise Refusal("kind.bounds", options=options_count)
        return {"least": least, "most": min(most, options_count)}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The options marked, ascending."""
        marked = read_marks(text, options_count)
        if len(marked) > rules["most"]:
            raise Refusal("vote.over_max", most=rules["most"])
        if len(marked) < rules["least"]:
            raise Refusal("vote.under_least", least=rules["least"])
        return write_marks(marked)

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks per option, and who has the most."""
        return marked_facts(counts, options_count)
