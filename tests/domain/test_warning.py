"""How signs become a score, a score a level, and when a person's word gives way."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.warning import WEIGHTS, Held, Level, Told, exchange, level_of, score, signs_of, standing

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 23:00


@pytest.mark.parametrize(("signs", "points", "level"), [
    (set(), 0, Level.NONE), ({"late"}, 5, Level.BLUE), ({"insult"}, 10, Level.BLUE), ({"escalation", "late"}, 25, Level.BLUE),
    ({"escalation", "insult"}, 30, Level.YELLOW), ({"mass"}, 40, Level.YELLOW), ({"mass", "repeat"}, 55, Level.YELLOW),
    ({"violence"}, 60, Level.ORANGE), ({"mass", "escalation"}, 60, Level.ORANGE), ({"violence", "repeat"}, 75, Level.ORANGE),
    ({"violence", "escalation"}, 80, Level.RED), ({"violence", "mass"}, 100, Level.RED), (set(WEIGHTS), 100, Level.RED)])
def test_a_score_is_the_sum_of_its_signs_and_names_a_level(signs: set[str], points: int, level: Level) -> None:
    assert score(signs) == points and level_of(points) is level


@pytest.mark.parametrize(("points", "level"), [(29, Level.BLUE), (30, Level.YELLOW), (59, Level.YELLOW), (79, Level.ORANGE)])
def test_a_level_begins_at_its_number(points: int, level: Level) -> None:
    assert level_of(points) is level


def test_the_hour_adds_only_to_what_was_said_then() -> None:
    calm, angry = Told(NIGHT, frozenset()), Told(NOON, frozenset({"insult"}))
    assert signs_of([calm]) == frozenset()
    assert signs_of([calm, angry]) == {"insult"}
    assert signs_of([Told(NIGHT, frozenset({"insult"}))]) == {"insult", "late"}


def test_what_is_raised_for_the_third_time_or_reopened_is_repeated() -> None:
    assert signs_of([], times=2) == frozenset()
    assert signs_of([], times=3) == {"repeat"} == signs_of([], reopened=1)


def _talk(*who: int, every: int = 60) -> list[Told]:
    return [Told(NOON + timedelta(seconds=n * every), frozenset(), each) for n, each in enumerate(who)]


def test_two_who_answer_each_other_often_and_fast_quarrel() -> None:
    assert exchange(_talk(1, 2, 1, 2, 1, 2))
    assert exchange(_talk(1, 2, 3, 1, 2, 1, 2, 1))  # a third who speaks between changes nothing
    assert not exchange(_talk(1, 2, 1, 2, 1))  # five
    assert not exchange(_talk(1, 2, 1, 2, 1, 2, every=150))  # not within ten minutes
    assert not exchange(_talk(1, 1, 1, 1, 1, 2))  # one talks
    assert not exchange(_talk(1, 2, 3, 4, 5, 6))  # everybody talks
    assert exchange(_talk(1, 2, 1, 2, 1, 2, every=120))  # exactly ten minutes


@pytest.mark.parametrize(("by_score", "held", "stands"), [
    (Level.ORANGE, None, Level.ORANGE),
    (Level.ORANGE, Held(Level.YELLOW, Level.ORANGE), Level.YELLOW),  # the person has seen it
    (Level.RED, Held(Level.YELLOW, Level.ORANGE), Level.RED),  # and this not
    (Level.BLUE, Held(Level.RED, Level.BLUE), Level.RED),
    (Level.YELLOW, Held(Level.RED, Level.BLUE), Level.RED),  # never below what a person has set
    (Level.NONE, Held(Level.YELLOW, Level.ORANGE), Level.YELLOW)])
def test_a_persons_word_stands_until_something_worse_is_said(by_score: Level, held: Held | None, stands: Level) -> None:
    assert standing(by_score, held) is stands
