"""When a promise counts as kept: by the answers of those it concerns."""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

SILENT, SOLVED, PARTLY, NOT = range(4)


@dataclass(frozen=True, slots=True)
class Rule:
    """From which share of dissatisfied answers on a promise is open again, and how many answers that takes."""

    share: Fraction = Fraction(1, 3)
    least: int = 3


@dataclass(frozen=True, slots=True)
class Answers:
    """What those who were asked have said."""

    asked: int = 0
    solved: int = 0
    partly: int = 0
    not_solved: int = 0

    @property
    def given(self) -> int:
        """How many answered at all."""
        return self.solved + self.partly + self.not_solved


def count(answers: Collection[int]) -> Answers:
    """Counts one answer for each person who was asked."""
    held = list(answers)
    return Answers(len(held), held.count(SOLVED), held.count(PARTLY), held.count(NOT))


def broken(answers: Answers, rule: Rule) -> bool:
    """True when more than the share of those who answered say it is not solved; of fewer than the rule wants, all must answer."""
    enough = answers.given >= max(1, min(rule.least, answers.asked))
    return enough and Fraction(answers.not_solved, answers.given) > rule.share
