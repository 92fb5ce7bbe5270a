"""Who said what to which statement: the votes of a round as one sparse table."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

AGREE, PASS, DISAGREE = 1, 0, -1
Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Votes:
    """Rows are people, columns are statements; a pass is a vote, an empty cell is none."""

    people: tuple[Any, ...]
    statements: tuple[Any, ...]
    starts: Ints  # where each person's votes begin, and after the last one their end
    columns: Ints
    values: NDArray[np.int8]
    out: Bools  # statements taken out by moderation, and those about the round itself

    @cached_property
    def rows(self) -> Ints:
        """For each vote the row of its person."""
        return np.repeat(np.arange(len(self.people), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def given(self) -> Ints:
        """How many votes each person gave."""
        return np.diff(self.starts)

    @cached_property
    def counted(self) -> Bools:
        """For each vote, whether its statement still counts."""
        return ~self.out[self.columns]


def from_events(events: Iterable[tuple[Hashable, Hashable, int]], *, out: Iterable[Hashable] = ()) -> Votes:
    """The table after all events (person, statement, vote) in their order; the last vote of a person on a statement counts."""
    latest: dict[tuple[Hashable, Hashable], int] = {}
    for person, statement, vote in events:
        latest[person, statement] = vote
    people = in_order({person for person, _ in latest})
    statements = in_order({statement for _, statement in latest})
    row = {person: n for n, person in enumerate(people)}
    column = {statement: n for n, statement in enumerate(statements)}
    gone = set(out)
    return from_arrays(
        np.array([row[person] for person, _ in latest], np.int32), np.array([column[s] for _, s in latest], np.int32),
        np.array(list(latest.values()), np.int8), people=people, statements=statements,
        out=np.array([s in gone for s in statements], bool))


def from_arrays(rows: Ints, columns: Ints, values: Ints, *, people: Sequence[Any], statements: Sequence[Any],
                out: Bools | None = None) -> Votes:
    """The same from numbers: of several votes in one cell the last one counts."""
    if len(values) and (values.min() < DISAGREE or values.max() > AGREE):
        raise ValueError("a vote is 1, 0 or -1")
    bits = len(rows).bit_length()  # cell and place in one number: sorting those is several times quicker than argsort
    keys = (rows.astype(np.int64) * len(statements) + columns << bits) | np.arange(len(rows))
    keys.sort()
    cells = keys >> bits
    ends = np.flatnonzero(np.append(cells[1:] != cells[:-1], True)) if len(cells) else np.zeros(0, np.int64)
    last = keys[ends] & ((1 << bits) - 1)
    starts = np.zeros(len(people) + 1, np.int64)
    np.cumsum(np.bincount(rows[last], minlength=len(people)), out=starts[1:])
    return Votes(tuple(people), tuple(statements), starts, columns[last].astype(np.int32), values[last].astype(np.int8),
                 np.zeros(len(statements), bool) if out is None else out)


def in_order(names: Iterable[Any]) -> list[Any]:
    """Numbers by size, then words; so the table does not depend on who spoke first."""
    return sorted(names, key=lambda name: (0, int(name), "") if str(name).isdecimal() else (1, 0, str(name)))


def clustered(votes: Votes, before: Iterable[Any] = (), *, enough: int = 7, fill: int = 15) -> Bools:
    """Who is grouped: seven votes (or all there are), whoever was before, and the most active up to fifteen."""
    chosen = votes.given >= min(enough, max(len(votes.statements), 1))
    once = set(before)
    if once:
        chosen |= np.fromiter((person in once for person in votes.people), bool, len(votes.people))
    short = min(fill, len(votes.people)) - int(chosen.sum())
    if short > 0:
        eager = np.argsort(-votes.given, kind="stable")
        chosen[eager[~chosen[eager]][:short]] = True
    return chosen
