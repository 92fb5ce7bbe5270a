"""What must hold of every count, whoever votes and however: nobody's name, place or hour changes the result."""

from random import Random
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import kinds
from domain.errors import Refusal
from domain.kinds.base import Facts

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the count
Poll = tuple[str, int, dict[str, Any], list[str]]
RANKED = ["irv", "schulze", "ranked_pairs", "stv"]


@st.composite
def polls(draw: st.DrawFn, only: str = "") -> Poll:
    """A poll of any kind, and valid ballots as people would give them."""
    name = only or draw(st.sampled_from([name for name in kinds.KINDS if name != "signup"]))
    count = 3 if name == "stance" else draw(st.integers(2, 5))
    lot = draw(st.permutations(range(count)))
    rules: dict[str, Any] = {}
    if name == "ranked":
        method = draw(st.sampled_from(RANKED))
        rules = {"method": method, "lot": lot, "seats": draw(st.integers(1, count - 1)) if method == "stv" else 1}
    if name == "budget":
        rules = {"limit": draw(st.integers(10, 30)), "costs": draw(st.lists(st.integers(1, 10), min_size=count, max_size=count)), "lot": lot,
                 "method": draw(st.sampled_from(["greedy", "equal_shares"]))}
    rules = kinds.kind(name).check_rules(rules, count)
    texts = draw(st.lists(choices(name, count, rules), max_size=9))
    return name, count, rules, [kinds.kind(name).read(text, count, rules) for text in texts]


def choices(name: str, count: int, rules: dict[str, Any]) -> st.SearchStrategy[str]:
    """Valid choices, not all canonical."""
    some = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    if name in ("single", "stance"):
        return st.integers(0, count - 1).map(str)
    if name == "score":
        rated = st.dictionaries(st.integers(0, count - 1), st.integers(rules["low"], rules["high"]), min_size=1)
        return rated.map(lambda given: ",".join(f"{i}:{points}" for i, points in given.items()))
    if name == "times":
        return some.flatmap(lambda options: st.integers(0, len(options)).map(
            lambda k: ",".join(map(str, options[:k])) + ("|" + ",".join(map(str, options[k:])) if options[k:] else "")))
    if name == "ranked":
        between = st.sampled_from(">=") if rules["method"] in ("schulze", "ranked_pairs") else st.just(">")
        return some.flatmap(lambda options: st.lists(between, min_size=len(options), max_size=len(options)).map(
            lambda signs: "".join(f"{sign}{option}" for sign, option in zip(signs, options, strict=True))[1:]))
    return some.map(lambda options: ",".join(map(str, options)))


def tally(poll: Poll) -> Facts:
    """The result."""
    name, count, rules, ballots = poll
    return kinds.tally(name, [(choice, f"r{n}", n) for n, choice in enumerate(ballots)], count, rules)


@given(polls(), st.randoms())
@CALM
def test_neither_order_nor_voter_matters(poll: Poll, random: Any) -> None:
    """Shuffled ballots give the same facts to the last digit."""
    name, count, rules, ballots = poll
    assert tally((name, count, rules, random.sample(ballots, len(ballots)))) == tally(poll)


def renamed_choice(name: str, text: str, to: list[int]) -> str:
    """The same ballot when option i stands at place to[i]."""
    if name == "score":
        return ",".join(f"{to[int(part.split(':')[0])]}:{part.split(':')[1]}" for part in text.split(","))
    out, number = "", ""
    for sign in text + "#":
        if sign.isdigit():
            number += sign
            continue
        out, number = out + (str(to[int(number)]) if number else "") + sign, ""
    return out[:-1]


def renamed_facts(facts: Any, to: list[int], key: str = "") -> Any:
    """The same facts when option i stands at place to[i]."""
    if isinstance(facts, dict):
        return {key: renamed_facts(value, to, key) for key, value in facts.items()}
    if key in ("winners", "tied", "out", "chosen", "bought", "added", "elected") and not (facts and isinstance(facts[0], dict)):
        return [to[i] for i in facts]
    if key == "order":
        return [sorted(to[i] for i in group) for group in facts]
    if key == "pairs":
        return [[facts[to.index(i)][to.index(j)] for j in range(len(to))] for i in range(len(to))]
    if key in ("marks", "points", "raters", "yes", "maybe", "votes"):
        return [facts[to.index(i)] for i in range(len(to))]
    return [renamed_facts(row, to) for row in facts] if key == "rounds" else facts


@given(polls(), st.randoms())
@settings(CALM, max_examples=300)
def test_no_option_is_favoured_by_its_place(poll: Poll, random: Any) -> None:
    """The options in another order, the lot with them: the same result under the new numbers."""
    name, count, rules, ballots = poll
    to = random.sample(range(count), count)
    moved = dict(rules)
    if "lot" in rules:
        moved["lot"] = [to[i] for i in rules["lot"]]
    if "costs" in rules:
        moved["costs"] = [rules["costs"][to.index(i)] for i in range(count)]
    read = kinds.kind(name).read
    there, here = tally((name, count, moved, [read(renamed_choice(name, text, to), count, moved) for text in ballots])), renamed_facts(tally(poll), to)
    unordered = {"tied"} | ({"winners"} if name == "budget" else set())
    assert {k: sorted(v) if k in unordered else v for k, v in there.items()} == {k: sorted(v) if k in unordered else v for k, v in here.items()}


@given(polls())
@CALM
def test_the_result_names_a_winner_or_a_tie_or_nobody(poll: Poll) -> None:
    """Never both; and somebody as soon as there is a ballot, but a budget may suit nobody."""
    name, count, rules, ballots = poll
    facts = tally(poll)
    assert facts["ballots"] == len(ballots) and not (facts["winners"] and facts["tied"]) and len(facts["tied"]) != 1
    assert bool(facts["winners"] or facts["tied"]) == bool(ballots)
    if name not in ("budget",) and rules.get("method") != "stv":
        assert len(facts["winners"]) <= 1


@given(polls("ranked"))
@CALM
def test_of_two_everyone_finds_the_same(poll: Poll) -> None:
    """Who is first on more than half of the ballots wins by every method for one seat."""
    _, count, rules, ballots = poll
    first = [text.split(">")[0] for text in ballots]
    for method in RANKED[:3]:
        for option in range(count):
            if 2 * first.count(str(option)) > len(ballots):
                plain = [text.replace("=", ">") for text in ballots]
                facts = tally(("ranked", count, rules | {"method": method, "seats": 1}, plain))
                assert facts["winners"] == [option]


@given(st.integers(2, 5).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.permutations(range(n)), min_size=1, max_size=9))))
@CALM
def test_turned_round_every_ballot_turns_round_the_order(case: tuple[int, list[list[int]]]) -> None:
    """Who beats everyone comes first by both pairwise methods, and last when every ballot is read from behind; never last in both."""
    count, rankings = case

    def order(method: str, voters: list[list[int]]) -> list[list[int]]:
        rules = kinds.kind("ranked").check_rules({"method": method}, count)
        return tally(("ranked", count, rules, [">".join(map(str, ranking)) for ranking in voters]))["order"]

    for method in ("schulze", "ranked_pairs"):
        ahead, behind = order(method, rankings), order(method, [ranking[::-1] for ranking in rankings])
        for option in range(count):
            if all(2 * sum(r.index(option) < r.index(other) for r in rankings) > len(rankings) for other in range(count) if other != option):
                assert ahead[0] == [option] and behind[-1] == [option]
        if len(ahead) == count == len(behind) and method == "schulze":
            assert behind == ahead[::-1]


@given(polls("ranked"), st.integers(0, 4))
@CALM
def test_who_never_is_named_never_beats_who_is(poll: Poll, option: int) -> None:
    """A winner by a pairwise method or the runoff is named by somebody."""
    facts = tally(poll)
    if poll[2]["method"] != "stv":
        for winner in facts["winners"]:
            assert any(str(winner) in text.replace("=", ">").split(">") for text in poll[3])


@given(polls("ranked"), st.integers(2, 4))
@CALM
def test_a_ballot_counted_k_times_is_k_ballots(poll: Poll, k: int) -> None:
    """Counting equal ballots together is the same as one by one."""
    name, count, rules, ballots = poll
    together = kinds.kind(name).tally({text: k * ballots.count(text) for text in ballots}, count, rules)
    assert together == tally((name, count, rules, ballots * k))


@given(st.integers(1, 3), st.integers(4, 5), st.data())
@CALM
def test_a_large_enough_group_has_its_seats(seats: int, count: int, data: st.DataObject) -> None:
    """Droop proportionality: k quotas of voters who put the same candidates before all others elect k of them, or all."""
    camp = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count - 1, unique=True))
    rest = [i for i in range(count) if i not in camp]
    solid = [data.draw(st.permutations(camp)) + data.draw(st.permutations(rest)) for _ in range(data.draw(st.integers(1, 8)))]
    others = data.draw(st.lists(st.permutations(range(count)), max_size=8))
    rules = kinds.kind("ranked").check_rules({"method": "stv", "seats": seats}, count)
    facts = tally(("ranked", count, rules, [">".join(map(str, ranking)) for ranking in [*solid, *others]]))
    quota = (len(solid) + len(others)) // (seats + 1) + 1
    assert len(facts["winners"]) == seats == len(set(facts["winners"]))
    assert len(set(facts["winners"]) & set(camp)) >= min(len(solid) // quota, len(camp))


@given(polls("budget"))
@CALM
def test_a_budget_is_kept_and_used(poll: Poll) -> None:
    """Never over the limit, and no wanted project is left out that would still fit."""
    _, _, rules, _ = poll
    facts = tally(poll)
    assert facts["spent"] == sum(rules["costs"][i] for i in facts["chosen"]) and facts["spent"] + facts["left"] == rules["limit"]
    assert facts["left"] >= 0 and facts["winners"] == sorted(set(facts["chosen"]))
    assert not any(mark and i not in facts["chosen"] and rules["costs"][i] <= facts["left"] for i, mark in enumerate(facts["marks"]))


@given(st.sampled_from(sorted(kinds.KINDS)), st.text("0123456789,:>=| a一", max_size=12))
@settings(CALM, max_examples=400)
def test_nothing_uncanonical_is_ever_stored(name: str, text: str) -> None:
    """Whatever is typed is refused, or becomes what reads as itself and can be counted."""
    rules = {"multiple": {"least": 1, "most": 3}, "score": {"low": 0, "high": 5}, "ranked": {"method": "schulze", "seats": 1, "lot": [0, 1, 2, 3]},
             "budget": {"limit": 9, "costs": [1, 2, 3, 4], "method": "equal_shares", "lot": [3, 2, 1, 0]}, "signup": {"places": 9, "each": 3}}.get(name, {})
    kind = kinds.kind(name)
    try:
        canonical = kind.read(text, 4, rules)
    except Refusal:
        return
    assert canonical and kind.read(canonical, 4, rules) == canonical
    assert kinds.tally(name, [(canonical, "r", 1)], 4, rules)["ballots"] == 1


@pytest.mark.parametrize(("name", "rules"), [("score", {}), ("times", {}), ("signup", {"places": 50_000, "each": 3}),
                                             ("budget", {"limit": 9000, "costs": list(range(1000, 2000, 100)), "method": "equal_shares"}),
                                             *(("ranked", {"method": method, "seats": 4 if method == "stv" else 1}) for method in RANKED)])
def test_a_hundred_thousand_ballots_are_counted_at_once(name: str, rules: dict[str, Any]) -> None:
    """Ten options, nearly all ballots different; half a second here, the bound is for machines that are busy."""
    random, kind, every = Random(1), kinds.kind(name), range(10)
    rules = kind.check_rules(rules, 10)
    make = {"score": lambda: ",".join(f"{i}:{random.randint(0, 5)}" for i in every), "ranked": lambda: ">".join(map(str, random.sample(every, 10))),
            "times": lambda: f"{random.randrange(5)}|{random.randrange(5, 10)}", "signup": lambda: "2",
            "budget": lambda: ",".join(str(i) for i in every if random.random() < 0.5) or "0"}[name]
    ballots = [(make(), str(n), n) for n in range(100_000)]
    start = process_time()
    assert kinds.tally(name, ballots, 10, rules)["ballots"] == 100_000
    assert process_time() - start < 2
