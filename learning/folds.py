"""Parts labelled messages into folds of about the same mix, and keeps messages that are nearly the same together.

The same complaint sent twice, once learned and once asked, would be an examination with the answers at hand.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from zlib import crc32

from texts.normal import plain

_SHINGLE, _KEYS, _SKETCH = 5, 4, 48  # characters; how many hashes find a pair; how many compare it
_ALIKE = 0.6  # of their pieces; a group is measured by its first message, lest it grow by small steps
_CROWD = 40  # a hash shared by more messages is a form letter's opening and finds nobody


def folds_of(texts: Sequence[str], labels: Sequence[int], folds: int, seed: int = 7) -> tuple[list[int], int]:
    """The fold of each message, and how many messages have a near-double."""
    groups = alike(texts)
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[group].append(place)
    order = list(members.values())
    random.Random(seed).shuffle(order)
    order.sort(key=len, reverse=True)
    filled: Counter[tuple[int, int]] = Counter()
    found = [0] * len(texts)
    for group_of in order:
        label = labels[group_of[0]]
        fold = min(range(folds), key=lambda f: (filled[f, label], filled[f, -1]))
        for place in group_of:
            found[place] = fold
            filled[fold, labels[place]] += 1
            filled[fold, -1] += 1
    return found, sum(len(g) for g in order if len(g) > 1)


def alike(texts: Sequence[str]) -> list[int]:
    """For each message the number of its group; nearly the same messages share one."""
    sketches = [_sketch(text) for text in texts]
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    holders: dict[int, list[int]] = defaultdict(list)
    for place, sketch in enumerate(sketches):
        for key in sketch[:_KEYS]:
            for other in holders[key]:
                if root(other) != root(place) and _share(sketch, sketches[root(other)]) >= _ALIKE:
                    parent[root(place)] = root(other)
            if len(holders[key]) < _CROWD:
                holders[key].append(place)
    return [root(place) for place in range(len(texts))]


def _sketch(text: str) -> list[int]:
    """The smallest hashes of the pieces of a message."""
    said = "".join(c for c in plain(text) if c.isalpha())  # the same words of another building are the same words
    pieces = {said[i: i + _SHINGLE] for i in range(max(1, len(said) - _SHINGLE + 1))}
    return sorted(crc32(piece.encode()) for piece in pieces)[:_SKETCH]


def _share(one: list[int], two: list[int]) -> float:
    """How much of the smaller hashes of both is in both: an estimate of what the messages share."""
    size = min(len(one), len(two))
    smallest = set(sorted({*one, *two})[:size])
    return len(smallest & set(one) & set(two)) / size if size else 0.0
