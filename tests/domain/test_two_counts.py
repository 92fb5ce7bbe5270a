"""Two counts written apart from each other, ours and the stand-alone verifier's, agree in every fact of every election."""

import random
from collections import Counter
from typing import Any

import pytest

from domain.kinds import kind
from domain.kinds.signup import Signup
from verify import linyi_verify as verifier

ELECTIONS = 150


def ranking(rng: random.Random, options: int, *, ties: bool) -> str:
    """A ballot that names some of the options, perhaps some of them level."""
    order = rng.sample(range(options), rng.randint(1, options))
    text = str(order[0])
    for option in order[1:]:
        text += ("=" if ties and rng.random() < 0.25 else ">") + str(option)
    return text


def ballot(rng: random.Random, name: str, options: int, rules: dict[str, Any]) -> str:
    """Any ballot that this kind allows."""
    some = sorted(rng.sample(range(options), rng.randint(1, options)))
    if name in ("single", "stance"):
        return str(some[0])
    if name == "score":
        return ",".join(f"{i}:{rng.randint(rules['low'], rules['high'])}" for i in some)
    if name == "ranked":
        return ranking(rng, options, ties=rules["method"] in ("schulze", "ranked_pairs"))
    if name == "times":
        cut = rng.randint(0, len(some))
        yes, maybe = some[:cut], some[cut:]
        return ",".join(map(str, yes)) + (f"|{','.join(map(str, maybe))}" if maybe else "")
    return ",".join(map(str, some[: rules.get("most", options)]))


def rules_for(rng: random.Random, name: str, options: int) -> dict[str, Any]:
    """Rules of this kind, drawn."""
    if name == "ranked":
        method = rng.choice(["irv", "schulze", "ranked_pairs", "stv"])
        return {"method": method, "seats": rng.randint(1, options - 1) if method == "stv" else 1, "lot": rng.sample(range(options), options)}
    if name == "budget":
        limit = rng.randint(10, 60)
        return {"limit": limit, "costs": [rng.randint(1, limit) for _ in range(options)],
                "method": rng.choice(["greedy", "equal_shares"]), "lot": rng.sample(range(options), options)}
    return {"score": {"low": rng.choice([0, 1]), "high": 5}, "multiple": {"least": 1, "most": 2}}.get(name, {})


@pytest.mark.parametrize("name", ["single", "multiple", "approval", "stance", "score", "ranked", "budget", "times"])
def test_every_fact_is_counted_alike(name: str) -> None:
    rng = random.Random(name)
    for _ in range(ELECTIONS * (4 if name == "ranked" else 1)):
        options = 3 if name == "stance" else rng.randint(2, 7)
        rules = kind(name).check_rules(rules_for(rng, name, options), options)
        cast = [kind(name).read(ballot(rng, name, options, rules), options, rules) for _ in range(rng.choice([0, 1, 2, 3, 7, 20, 60]))]
        mine = kind(name).tally(Counter(cast), options, rules)
        theirs = verifier.recount([{"choice": text} for text in cast],
                                  {"kind": name, "rules": rules, "options": [str(i) for i in range(options)]})
        assert mine == theirs, (name, rules, cast)


def test_places_are_given_alike() -> None:
    rng = random.Random("signup")
    for _ in range(ELECTIONS):
        rules = Signup().check_rules({"places": rng.randint(1, 30), "each": rng.randint(1, 5)}, 0)
        parties = [(str(rng.randint(1, rules["each"])), f"R{n:03d}") for n in range(rng.randint(0, 20))]
        theirs = verifier.recount([{"choice": people, "receipt": receipt, "seq": n} for n, (people, receipt) in enumerate(parties, 1)],
                                  {"kind": "signup", "rules": rules, "options": []})
        assert Signup().seat(parties, rules) == theirs
