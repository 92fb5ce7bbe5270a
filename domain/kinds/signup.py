"""Signing up for an activity with so many places: first come, first served, and a waiting list in the same order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import Refusal

EACH, PLACES = 5, 10_000


@dataclass(frozen=True, slots=True)
class Signup:
    """A ballot says how many come."""

    def check_rules(self, rules: dict[str, Any], options: int) -> dict[str, Any]:
        """How many places there are, and how many one may take."""
        places, each = int(rules.get("places") or 0), int(rules.get("each") or EACH)
        if not 1 <= places <= PLACES or each < 1:
            raise Refusal("kind.places", most=PLACES)
        return {"places": places, "each": min(each, places)}

    def read(self, text: str, options: int, rules: dict[str, Any]) -> str:
        """How many persons."""
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= rules["each"]:
            raise Refusal("vote.people", each=rules["each"])
        return str(int(text))

    def tally(self, counts: Mapping[str, int], options: int, rules: dict[str, Any]) -> dict[str, Any]:
        """How many parties and persons; who has a place depends on the order, see `seat`."""
        wanted = sum(int(text) * times for text, times in counts.items())
        return {"ballots": sum(counts.values()), "wanted": wanted, "taken": min(wanted, rules["places"]), "winners": [], "tied": []}

    def seat(self, parties: Sequence[tuple[str, str]], rules: dict[str, Any]) -> dict[str, Any]:
        """Who has a place: parties are (persons, receipt) in the order in which they came.

        A party that no longer fits waits, and nobody who came later passes it.
        """
        placed: list[str] = []
        waiting: list[str] = []
        taken = 0
        for people, receipt in parties:
            if waiting or taken + int(people) > rules["places"]:
                waiting.append(receipt)
            else:
                placed.append(receipt)
                taken += int(people)
        return {"ballots": len(parties), "placed": placed, "waiting": waiting, "taken": taken, "winners": [], "tied": []}
