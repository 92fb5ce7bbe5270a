"""Approval: each ballot marks every option the voter could live with."""

from typing import Any

from domain.kinds.base import Counts, Facts, Rules, check_options, marked_facts, only, read_marks, write_marks


class Approval:
    """Each voter marks any number of options (Brams and Fishburn 1978); the most marks win; a tie is a tie."""

    name = "approval"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """No rules to set."""
        only(rules)
        check_options(options_count)
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The options marked, ascending; a ballot that marks all is a ballot."""
        return write_marks(read_marks(text, options_count))

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks per option, and who has the most."""
        return marked_facts(counts, options_count)
