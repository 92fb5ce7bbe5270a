"""Procedures as data: what meetings need, to the last member; a course comes back from the database as it was."""

from fractions import Fraction

import pytest

from domain.classes import AT_LEAST, MORE_THAN, Bar
from domain.procedures import ASSEMBLY, Meeting, MeetingRule, course
from texts import procedures

PARTY = MeetingRule(Bar(Fraction(2, 3), AT_LEAST), Bar(Fraction(1, 2), MORE_THAN), of_all=True)  # 四议两公开 党员大会


@pytest.mark.parametrize(("members", "present", "agreed", "quorate", "passes"), [
    (30, 20, 16, True, True),  # exactly two thirds came, sixteen of thirty is more than half
    (30, 19, 19, False, False),  # all agreed, but too few came
    (30, 20, 15, True, False),  # half of thirty is not more than half
    (31, 21, 16, True, True),  # 21 × 3 = 63 ≥ 62
    (31, 20, 20, False, False),  # 20 × 3 = 60 < 62
    (1, 1, 1, True, True), (30, 30, 15, True, False), (3, 2, 2, True, True)])
def test_a_party_meeting_to_the_last_member(members: int, present: int, agreed: int, quorate: bool, passes: bool) -> None:
    """到会三分之二以上, 应到过半同意: of all members, not of those who came."""
    met = Meeting(members, present, agreed)
    assert (met.quorate(PARTY), met.passes(PARTY)) == (quorate, passes)


@pytest.mark.parametrize(("members", "present", "agreed", "passes"), [(60, 30, 30, False), (60, 31, 16, True), (60, 31, 15, False)])
def test_the_assembly_counts_those_who_came(members: int, present: int, agreed: int, passes: bool) -> None:
    """过半数出席, 出席人过半数通过."""
    assert Meeting(members, present, agreed).passes(ASSEMBLY) is passes


@pytest.mark.parametrize("numbers", [(0, 0, 0), (5, 6, 1), (5, 3, 4), (5, 3, -1)])
def test_numbers_that_no_meeting_has_are_not_possible(numbers: tuple[int, int, int]) -> None:
    """Nobody agrees who was not there."""
    assert not Meeting(*numbers).possible()


def test_the_party_meeting_of_our_file_is_that_rule() -> None:
    """The file says in words what the rule says in numbers."""
    found = next(c for c in procedures.known() if c.name == "四议两公开")
    assert next(p.meeting for p in found.phases if p.name == "党员大会审议") == PARTY


@pytest.mark.parametrize("found", procedures.known(), ids=lambda c: c.name)
def test_a_course_comes_back_as_it_was_written_down(found: object) -> None:
    """What has begun does not change with the file."""
    again = course(found.plain())  # type: ignore[attr-defined]
    assert again.plain() == found.plain()  # type: ignore[attr-defined]
    assert again.phases == found.phases  # type: ignore[attr-defined]
