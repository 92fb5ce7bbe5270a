"""Made-up rounds in which the truth is known."""

import numpy as np

Event = tuple[str, str, int]


def camps(people: int, statements: int, groups: int, *, noise: float = 0.1, seen: float = 0.8, seed: int = 0) -> tuple[
        list[Event], dict[str, int]]:
    """Camps that differ on every statement but the last, the bridge, with which all agree; and who is in which camp."""
    rng = np.random.default_rng(seed)
    sides = rng.choice([-1, 1], (groups, statements))
    for g in range(1, groups):
        sides[g] = np.where(np.arange(statements) % groups == g, -sides[0], sides[0]) if groups > 2 else -sides[0]
    sides[:, -1] = 1
    of = {f"p{n}": n % groups for n in range(people)}
    events = []
    for person, camp in of.items():
        for t in range(statements):
            if rng.random() < seen:
                vote = sides[camp, t] if rng.random() >= noise else rng.choice([-1, 0, 1])
                events.append((person, f"s{t}", int(vote)))
    return events, of


def rand_index(one: list[int], other: list[int]) -> float:
    """The adjusted Rand index: 1 for the same partition, about 0 for chance."""
    table = np.zeros((max(one) + 1, max(other) + 1))
    np.add.at(table, (one, other), 1)

    def pairs(x: np.ndarray) -> float:
        return float((x * (x - 1) / 2).sum())
    both, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    chance = rows * columns / pairs(table.sum(keepdims=True))
    return (both - chance) / ((rows + columns) / 2 - chance)
