"""Single choice, several marks, approval, and yes/no/abstain: a ballot is a set of options, the most marks win."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import Refusal


def indexes(text: str, options: int) -> list[int]:
    """The options of a set of marks, ascending and once each; a Refusal for what is not there."""
    parts = text.split(",") if text else []
    if not all(p.isascii() and p.isdigit() for p in parts) or any(int(p) >= options for p in parts):
        raise Refusal("vote.invalid_option", options=options)
    return sorted({int(p) for p in parts})


def leaders(amounts: Sequence[int] | Sequence[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    """The winner, if there is one, and those who are level at the top."""
    top = max(amounts, default=0)
    if not top or (isinstance(top, tuple) and not any(top)):
        return [], []
    best = [i for i, n in enumerate(amounts) if n == top]
    return (best, []) if len(best) == 1 else ([], best)


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks for options; `most` as given, else by the rules, or as many as one likes (`free`)."""

    most: int | None = None
    free: bool = False

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """Least and most marks of one ballot, for several marks only."""
        if options < 2:
            raise Refusal("kind.options", least=2)
        if self.most == 1 or self.free:
            return {}
        least, most = int(rules.get("least") or 1), int(rules.get("most") or options)
        if not 1 <= least <= most:
            raise Refusal("kind.most", least=least, most=most)
        return {"least": least, "most": min(most, options)}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """Option indexes, ascending: `0,2`."""
        chosen = indexes(text, options)
        most = self.most or (options if self.free else rules.get("most", options))
        if not chosen:
            raise Refusal("vote.invalid_option", options=options)
        if len(chosen) > most:
            raise Refusal("vote.over_max", most=most)
        if len(chosen) < rules.get("least", 1):
            raise Refusal("vote.under_least", least=rules["least"])
        return ",".join(map(str, chosen))

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """`marks` per option."""
        got = marks_of(counts, options)
        winners, tied = leaders(got)
        return {"ballots": sum(counts.values()), "marks": got, "winners": winners, "tied": tied}


def marks_of(counts: Mapping[str, int], options: int) -> list[int]:
    """How many ballots mark each option."""
    got = [0] * options
    for text, times in counts.items():
        for option in text.split(","):
            got[int(option)] += times
    return got
