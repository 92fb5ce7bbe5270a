"""How firm ranked ballots and budgets are, by trying: so many ballots, changed in favour of a rival, make another result.

What is found is enough, since every answer was counted; that fewer would not do is not proven.
"""

from collections.abc import Callable, Iterator

from domain.kinds import kind
from domain.kinds.base import Counts, Facts, Rules, leaders, places
from domain.kinds.condorcet import order_of as groups_of
from domain.kinds.condorcet import pairs_of, ranked_pairs_beats, schulze_beats
from domain.kinds.instant_runoff import tally as instant_runoff

WORK, LEAST = 1_000_000, 20  # different ballots counted, and trials made, before the search takes what it has


class _Trial:
    """Counts changed ballots, as long as there is work left."""

    def __init__(self, name: str, counts: Counts, options_count: int, rules: Rules, facts: Facts):
        self.kind, self.counts, self.options_count, self.rules = kind(name), counts, options_count, rules
        self.before, self.ballots = _outcome(facts), facts["ballots"]
        self.left = max(LEAST, WORK // max(1, len(counts)))

    def differs(self, changed: Counts) -> bool:
        """Whether these ballots give another result."""
        self.left -= 1
        return _outcome(self.kind.tally(changed, self.options_count, self.rules)) != self.before

    def least(self, most: int, does: Callable[[int], bool]) -> int:
        """A number below `most` that does it, with the next smaller one tried that does not; `most` when none was found."""
        if most <= 1 or not self.left or not does(most - 1):
            return most
        low, high = 0, most - 1
        while low + 1 < high and self.left:
            middle = (low + high) // 2
            low, high = (low, middle) if does(middle) else (middle, high)
        return high

    def least_added(self, most: int, changed: int, does: Callable[[int], bool]) -> int:
        """As `least`, but looks first where it nearly always is: two further ballots do what one changed ballot does."""
        near = self.least(min(most, 2 * changed + 1), does)
        return near if near <= 2 * changed else self.least(most, does)


def fewest(name: str, counts: Counts, options_count: int, rules: Rules, facts: Facts) -> tuple[int | None, int | None, int | None]:
    """Ballots changed, further ballots, and the rival they would all be for."""
    trial = _Trial(name, counts, options_count, rules, facts)
    if name == "budget" and set(facts["winners"]) == set(range(options_count)):
        least = min(facts["marks"])  # everything is affordable: a project is lost only when nobody marks it
        return least, None, facts["marks"].index(least)
    changed, added, rival = trial.ballots + 1, trial.ballots + 2, None
    for other, leader in _contests(name, options_count, facts):
        vote, victims = _favour(name, other, leader, options_count, rules), _victims(name, counts, other, leader)
        found = trial.least(changed, lambda k: trial.differs(_replaced(counts, victims, vote, k)))  # noqa: B023
        if found < changed:
            changed, rival = found, other
        added = trial.least_added(added, found, lambda k: trial.differs({**counts, vote: counts.get(vote, 0) + k}))  # noqa: B023
    return changed if changed <= trial.ballots else None, added if added <= trial.ballots + 1 else None, rival


def other_rules(counts: Counts, options_count: int, rules: Rules) -> dict[str, list[int]]:
    """The winner by each rule; with equal ranks on some ballot only by those that can count it."""
    pairs, ballots = pairs_of(counts, options_count), sum(counts.values())
    found = {"schulze": _top(schulze_beats(pairs)), "ranked_pairs": _top(ranked_pairs_beats(pairs, places(rules, options_count)))}
    points, first = [0] * options_count, [0] * options_count
    for text, times in counts.items():
        before = 0
        for part in text.split(">"):
            group = part.split("=")
            for option in group:  # Borda, doubled: equal ranks share what their places are worth, the unnamed get nothing
                points[int(option)] += times * (2 * (options_count - 1 - before) - len(group) + 1)
            before += len(group)
    found["borda"] = leaders(points, ballots)["winners"]
    if not any("=" in text for text in counts):
        for text, times in counts.items():
            first[int(text.partition(">")[0])] += times
        found |= {"plurality": leaders(first, ballots)["winners"], "irv": instant_runoff(counts, options_count, rules)["winners"]}
    return found


def _top(beats: list[list[bool]]) -> list[int]:
    first = groups_of(beats)[0]
    return first if len(first) == 1 else []


def _outcome(facts: Facts) -> tuple[list[int], list[int]]:
    return sorted(facts["winners"]), facts["tied"]


def _contests(name: str, options_count: int, facts: Facts) -> Iterator[tuple[int, int]]:
    """(rival, who would have to give way), the closest rivals first."""
    if name == "budget":
        order = sorted(range(options_count), key=lambda i: -facts["marks"][i])
    elif "order" in facts:
        order = [i for group in facts["order"] for i in group]
    else:
        outs = [i for row in facts["rounds"] for i in row["out"]]
        order = [i for i in range(options_count) if i not in outs] + outs[::-1]
    ahead = facts["winners"] or facts["tied"] or order
    weakest = max(ahead, key=order.index) if name == "budget" else ahead[-1]
    for rival in order:
        if rival not in facts["winners"]:
            yield rival, weakest if rival != weakest else next(i for i in [*ahead, *order] if i != rival)


def _favour(name: str, rival: int, leader: int, options_count: int, rules: Rules) -> str:
    """The ballot that helps the rival most against the leader."""
    if name == "budget" or rules["method"] in ("irv", "stv"):
        return str(rival)
    between = "=".join(str(i) for i in range(options_count) if i not in (rival, leader))
    return ">".join(part for part in (str(rival), between, str(leader)) if part)


def _victims(name: str, counts: Counts, rival: int, leader: int) -> list[str]:
    """The ballots in the order in which changing them hurts the leader and helps the rival."""
    if name == "budget":
        def gain(text: str) -> tuple[int, ...]:
            marked = text.split(",")
            return str(rival) in marked, str(leader) not in marked, len(marked)
    else:
        def gain(text: str) -> tuple[int, ...]:
            order = text.replace("=", ">").split(">")
            place = {option: n for n, option in enumerate(order)}
            ours, theirs = place.get(str(rival), len(order)), place.get(str(leader), len(order))
            return (theirs > ours) - (theirs < ours), theirs - ours, theirs
    return sorted(counts, key=gain)


def _replaced(counts: Counts, victims: list[str], vote: str, number: int) -> Counts:
    """The ballots when the first `number` of the victims say `vote` instead."""
    changed = dict(counts)
    left = number
    for text in victims:
        taken = min(left, counts[text])
        changed[text] -= taken
        if not changed[text]:
            del changed[text]
        left -= taken
        if not left:
            break
    changed[vote] = changed.get(vote, 0) + number
    return changed
