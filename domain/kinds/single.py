"""Single choice: each ballot marks one option."""

from collections.abc import Sequence
from typing import Any

from domain.errors import Refusal
from domain.kinds.base import Counts, Facts, Rules, check_options, marked_facts, only, read_marks, write_marks


class Single:
    """Each voter marks one option; the most marks win; a tie is a tie."""

    name, queued = "single", False

    def check_rules(self, rules: Rules, options: Sequence[str]) -> dict[str, Any]:
        """No rules to set."""
        only(rules)
        check_options(options)
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The one option marked."""
        marked = read_marks(text, options_count)
        if len(marked) > 1:
            raise Refusal("vote.over_max", most=1)
        return write_marks(marked)

    def tally(self, ballots: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks per option, and who has the most."""
        return marked_facts(ballots, options_count)
