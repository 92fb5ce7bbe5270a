"""Whose affair a matter is, by its kind and what the words show."""

import pytest

from domain.triage import Track, judge
from texts.words import categories


@pytest.mark.parametrize(("kind", "shows", "track", "private"), [
    ("parking", set(), "shared", False), ("parking", {"street"}, "public", False), ("noise", set(), "self", False),
    ("noise", {"site"}, "public", False), ("noise", {"business", "many"}, "public", False), ("noise", {"many"}, "shared", False),
    ("noise", {"two_homes"}, "self", True), ("noise", {"two_homes", "many"}, "shared", False),
    ("leak", {"two_homes"}, "self", True), ("leak", {"common", "two_homes"}, "shared", False), ("leak", set(), "self", False),
    ("neighbor", {"two_homes", "violence"}, "public", True), ("pet", {"bite", "two_homes"}, "public", False),
    ("elderly_child", {"health"}, "shared", True), ("illegal_build", {"two_homes"}, "public", False), ("other", set(), "shared", False)])
def test_a_matter_goes_to_whose_it_is(kind: str, shows: set[str], track: str, private: bool) -> None:
    found = judge(kind, Track(categories()[kind].track), shows)
    assert (found.track, found.private) == (track, private) and found.why


@pytest.mark.parametrize("kind", categories())
def test_every_kind_has_a_track_and_a_reason(kind: str) -> None:
    found = judge(kind, Track(categories()[kind].track), frozenset())
    assert found.track == categories()[kind].track and not found.private
