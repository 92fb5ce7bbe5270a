"""Counting an opinion poll: whole numbers only, and a tie is a tie."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Refusal

OPTIONS_MIN, OPTIONS_MAX = 2, 10


@dataclass(frozen=True, slots=True)
class Tally:
    """The count: marks per option, ballots counted, and the option or options with the most marks."""

    marks: tuple[int, ...]
    ballots: int

    @property
    def leaders(self) -> tuple[int, ...]:
        """Indexes of the options with the most marks; several mean a tie, none that nobody voted."""
        top = max(self.marks, default=0)
        return tuple(i for i, n in enumerate(self.marks) if n == top and n > 0)

    def percent(self, option: int) -> int:
        """Share of the ballots that mark this option, in whole per cent, halves up; 0 without ballots."""
        return (200 * self.marks[option] + self.ballots) // (2 * self.ballots) if self.ballots else 0


def tally(choices: Iterable[Iterable[int]], options: int) -> Tally:
    """Counts ballots; each is the set of options it marks."""
    marks: Counter[int] = Counter()
    ballots = 0
    for choice in choices:
        ballots += 1
        marks.update(set(choice))
    return Tally(tuple(marks[i] for i in range(options)), ballots)


def check_choice(choice: frozenset[int], *, options: int, most: int) -> None:
    """Refuses a ballot that marks nothing, too much, or what is not there."""
    if not choice or any(not 0 <= i < options for i in choice):
        raise Refusal("vote.invalid_option", options=options)
    if len(choice) > most:
        raise Refusal("vote.over_max", most=most)
