"""Counting and judging: what a group stands for, what everybody accepts, what all groups accept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opinions.matrix import Bools, Floats, Ints, Votes

CRITICAL = 1.2816  # one-sided, 90 %
MOST = 5


@dataclass(frozen=True)
class Counts:
    """Agrees, disagrees and all votes: one row per group, one column per statement."""

    agrees: Ints
    disagrees: Ints
    seen: Ints

    @property
    def passes(self) -> Ints:
        """Votes that took no side."""
        return self.seen - self.agrees - self.disagrees


@dataclass(frozen=True)
class Pick:
    """A statement chosen for a list: its column, the side taken, how strongly and how surely."""

    statement: int
    agree: bool
    share: float  # p_a or p_d
    test: float  # pat or pdt
    ratio: float = 1.0  # r_a or r_d
    ratio_test: float = 0.0  # rat or rdt


def count(votes: Votes, group: Ints, groups: int) -> Counts:
    """Counts by group; people of group -1 are left out. Any grouping will do: opinion, building, owner or tenant."""
    width = len(votes.statements)
    of = (group.astype(np.int64) * width)[votes.rows] + votes.columns  # the cell, negative for people in no group
    kind = of * 3 + votes.values + 1
    table = np.bincount(kind if (group >= 0).all() else kind[of >= 0], minlength=groups * width * 3).reshape(groups, width, 3)
    return Counts(table[:, :, 2], table[:, :, 0], table.sum(axis=2))


def moderated(counts: Counts, people: Ints, out: Bools) -> Counts:
    """The same where statements taken out were passed by everybody; `people` is the size of each group."""
    return Counts(np.where(out, 0, counts.agrees), np.where(out, 0, counts.disagrees),
                  np.where(out, people[:, None], counts.seen))


def share(some: ArrayLike, seen: ArrayLike) -> Floats:
    """A share with one vote for and one against added, so that nothing is certain from few."""
    return (np.asarray(some) + 1) / (np.asarray(seen) + 2)


def one_sample(some: ArrayLike, seen: ArrayLike) -> Floats:
    """z of a share against one half."""
    more = np.asarray(seen, float) + 1
    return 2 * np.sqrt(more) * ((np.asarray(some) + 1) / more - 0.5)


def two_sample(some: ArrayLike, seen: ArrayLike, other: ArrayLike, other_seen: ArrayLike) -> Floats:
    """z of a share against another share, one added to all four counts; 0 where everybody did."""
    s1, n1, s2, n2 = (np.asarray(x, float) + 1 for x in (some, seen, other, other_seen))
    both = (s1 + s2) / (n1 + n2)
    spread = np.sqrt(np.maximum(both * (1 - both), 0) * (1 / n1 + 1 / n2))
    return np.where(both >= 1, 0.0, (s1 / n1 - s2 / n2) / np.where(spread > 0, spread, 1))


def group_informed(counts: Counts, *, agree: bool = True) -> Floats:
    """Per statement the product of the groups' shares of agreement (or of rejection): high only where every group does."""
    return np.asarray(share(counts.agrees if agree else counts.disagrees, counts.seen).prod(axis=0))


def consensus(counts: Counts, out: Bools, *, agree: bool = True) -> list[Pick]:
    """What people on the whole agree with (or reject), surest first; counts of everybody, in one or several rows."""
    seen = counts.seen.sum(axis=0)
    some = (counts.agrees if agree else counts.disagrees).sum(axis=0)
    p, z = share(some, seen), one_sample(some, seen)
    good = np.flatnonzero((p > 0.5) & (z > CRITICAL) & ~out)
    best = good[np.argsort(-(p * z)[good], kind="stable")][:MOST]
    return [Pick(int(t), agree, float(p[t]), float(z[t])) for t in best]


def representative(counts: Counts, out: Bools) -> list[list[Pick]]:
    """For each group the statements that set it apart from all others; `counts` with moderation applied."""
    picked = []
    for g in range(len(counts.seen)):
        rest = np.arange(len(counts.seen)) != g
        seen, other = counts.seen[g], counts.seen[rest].sum(axis=0)
        sides = []
        for table in (counts.agrees, counts.disagrees):
            some, elsewhere = table[g], table[rest].sum(axis=0)
            p = share(some, seen)
            sides.append((p, one_sample(some, seen), p / share(elsewhere, other), two_sample(some, seen, elsewhere, other)))
        spoken = (counts.agrees[g] + counts.disagrees[g]) > 0
        rows = [(Pick(int(t), True, *(float(x[t]) for x in sides[0])), Pick(int(t), False, *(float(x[t]) for x in sides[1])),
                 bool(spoken[t])) for t in np.flatnonzero(~out)]
        picked.append(_select(rows))
    return picked


def _select(rows: list[tuple[Pick, Pick, bool]]) -> list[Pick]:
    """Those that are surely typical; else the best there is. One the group agrees with comes first if there is any."""
    enough: list[Pick] = []
    best: Pick | None = None
    best_agree: Pick | None = None
    for agree, against, spoken in rows:
        stronger = agree if agree.ratio_test > against.ratio_test else against
        if any(side.ratio_test > CRITICAL and side.test > CRITICAL for side in (agree, against)):
            enough.append(stronger)
        elif not enough and (best is None or stronger.ratio_test > best.ratio_test):
            best = stronger
        if spoken and _better(agree, best_agree):
            best_agree = agree
    if not enough:
        return [pick for pick in (best_agree or best,) if pick]
    others = [pick for pick in enough if best_agree is None or pick.statement != best_agree.statement]
    others.sort(key=lambda pick: -(pick.ratio * pick.ratio_test * pick.share * pick.test))
    chosen = ([best_agree] if best_agree else []) + others
    return sorted(chosen[:MOST], key=lambda pick: not pick.agree)


def _better(pick: Pick, holder: Pick | None) -> bool:
    if holder is None:
        return pick.test > CRITICAL or (pick.ratio > 1 and pick.share > 0.5)
    if holder.ratio > 1:
        return pick.ratio * pick.ratio_test * pick.share * pick.test > holder.ratio * holder.ratio_test * holder.share * holder.test
    return pick.share * pick.test > holder.share * holder.test
