"""Points for good deeds: what each deed is worth, and what may stand in the ledger.

Nobody gets or loses a point for how they vote, for a complaint, or for silence: there is no kind for it.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What a line of the ledger is for."""

    SUPPORT = "support"  # stood behind a matter that was done
    PROPOSAL = "proposal"  # proposed what was carried out
    CLAIM = "claim"  # took a matter on and did it
    DEED = "deed"  # entered by staff: 志愿, 巡逻 …
    REDEEM = "redeem"  # spent
    REVERSAL = "reversal"  # takes another line back


WORTH = {Kind.SUPPORT: 1, Kind.PROPOSAL: 5, Kind.CLAIM: 10}
SUPPORT_A_DAY = 5  # points for standing behind things, in one day: they cost least
MOST = 100  # in one line that staff enter
LEAST_REASON = 2  # characters


def room(kind: Kind, had_today: int) -> int:
    """How many points a deed brings, after so many of its kind on the same day."""
    worth = WORTH[kind]
    return max(0, min(worth, SUPPORT_A_DAY - had_today)) if kind is Kind.SUPPORT else worth
