"""Which statement a person is shown next: those that teach most are likelier."""

import numpy as np
from numpy.typing import ArrayLike

from opinions.matrix import Bools, Floats

ABOUT_THE_ROUND = 49.0


def priority(agrees: ArrayLike, passes: ArrayLike, seen: ArrayLike, extremity: ArrayLike, meta: ArrayLike = False) -> Floats:
    """High for what divides or is agreed with, for what few passed, and above all for what few have seen."""
    s = np.asarray(seen, float)
    agreed, passed = (np.asarray(agrees) + 1) / (s + 2), (np.asarray(passes) + 1) / (s + 2)
    worth = (1 - passed) * (np.asarray(extremity) + 1) * agreed * (1 + 8 * 2 ** (-s / 5))
    return np.where(meta, ABOUT_THE_ROUND, worth**2)


def choose(priorities: Floats, allowed: Bools, rng: np.random.Generator, first: Bools | None = None) -> int | None:
    """A column drawn in proportion to its priority among those allowed, seeds first if given; None if nothing is left."""
    if first is not None and (allowed & first).any():
        allowed = allowed & first
    columns = np.flatnonzero(allowed)
    if not len(columns):
        return None
    chance = np.maximum(np.asarray(priorities, float)[columns], 0)
    return int(rng.choice(columns, p=chance / chance.sum() if chance.sum() > 0 else None))


def dice(*about: int) -> np.random.Generator:
    """Chance that is the same whenever it is asked about the same: a repeated message gets the same statement."""
    return np.random.default_rng(about)
