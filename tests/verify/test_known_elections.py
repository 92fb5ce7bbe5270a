"""The verifier's own counts against elections whose results others published, and against slow counts written from the definition."""

import random
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from verify import linyi_verify as verifier

DATA = Path("../shared/data").resolve()
kept = pytest.mark.skipif(not DATA.exists(), reason="the development data are not beside this repository")


def ranked(method: str, n: int, ballots: list[tuple[str, int]], seats: int = 1) -> dict[str, Any]:
    """Counts ranked ballots."""
    poll = {"kind": "ranked", "options": ["x"] * n, "rules": {"method": method, "seats": seats, "lot": list(range(n))}}
    return verifier.recount([{"choice": choice} for choice, times in ballots for _ in range(times)], poll)


@kept
@pytest.mark.parametrize(("ward", "elected"), [
    ("01", {"Graham HUTCHISON", "Kevin LANG", "Louise YOUNG", "Norrie WORK"}),
    ("03", {"Claire BRIDGMAN", "Mark BROWN", "Robert Christopher ALDRIDGE"}),
    ("06", {"Frank ROSS", "Gillian GLOYER", "Scott DOUGLAS"}), ("09", {"Andrew JOHNSTON", "David KEY", "Gavin CORBETT"}),
    ("12", {"Amy MCNEESE-MECHAN", "Lewis RITCHIE", "Marion DONALDSON", "Susan RAE"}), ("15", {"Alison DICKIE", "Cameron ROSE", "Ian PERRY", "Steve BURGESS"})])
def test_edinburgh_2017(ward: str, elected: set[str]) -> None:
    """The councillors of six wards; in every round each vote is somewhere."""
    lines = (DATA / f"ranked/edinburgh2017_ward{ward}.blt").read_text("utf-8").splitlines()
    n, seats = map(int, lines[0].split())
    end = lines.index("0")
    ballots = [(">".join(str(int(c) - 1) for c in line.split()[1:-1]), int(line.split()[0])) for line in lines[1:end]]
    facts = ranked("stv", n, ballots, seats)
    names = [" ".join(name.strip('" ').split()) for name in lines[end + 1:end + 1 + n]]
    assert {names[i] for i in facts["winners"]} == elected
    for row in facts["rounds"]:
        assert sum(Fraction(v) for v in [*row["votes"], row["exhausted"]] if v) == sum(times for _, times in ballots)


@kept
@pytest.mark.parametrize("method", ["schulze", "ranked_pairs"])
def test_debian_2007(method: str) -> None:
    """The whole published order, unranked options last and tied; ranked pairs name the same leader."""
    sheets = re.findall(r"^V: ([-0-9]{9})", (DATA / "ranked/debian_leader2007.txt").read_text("utf-8"), re.MULTILINE)
    assert len(sheets) == 482
    ballots = []
    for sheet in sheets:
        ranks = sorted(set(sheet) - {"-"})
        ballots.append((">".join("=".join(str(i) for i in range(9) if sheet[i] == rank) for rank in ranks), 1))
    facts = ranked(method, 9, [(choice, times) for choice, times in ballots if choice])
    assert facts["winners"] == [3]  # Sam Hocevar
    if method == "schulze":
        assert facts["order"] == [[3], [4], [5], [0], [6], [2], [8], [7], [1]]


@kept
@pytest.mark.parametrize("path", sorted((DATA / "budget").glob("*.pb")), ids=lambda p: p.stem)
def test_warsaw(path: Path) -> None:
    """The projects that eight districts really took."""
    parts = re.split(r"^(?:META|PROJECTS|VOTES)\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    meta, projects, votes = ([line.split(";") for line in part.strip().splitlines()] for part in parts)
    at, row = projects[0].index, projects[1:]
    ids = [line[at("project_id")] for line in row]
    limit = int(next(line[1] for line in meta if line[0] == "budget"))
    poll: dict[str, Any] = {"kind": "budget", "options": ids, "rules": {
        "method": "greedy", "limit": limit, "costs": [int(line[at("cost")]) for line in row], "lot": list(range(len(ids)))}}
    choices = [",".join(map(str, sorted(ids.index(i) for i in line[votes[0].index("vote")].split(",")))) for line in votes[1:]]
    facts = verifier.recount([{"choice": choice} for choice in choices], poll)
    assert facts["winners"] == [i for i, line in enumerate(row) if line[at("selected")] == "1"]
    assert facts["marks"] == [int(line[at("votes")]) for line in row]
    shares = verifier.recount([{"choice": choice} for choice in choices], poll | {"rules": poll["rules"] | {"method": "equal_shares"}})
    assert shares["bought"] == _shares([set(map(int, choice.split(","))) for choice in choices], poll["rules"]["costs"], limit, list(range(len(ids))))


def _shares(voters: list[set[int]], costs: list[int], limit: int, lot: list[int]) -> list[int]:
    """Equal shares as the definition says: fractions, one purse per voter, every project tried every time."""
    purse = [Fraction(limit, len(voters)) for _ in voters]
    bought: list[int] = []
    while True:
        best = None
        for c in sorted(set(range(len(costs))) - set(bought)):
            backers = sorted((purse[v], v) for v in range(len(voters)) if c in voters[v])
            if not backers or sum(money for money, _ in backers) < costs[c]:
                continue
            owed = Fraction(costs[c])
            for place, (money, _) in enumerate(backers):
                share = owed / (len(backers) - place)
                if money >= share:
                    break
                owed -= money
            key = (share / costs[c], -len(backers), lot.index(c))
            if best is None or key < best[0]:
                best = (key, c, share)
        if best is None:
            return bought
        bought.append(best[1])
        for v in range(len(voters)):
            if best[1] in voters[v]:
                purse[v] -= min(purse[v], best[2])


@pytest.mark.parametrize("seed", range(150))
def test_equal_shares_against_the_definition(seed: int) -> None:
    """Random budgets, with many ties in costs and marks."""
    chance = random.Random(seed)
    n, m = chance.randint(2, 7), chance.randint(1, 12)
    costs, limit, lot = [chance.choice([1, 2, 3, 5, 7, 10, 10]) for _ in range(n)], chance.randint(1, 40), chance.sample(range(n), n)
    voters = [set(chance.sample(range(n), chance.randint(1, n))) for _ in range(m)]
    poll = {"kind": "budget", "options": ["x"] * n, "rules": {"method": "equal_shares", "limit": limit, "costs": costs, "lot": lot}}
    facts = verifier.recount([{"choice": ",".join(map(str, sorted(v)))} for v in voters], poll)
    assert facts["bought"] == _shares(voters, costs, limit, lot)
    assert facts["spent"] + facts["left"] == limit and facts["left"] >= 0


def _schulze(pairs: list[list[int]], n: int) -> list[list[bool]]:
    """Schulze's relation by trying every path."""
    def strongest(i: int, j: int, seen: frozenset[int]) -> int:
        best = 0
        for k in range(n):
            if k not in seen and pairs[i][k] > pairs[k][i]:
                step = pairs[i][k] - pairs[k][i]
                best = max(best, step if k == j else min(step, strongest(k, j, seen | {k})))
        return best
    path = [[strongest(i, j, frozenset([i])) if i != j else 0 for j in range(n)] for i in range(n)]
    return [[path[i][j] > path[j][i] for j in range(n)] for i in range(n)]


def _locked(pairs: list[list[int]], n: int) -> set[tuple[int, int]]:
    """Ranked pairs by looking for a circle before each arrow is drawn; the lot is 0, 1, 2 …"""
    arrows: set[tuple[int, int]] = set()

    def leads(i: int, j: int) -> bool:
        return i == j or any(leads(b, j) for a, b in arrows if a == i)
    wins = [(i, j) for i in range(n) for j in range(n) if pairs[i][j] > pairs[j][i]]
    for i, j in sorted(wins, key=lambda w: (pairs[w[1]][w[0]] - pairs[w[0]][w[1]], pairs[w[1]][w[0]], w)):
        if not leads(j, i):
            arrows.add((i, j))
    return arrows


@pytest.mark.parametrize("seed", range(80))
def test_pairwise_counts_against_the_definition(seed: int) -> None:
    """Random rankings, partial and with ties: pairs, who beats whom, and the winners."""
    chance = random.Random(seed)
    n, ballots = chance.randint(2, 5), []
    for _ in range(chance.randint(1, 9)):
        places = {c: chance.randint(0, 3) for c in chance.sample(range(n), chance.randint(1, n))}
        ballots.append(places)
    choices = [(">".join("=".join(str(c) for c in range(n) if places.get(c) == p) for p in sorted(set(places.values()))), 1) for places in ballots]
    pairs = [[sum(b.get(i, 9) < b.get(j, 9) for b in ballots) for j in range(n)] for i in range(n)]
    beats = _schulze(pairs, n)
    top = [i for i in range(n) if not any(beats[j][i] for j in range(n))]
    facts = ranked("schulze", n, choices)
    assert facts["pairs"] == pairs and (facts["winners"] or facts["tied"]) == top
    place = {c: p for p, group in enumerate(facts["order"]) for c in group}
    assert all(place[i] < place[j] for i in range(n) for j in range(n) if beats[i][j])
    arrows = _locked(pairs, n)
    facts = ranked("ranked_pairs", n, choices)
    assert (facts["winners"] or facts["tied"]) == [i for i in range(n) if not any(b == i for _, b in arrows)]
    place = {c: p for p, group in enumerate(facts["order"]) for c in group}
    assert all(place[i] < place[j] for i, j in arrows)
