"""Sign-up with places: first come, first served, and who comes too late waits."""

from collections.abc import Sequence
from typing import Any

from domain.errors import Refusal
from domain.kinds.base import OPTIONS_MAX, Counts, Facts, Rules, only, whole

PLACES_MAX, EACH_MAX, HOUSEHOLD = 100_000, 999, 5


class Signup:
    """Each voter says how many come; a party that does not fit waits, and nobody who signed up later passes it."""

    name = "signup"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """At least one place, and no party larger than all places; a household of five unless said otherwise."""
        only(rules, "places", "each")
        if options_count > OPTIONS_MAX:
            raise Refusal("kind.many_options", most=OPTIONS_MAX, found=options_count)
        places, each = rules.get("places"), rules.get("each", HOUSEHOLD)
        if not (whole(places) and 1 <= places <= PLACES_MAX):
            raise Refusal("kind.places", most=PLACES_MAX)
        if not (whole(each) and 1 <= each <= EACH_MAX):
            raise Refusal("kind.party", most=min(places, EACH_MAX))
        return {"places": places, "each": min(each, places)}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """How many persons come."""
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= rules["each"]):
            raise Refusal("vote.party_size", each=rules["each"])
        return str(int(text))

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """How many parties and persons; who has a place depends on the order of the ballots: see `seat`."""
        wanted = sum(int(text) * times for text, times in counts.items())
        return {"ballots": sum(counts.values()), "wanted": wanted, "taken": min(wanted, rules["places"]), "winners": [], "tied": []}

    def seat(self, parties: Sequence[tuple[str, str]], rules: Rules) -> Facts:
        """Of (choice, receipt) in the order of signing up: whose receipts have places, whose wait, and the places taken."""
        placed: list[str] = []
        waiting: list[str] = []
        taken = 0
        for choice, receipt in parties:
            if waiting or taken + int(choice) > rules["places"]:
                waiting.append(receipt)
            else:
                placed.append(receipt)
                taken += int(choice)
        return {"ballots": len(parties), "placed": placed, "waiting": waiting, "taken": taken, "winners": [], "tied": []}
