"""Published elections give the published winners: Edinburgh's wards, Debian's leader, Warsaw's district budgets."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domain import kinds
from domain.kinds.base import Facts

RANKED, BUDGET = Path("../shared/data/ranked").resolve(), Path("../shared/data/budget").resolve()
EXPECTED: dict[str, Any] = json.loads((RANKED / "expected.json").read_text("utf-8")) if RANKED.exists() else {}
DERIVED: dict[str, Any] = json.loads((RANKED / "derived_single_winner.json").read_text("utf-8")) if RANKED.exists() else {}


def ward(name: str) -> tuple[int, list[str], Counter[str]]:
    """Seats, names and ballots of one ward."""
    lines = (RANKED / name).read_text("utf-8").splitlines()
    count, seats = map(int, lines[0].split())
    end = lines.index("0")
    ballots: Counter[str] = Counter()
    for line in lines[1:end]:
        times, *ranking = map(int, line.split())
        ballots[">".join(str(option - 1) for option in ranking[:-1])] += times
    return seats, [" ".join(line.strip('"').split()) for line in lines[end + 1:end + 1 + count]], ballots


def result(method: str, names: list[str], ballots: Counter[str], seats: int = 1) -> Facts:
    """The ballots, each read as a new one would be, counted."""
    ranked = kinds.kind("ranked")
    rules = ranked.check_rules({"method": method, "seats": seats}, len(names))
    assert all(ranked.read(text, len(names), rules) == text for text in ballots)
    return ranked.tally(ballots, len(names), rules)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".blt")])
def test_the_councillors_of_edinburgh_are_elected(name: str) -> None:
    """By Scottish STV, with the quota that follows from the valid papers; every round adds up."""
    seats, names, ballots = ward(name)
    facts = result("stv", names, ballots, seats)
    assert sorted(names[i] for i in facts["winners"]) == EXPECTED[name]["elected"]
    assert facts["ballots"] == DERIVED[name]["ballots"] and facts["quota"] == f"{facts['ballots'] // (seats + 1) + 1}.00000"
    for row in facts["rounds"]:
        units = [int(votes.replace(".", "")) for votes in [*row["votes"], row["exhausted"]] if votes]
        assert sum(units) == facts["ballots"] * 100_000


@pytest.mark.parametrize("name", list(DERIVED))
def test_one_seat_from_the_same_papers(name: str) -> None:
    """Instant runoff and the Condorcet winner, which Schulze and ranked pairs both find."""
    _, names, ballots = ward(name)
    known = DERIVED[name]
    assert [names[i] for i in result("irv", names, ballots)["winners"]] == [known["irv_winner"]]
    for method in ("schulze", "ranked_pairs"):
        assert [names[i] for i in result(method, names, ballots)["winners"]] == [known["condorcet_winner"]]
    first = Counter[str]()
    for text, times in ballots.items():
        first[text.split(">")[0]] += times
    facts = kinds.kind("single").tally(first, len(names), {})
    assert [names[i] for i in facts["winners"]] == [known["plurality_winner"]]


@pytest.mark.skipif(not RANKED.exists(), reason="the shared data are not here")
def test_debians_leader_and_the_whole_order_behind_him() -> None:
    """482 ballots with ties and gaps, by Schulze."""
    text = (RANKED / "debian_leader2007.txt").read_text("utf-8")
    names = re.findall(r"Option \d-*>: (.+)", text)
    ballots: Counter[str] = Counter()
    for votes in re.findall(r"^V: (\S+)", text, re.MULTILINE):
        ranks: dict[int, list[int]] = {}
        for option, rank in enumerate(votes):
            if rank != "-":
                ranks.setdefault(int(rank), []).append(option)
        ballots[">".join("=".join(map(str, ranks[rank])) for rank in sorted(ranks))] += 1
    del ballots[""]  # a ballot that ranks nobody says nothing
    facts = result("schulze", names, ballots)
    assert facts["ballots"] <= EXPECTED["debian_leader2007.txt"]["votes"]
    assert all(len(group) == 1 for group in facts["order"])
    assert " > ".join(names[group[0]] for group in facts["order"]) == EXPECTED["debian_leader2007.txt"]["unranked_tied_last"]


@pytest.mark.parametrize("path", sorted(BUDGET.glob("*.pb")), ids=lambda path: path.stem)
def test_warsaws_districts_choose_the_projects_they_chose(path: Path) -> None:
    """By marks, skipping what no longer fits: exactly the column `selected`; and equal shares spend no more than there is."""
    meta, rest = path.read_text("utf-8").split("PROJECTS\n")
    part, votes = rest.split("VOTES\n")
    head, *rows = [line.split(";") for line in part.splitlines()]
    projects = [dict(zip(head, row, strict=True)) for row in rows]
    place = {row["project_id"]: n for n, row in enumerate(projects)}
    column = votes.splitlines()[0].split(";").index("vote")
    ballots = Counter(",".join(map(str, sorted(place[name] for name in line.split(";")[column].split(","))))
                      for line in votes.splitlines()[1:] if line.split(";")[column])
    limit = int(re.search(r"^budget;(\d+)", meta, re.MULTILINE)[1])  # type: ignore[index]
    budget = kinds.kind("budget")
    rules = budget.check_rules({"limit": limit * 100, "costs": [int(row["cost"]) * 100 for row in projects]}, len(projects))
    assert all(budget.read(text, len(projects), rules) == text for text in ballots)
    facts = budget.tally(ballots, len(projects), rules)
    assert facts["marks"] == [int(row["votes"]) for row in projects]
    assert facts["winners"] == [n for n, row in enumerate(projects) if row["selected"] == "1"]
    shares = budget.tally(ballots, len(projects), rules | {"method": "equal_shares"})
    assert shares["spent"] + shares["left"] == limit * 100 and shares["left"] >= 0 and shares["bought"]
