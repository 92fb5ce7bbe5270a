"""Groups messages that say the same about the same place or firm. Imports scipy: for the scheduler and tools, not for web workers.

Two messages are alike as far as their words are (TF-IDF of words and of runs of characters, title and text counting
alike), and half of that is lost when the names in them differ. Groups grow by average likeness, so that one message
which is a little like everything does not join everything.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix, hstack
from scipy.spatial.distance import squareform

from texts.named import name_pairs, without_addresses
from texts.same import cut, near, rare

ALIKE = 0.12  # average likeness from which a group holds together
UNNAMED = 0.5  # what is left of the likeness when no name is shared
AT_ONE_PLACE = 0.5  # what one building or gate counts as a shared name: other estates have a 3幢, too
MOST = 4000  # messages in one go: time and memory grow with the square

Array = Any


@dataclass(frozen=True, slots=True)
class Said:
    """One message: its title, its text, and where in the community, when that is known."""

    title: str
    text: str
    place: str | None = None


def groups(messages: Sequence[Said], alike: float = ALIKE) -> list[list[int]]:
    """The positions of messages that belong together, the largest group first; who is alone stands in no group."""
    if len(messages) < 2:
        return []
    if len(messages) > MOST:
        raise ValueError(f"at most {MOST} messages")
    apart = 1 - alikeness(messages)
    np.fill_diagonal(apart, 0)
    label = fcluster(linkage(squareform(apart, checks=False), "average"), 1 - alike, "distance")
    found: dict[int, list[int]] = {}
    for position, name in enumerate(label):
        found.setdefault(int(name), []).append(position)
    return sorted((g for g in found.values() if len(g) > 1), key=lambda g: (-len(g), g))


def alikeness(messages: Sequence[Said]) -> Array:
    """How alike each two messages are: a square of numbers from 0 to 1."""
    titles = [without_addresses(m.title) for m in messages]
    texts = [without_addresses(m.text) for m in messages]
    said = []
    for parts in (_words, _runs):
        inside = [parts(t) for t in titles]
        said += _vectors([inside, [parts(t) for t in texts]], weights=_rarity(inside))
    names = [[name_pairs(t) for t in titles], [name_pairs(t) for t in texts]]
    first, rest = _vectors(names, weights=_rarity([[*a, *b] for a, b in zip(*names, strict=True)]))
    named = _cosines((1.5 * first + rest).tocsr())  # a name in the title is more likely what it is about
    here, elsewhere = _placed(messages)
    for a, b in here:
        named[a, b] = named[b, a] = max(named[a, b], AT_ONE_PLACE)
    alike = _cosines(hstack(said).tocsr()) * (UNNAMED + (1 - UNNAMED) * np.sqrt(named))
    for a, b in elsewhere:
        alike[a, b] = alike[b, a] = 0
    return alike


def _words(text: str) -> list[str]:
    return [w for w in cut(text) if len(w) > 1]


def _runs(text: str) -> list[str]:
    text = text.lower()
    return [text[i: i + n] for n in (2, 3) for i in range(len(text) - n + 1)]


def _rarity(said: list[list[str]]) -> dict[str, float]:
    """What each part weighs: rare among these messages, and rare in the language, which carries while they are few.

    Words and runs are taken from titles only: what no title has is an aside.
    """
    often = Counter(part for parts in said for part in set(parts))
    return {part: (log((1 + len(said)) / (1 + n)) + 1) * rare(part) for part, n in often.items()}


def _vectors(fields: list[list[list[str]]], *, weights: dict[str, float]) -> list[csr_matrix]:
    """TF-IDF of each field, every message of length 1."""
    column = {part: n for n, part in enumerate(weights)}
    return [_unit(said, weights, column) for said in fields]


def _unit(said: list[list[str]], weights: dict[str, float], column: dict[str, int]) -> csr_matrix:
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, parts in enumerate(said):
        found = {p: (1 + log(n)) * weights[p] for p, n in Counter(parts).items() if p in weights}
        rows += [row] * len(found)
        columns += [column[p] for p in found]
        values += found.values()
    return _normal(csr_matrix((values, (rows, columns)), shape=(len(said), max(1, len(column)))))


def _normal(matrix: csr_matrix) -> csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    return csr_matrix(matrix.multiply(scale[:, None]))


def _cosines(matrix: csr_matrix) -> Array:
    matrix = _normal(matrix)
    return np.clip((matrix @ matrix.T).toarray(), 0, 1)


def _placed(messages: Sequence[Said]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs that name one place of the community, and pairs that name two."""
    placed = [(n, m.place) for n, m in enumerate(messages) if m.place]
    here: list[tuple[int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    for i, (a, one) in enumerate(placed):
        for b, other in placed[:i]:
            (here if near(one, other) else elsewhere).append((a, b))
    return here, elsewhere
