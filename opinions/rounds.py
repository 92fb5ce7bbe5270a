"""A whole round: from the votes and what was kept of the last run to groups, lists and the verdict whether to show groups."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from opinions import clusters, pca, routing, stats
from opinions.matrix import Floats, Ints, Votes, clustered

ENOUGH_PEOPLE, CLEAR, SMALLEST = 12, 0.25, 3  # our own gate
PATIENCE = 4  # runs in a row that must find another number of groups before it is believed
FINE = 5_000  # people up to which groups are fitted to each of them, beyond to the base clusters
CLEARLY = 0.02  # by which silhouette more groups must beat fewer


@dataclass(frozen=True)
class State:
    """What the next run needs of this one, so that pictures and numbers do not jump. JSON takes it as it is."""

    axes: dict[str, tuple[float, float]] = field(default_factory=dict)
    base: list[list[float]] = field(default_factory=list)
    centres: dict[str, list[list[float]]] = field(default_factory=dict)  # by number of groups
    member: dict[str, int] = field(default_factory=dict)  # person to group
    groups: int = 0
    seen: int = 0  # the number of groups the last runs found, and how many times in a row
    times: int = 0

    def as_json(self) -> dict[str, Any]:
        """For json.dumps."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "State":
        """From json.loads of `as_json`."""
        return cls(**{**kept, "axes": {name: (x, y) for name, (x, y) in kept["axes"].items()}})


@dataclass(frozen=True)
class Analysis:
    """What a round says."""

    votes: Votes
    axes: pca.Axes
    points: Floats  # where each person stands
    group: Ints  # number of each person's group, -1 for none
    numbers: list[int]  # of the groups, in the order of the rows of `counts`
    counts: stats.Counts  # people who are clustered, by group
    everybody: stats.Counts  # one row
    silhouettes: dict[int, float]  # by number of groups, over base clusters
    clear: float  # the silhouette of the groups chosen, over people: what the gate asks
    reason: str | None  # why groups are not shown: few, unclear, small
    state: State

    @property
    def shown(self) -> bool:
        """Whether groups may be shown."""
        return self.reason is None

    @property
    def sizes(self) -> dict[int, int]:
        """People in each group."""
        return {number: int((self.group == number).sum()) for number in self.numbers}

    def representative(self) -> dict[int, list[stats.Pick]]:
        """What each group stands for."""
        people = np.array([self.sizes[n] for n in self.numbers], int)
        return dict(zip(self.numbers, stats.representative(stats.moderated(self.counts, people, self.votes.out), self.votes.out),
                        strict=True))

    def consensus(self, agree: bool = True) -> list[stats.Pick]:
        """What people on the whole accept, or reject."""
        return stats.consensus(self.everybody, self.votes.out, agree=agree)

    def group_informed(self) -> Floats:
        """How far every group agrees, per statement; statements taken out are 0."""
        return np.where(self.votes.out, 0.0, stats.group_informed(self.counts if self.numbers else self.everybody))

    def priorities(self, meta: Any = False) -> Floats:
        """Routing priority per statement, from the counts of the groups."""
        total = stats.Counts(*(table.sum(axis=0) for table in (self.counts.agrees, self.counts.disagrees, self.counts.seen)))
        return routing.priority(total.agrees, total.passes, total.seen, self.axes.extremity, meta)


def analyse(votes: Votes, last: State | None = None, *, robust: bool = True) -> Analysis:
    """The whole computation. `robust=False`: plain k-means as Polis has it."""
    last = last or State()
    names = [str(s) for s in votes.statements]
    old = {s: last.axes[name] for s, name in zip(votes.statements, names, strict=True) if name in last.axes}
    axes = pca.fit(votes, old or None)
    points = pca.project(votes, axes)
    people = [str(p) for p in votes.people]
    inside = np.flatnonzero(clustered(votes, (p for p, name in zip(votes.people, people, strict=True) if name in last.member)))
    place = points[inside]
    label, base = clusters.base(place, np.array(last.base) if last.base else None)
    weights = np.bincount(label, minlength=len(base)).astype(float)
    fine, heavy = (place, np.ones(len(place))) if len(place) <= FINE else (base, weights)
    known = {int(k): np.array(centres) for k, centres in last.centres.items()}
    found = clusters.every_k(fine, heavy, base, known, robust=robust) if len(base) > 1 else {}
    silhouettes = {k: clusters.silhouette(base, clusters.nearest(base, centres)) for k, centres in found.items()}
    k, seen, times = _smoothed(silhouettes, last)
    clear = clusters.silhouette(base, clusters.nearest(base, found[k]), weights) if found else 0.0
    group = np.full(len(people), -1)
    if found:
        before = np.array([last.member.get(people[n], -1) for n in inside], int)
        group[inside] = clusters.same_names(clusters.nearest(place, found[k]), before)
    elif len(inside):
        group[inside] = 0
    numbers = sorted({int(n) for n in group[group >= 0]})
    state = State({name: (float(x), float(y)) for name, x, y in zip(names, *axes.components, strict=True)},
                  base.tolist() if len(base) == clusters.BASE else [], {str(n): c.tolist() for n, c in found.items()},
                  {people[n]: int(group[n]) for n in inside}, k, seen, times)
    rows = np.searchsorted(numbers, group) if numbers else group
    return Analysis(votes, axes, points, group, numbers, stats.count(votes, np.where(group < 0, -1, rows), len(numbers)),
                    stats.count(votes, np.zeros(len(people), int), 1), silhouettes, clear,
                    _gate(group[inside], clear), state)


def across(votes: Votes, group_of: Mapping[Any, Any], *, smallest: int = SMALLEST) -> tuple[list[Any], stats.Counts]:
    """Counts over groups that exist already (building, owner or tenant …), those of fewer than three people left out."""
    sizes: dict[Any, int] = {}
    for person in votes.people:
        if person in group_of:
            sizes[group_of[person]] = sizes.get(group_of[person], 0) + 1
    names = sorted((name for name, size in sizes.items() if size >= smallest), key=str)
    row = {name: n for n, name in enumerate(names)}
    group = np.array([row.get(group_of[p], -1) if p in group_of else -1 for p in votes.people], int)
    return names, stats.count(votes, group, len(names))


def centricness(points: Floats, around: Iterable[float]) -> Floats:
    """1 in the middle, less the farther out."""
    return 1 - np.linalg.norm(points - np.asarray(list(around)), axis=1)


def coreness(points: Floats, group: Ints) -> Floats:
    """1 in the middle of one's own group, less the farther from it; NaN for who is in no group."""
    return 1 - np.linalg.norm(points - _centres(points, group), axis=1)


def extremeness(points: Floats, group: Ints) -> Floats:
    """How much farther out than their group somebody stands, seen from the middle of all who are grouped; NaN for who is not."""
    centre = _centres(points, group)
    outward = centre - points[group >= 0].mean(axis=0)
    length = np.linalg.norm(outward, axis=1, keepdims=True)
    unit = np.divide(outward, length, out=np.zeros_like(outward), where=length > 0)
    return np.asarray(((points - centre) * unit).sum(axis=1))


def _centres(points: Floats, group: Ints) -> Floats:
    """For each person the middle of their group."""
    centres = np.full(points.shape, np.nan)
    for number in np.unique(group[group >= 0]):
        centres[group == number] = points[group == number].mean(axis=0)
    return centres


def _smoothed(silhouettes: Mapping[int, float], last: State) -> tuple[int, int, int]:
    """The number of groups: the fewest that are about as clear as the clearest, and changed only when found four times running."""
    if not silhouettes:
        return 0, 0, 0
    clearest = max(silhouettes.values())
    now = min(k for k, s in silhouettes.items() if s >= clearest - CLEARLY)
    times = last.times + 1 if now == last.seen else 1
    keep = last.groups in silhouettes and times < PATIENCE
    return (last.groups if keep else now), now, times


def _gate(group: Ints, silhouette: float) -> str | None:
    if len(group) < ENOUGH_PEOPLE:
        return "few"
    if silhouette < CLEAR:
        return "unclear"
    return "small" if np.unique(group, return_counts=True)[1].min() < SMALLEST else None
