"""Sign-up with places: first come, first served, and who comes too late waits."""

from collections.abc import Sequence
from typing import Any

from domain.errors import Refusal
from domain.kinds.base import OPTIONS_MAX, Facts, Rules, only, whole

PLACES_MAX, EACH_MAX = 100_000, 999


class Signup:
    """Each voter says how many come; a party that does not fit waits, and nobody who signed up later passes it."""

    name, queued = "signup", True

    def check_rules(self, rules: Rules, options: Sequence[str]) -> dict[str, Any]:
        """At least one place, and no party larger than all places; one person each unless said otherwise."""
        only(rules, "places", "each")
        if len(options) > OPTIONS_MAX:
            raise Refusal("kind.many_options", most=OPTIONS_MAX, found=len(options))
        places, each = rules.get("places"), rules.get("each", 1)
        if not (whole(places) and 1 <= places <= PLACES_MAX):
            raise Refusal("kind.places", most=PLACES_MAX)
        if not (whole(each) and 1 <= each <= min(places, EACH_MAX)):
            raise Refusal("kind.party", most=min(places, EACH_MAX))
        return {"places": places, "each": each}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """How many persons come."""
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= rules["each"]):
            raise Refusal("vote.party_size", each=rules["each"])
        return str(int(text))

    def tally(self, ballots: Sequence[tuple[str, str]], options_count: int, rules: Rules) -> Facts:
        """The receipts that have places and those that wait, each in the order of signing up, and the places taken."""
        placed: list[str] = []
        waiting: list[str] = []
        taken = 0
        for choice, receipt in ballots:
            if waiting or taken + int(choice) > rules["places"]:
                waiting.append(receipt)
            else:
                placed.append(receipt)
                taken += int(choice)
        return {"ballots": len(ballots), "placed": placed, "waiting": waiting, "taken": taken, "winners": [], "tied": []}
