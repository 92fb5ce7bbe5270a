"""Whose affair a matter is first, and whether it is a private one: its kind and what the words show in, a verdict with reasons out.

小事速办、难事商办、大事联办: what residents can settle themselves is theirs, what needs an office goes to it, the rest is shared.
What lies between two households is a private ticket; so are words on somebody's health.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class Track(StrEnum):
    """Whose affair it is first."""

    SELF = "self"  # 自治: the residents
    SHARED = "shared"  # 共治: property company, owners' committee and community together
    PUBLIC = "public"  # 政务: an office


@dataclass(frozen=True, slots=True)
class Verdict:
    """The track, whether others may see it, and why: codes that the catalogue puts into words."""

    track: Track
    private: bool
    why: tuple[str, ...]


_RULES: tuple[tuple[frozenset[str], str, Track], ...] = (  # kinds, what the words show, whose it is then; the first that fits
    (frozenset({"noise"}), "site", Track.PUBLIC),
    (frozenset({"noise", "sanitation"}), "business", Track.PUBLIC),
    (frozenset({"pet"}), "bite", Track.PUBLIC),
    (frozenset({"neighbor"}), "violence", Track.PUBLIC),
    (frozenset({"parking", "facility_light", "road", "greening", "sewage", "sanitation"}), "street", Track.PUBLIC),
    (frozenset({"leak"}), "common", Track.SHARED),
    (frozenset({"noise", "pet"}), "many", Track.SHARED),
)
_BETWEEN_HOMES = frozenset({"leak", "neighbor", "noise", "pet", "other"})
_NOT_ONLY_TWO = frozenset({"many", "common", "site", "business", "street", "bite"})


def judge(kind: str, usual: Track, shows: Set[str]) -> Verdict:
    """The verdict on a matter of this kind, of which the words show this."""
    found = next(((track, sign) for kinds, sign, track in _RULES if kind in kinds and sign in shows), None)
    track, why = found or (usual, "unclear" if kind == "other" else f"usual_{usual}")
    if "health" in shows:
        return Verdict(track, True, (why, "health"))
    if "two_homes" in shows and kind in _BETWEEN_HOMES and not shows & _NOT_ONLY_TWO:
        return Verdict(Track.SELF if found is None else track, True, ("two_homes",) if found is None else (why, "two_homes"))
    return Verdict(track, False, (why,))
