"""What an open decision still needs: so many more heads and so much more area, if all who join agree."""

from dataclasses import dataclass

from domain.classes import AT_LEAST, Bar, Measure, Preset


@dataclass(frozen=True, slots=True)
class Needed:
    """Of one measure: 0 is reached; None cannot be reached any more, even if all the rest agree."""

    quorum: int
    carry: int | None  # to reach quorum and majority both


def still_needed(rule: Preset, everybody: Measure, took_part: Measure, agree: Measure) -> dict[str, Needed]:
    """By measure (heads, and area in 0.01 m² where it counts)."""
    sides = ("heads", "area") if rule.area else ("heads",)
    return {side: _needed(rule, getattr(everybody, side), getattr(took_part, side), getattr(agree, side)) for side in sides}


def _needed(rule: Preset, of: int, took: int, agree: int) -> Needed:
    quorum = max(0, rule.quorum.needed(of) - took)
    more = _majority(rule.passes, took + quorum, agree + quorum)
    total = None if more is None else quorum + more
    return Needed(quorum, total if total is not None and total <= of - took else None)


def _majority(bar: Bar, took: int, agree: int) -> int | None:
    """The fewest further ballots, all in favour, after which the bar is met."""
    if bar.met(agree, took):
        return 0
    gain = bar.part.denominator - bar.part.numerator  # what each of them brings
    lacks = took * bar.part.numerator - agree * bar.part.denominator
    if not gain:
        return None  # everybody must agree, and somebody did not
    more = -(-lacks // gain) if bar.how == AT_LEAST else lacks // gain + 1
    return max(1, more)
