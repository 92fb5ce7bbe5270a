"""Counting in whole numbers, and the hours in which nobody is disturbed."""

from datetime import UTC, datetime, time

import pytest

from domain.clock import SHANGHAI, QuietHours
from domain.errors import Refusal
from domain.polls import Tally, check_choice, tally


@pytest.mark.parametrize(("choices", "marks", "ballots", "leaders"), [
    ([], (0, 0, 0), 0, ()), ([{0}], (1, 0, 0), 1, (0,)), ([{0}, {1}], (1, 1, 0), 2, (0, 1)),
    ([{0, 2}, {2}, {2}], (1, 0, 3), 3, (2,))])
def test_counting(choices: list[set[int]], marks: tuple[int, ...], ballots: int, leaders: tuple[int, ...]) -> None:
    """Marks per option, ballots, and who leads; a tie is a tie and nobody leads an empty poll."""
    assert (counted := tally(choices, 3)) == Tally(marks, ballots)
    assert counted.leaders == leaders


@pytest.mark.parametrize(("mark", "ballots", "percent"), [(0, 0, 0), (1, 3, 33), (2, 3, 67), (1, 8, 13), (1, 2, 50), (3, 3, 100)])
def test_percent_rounds_halves_up(mark: int, ballots: int, percent: int) -> None:
    """Whole per cent of the ballots."""
    assert Tally((mark,), ballots).percent(0) == percent


@pytest.mark.parametrize(("choice", "key"), [(set(), "vote.invalid_option"), ({3}, "vote.invalid_option"),
                                             ({-1}, "vote.invalid_option"), ({0, 1, 2}, "vote.over_max")])
def test_bad_ballots_are_refused(choice: set[int], key: str) -> None:
    """Nothing, something that is not there, or too much."""
    with pytest.raises(Refusal) as no:
        check_choice(frozenset(choice), options=3, most=2)
    assert no.value.key == key


def at(text: str) -> datetime:
    """A moment in Shanghai, as UTC."""
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(("moment", "allowed", "closing"), [
    ("02 20:59", "02 20:59", "02 20:59"), ("02 21:00", "03 08:00", "03 09:00"), ("03 00:00", "03 08:00", "03 09:00"),
    ("03 07:59", "03 08:00", "03 09:00"), ("03 08:00", "03 08:00", "03 08:00")])
def test_quiet_hours(moment: str, allowed: str, closing: str) -> None:
    """From nine in the evening to eight in the morning; a deadline in between moves to nine."""
    quiet = QuietHours()
    assert quiet.next_allowed(at(moment)) == at(allowed)
    assert quiet.closing(at(moment)) == at(closing)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    """A pause at noon, and an empty interval."""
    noon = QuietHours(time(12), time(14))
    assert noon.next_allowed(at("02 13:00")) == at("02 14:00")
    assert not QuietHours(time(0), time(0)).cover(at("02 00:00"))
