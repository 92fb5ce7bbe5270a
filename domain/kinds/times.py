"""Finding a time: who can come when, gladly or if need be; the time most can come to, and of those the one most come to gladly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Refusal
from domain.kinds.marks import indexes, leaders


@dataclass(frozen=True, slots=True)
class Times:
    """A ballot names the times one can, and after a bar those one can if need be."""

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """At least two times to choose from."""
        if options < 2:
            raise Refusal("kind.options", least=2)
        return {}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """`0,2|1`."""
        gladly, bar, maybe = text.partition("|")
        can, may = indexes(gladly, options), indexes(maybe, options)
        if not can and not may or set(can) & set(may) or (bar and not may):
            raise Refusal("vote.invalid_option", options=options)
        return ",".join(map(str, can)) + (f"|{','.join(map(str, may))}" if may else "")

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """`yes` and `maybe` per time."""
        yes, maybe = [0] * options, [0] * options
        for text, times in counts.items():
            gladly, _, need = text.partition("|")
            for into, part in ((yes, gladly), (maybe, need)):
                for option in filter(None, part.split(",")):
                    into[int(option)] += times
        winners, tied = leaders([(y + m, y) for y, m in zip(yes, maybe, strict=True)])
        return {"ballots": sum(counts.values()), "yes": yes, "maybe": maybe, "winners": winners, "tied": tied}
