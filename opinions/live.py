"""A round while it runs: a vote is taken in at once, the map is drawn anew from time to time."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from opinions import matrix, routing

if TYPE_CHECKING:  # the full analysis loads SciPy, which who only counts and routes never needs
    from opinions.rounds import Analysis, State


class Live:
    """Counts and routing priorities of everybody's votes, kept current vote by vote; the last full analysis beside them."""

    def __init__(self, statements: Iterable[Hashable], *, out: Iterable[Hashable] = (), meta: Iterable[Hashable] = (),
                 state: "State | None" = None) -> None:
        self.statements: list[Any] = []
        self._column: dict[Hashable, int] = {}
        self._latest: dict[Hashable, dict[Hashable, int]] = {}
        self.out, self._about = set(out), set(meta)
        self._tables = np.zeros((3, 16), np.int64)  # agrees, disagrees, all votes
        self._extremity, self._meta, self.priorities = np.zeros(16), np.zeros(16, bool), np.zeros(16)
        self.state, self.analysis = state, None  # type: State | None, Analysis | None
        for statement in statements:
            self.add(statement)

    def add(self, statement: Hashable) -> int:
        """A statement joins the round."""
        if statement not in self._column:
            column = self._column[statement] = len(self.statements)
            self.statements.append(statement)
            if column == self._tables.shape[1]:
                self._tables = np.hstack([self._tables, np.zeros_like(self._tables)])
                self._extremity, self.priorities = (np.append(x, np.zeros_like(x)) for x in (self._extremity, self.priorities))
                self._meta = np.append(self._meta, np.zeros_like(self._meta))
            self._meta[column] = statement in self._about
            self._weigh(column)
        return self._column[statement]

    def vote(self, person: Hashable, statement: Hashable, value: int) -> float:
        """Takes a vote in, instead of an earlier one of the same person; the statement's new priority."""
        if value not in (matrix.AGREE, matrix.PASS, matrix.DISAGREE):
            raise ValueError("a vote is 1, 0 or -1")
        column = self.add(statement)
        own = self._latest.setdefault(person, {})
        if statement in own:
            self._count(column, own[statement], -1)
        own[statement] = value
        self._count(column, value, 1)
        self._weigh(column)
        return float(self.priorities[column])

    def load(self, votes: Iterable[tuple[Hashable, Hashable, int]]) -> None:
        """Takes many votes (person, statement, value) in at once, in their order; quicker than one by one."""
        for person, statement, value in votes:
            self.add(statement)
            self._latest.setdefault(person, {})[statement] = value
        size = len(self.statements)
        self._tables[:] = 0
        for own in self._latest.values():
            for statement, value in own.items():
                self._count(self._column[statement], value, 1)
        agrees, disagrees, seen = self._tables[:, :size]
        self.priorities[:size] = routing.priority(agrees, seen - agrees - disagrees, seen, self._extremity[:size],
                                                  self._meta[:size])

    def stretch(self, extremity: Mapping[Hashable, float]) -> None:
        """Takes over how far statements part people from an analysis made elsewhere."""
        for statement, far in extremity.items():
            if statement in self._column:
                self._extremity[self._column[statement]] = far
                self._weigh(self._column[statement])

    def __contains__(self, statement: Hashable) -> bool:
        return statement in self._column

    def given(self, person: Hashable) -> Mapping[Hashable, int]:
        """What a person has voted."""
        return self._latest.get(person, {})

    def left_for(self, person: Hashable) -> int:
        """How many statements this person has not voted on."""
        own = self._latest.get(person, {})
        return sum(s not in own and s not in self.out for s in self.statements)

    def counts(self, statement: Hashable) -> tuple[int, int, int]:
        """Agrees, disagrees and all votes on a statement."""
        agrees, disagrees, seen = (int(n) for n in self._tables[:, self._column[statement]])
        return agrees, disagrees, seen

    def next_for(self, person: Hashable, rng: np.random.Generator, *, first: Iterable[Hashable] = ()) -> Any | None:
        """A statement this person has not voted on, by chance and priority; None when there is none left."""
        size, own, seeds = len(self.statements), self._latest.get(person, {}), set(first)
        open_to = np.array([s not in own and s not in self.out for s in self.statements], bool)
        ahead = np.array([s in seeds for s in self.statements], bool)
        column = routing.choose(self.priorities[:size], open_to, rng, ahead)
        return None if column is None else self.statements[column]

    def recompute(self) -> "Analysis":
        """The full analysis, continuing the last one."""
        from opinions.rounds import analyse

        events = ((p, s, value) for p, own in self._latest.items() for s, value in own.items())
        self.analysis = analyse(matrix.from_events(events, out=self.out | self._about), self.state)
        self.state = self.analysis.state
        for statement, far in zip(self.analysis.votes.statements, self.analysis.axes.extremity, strict=True):
            self._extremity[self._column[statement]] = far
        for column in range(len(self.statements)):
            self._weigh(column)
        return self.analysis

    def _count(self, column: int, value: int, by: int) -> None:
        self._tables[2, column] += by
        if value != matrix.PASS:
            self._tables[0 if value == matrix.AGREE else 1, column] += by

    def _weigh(self, column: int) -> None:
        agrees, disagrees, seen = self._tables[:, column]
        self.priorities[column] = routing.priority(agrees, seen - agrees - disagrees, seen, self._extremity[column],
                                                   self._meta[column])
