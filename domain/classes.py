"""Classes of decisions: how many must take part and how many must agree, by law or custom; exact to 0.01 m².

Owners' votes: 民法典 第278条 (owners of two thirds of the area and two thirds of the heads take part; more than half, or for
第一款第六至八项 at least three quarters, of those who take part agree, in both measures). Residents' meetings: 居民委员会组织法
(1989) 第9-10条 as long as it was law; what the law of 2026 says an admin puts into config.yaml (`decisions`), until then
`rc_2026` stands for the old numbers with a notice beside them.
A ballot that abstains takes part; who casts none does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

AT_LEAST, MORE_THAN = "at_least", "more_than"
MARKED = ("single", "multiple", "approval", "stance")  # kinds that can decide anything


@dataclass(frozen=True, slots=True)
class Bar:
    """A fraction and whether reaching it is enough."""

    part: Fraction
    how: str

    def met(self, some: int, of: int) -> bool:
        """True when so many of so many reach it; nothing reaches a bar of nothing."""
        above, below = some * self.part.denominator, of * self.part.numerator
        return of > 0 and (above >= below if self.how == AT_LEAST else above > below)

    def needed(self, of: int) -> int:
        """The fewest that meet it."""
        share = of * self.part
        return ceil(share) if self.how == AT_LEAST and of else floor(share) + 1

    def plain(self) -> list[str]:
        """As JSON: `["2/3", "at_least"]`."""
        return [str(self.part), self.how]


@dataclass(frozen=True, slots=True)
class Preset:
    """What one class of decision needs, from one day on."""

    name: str  # of the class
    preset: str  # of these numbers
    quorum: Bar
    passes: Bar
    since: date
    until: date | None = None
    area: bool = False  # counted by area as well as by heads

    def plain(self) -> dict[str, Any]:
        """As the poll keeps it and the export publishes it."""
        return {"preset": self.preset, "quorum": self.quorum.plain(), "pass": self.passes.plain()}


_HALF, _TWO_THIRDS, _THREE_QUARTERS = Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)
PRESETS = (
    Preset("household", "rc_1989", Bar(_HALF, MORE_THAN), Bar(_HALF, MORE_THAN), date(1990, 1, 1), date(2025, 12, 31)),
    Preset("household", "rc_2026", Bar(_HALF, MORE_THAN), Bar(_HALF, MORE_THAN), date(2026, 1, 1)),
    Preset("resident_adult", "rc_1989", Bar(_HALF, MORE_THAN), Bar(_HALF, MORE_THAN), date(1990, 1, 1), date(2025, 12, 31)),
    Preset("resident_adult", "rc_2026", Bar(_HALF, MORE_THAN), Bar(_HALF, MORE_THAN), date(2026, 1, 1)),
    Preset("owner_ordinary", "mfd_2021", Bar(_TWO_THIRDS, AT_LEAST), Bar(_HALF, MORE_THAN), date(2021, 1, 1), area=True),
    Preset("owner_special", "mfd_2021", Bar(_TWO_THIRDS, AT_LEAST), Bar(_THREE_QUARTERS, AT_LEAST), date(2021, 1, 1), area=True),
    Preset("unanimous", "mfd_2021", Bar(Fraction(1), AT_LEAST), Bar(Fraction(1), AT_LEAST), date(2021, 1, 1), area=True),
)
STRAW = "straw"
BY_AREA = ("owner_ordinary", "owner_special", "unanimous")


def preset_of(name: str, day: date, own: Sequence[Preset] = ()) -> Preset | None:
    """The numbers of a class on this day, an installation's own before the built-in ones; None when there are none."""
    return next((p for p in (*own, *PRESETS) if p.name == name and p.since <= day and (p.until is None or day <= p.until)), None)


def frozen(name: str, plain: dict[str, Any]) -> Preset:
    """The numbers a poll was opened with, as it keeps them."""
    quorum, passes = (Bar(Fraction(plain[which][0]), plain[which][1]) for which in ("quorum", "pass"))
    return Preset(name, plain["preset"], quorum, passes, date.min, area=name in BY_AREA)


@dataclass(frozen=True, slots=True)
class Measure:
    """So many owners or households, and their area in 0.01 m² where it counts."""

    heads: int
    area: int = 0

    def plain(self, *, area: bool) -> dict[str, int]:
        """As JSON."""
        return {"heads": self.heads, "area": self.area} if area else {"heads": self.heads}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a decision stands."""

    quorum: dict[str, bool]
    passed: bool | None  # None while it is blocked, or where nothing can pass
    carried: tuple[bool, ...]  # each option by itself
    blocked: tuple[str, ...] = field(default=())
    missing: dict[str, int] = field(default_factory=dict)  # still needed: heads and area to meet the quorum

    @property
    def certified(self) -> bool:
        """True when nothing keeps it from being counted for good."""
        return not self.blocked


def judge(rule: Preset, everybody: Measure, took_part: Measure, options: Sequence[Measure], *, kind: str,
          blocked: Sequence[str] = ()) -> Verdict:
    """The verdict; of a yes-no-abstain vote the first option is what passes or fails, else any option that reaches the bar."""
    sides = ("heads", "area") if rule.area else ("heads",)
    quorum = {side: rule.quorum.met(getattr(took_part, side), getattr(everybody, side)) for side in sides}
    carried = tuple(all(rule.passes.met(getattr(option, side), getattr(took_part, side)) for side in sides) for option in options)
    missing = {side: max(0, rule.quorum.needed(getattr(everybody, side)) - getattr(took_part, side)) for side in sides}
    wins = carried[:1] if kind == "stance" else carried
    passed = None if blocked or not carried else all(quorum.values()) and any(wins)
    return Verdict(quorum, passed, carried, tuple(blocked), missing)


def facts(rule: Preset, everybody: Measure, took_part: Measure, options: Sequence[Measure], verdict: Verdict, *,
          held: int = 0) -> dict[str, Any]:
    """The verdict as it stands beside the result and in the export."""
    return {
        "name": rule.name, "preset": rule.preset, "all": everybody.plain(area=rule.area),
        "took_part": took_part.plain(area=rule.area), "options": [o.plain(area=rule.area) for o in options],
        "quorum": verdict.quorum, "passed": verdict.passed, "certified": verdict.certified, "blocked": list(verdict.blocked),
        "held": held}
