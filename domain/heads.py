"""Who counts as one owner: 法释〔2009〕7号 第8、9条; several homes of the same owners are one head, their areas add up.

All that the developer has not sold or not yet handed over is one head. A place to park counts for nobody.
The same people speak for all homes of a head, so that a head can never say two things.
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
    speakers: dict[int, frozenset[int]]  # home -> the owners whose opinion it is; the same for every home of a head
    unowned: tuple[int, ...]  # homes whose owner nobody has entered: each is a head of its own
    without_area: tuple[int, ...]


def group(units: Sequence[Unit], developers: frozenset[int] = frozenset()) -> Grouping:
    """Groups homes into heads; numbered in the order given, so that the same register gives the same numbers.

    `developers` are those of the whole community: where some part of it votes alone, they need own nothing there.
    """
    known = developers.union(*(unit.developers for unit in units))
    numbers: dict[object, str] = {}
    head: dict[int, str] = {}
    speakers: dict[int, frozenset[int]] = {}
    counted = [unit for unit in units if unit.counts]
    for unit in counted:
        who, speakers[unit.home_id] = _who(unit, known)
        head[unit.home_id] = numbers.setdefault((who, speakers[unit.home_id]), f"h{len(numbers) + 1}")
    return Grouping(head, speakers, tuple(u.home_id for u in counted if not u.owners and u.handed_over),
                    tuple(u.home_id for u in counted if u.area is None))


def _who(unit: Unit, known: frozenset[int]) -> tuple[object, frozenset[int]]:
    """What kind of head the home belongs to, and whose opinion it is."""
    if not unit.handed_over:  # sold, but the buyer has not got it: still the developer's, who alone speaks for it
        return DEVELOPER, unit.developers or (known if len(known) == 1 else frozenset())
    if unit.owners == unit.developers and unit.owners:
        return DEVELOPER, unit.owners
    return ("owners" if unit.owners else unit.home_id), unit.owners


def measure(units: Sequence[Unit], grouping: Grouping) -> Measure:
    """Heads and area of homes; an unknown area adds nothing, and blocks the decision elsewhere."""
    mine = [unit for unit in units if unit.home_id in grouping.head]
    return Measure(len({grouping.head[unit.home_id] for unit in mine}), sum(unit.area or 0 for unit in mine))
