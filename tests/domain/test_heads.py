"""Homes become heads as the courts count them, and what a decision still needs is the least that is enough."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.classes import AT_LEAST, MORE_THAN, Bar, Measure, judge, preset_of
from domain.heads import Unit, group, measure
from domain.needed import still_needed

DAY = date(2026, 3, 2)
ORDINARY, SPECIAL = preset_of("owner_ordinary", DAY), preset_of("owner_special", DAY)
FLAT, BUILDER = 10000, 999


def flats(count: int, *, first: int = 1) -> list[Unit]:
    """So many flats of 100 m², each of an owner of its own."""
    return [Unit(i, FLAT, frozenset({i})) for i in range(first, first + count)]


def developers(count: int, *, first: int) -> list[Unit]:
    """So many flats that the developer has not sold."""
    return [Unit(i, FLAT, frozenset({BUILDER}), frozenset({BUILDER})) for i in range(first, first + count)]


def counted(units: list[Unit]) -> Measure:
    return measure(units, group(units))


def test_one_owner_of_three_flats_is_one_head() -> None:
    """Example 11: 100 flats, 98 heads, all the area; 66 heads are needed."""
    units = flats(97) + [Unit(i, FLAT, frozenset({5000})) for i in (98, 99, 100)]
    assert counted(units) == Measure(98, 100 * FLAT)
    assert ORDINARY.quorum.needed(98) == 66


def test_what_the_developer_has_not_sold_or_not_handed_over_is_one_head() -> None:
    """Examples 12 and 13: silence of 20 flats can be borne, of 50 cannot."""
    few = flats(100) + developers(10, first=101) + [Unit(i, FLAT, frozenset({i}), handed_over=False) for i in range(111, 121)]
    assert counted(few) == Measure(101, 120 * FLAT) and ORDINARY.quorum.needed(101) == 68
    assert judge(ORDINARY, counted(few), counted(flats(100)), [counted(flats(100))], kind="stance").passed
    many = flats(70) + developers(50, first=71)
    assert counted(many) == Measure(71, 120 * FLAT)
    found = judge(ORDINARY, counted(many), counted(flats(70)), [counted(flats(70))], kind="stance")
    assert found.quorum == {"heads": True, "area": False} and found.passed is False


def test_co_owners_are_one_head_and_another_set_of_owners_is_another() -> None:
    """Example 17: husband and wife are one head; the flat that is only his is a second one."""
    units = [Unit(1, FLAT, frozenset({1, 2})), Unit(2, FLAT, frozenset({2, 1})), Unit(3, FLAT, frozenset({1}))]
    found = group(units)
    assert found.head == {1: "h1", 2: "h1", 3: "h2"}


def test_parking_counts_for_nobody_and_an_unknown_owner_for_one() -> None:
    """Nothing is dropped silently: what is not known is said."""
    units = [Unit(1, FLAT, frozenset({1})), Unit(2, 1200, frozenset({1}), counts=False), Unit(3, None, frozenset()),
             Unit(4, FLAT, frozenset())]
    found = group(units)
    assert found.head == {1: "h1", 3: "h2", 4: "h3"} and found.unowned == (3, 4) and found.without_area == (3,)
    assert measure(units, found) == Measure(3, 2 * FLAT)


def test_two_developers_are_two_heads() -> None:
    """And what neither is known to have sold is nobody's but a third's."""
    units = [Unit(1, FLAT, frozenset({8}), frozenset({8})), Unit(2, FLAT, frozenset({9}), frozenset({9})),
             Unit(3, FLAT, frozenset({1}), handed_over=False)]
    assert len(set(group(units).head.values())) == 3


def test_half_sold_is_not_unsold() -> None:
    """A home that the developer owns with somebody, and has handed over, is theirs together; before that the developer's alone."""
    both = frozenset({BUILDER, 7})
    units = [Unit(1, FLAT, both, frozenset({BUILDER})), *developers(1, first=2), Unit(3, FLAT, both, frozenset({BUILDER}), False),
             Unit(4, FLAT, frozenset({9}), handed_over=False)]
    found = group(units)
    assert found.head == {1: "h1", 2: "h2", 3: "h2", 4: "h2"}
    assert found.speakers == {1: both, 2: {BUILDER}, 3: {BUILDER}, 4: {BUILDER}}


def test_the_developer_speaks_in_a_stairwell_where_nothing_else_is_theirs() -> None:
    """One flat of the stairwell is not handed over; the developer owns homes elsewhere."""
    assert group([Unit(1, FLAT, frozenset({4}), handed_over=False)], frozenset({BUILDER})).speakers == {1: {BUILDER}}


owned = st.frozensets(st.integers(0, 4), max_size=3)


@given(st.lists(st.tuples(owned, st.booleans()), max_size=30))
def test_all_homes_of_a_head_have_the_same_speakers(rows: list[tuple[frozenset[int], bool]]) -> None:
    """0 and 1 are developers; otherwise a head could say two things, and heads could not be added up."""
    units = [Unit(i, 1, who, who & {0, 1}, handed_over=over) for i, (who, over) in enumerate(rows)]
    found = group(units)
    assert len({(found.head[u.home_id], found.speakers[u.home_id]) for u in units}) == len(set(found.head.values()))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9), st.booleans(), st.booleans()), max_size=30))
def test_grouping_agrees_with_a_count_by_names(rows: list[tuple[int, int, bool, bool]]) -> None:
    """Owner 0 is the developer; heads counted as a set of names, area as a sum."""
    units = [Unit(i, area, frozenset({owner}), frozenset({0}) if owner == 0 else frozenset(), handed_over=over, counts=flat)
             for i, (owner, area, over, flat) in enumerate(rows)]
    sold = any(owner == 0 for owner, *_ in rows)
    names = {("builder" if owner == 0 or (not over and sold) else "nobody" if not over else owner)
             for owner, _, over, flat in rows if flat}
    assert counted(units) == Measure(len(names), sum(area for _, area, _, flat in rows if flat))


bars = st.builds(Bar, st.fractions(min_value=Fraction(1, 9), max_value=1, max_denominator=9), st.sampled_from([AT_LEAST, MORE_THAN]))


@given(bars, bars, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_what_is_still_needed_is_the_least_that_is_enough(quorum: Bar, passes: Bar, yes: int, no: int, absent: int) -> None:
    """Found by letting one after the other join and agree."""
    rule = type(ORDINARY)("household", "x", quorum, passes, ORDINARY.since)
    whole, took = yes + no + absent, yes + no
    found = still_needed(rule, Measure(whole), Measure(took), Measure(yes))["heads"]
    passing = [x for x in range(absent + 1) if judge(rule, Measure(whole), Measure(took + x), [Measure(yes + x)], kind="stance").passed]
    assert found.carry == (passing[0] if passing else None)
    assert found.quorum == max(0, quorum.needed(whole) - took)


def test_both_measures_are_told_apart() -> None:
    """A building as it is: heads are there, 0.01 m² is not."""
    found = still_needed(ORDINARY, Measure(53, 536963), Measure(36, 357975), Measure(36, 357975))
    assert (found["heads"].carry, found["area"].quorum, found["area"].carry) == (0, 1, 1)
    found = still_needed(SPECIAL, Measure(90, 900000), Measure(60, 600000), Measure(44, 460000))
    assert (found["heads"].carry, found["area"].carry) == (4, 0)
