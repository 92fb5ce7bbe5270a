"""Groups of people who stand near each other on the map."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from opinions.matrix import Floats, Ints

BASE, ROUNDS, STILL = 100, 20, 0.01
BETTER = 0.95  # a fresh start replaces groups that are known already only if it is clearly tighter


def base(points: Floats, last: Floats | None = None, *, limit: int = BASE) -> tuple[Ints, Floats]:
    """At most a hundred small clusters: (label of each point, centres). Up to a hundred different points keep apart."""
    distinct, label = np.unique(points, axis=0, return_inverse=True)
    if len(distinct) <= limit:
        return label.ravel(), distinct
    centres = np.asarray(last) if last is not None and len(last) == limit else _split(points, limit)
    for _ in range(ROUNDS):
        label = cKDTree(centres).query(points)[1]
        moved = _means(points, label, centres)
        still = np.abs(moved - centres).max() < STILL
        centres = moved
        if still:
            break
    used, label = np.unique(cKDTree(centres).query(points)[1], return_inverse=True)
    return label.ravel(), _means(points, label.ravel(), centres[used])


def groups(points: Floats, weights: Floats, k: int, start: Floats, *, robust: bool = True) -> tuple[Ints, Floats, float]:
    """Weighted Lloyd steps from the start: (labels, centres, cost). Robust: a centre is the point with the least sum of
    distances, which a few far people cannot drag away; else the mean."""
    centres = np.array(start, float)
    for _ in range(ROUNDS):
        label = cdist(points, centres).argmin(axis=1)
        used = np.unique(label)
        moved = np.array([_middle(points[label == n], weights[label == n], robust) for n in used])
        still = len(moved) == len(centres) and np.abs(moved - centres).max() < STILL
        centres = moved
        if still:
            break
    away = cdist(points, centres)
    label = away.argmin(axis=1)
    nearest = away.min(axis=1)
    return label, centres, float((weights * (nearest if robust else nearest**2)).sum())


def every_k(points: Floats, weights: Floats, small: Floats, last: dict[int, Floats], *, robust: bool = True) -> dict[int, Floats]:
    """Centres for every k from 2 to at most 5, where `small` are the base clusters: the known groups moved on, or fresh ones
    if these are clearly tighter."""
    found: dict[int, Floats] = {}
    fresh = np.average(points, axis=0, weights=weights)[None]
    for k in range(2, min(5, 2 + len(small) // 12, len(small)) + 1):
        starts = [one_more(points, weights, fresh, small)] + (_halves(points) if k == 2 else [])
        tried = [groups(points, weights, k, start, robust=robust) for start in starts if len(start) == k]
        _, fresh, cost = min((one for one in tried if len(one[1]) == k), key=lambda one: one[2], default=tried[0])
        if len(fresh) < k:
            break
        found[k] = fresh
        if k in last:
            _, centres, warm = groups(points, weights, k, last[k], robust=robust)
            if len(centres) == k and warm * BETTER <= cost:
                found[k] = centres
    return found


def nearest(points: Floats, centres: Floats) -> Ints:
    """The number of each point's nearest centre."""
    return cKDTree(centres).query(points)[1]


def one_more(points: Floats, weights: Floats, centres: Floats, small: Floats) -> Floats:
    """The centres and the base cluster that as a further centre would shorten most ways; no chance, no order of people in it."""
    near = cKDTree(centres).query(points)[0] ** 2
    gain = [weights @ np.maximum(near - ((points - one) ** 2).sum(axis=1), 0) for one in small]
    return np.vstack([centres, small[int(np.argmax(gain))]])


def _halves(points: Floats) -> list[Floats]:
    """Starts for two groups: cuts across either axis at several places."""
    found = []
    for axis in (0, 1):
        for cut in np.quantile(points[:, axis], (0.2, 0.35, 0.5, 0.65, 0.8)):
            side = points[:, axis] > cut
            if side.any() and not side.all():
                found.append(np.array([points[~side].mean(axis=0), points[side].mean(axis=0)]))
    return found


def silhouette(points: Floats, label: Ints, weights: Floats | None = None) -> float:
    """How clearly the groups are apart, from -1 to 1; a point alone in its group counts 0. With weights a point stands for
    that many people."""
    names, own = np.unique(label, return_inverse=True)
    if len(names) < 2:
        return 0.0
    heavy = np.ones(len(points)) if weights is None else weights
    away = cdist(points, points)
    sizes = np.bincount(own, weights=heavy)
    sums = np.stack([away[:, own == n] @ heavy[own == n] for n in range(len(names))], axis=1)
    at = np.arange(len(points)), own
    inside = sums[at] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[at] = np.inf
    outside = means.min(axis=1)
    larger = np.maximum(inside, outside)
    score = np.where((sizes[own] > 1) & (larger > 0), (outside - inside) / np.where(larger > 0, larger, 1), 0)
    return float(np.average(score, weights=heavy))


def same_names(label: Ints, before: Ints) -> Ints:
    """Group numbers that follow the last run: the best overlap keeps its number. -1 in `before`: was in no group."""
    names = np.unique(label)
    size = max(len(names), int(before.max(initial=-1)) + 1)
    overlap = np.zeros((len(names), size), int)
    known = before >= 0
    np.add.at(overlap, (np.searchsorted(names, label[known]), before[known]), 1)
    return linear_sum_assignment(-overlap)[1][np.searchsorted(names, label)]


def _middle(points: Floats, weights: Floats, robust: bool) -> Floats:
    centre = np.average(points, axis=0, weights=weights)
    if robust:
        for _ in range(ROUNDS):
            pull = weights / np.maximum(np.hypot(*(points - centre).T), 1e-9)
            moved = pull @ points / pull.sum()
            still = np.abs(moved - centre).max() < STILL / 10
            centre = moved
            if still:
                break
    return centre


def _means(points: Floats, label: Ints, empty: Floats) -> Floats:
    sizes = np.bincount(label, minlength=len(empty))
    sums = np.stack([np.bincount(label, weights=points[:, n], minlength=len(empty)) for n in (0, 1)], axis=1)
    return np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], empty)


def _split(points: Floats, parts: int) -> Floats:
    """Centres of boxes with equally many people, halved along the longer side."""
    if parts == 1:
        return points.mean(axis=0)[None]
    axis = int(np.ptp(points, axis=0).argmax())
    half, cut = parts // 2, len(points) * (parts // 2) // parts
    order = np.lexsort((points[:, 1 - axis], points[:, axis]))
    return np.vstack([_split(points[order[:cut]], half), _split(points[order[cut:]], parts - half)])
