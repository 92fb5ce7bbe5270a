"""How firm results are, against every change of ballots there could be, tried out one by one on small polls."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, permutations, product
from random import Random
from typing import Any

import pytest

from domain import firm_search, firmness, kinds
from domain.classes import AT_LEAST, MORE_THAN, Bar
from domain.firmness import firm_class, firm_owners
from tests.domain.kinds.test_kinds_known import DERIVED, ward


def every_ballot(name: str, count: int, rules: dict[str, Any]) -> list[str]:
    """All there are, each once."""
    every = range(count)
    if name in ("single", "stance"):
        return [str(i) for i in every]
    if name in ("approval", "multiple", "budget"):
        sizes = range(rules.get("least", 1), rules.get("most", count) + 1)
        return [",".join(map(str, some)) for size in sizes for some in combinations(every, size)]
    if name == "score":
        return [",".join(f"{i}:{p}" for i, p in enumerate(points)) for points in product(range(rules["low"], rules["high"] + 1), repeat=count)]
    if name == "ranked":
        return [">".join(map(str, order)) for size in range(1, count + 1) for order in permutations(every, size) if size != count - 1]
    found = []
    for says in product("ym-", repeat=count):
        yes, maybe = (",".join(str(i) for i, said in enumerate(says) if said == letter) for letter in "ym")
        if yes or maybe:
            found.append(yes + (f"|{maybe}" if maybe else ""))
    return found


class Small:
    """A small poll whose every variation can be counted."""

    def __init__(self, name: str, count: int, rules: dict[str, Any], ballots: list[str]):
        self.kind, self.name, self.count, self.ballots = kinds.kind(name), name, count, ballots
        self.rules = self.kind.check_rules(rules, count)
        self.every = every_ballot(name, count, self.rules)
        self.facts = self.kind.tally(Counter(ballots), count, self.rules)

    def differs(self, ballots: Sequence[str]) -> bool:
        facts = self.kind.tally(Counter(ballots), self.count, self.rules)
        return (sorted(facts["winners"]), facts["tied"]) != (sorted(self.facts["winners"]), self.facts["tied"])

    def firm(self, electorate: int | None = None) -> firmness.Firm:
        found = firmness.firm(self.name, Counter(self.ballots), self.count, self.rules, self.facts, electorate)
        assert found is not None
        return found

    def _kept(self, k: int) -> Iterator[tuple[str, ...]]:
        yield from set(combinations(sorted(self.ballots), len(self.ballots) - k))

    def changed(self) -> int | None:
        """The fewest ballots to change, by trying all."""
        for k in range(1, len(self.ballots) + 1):
            if any(self.differs([*kept, *new]) for kept in self._kept(k) for new in combinations_with_replacement(self.every, k)):
                return k
        return None

    def added(self, most: int = 6) -> int | None:
        """The fewest to add, by trying all; None when `most` is not enough."""
        for k in range(1, most + 1):
            if any(self.differs([*self.ballots, *new]) for new in combinations_with_replacement(self.every, k)):
                return k
        return None


def small(name: str, seed: int) -> Small:
    """A poll of this kind with up to seven ballots that lean to one side."""
    random = Random(f"{name}{seed}")
    count = {"stance": 3, "score": 2, "times": 2}.get(name, random.choice([2, 3]))
    rules: dict[str, Any] = {}
    if name == "multiple":
        count, least = 3, random.choice([1, 2])
        rules = {"least": least, "most": random.randint(least, 3)}
    if name == "score":
        rules = random.choice([{"low": 0, "high": 2}, {"low": 1, "high": 3}])
    if name == "budget":
        rules = {"limit": 10, "costs": [random.randint(2, 10) for _ in range(count)], "method": random.choice(["greedy", "equal_shares"])}
    every = every_ballot(name, count, kinds.kind(name).check_rules(rules, count))
    favourite = random.choice(every)
    return Small(name, count, rules, [favourite if random.random() < 0.4 else random.choice(every) for _ in range(random.randint(0, 6))])


@pytest.mark.parametrize("name", ["single", "multiple", "approval", "stance", "score", "times"])
def test_exact_numbers_are_exact(name: str) -> None:
    """For plain kinds the fewest changed and the fewest further ballots are what trying everything finds."""
    seen = Counter[int | None]()
    for seed in range(60):
        poll = small(name, seed)
        firm = poll.firm()
        assert firm.exact
        assert (firm.changed, firm.added) == (poll.changed(), poll.added()), (poll.rules, poll.ballots)
        seen[firm.changed] += 1
    assert seen[2] and seen[1], seen


@pytest.mark.parametrize("method", ["irv", "schulze", "ranked_pairs", "stv", "budget"])
def test_bounds_are_never_too_small_and_mostly_right(method: str) -> None:
    """What the search finds is enough; what trying everything finds is never more, and the same for nine in ten."""
    right, compared = 0, 0
    for seed in range(40):
        if method == "budget":
            poll = small("budget", seed)
        else:
            random = Random(seed)
            every = every_ballot("ranked", 3, {})
            ballots = [random.choice(every[:4] if random.random() < 0.5 else every) for _ in range(random.randint(1, 6))]
            poll = Small("ranked", 3, {"method": method, "seats": 2 if method == "stv" and seed % 2 else 1}, ballots)
        firm, changed, added = poll.firm(), poll.changed(), poll.added(7)
        assert not firm.exact
        for bound, least in ((firm.changed, changed), (firm.added, added)):
            if bound is not None:
                assert least is not None and least <= bound, (poll.rules, poll.ballots)
            right += bound == least
            compared += 1
    assert right >= 0.9 * compared, (right, compared)


def test_in_words_a_resident_would_use() -> None:
    """10 to 7: two votes the other way make it 8 to 9; three further ones make it level, which 2 absent could not and 3 could."""
    poll = Small("single", 3, {}, ["0"] * 10 + ["1"] * 7)
    assert poll.firm() == firmness.Firm(2, 3, True, 1, None)
    assert [poll.firm(17 + absent).absent_could for absent in (0, 2, 3)] == [False, False, True]
    tie = Small("single", 2, {}, ["0", "1"])
    assert tie.firm(2) == firmness.Firm(1, 1, True, None, False)


def test_a_bound_that_the_absent_do_not_reach_proves_nothing() -> None:
    """Enough is enough; too few may still be enough; nobody is not."""
    poll = Small("ranked", 3, {"method": "irv"}, ["0>1"] * 5 + ["1>2"] * 3)
    assert poll.firm().absent_could is None
    assert [poll.firm(8 + absent).absent_could for absent in (0, 1, 2)] == [False, None, True]


def test_a_sign_up_has_nobody_to_turn_over() -> None:
    """There is no answer, not a wrong one."""
    assert firmness.firm("signup", {}, 1, {"places": 1, "each": 1}, {"ballots": 0, "winners": [], "tied": []}) is None


def test_all_projects_fit_so_only_an_unwanted_one_is_lost() -> None:
    """No further ballot takes a project out; to lose one, all who want it must drop it."""
    poll = Small("budget", 2, {"limit": 10, "costs": [5, 5]}, ["0,1", "0,1", "0"])
    assert (poll.firm().changed, poll.firm().added, poll.changed()) == (2, None, 2)


def test_the_rules_agree_or_do_not() -> None:
    """Tennessee: four rules, three winners; with equal ranks only the rules that can count them are asked."""
    capital = Counter({"0>1>2>3": 42, "1>2>3>0": 26, "2>3>1>0": 15, "3>2>1>0": 17})
    ranked = kinds.kind("ranked")
    rules = ranked.check_rules({"method": "irv"}, 4)
    firm = firmness.firm("ranked", capital, 4, rules, ranked.tally(capital, 4, rules))
    assert firm is not None and firm.agree is False
    assert firm.others == {"plurality": [0], "irv": [3], "borda": [1], "schulze": [1], "ranked_pairs": [1]}
    equal = Small("ranked", 3, {"method": "schulze"}, ["0"] * 3).firm()
    assert equal.agree is True
    firm = firmness.firm("ranked", {"0=1>2": 1, "0": 1}, 3, rules | {"method": "schulze", "lot": [0, 1, 2]},
                         ranked.tally({"0=1>2": 1, "0": 1}, 3, {"method": "schulze"}))
    assert firm is not None and firm.others == {"borda": [0], "schulze": [0], "ranked_pairs": [0]}
    # Borda: two on the first rank share 2 and 1, so four such ballots give each 6, and four for the third alone give it 8.
    assert firm_search.other_rules({"0=1": 4, "2": 4}, 3, rules | {"lot": [0, 1, 2]})["borda"] == [2]
    assert Small("ranked", 3, {"method": "stv", "seats": 2}, ["0"]).firm().agree is None


@pytest.mark.parametrize("name", list(DERIVED))
def test_the_rules_find_the_known_winners_of_edinburgh(name: str) -> None:
    """All five from the same papers; and where two were left at last, the runoff hangs on no more ballots than lie between them."""
    _, names, ballots = ward(name)
    ranked = kinds.kind("ranked")
    rules = ranked.check_rules({}, len(names))
    facts = ranked.tally(ballots, len(names), rules)
    firm = firmness.firm("ranked", ballots, len(names), rules, facts)
    assert firm is not None and firm.changed is not None and firm.added is not None
    found = {rule: names[winners[0]] for rule, winners in firm.others.items()}
    known = DERIVED[name]
    assert found == {"irv": known["irv_winner"], "schulze": known["condorcet_winner"], "ranked_pairs": known["condorcet_winner"],
                     "borda": known["borda_winner_unranked_zero"], "plurality": known["plurality_winner"]}
    votes = sorted(v for v in facts["rounds"][-1]["votes"] if v is not None)
    assert 0 < firm.changed < facts["ballots"] / 2 and firm.changed <= firm.added < facts["ballots"]
    if len(votes) == 2:
        assert firm.changed <= -(-(votes[1] - votes[0]) // 2) and firm.added <= votes[1] - votes[0]


TWO_THIRDS, HALF, THREE_QUARTERS = Bar(Fraction(2, 3), AT_LEAST), Bar(Fraction(1, 2), MORE_THAN), Bar(Fraction(3, 4), AT_LEAST)
ALL = Bar(Fraction(1), AT_LEAST)


def outcomes(yes: int, took: int, everybody: int, quorum: Bar, passes: Bar) -> bool:
    """The rule written out again, in whole numbers."""
    def reaches(part: int, whole: int, bar: Bar) -> bool:
        left, right = part * bar.part.denominator, whole * bar.part.numerator
        return whole > 0 and (left > right if bar.how == MORE_THAN else left >= right)
    return reaches(took, everybody, quorum) and reaches(yes, took, passes)


def first(most: int, does: Any) -> int | None:
    """By trying all."""
    return next((k for k in range(1, most + 1) if does(k)), None)


def check(yes: int, took: int, everybody: int, quorum: Bar, passes: Bar) -> None:
    """Each number is the smallest that turns the outcome, and None where none does."""
    def after(more_yes: int, more: int) -> bool:
        return outcomes(yes + more_yes, took + more, everybody, quorum, passes)

    firm, now, absent = firm_class(yes, took, everybody, quorum, passes), after(0, 0), everybody - took
    assert firm.passed == now
    assert firm.no_more == (first(absent, lambda k: not after(0, k)) if now else None)
    assert firm.yes_fewer == (first(yes, lambda k: not after(-k, 0)) if now else None)
    assert firm.yes_away == (first(yes, lambda k: not after(-k, -k)) if now else None)
    assert firm.yes_more == (None if now else first(absent, lambda k: after(k, k)))
    assert firm.yes_switched == (None if now else first(took - yes, lambda k: after(k, 0)))
    assert firm.absent_could == any(after(k, more) != now for more in range(absent + 1) for k in range(more + 1))


@pytest.mark.parametrize(("quorum", "passes"), [(TWO_THIRDS, HALF), (TWO_THIRDS, THREE_QUARTERS), (HALF, HALF), (ALL, ALL)])
def test_votes_with_thresholds_against_every_change(quorum: Bar, passes: Bar) -> None:
    """All votes of up to twelve heads."""
    for everybody in range(1, 13):
        for took in range(everybody + 1):
            for yes in range(took + 1):
                check(yes, took, everybody, quorum, passes)


def test_two_worked_votes() -> None:
    """DOMAIN.md 3.6, rows 3 and 16: one more for passes; the lift of a stairwell passes, and hangs on one vote."""
    firm = firm_class(30, 60, 90, TWO_THIRDS, HALF)
    assert (firm.quorum, firm.passed, firm.yes_switched, firm.yes_more, firm.any_more) == (True, False, 1, 1, None)
    lift = firm_class(6, 8, 12, TWO_THIRDS, THREE_QUARTERS)
    assert (lift.passed, lift.no_more, lift.yes_fewer, lift.yes_away, lift.absent_could) == (True, 1, 1, 1, True)
    short = firm_class(50, 55, 90, TWO_THIRDS, HALF)
    assert (short.quorum, short.any_more, short.yes_more, short.yes_switched) == (False, 5, 5, None)


def owners_pass(yes: Sequence[int], others: Sequence[int], absent: Sequence[int]) -> bool:
    """The elevator's rule in both measures, in whole numbers."""
    for size in (len, sum):
        took, agreed = size(yes) + size(others), size(yes)
        if not (3 * took >= 2 * (took + size(absent)) and took and 4 * agreed >= 3 * took):
            return False
    return True


def test_votes_of_owners_against_every_choice_of_owners() -> None:
    """Small houses with flats of all sizes: no fewer owners, whichever they are, would have turned the outcome."""
    turned = Counter[str]()
    for seed in range(400):
        random = Random(seed)
        flats = [random.choice([3000, 8953, 9000, 12001]) for _ in range(random.randint(3, 8))]
        cut = random.randint(len(flats) // 2, len(flats))
        agreed = random.randint(cut // 2, cut)
        yes, others, absent = flats[:agreed], flats[agreed:cut], flats[cut:]
        firm, now = firm_owners(yes, others, absent, TWO_THIRDS, THREE_QUARTERS), owners_pass(yes, others, absent)

        def least(group: list[int], outcome: Any, wanted: bool) -> int | None:
            for k in range(1, len(group) + 1):
                for some in combinations(range(len(group)), k):
                    if outcome([group[i] for i in some], [a for i, a in enumerate(group) if i not in some]) == wanted:
                        return k
            return None

        assert firm.passed == now
        expected = {
            "no_more": least(absent, lambda come, stay: owners_pass(yes, others + come, stay), False) if now else None,  # noqa: B023
            "yes_fewer": least(yes, lambda turn, keep: owners_pass(keep, others + turn, absent), False) if now else None,  # noqa: B023
            "yes_away": least(yes, lambda leave, keep: owners_pass(keep, others, absent + leave), False) if now else None,  # noqa: B023
            "yes_more": None if now else least(absent, lambda come, stay: owners_pass(yes + come, others, stay), True),  # noqa: B023
            "yes_switched": None if now else least(others, lambda turn, keep: owners_pass(yes + turn, keep, absent), True)}  # noqa: B023
        assert {name: getattr(firm, name) for name in expected} == expected, (yes, others, absent)
        turned.update(name for name, k in expected.items() if k and k > 1)
    assert all(turned[name] for name in ("no_more", "yes_fewer", "yes_away", "yes_more", "yes_switched")), turned


def test_a_few_hundredths_of_a_square_metre_decide() -> None:
    """DOMAIN.md 3.6, row 6: 0.01 m² short of three quarters of the area; one owner more for it, of any size, is enough."""
    firm = firm_owners([10000] * 44 + [9999], [10000] * 14 + [10001], [10000] * 30, TWO_THIRDS, THREE_QUARTERS)
    assert (firm.quorum, firm.passed, firm.yes_switched, firm.yes_more) == (True, False, 1, 1)
