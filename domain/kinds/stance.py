"""Stance: agree, disagree or abstain; whether enough agree is for the class of the poll to say."""

from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, marked_facts, only, read_marks, write_marks

YES, NO, ABSTAIN = range(3)


class Stance:
    """Exactly three options in this order: agree, disagree, abstain; who abstains has taken part."""

    name = "stance"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """The three options and no others."""
        only(rules)
        if options_count != 3:
            raise Refusal("kind.stance_options")
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """One of the three."""
        marked = read_marks(text, options_count)
        if len(marked) > 1:
            raise Refusal("vote.over_max", most=1)
        return write_marks(marked)

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """How many agree, disagree and abstain, and which of the three has the most."""
        return marked_facts(counts, options_count)
