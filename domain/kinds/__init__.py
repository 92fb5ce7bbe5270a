"""The kinds of polls: what a ballot of each may hold, in one canonical spelling, and how it is counted. One file per kind.

Options are indexes from 0. A count is a mapping of canonical ballots to how often each was cast, so that a hundred thousand
ballots cost no more than their different spellings. Everything is exact: whole numbers, Fraction, Decimal. Where a rule must
choose between equals in the middle of a count it takes the option that stands earlier in `rules["lot"]`, an order drawn and
announced when the poll opens; who wins in the end is never drawn by lot: then the result names all in `tied` and no winner.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from domain.errors import Refusal
from domain.kinds import budget, marks, ranked, score, signup, times

Rules = dict[str, Any]
Facts = dict[str, Any]


class Kind(Protocol):
    """What every kind of poll can do."""

    def check_rules(self, rules: Rules, options: int) -> Rules:
        """The rules with their defaults filled in; a Refusal when no poll could be held by them."""
        ...

    def read(self, text: str, options: int, rules: Rules) -> str:
        """The ballot in its canonical spelling; a Refusal when it is none."""
        ...

    def tally(self, counts: Mapping[str, int], options: int, rules: Rules) -> Facts:
        """The result: `ballots`, `winners`, `tied`, and what else this kind tells."""
        ...


KINDS: dict[str, Kind] = {
    "single": marks.Marks(most=1), "multiple": marks.Marks(), "approval": marks.Marks(free=True), "stance": marks.Marks(most=1),
    "score": score.Score(), "ranked": ranked.Ranked(), "budget": budget.Budget(), "signup": signup.Signup(), "times": times.Times(),
}


def kind(name: str) -> Kind:
    """The kind of this name."""
    if name not in KINDS:
        raise Refusal("kind.unknown", name=name)
    return KINDS[name]
