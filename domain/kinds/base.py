"""What all kinds of polls share: the shape of a kind, the limits of a poll, marks on options, and who leads."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeGuard

from domain.errors import Refusal

Rules = Mapping[str, Any]
Counts = Mapping[str, int]  # canonical choice → how many ballots say exactly this; "" (withdrawn) never stands in it
Facts = dict[str, Any]
OPTIONS_MIN, OPTIONS_MAX = 2, 50
MARKS = re.compile(r"[0-9]{1,3}(?:,[0-9]{1,3})*")


class Kind(Protocol):
    """One kind of poll: what makes it well defined, what a ballot may say, and how ballots become a result."""

    name: str

    def check_rules(self, rules: Rules, options_count: int) -> dict[str, Any]:
        """The rules in full, defaults filled in; refuses a poll that could not be counted."""

    def read(self, text: str, options_count: int, rules: Rules) -> str:
        """The one canonical way to write this choice; refuses what is no valid ballot."""

    def tally(self, counts: Counts, options_count: int, rules: Rules) -> Facts:
        """The result facts of these ballots, each already canonical."""


def whole(value: Any) -> TypeGuard[int]:
    """True for a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_options(options_count: int, most: int = OPTIONS_MAX) -> None:
    """Refuses a poll with fewer than two options or too many to read."""
    if options_count < OPTIONS_MIN:
        raise Refusal("kind.few_options", least=OPTIONS_MIN)
    if options_count > most:
        raise Refusal("kind.many_options", most=most, found=options_count)


def only(rules: Rules, *names: str) -> None:
    """Stops a rule that this kind would silently ignore."""
    if unknown := set(rules) - set(names):
        raise ValueError(f"rules this kind does not have: {sorted(unknown)}")


def lot_of(rules: Rules, options_count: int) -> list[int]:
    """The order announced at opening that breaks ties: who stands earlier wins; the order of the options unless drawn."""
    lot = list(rules.get("lot", range(options_count)))
    if sorted(lot) != list(range(options_count)):
        raise ValueError("the lot must name every option once")
    return lot


def places(rules: Rules, options_count: int) -> list[int]:
    """Each option's place in the lot."""
    place = [0] * options_count
    for at, option in enumerate(lot_of(rules, options_count)):
        place[option] = at
    return place


def read_marks(text: str, options_count: int) -> list[int]:
    """Options that are marked, ascending, each once."""
    if not MARKS.fullmatch(text):
        raise Refusal("vote.invalid_option", options=options_count)
    marked = sorted({int(part) for part in text.split(",")})
    if marked[-1] >= options_count:
        raise Refusal("vote.invalid_option", options=options_count)
    return marked


def write_marks(marked: Sequence[int]) -> str:
    """Marked options as text."""
    return ",".join(map(str, marked))


def count_marks(counts: Counts, options_count: int) -> list[int]:
    """How many ballots mark each option."""
    marks = [0] * options_count
    for text, times in counts.items():
        for part in text.split(","):
            marks[int(part)] += times
    return marks


def leaders(values: Sequence[Any], ballots: int) -> dict[str, list[int]]:
    """The one option ahead of all others as `winners`, or all that share the lead as `tied`; nobody wins without ballots."""
    top = [i for i, value in enumerate(values) if ballots and value == max(values)]
    return {"winners": top, "tied": []} if len(top) == 1 else {"winners": [], "tied": top}


def marked_facts(counts: Counts, options_count: int) -> Facts:
    """The result of any kind where a ballot marks options and the most marks win; a tie is a tie."""
    marks, ballots = count_marks(counts, options_count), sum(counts.values())
    return {"ballots": ballots, "marks": marks, **leaders(marks, ballots)}
