"""The arithmetic of decisions: the worked examples, and an exact recount written another way."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.classes import AT_LEAST, MORE_THAN, Bar, Measure, Preset, judge, preset_of

DAY = date(2026, 3, 2)


def rule(name: str, day: date = DAY) -> Preset:
    found = preset_of(name, day)
    assert found is not None
    return found


ORDINARY, SPECIAL = rule("owner_ordinary"), rule("owner_special")


def m2(text: str) -> int:
    """Square metres in units of 0.01."""
    return int(Decimal(text) * 100)


@pytest.mark.parametrize(("preset", "everybody", "took_part", "yes", "quorum", "passed", "point"), [
    (ORDINARY, ("10000", 100), ("6700", 67), ("3400", 34), True, True, "34 of 67 is more than half"),
    (ORDINARY, ("10000", 100), ("6666", 67), ("6000", 60), False, False, "66.66 % of the area"),
    (ORDINARY, ("9000", 90), ("6000", 60), ("3000", 31), True, False, "exactly two thirds take part; exactly half is not more"),
    (ORDINARY, ("9000", 90), ("6000", 60), ("3001", 31), True, True, "just over half"),
    (SPECIAL, ("9000", 90), ("6000", 60), ("4500", 45), True, True, "exactly three quarters count"),
    (SPECIAL, ("9000", 90), ("6000", 60), ("4499.99", 45), True, False, "0.01 m² short"),
    (SPECIAL, ("9000", 90), ("6000", 60), ("4600", 44), True, False, "73.3 % of the heads"),
    (ORDINARY, ("10000", 100), ("8000", 60), ("6000", 50), False, False, "big owners cannot carry it"),
    (ORDINARY, ("5369.63", 53), ("3579.75", 36), ("0", 0), False, False, "0.01 m² short of two thirds"),
    (ORDINARY, ("5369.63", 53), ("3579.76", 36), ("1789.89", 19), True, True, "a building as they are"),
    (ORDINARY, ("10000", 98), ("10000", 66), ("10000", 66), True, True, "one owner of three flats: 98 heads, 66 needed"),
    (ORDINARY, ("10000", 98), ("10000", 65), ("10000", 65), False, False, "65 are not enough"),
    (ORDINARY, ("12000", 101), ("10000", 100), ("10000", 100), True, True, "the developer's silence does not stop it"),
    (ORDINARY, ("12000", 71), ("7000", 70), ("7000", 70), False, False, "impossible without the developer"),
    (ORDINARY, ("9000", 90), ("6000", 60), ("3100", 31), True, True, "nine abstain and take part"),
    (ORDINARY, ("9000", 90), ("5100", 51), ("3100", 31), False, False, "without them the quorum fails"),
    (ORDINARY, ("9000", 90), ("6000", 60), ("3000", 30), True, False, "exactly half"),
    (SPECIAL, ("1200", 12), ("800", 8), ("600", 6), True, True, "two noes on the ground floor are no veto"),
])
def test_worked_examples_of_owners(preset: Preset, everybody: tuple[str, int], took_part: tuple[str, int], yes: tuple[str, int],
                                   quorum: bool, passed: bool, point: str) -> None:
    """Area in square metres and heads: of all, of those who take part, of those who agree."""
    whole, part, agree = (Measure(heads, m2(area)) for area, heads in (everybody, took_part, yes))
    found = judge(preset, whole, part, [agree, Measure(0), Measure(0)], kind="stance")
    assert (all(found.quorum.values()), found.passed) == (quorum, passed), point


@pytest.mark.parametrize(("name", "all_", "took", "yes", "quorum", "passed"), [
    ("resident_adult", 60, 30, 30, False, False), ("resident_adult", 60, 31, 16, True, True), ("resident_adult", 60, 31, 15, True, False),
    ("household", 200, 101, 51, True, True), ("household", 200, 101, 50, True, False)])
def test_worked_examples_of_residents(name: str, all_: int, took: int, yes: int, quorum: bool, passed: bool) -> None:
    """More than half must come, and more than half of them agree."""
    found = judge(rule(name), Measure(all_), Measure(took), [Measure(yes)], kind="stance")
    assert (found.quorum["heads"], found.passed) == (quorum, passed)


def test_the_law_of_the_day_is_taken() -> None:
    """And says when its numbers must be looked up."""
    assert rule("household", date(2025, 12, 31)).preset == "rc_1989"
    assert rule("household", date(2026, 1, 1)).preset == "rc_2026"
    assert preset_of("owner_special", date(2020, 12, 31)) is None and preset_of("straw", DAY) is None


def test_what_blocks_a_decision_leaves_it_open() -> None:
    """A missing area or two owners of one flat who differ."""
    found = judge(ORDINARY, Measure(3, 300), Measure(3, 300), [Measure(3, 300)], kind="stance", blocked=["missing_area"])
    assert found.passed is None and not found.certified


def test_several_options_are_judged_one_by_one() -> None:
    """Electing a committee: whoever has more than half in both measures."""
    found = judge(ORDINARY, Measure(10, 1000), Measure(8, 800), [Measure(5, 500), Measure(4, 500), Measure(5, 400)], kind="multiple")
    assert found.carried == (True, False, False) and found.passed


parts = st.builds(Bar, st.fractions(min_value=Fraction(1, 9), max_value=1, max_denominator=9), st.sampled_from([AT_LEAST, MORE_THAN]))


@given(parts, st.integers(1, 500))
def test_what_is_needed_is_the_least_that_is_enough(bar: Bar, of: int) -> None:
    """Counted up from nothing."""
    least = next((n for n in range(of + 2) if bar.met(n, of)), of + 1)
    assert bar.needed(of) == least


@given(parts, parts, st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_the_verdict_agrees_with_a_recount_in_fractions(quorum: Bar, passes: Bar, yes: int, no: int, absent: int) -> None:
    """Shares compared as fractions of one."""
    took, whole = yes + no, yes + no + absent
    preset = Preset("household", "x", quorum, passes, DAY)
    found = judge(preset, Measure(whole), Measure(took), [Measure(yes), Measure(no)], kind="stance")

    def reached(bar: Bar, some: int, of: int) -> bool:
        share = Fraction(some, of) if of else None
        return share is not None and (share > bar.part or (bar.how == AT_LEAST and share == bar.part))
    assert found.passed is (reached(quorum, took, whole) and reached(passes, yes, took))
    assert found.missing["heads"] == max(0, quorum.needed(whole) - took)
