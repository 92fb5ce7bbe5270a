"""Ranked ballots: what they may say; the four ways to count them stand in instant_runoff, condorcet and stv."""

import re
from collections.abc import Callable
from typing import Any

from domain.errors import Refusal
from domain.kinds import condorcet, instant_runoff, stv
from domain.kinds.base import Counts, Facts, Rules, check_options, lot_of, only, whole

COUNTS: dict[str, Callable[[Counts, int, Rules], Facts]] = {
    "irv": instant_runoff.tally, "schulze": condorcet.schulze, "ranked_pairs": condorcet.ranked_pairs, "stv": stv.tally}
EQUALS = {"schulze", "ranked_pairs"}  # here a voter may put several on the same rank
RANKING = re.compile(r"[0-9]{1,3}(?:[>=][0-9]{1,3})*")


class Ranked:
    """Each voter puts options in order, as many as they like; who is not named comes after all who are, without order."""

    name = "ranked"

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """A method that exists, and fewer seats than candidates; several seats only by STV."""
        only(rules, "method", "seats", "lot")
        check_options(options_count)
        method, seats = rules.get("method", "irv"), rules.get("seats", 1)
        if method not in COUNTS:
            raise Refusal("kind.method")
        if not (whole(seats) and 1 <= seats < options_count):
            raise Refusal("kind.seats", options=options_count)
        if seats > 1 and method != "stv":
            raise Refusal("kind.one_seat")
        return {"method": method, "seats": seats, "lot": lot_of(rules, options_count)}

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The ranking, options of the same rank ascending."""
        if not RANKING.fullmatch(text):
            raise Refusal("vote.invalid_ranking", options=options_count)
        groups = [sorted(int(part) for part in group.split("=")) for group in text.split(">")]
        named = [option for group in groups for option in group]
        if max(named) >= options_count:
            raise Refusal("vote.invalid_option", options=options_count)
        if len(set(named)) < len(named):
            raise Refusal("vote.twice")
        if len(groups) < len(named) and rules["method"] not in EQUALS:
            raise Refusal("vote.no_ties")
        return ">".join("=".join(map(str, group)) for group in groups)

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """The result by the method of this poll."""
        return COUNTS[rules["method"]](counts, options_count, rules)
