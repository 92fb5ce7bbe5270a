"""The opinion map: two axes along which people differ most, and where each person and statement stands on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, eigsh

from opinions.matrix import Floats, Votes

DENSE = 200_000  # cells up to which an exact decomposition is the quickest
SINGLE = 1_000_000  # votes from which single precision is enough


@dataclass(frozen=True)
class Axes:
    """What the map is drawn from."""

    mean: Floats
    components: Floats  # 2 × statements
    extremity: Floats  # how far out each statement is


def fit(votes: Votes, last: Mapping[Any, tuple[float, float]] | None = None) -> Axes:
    """Axes of the votes; with the last axes (by statement) the map is turned so that it changes as little as it can."""
    mean = _means(votes)
    components: Floats
    if not len(mean):
        components = np.zeros((2, 0))
    elif len(mean) == 1:
        mean, components = np.zeros(1), np.array([[1.0], [0.0]])
    elif len(votes.people) == 1:
        components = np.zeros((2, len(votes.statements)))
        kept = votes.counted
        components[0, votes.columns[kept]] = votes.values[kept]
        components[0] /= max(np.linalg.norm(components[0]), 1e-12)
    else:
        old = None if last is None else np.array([last.get(s, (0.0, 0.0)) for s in votes.statements], float).T
        components = _aligned(_leading(_centred(votes, mean), old), old)
    extremity = np.sqrt(len(mean)) * np.abs(1 - mean) * np.linalg.norm(components, axis=0)
    return Axes(mean, components, extremity)


def project(votes: Votes, axes: Axes) -> Floats:
    """Where each person stands; those who saw few statements are scaled up to what they would have reached with all."""
    scores = np.asarray(_centred(votes, axes.mean) @ axes.components.T)
    kept = np.bincount(votes.rows[votes.counted], minlength=len(votes.people)) + votes.out.sum()
    return scores * np.sqrt(len(votes.statements) / np.maximum(kept, 1))[:, None]


def _means(votes: Votes) -> Floats:
    kept = votes.counted
    total = np.bincount(votes.columns[kept], weights=votes.values[kept], minlength=len(votes.statements))
    return total / np.maximum(np.bincount(votes.columns[kept], minlength=len(votes.statements)), 1)


def _centred(votes: Votes, mean: Floats) -> csr_matrix:
    """Vote minus mean; an empty cell stands for the mean, so it stays empty. A statement taken out is 0 for everybody."""
    kind: Any = np.float32 if len(votes.values) > SINGLE else np.float64
    data = (votes.values.astype(kind) - mean.astype(kind)[votes.columns]) * votes.counted
    return csr_matrix((data, votes.columns, votes.starts), shape=(len(votes.people), len(votes.statements)))


def _leading(table: csr_matrix, old: Floats | None) -> Floats:
    people, statements = table.shape
    if people * statements <= DENSE or min(people, statements) < 4:
        found = np.linalg.svd(table.toarray(), full_matrices=False)[2][:2]
        return found if len(found) == 2 else np.vstack([found, np.zeros((2 - len(found), statements))])
    squared = LinearOperator((statements, statements), matvec=lambda v: table.T @ (table @ v), dtype=table.dtype)
    start = np.ones(statements) if old is None or not old.any() else old.sum(axis=0)
    start = (start + 1e-3).astype(table.dtype)
    _, found = eigsh(squared, k=2, v0=start, tol=1e-9 if table.dtype == np.float64 else 1e-5)
    return np.asarray(found[:, ::-1].T, float)


def _aligned(found: Floats, old: Floats | None) -> Floats:
    """Turned or mirrored onto the last axes; without these, each axis points to where its strongest statement is agreed to."""
    if old is not None and np.linalg.matrix_rank(old) == 2:
        left, _, right = np.linalg.svd(found @ old.T)
        return (left @ right).T @ found
    strongest = found[np.arange(2), np.abs(found).argmax(axis=1)]
    return found * np.where(strongest < 0, -1, 1)[:, None]
