"""What all groups accept, of groups that were found and of groups that exist already: buildings, owners and tenants, floors.

A small group or a group of which few have seen a statement says nothing; of the others only a verdict is given, no number,
so that nobody can take numbers apart and learn who voted what.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opinions import rounds, stats
from opinions.matrix import Floats, Ints, Votes

SMALLEST = 5  # people of a group that is shown
HEARD = 3  # votes in a group from which it has a verdict on a statement
ACCEPTS, SPLIT, REJECTS, SILENT = 1, 0, -1, 2
SURE = 1.6449  # one-sided, 95 %: among many statements some please everybody by chance
EACH_SIDE = 0.25  # the smaller side's share from which a statement divides
ENOUGH = 5  # votes from which a statement can be said to divide


@dataclass(frozen=True)
class Grouping:
    """One way to part the people: its groups by name, how many are in each, and how they voted."""

    name: str
    groups: tuple[Any, ...]
    sizes: tuple[int, ...]
    counts: stats.Counts

    @property
    def verdicts(self) -> Ints:
        """One row per group, one column per statement: accepts, split, rejects or silent."""
        agreed, against = stats.share(self.counts.agrees, self.counts.seen), stats.share(self.counts.disagrees, self.counts.seen)
        found = np.where(agreed > 0.5, ACCEPTS, np.where(against > 0.5, REJECTS, SPLIT))
        return np.asarray(np.where(self.counts.seen < HEARD, SILENT, found))

    @property
    def common(self) -> Floats:
        """Group-informed consensus per statement, as the share of one group: the geometric mean over groups that were heard."""
        heard = self.counts.seen >= HEARD
        logs = np.where(heard, np.log(stats.share(self.counts.agrees, self.counts.seen)), 0.0).sum(axis=0)
        return np.asarray(np.exp(logs / np.maximum(heard.sum(axis=0), 1)))


def real(name: str, votes: Votes, group_of: Mapping[Any, Hashable], *, smallest: int = SMALLEST) -> Grouping | None:
    """A grouping that exists already, without its small groups; None when fewer than two are left."""
    names, counts = rounds.across(votes, group_of, smallest=smallest)
    if len(names) < 2:
        return None
    members = [group_of[p] for p in votes.people if p in group_of]
    return Grouping(name, tuple(names), tuple(members.count(each) for each in names), counts)


def found(name: str, analysis: rounds.Analysis, *, labels: Sequence[Any]) -> Grouping | None:
    """The groups of opinion, when the gate lets them be shown; labels by their order."""
    if not analysis.shown or len(analysis.numbers) < 2:
        return None
    sizes = analysis.sizes
    return Grouping(name, tuple(labels[:len(analysis.numbers)]), tuple(sizes[n] for n in analysis.numbers), analysis.counts)


def bridges(everybody: stats.Counts, groupings: Sequence[Grouping], out: np.ndarray) -> list[tuple[int, float]]:
    """Statements that people on the whole accept and no group that was heard does not, with the worst of their group-informed
    consensus over the groupings; best first. In every grouping at least two groups must have been heard."""
    seen, agrees = everybody.seen.sum(axis=0), everybody.agrees.sum(axis=0)
    good = (stats.share(agrees, seen) > 0.5) & (stats.one_sample(agrees, seen) > SURE) & ~out
    score = stats.share(agrees, seen)
    for each in groupings:
        verdicts = each.verdicts
        good &= ((verdicts == ACCEPTS) | (verdicts == SILENT)).all(axis=0) & ((verdicts == ACCEPTS).sum(axis=0) >= 2)
        score = np.minimum(score, each.common)
    columns = np.flatnonzero(good)
    return [(int(t), float(score[t])) for t in columns[np.argsort(-score[columns], kind="stable")]]


def shared(grouping: Grouping, out: np.ndarray, *, most: int = 3) -> list[list[int]]:
    """For each group what it accepts and the others accept too: those that were heard, at least one; surest first."""
    verdicts, share = grouping.verdicts, stats.share(grouping.counts.agrees, grouping.counts.seen)
    picked = []
    for g in range(len(grouping.groups)):
        others = verdicts[np.arange(len(grouping.groups)) != g]
        also = ((others == ACCEPTS) | (others == SILENT)).all(axis=0) & (others == ACCEPTS).any(axis=0)
        columns = np.flatnonzero((verdicts[g] == ACCEPTS) & also & ~out)
        worth = share[g] * grouping.common
        picked.append([int(t) for t in columns[np.argsort(-worth[columns], kind="stable")][:most]])
    return picked


def divisive(everybody: stats.Counts, out: np.ndarray, *, most: int = 3) -> list[int]:
    """Statements on which both sides are strong, the most evenly and most surely divided first."""
    seen = everybody.seen.sum(axis=0)
    agreed, against = (stats.share(table.sum(axis=0), seen) for table in (everybody.agrees, everybody.disagrees))
    columns = np.flatnonzero((np.minimum(agreed, against) >= EACH_SIDE) & (seen >= ENOUGH) & ~out)
    worth = agreed * against * np.sqrt(seen)
    return [int(t) for t in columns[np.argsort(-worth[columns], kind="stable")][:most]]


def sides(votes: Votes, statement: int) -> tuple[stats.Counts, tuple[int, int]]:
    """How those who agree with a statement (first row) and those who reject it (second) voted on all others; how many they are."""
    own = np.zeros(len(votes.people), int)
    here = votes.columns == statement
    own[votes.rows[here]] = votes.values[here]
    side = np.where(own == 1, 0, np.where(own == -1, 1, -1))
    return stats.count(votes, side, 2), (int((side == 0).sum()), int((side == 1).sum()))


def reasons(votes: Votes, statement: int, out: np.ndarray, *, most: int = 4) -> tuple[list[int], list[int]]:
    """For each side of a divisive statement what that side says for itself: accepted there, and by more than on the other side.

    It is read from votes on what was said, not from who said it: nobody's own vote shows in it.
    """
    counts, sizes = sides(votes, statement)
    if min(sizes) < HEARD:
        return [], []
    picked = []
    for g in (0, 1):
        share = stats.share(counts.agrees[g], counts.seen[g])
        more = stats.two_sample(counts.agrees[g], counts.seen[g], counts.agrees[1 - g], counts.seen[1 - g])
        good = (share > 0.5) & (counts.seen[g] >= HEARD) & (more > stats.CRITICAL) & ~out
        good[statement] = False
        columns = np.flatnonzero(good)
        picked.append([int(t) for t in columns[np.argsort(-(share * more)[columns], kind="stable")][:most]])
    return picked[0], picked[1]
