"""The kinds of polls: one file each, found by name; each checks its rules, reads a ballot and counts."""

from collections import Counter
from collections.abc import Iterable

from domain.errors import Refusal
from domain.kinds.approval import Approval
from domain.kinds.base import Facts, Kind, Rules
from domain.kinds.budget import Budget
from domain.kinds.multiple import Multiple
from domain.kinds.ranked import Ranked
from domain.kinds.score import Score
from domain.kinds.signup import Signup
from domain.kinds.single import Single
from domain.kinds.stance import Stance
from domain.kinds.times import Times

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (Single(), Multiple(), Approval(), Stance(), Score(), Ranked(), Budget(), Signup(), Times())}


def kind(name: str) -> Kind:
    """The kind of this name."""
    if name not in KINDS:
        raise Refusal("kind.unknown")
    return KINDS[name]


def tally(name: str, ballots: Iterable[tuple[str, str, int]], options_count: int, rules: Rules) -> Facts:
    """The result facts of (choice, receipt, seq) in any order; a withdrawn ballot has an empty choice and is not counted."""
    cast = [ballot for ballot in ballots if ballot[0]]
    counting = kind(name)
    if isinstance(counting, Signup):
        return counting.seat([(choice, receipt) for choice, receipt, _ in sorted(cast, key=lambda ballot: ballot[2])], rules)
    return counting.tally(Counter(choice for choice, _, _ in cast), options_count, rules)
