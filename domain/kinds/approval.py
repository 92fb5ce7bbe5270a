"""Approval: each ballot marks every option the voter could live with."""

from collections.abc import Sequence
from typing import Any

from domain.kinds.base import Counts, Facts, Rules, check_options, marked_facts, only, read_marks, write_marks


class Approval:
    """Each voter marks any number of options (Brams and Fishburn 1978); the most marks win; a tie is a tie."""

    name, queued = "approval", False

    def check_rules(self, rules: Rules, options: Sequence[str]) -> dict[str, Any]:
        """No rules to set."""
        only(rules)
        check_options(options)
        return {}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The options marked, ascending; a ballot that marks all is a ballot."""
        return write_marks(read_marks(text, options_count))

    def tally(self, ballots: Counts, options_count: int, rules: Rules) -> Facts:
        """Marks per option, and who has the most."""
        return marked_facts(ballots, options_count)
