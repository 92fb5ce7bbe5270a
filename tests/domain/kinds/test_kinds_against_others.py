"""The same counts by other people's libraries, and by the rules written out ballot by ballot without any shortcut."""

from collections import Counter
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pyrankvote
import pytest
import votelib.convert
import votelib.evaluate.condorcet

from domain import kinds
from domain.kinds.base import Facts

SEEDS = range(60)


def electorate(seed: int, *, full: bool) -> tuple[int, list[list[int]]]:
    """Three to seven candidates and some voters who rank them, alike in part so that real contests come up."""
    random = Random(seed)
    count = random.randint(3, 7)
    camps = [random.sample(range(count), count) for _ in range(3)]
    voters = []
    for _ in range(random.randint(5, 80)):
        ranking = list(random.choice(camps))
        for _ in range(random.randint(0, 3)):
            i = random.randrange(count - 1)
            ranking[i], ranking[i + 1] = ranking[i + 1], ranking[i]
        voters.append(ranking if full else ranking[:random.randint(1, count)])
    return count, voters


def counted(method: str, count: int, voters: list[list[int]], seats: int = 1) -> Facts:
    """Our result."""
    rules = kinds.kind("ranked").check_rules({"method": method, "seats": seats}, count)
    return kinds.tally("ranked", [(">".join(map(str, ranking)), "", 0) for ranking in voters], count, rules)


def test_instant_runoff_as_pyrankvote_counts_it() -> None:
    """Wherever no tie for last was met, which it breaks by chance."""
    compared = 0
    for seed in SEEDS:
        count, voters = electorate(seed, full=False)
        facts = counted("irv", count, voters)
        standings = [sorted(v for v in row["votes"] if v is not None) for row in facts["rounds"]]
        if any(votes[0] == votes[1] for votes in standings):
            continue
        names = [pyrankvote.Candidate(str(i)) for i in range(count)]
        theirs = pyrankvote.instant_runoff_voting(names, [pyrankvote.Ballot([names[i] for i in ranking]) for ranking in voters])
        assert [int(winner.name) for winner in theirs.get_winners()] == facts["winners"], seed
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("method", ["schulze", "ranked_pairs"])
def test_pairwise_methods_as_votelib_counts_them(method: str) -> None:
    """On full rankings, where margins and winning votes say the same; the library breaks ties its own way, so those are left out."""
    compared = 0
    for seed in SEEDS:
        count, voters = electorate(seed, full=True)
        facts = counted(method, count, voters)
        pairs = facts["pairs"]
        margins = [abs(pairs[i][j] - pairs[j][i]) for i, j in combinations(range(count), 2)]
        if len(set(margins)) < len(margins) and method == "ranked_pairs" or not all(margins) or not facts["winners"]:
            continue
        votes = votelib.convert.RankedToCondorcetVotes().convert(Counter(map(tuple, voters)))
        rule = votelib.evaluate.condorcet.Schulze() if method == "schulze" else votelib.evaluate.condorcet.RankedPairs("margins")
        assert rule.evaluate(votes, 1) == facts["winners"], seed
        compared += 1
    assert compared > (20 if method == "schulze" else 5)


def paper_by_paper(count: int, voters: list[list[int]], seats: int) -> tuple[list[int], list[Decimal]]:
    """Scottish STV with every paper on its own, as the officers do it by hand: the elected, and what each one's pile is worth at the end."""
    worth = [Decimal(1)] * len(voters)
    pile = [ranking[0] for ranking in voters]
    quota, elected, gone, kept = len(voters) // (seats + 1) + 1, list[int](), set[int](), dict[int, Decimal]()
    history: list[list[Decimal]] = []

    def rank(c: int) -> Any:
        return [row[c] for row in reversed(history)] + [Decimal(-c)]

    while True:
        lying = {c: Decimal(0) for c in range(-1, count)}
        for value, at in zip(worth, pile, strict=True):
            lying[at] += value
        votes = [kept.get(c, lying[c]) for c in range(count)]
        history.append(votes)
        elected += sorted((c for c in range(count) if c not in gone | set(elected) and votes[c] >= quota), key=rank, reverse=True)
        there = {c for c in range(count) if c not in gone | set(elected)}
        over = [c for c in elected if votes[c] > quota]
        source = max(over, key=rank) if over else min(there, key=rank, default=-1)
        if not over and seats > len(elected) > seats - len(there):
            there.remove(source)
            gone.add(source)
        if len(elected) + len(there) <= seats or len(elected) == seats:
            return elected + sorted(there, key=rank, reverse=True)[:seats - len(elected)], votes
        for n, ranking in enumerate(voters):
            if pile[n] == source:
                if over:
                    worth[n] = (worth[n] * (votes[source] - quota) / votes[source]).quantize(Decimal("0.00001"), ROUND_DOWN)
                pile[n] = next((c for c in ranking if c in there), -1)
        if over:
            kept[source] = Decimal(quota)


def test_stv_as_counted_paper_by_paper() -> None:
    """The elected in their order, and every vote of the last round to the fifth decimal."""
    transfers = 0
    for seed in range(150):
        count, voters = electorate(seed, full=seed % 3 == 0)
        seats = Random(seed).randint(1, count - 1)
        facts = counted("stv", count, voters, seats)
        winners, votes = paper_by_paper(count, voters, seats)
        assert facts["winners"] == winners, seed
        for ours, theirs in zip(facts["rounds"][-1]["votes"], votes, strict=True):
            assert ours is None or Decimal(ours) == theirs, seed
        transfers += any("." in v and not v.endswith("00000") for v in facts["rounds"][-1]["votes"] if v)
    assert transfers > 20


def shares_voter_by_voter(voters: list[set[int]], costs: list[int], limit: int, lot: list[int]) -> list[int]:
    """Equal shares from its definition: for each project the smallest rate at which all supporters together pay it."""
    money = [Fraction(limit, len(voters))] * len(voters)
    bought: list[int] = []
    while True:
        offers = []
        for project, cost in enumerate(costs):
            fans = [n for n, wants in enumerate(voters) if project in wants]
            if project in bought or not fans or sum(money[n] for n in fans) < cost:
                continue
            # The sum of min(money, share) grows with the share: the right one makes it the cost, and lies where k of them give all.
            for k in range(len(fans)):
                ordered = sorted(money[n] for n in fans)
                share = (Fraction(cost) - sum(ordered[:k])) / (len(fans) - k)
                if share <= ordered[k] and sum(min(m, share) for m in ordered) == cost:
                    offers.append((share / cost, -len(fans), lot.index(project), project, share))
                    break
        if not offers:
            return bought
        *_, project, share = min(offers)
        money = [m - min(m, share) if project in wants else m for m, wants in zip(money, voters, strict=True)]
        bought.append(project)


def test_equal_shares_as_counted_voter_by_voter() -> None:
    """The same projects in the same order, ties included."""
    several = 0
    for seed in range(200):
        random = Random(seed)
        count, lot = (n := random.randint(2, 7)), random.sample(range(n), n)
        costs = [random.choice([1, 5, 10, random.randint(1, 40)]) for _ in range(count)]
        limit = max(max(costs), random.randint(20, 100))
        voters = [set(random.sample(range(count), random.randint(1, count))) for _ in range(random.randint(1, 15))]
        rules = kinds.kind("budget").check_rules({"limit": limit, "costs": costs, "method": "equal_shares", "lot": lot}, count)
        facts = kinds.tally("budget", [(",".join(map(str, sorted(v))), "", 0) for v in voters], count, rules)
        assert facts["bought"] == shares_voter_by_voter(voters, costs, limit, lot), seed
        several += len(facts["bought"]) > 1
    assert several > 50
