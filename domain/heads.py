"""Who counts as one owner: 法释〔2009〕7号 第8、9条; several homes of the same owners are one head, their areas add up.

All that the developer has not sold or not yet handed over is one head. A place to park counts for nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.classes import Measure

DEVELOPER = "developer"


@dataclass(frozen=True, slots=True)
class Unit:
    """A home as the register has it; owners by their ids."""

    home_id: int
    area: int | None  # 0.01 m²; None: not known
    owners: frozenset[int]
    developers: frozenset[int] = frozenset()  # those of the owners who are developers
    handed_over: bool = True
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Grouping:
    """The homes that count, each with its head, and what is not known about them."""

    head: dict[int, str]  # home -> "h12"
    unowned: tuple[int, ...]  # homes whose owner nobody has entered: each is a head of its own
    without_area: tuple[int, ...]


def group(units: Sequence[Unit]) -> Grouping:
    """Groups homes into heads; numbered in the order given, so that the same register gives the same numbers."""
    known = frozenset(d for unit in units for d in unit.developers)
    numbers: dict[object, str] = {}
    head: dict[int, str] = {}
    for unit in units:
        if unit.counts:
            who = _who(unit, known)
            head[unit.home_id] = numbers.setdefault(who, f"h{len(numbers) + 1}")
    counted = [unit for unit in units if unit.counts]
    return Grouping(head, tuple(u.home_id for u in counted if not u.owners and u.handed_over),
                    tuple(u.home_id for u in counted if u.area is None))


def _who(unit: Unit, known: frozenset[int]) -> object:
    if unit.developers:
        return DEVELOPER, unit.developers
    if not unit.handed_over:  # sold, but the buyer has not got it: still the developer's
        return DEVELOPER, known if len(known) == 1 else frozenset()
    return ("owners", unit.owners) if unit.owners else ("home", unit.home_id)


def measure(units: Sequence[Unit], grouping: Grouping) -> Measure:
    """Heads and area of homes; an unknown area adds nothing, and blocks the decision elsewhere."""
    mine = [unit for unit in units if unit.home_id in grouping.head]
    return Measure(len({grouping.head[unit.home_id] for unit in mine}), sum(unit.area or 0 for unit in mine))
