"""Single choice: each ballot marks one option."""

from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, check_options, marked_facts, only, read_marks, write_marks


class Single:
    """Each voter marks one option; the most marks win; a tie is a tie."""

    name = "single"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """No rules to set."""
        only(rules)
        check_options(options_count)
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The one option marked."""
        marked = read_marks(text, options_count)
        if len(marked) > 1:
            raise Refusal("vote.over_max", most=1)
        return write_marks(marked)

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks per option, and who has the most."""
        return marked_facts(counts, options_count)
