"""Which polls cannot be put, which ballots cannot be cast, and how a valid one is written down."""

from typing import Any

import pytest

from domain import kinds
from domain.errors import Refusal
from texts import say

COSTS = {"limit": 100, "costs": [60, 40, 100], "method": "greedy"}
GOOD: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = [
    ("single", 2, {}, {}),
    ("multiple", 4, {}, {"least": 1, "most": 4}),
    ("multiple", 4, {"most": 9}, {"least": 1, "most": 4}),
    ("multiple", 4, {"least": 3, "most": 3}, {"least": 3, "most": 3}),
    ("approval", 50, {}, {}),
    ("stance", 3, {}, {}),
    ("score", 2, {}, {"low": 0, "high": 5}),
    ("score", 2, {"low": 1, "high": 10}, {"low": 1, "high": 10}),
    ("ranked", 3, {}, {"method": "irv", "seats": 1, "lot": [0, 1, 2]}),
    ("ranked", 3, {"method": "stv", "seats": 2, "lot": [2, 0, 1]}, {"method": "stv", "seats": 2, "lot": [2, 0, 1]}),
    ("budget", 3, COSTS, COSTS | {"lot": [0, 1, 2]}),
    ("budget", 60, {"limit": 1, "costs": [1] * 60}, {"limit": 1, "costs": [1] * 60, "method": "greedy", "lot": list(range(60))}),
    ("signup", 1, {"places": 20}, {"places": 20, "each": 5}),
    ("signup", 1, {"places": 3, "each": 4}, {"places": 3, "each": 3}),
    ("times", 2, {}, {}),
]
BAD: list[tuple[str, int, dict[str, Any], str]] = [
    ("single", 1, {}, "kind.few_options"), ("single", 51, {}, "kind.many_options"), ("approval", 1, {}, "kind.few_options"),
    ("times", 51, {}, "kind.many_options"), ("budget", 61, {"limit": 1, "costs": [1] * 61}, "kind.many_options"),
    ("signup", 51, {"places": 3}, "kind.many_options"),
    ("stance", 2, {}, "kind.stance_options"), ("stance", 4, {}, "kind.stance_options"),
    ("multiple", 3, {"least": 3, "most": 3}, "kind.bounds"), ("multiple", 3, {"least": 2, "most": 1}, "kind.bounds"),
    ("multiple", 3, {"least": 0, "most": 1}, "kind.bounds"), ("multiple", 3, {"most": True}, "kind.bounds"),
    ("score", 2, {"low": 5, "high": 5}, "kind.scale"), ("score", 2, {"low": -1}, "kind.scale"), ("score", 2, {"high": 101}, "kind.scale"),
    ("score", 2, {"high": 4.5}, "kind.scale"),
    ("ranked", 3, {"method": "borda"}, "kind.method"), ("ranked", 3, {"method": "stv", "seats": 3}, "kind.seats"),
    ("ranked", 3, {"method": "stv", "seats": 0}, "kind.seats"), ("ranked", 3, {"seats": 2}, "kind.one_seat"),
    ("budget", 3, COSTS | {"method": "lottery"}, "kind.budget_method"), ("budget", 3, COSTS | {"limit": 0}, "kind.limit"),
    ("budget", 3, {"costs": [1, 2, 3]}, "kind.limit"), ("budget", 3, COSTS | {"costs": [60, 40]}, "kind.cost_missing"),
    ("budget", 3, COSTS | {"costs": [60, 0, 10]}, "kind.cost_missing"), ("budget", 3, COSTS | {"costs": [60, 40, 10, 10]}, "kind.costs_many"),
    ("budget", 3, {"limit": 5}, "kind.cost_missing"), ("budget", 3, COSTS | {"costs": [60, 101, 10]}, "kind.cost_over_limit"),
    ("signup", 1, {}, "kind.places"), ("signup", 1, {"places": 0}, "kind.places"), ("signup", 1, {"places": 3, "each": 0}, "kind.party"),
]
IRV, SCHULZE = {"method": "irv", "seats": 1}, {"method": "schulze", "seats": 1}
READ: list[tuple[str, int, dict[str, Any], str, str]] = [
    ("single", 3, {}, "2", "2"), ("single", 3, {}, "02", "2"), ("single", 3, {}, "1,1", "1"),
    ("multiple", 4, {"least": 1, "most": 2}, "3,0", "0,3"), ("approval", 12, {}, "10,2,1", "1,2,10"), ("stance", 3, {}, "2", "2"),
    ("score", 3, {"low": 0, "high": 5}, "2:3,0:05", "0:5,2:3"),
    ("ranked", 4, IRV, "2>0>3", "2>0>3"), ("ranked", 4, SCHULZE, "2>3=0>1", "2>0=3>1"), ("ranked", 11, SCHULZE, "10=9", "9=10"),
    ("budget", 4, COSTS, "3,1", "1,3"), ("signup", 1, {"places": 9, "each": 3}, "03", "3"),
    ("times", 4, {}, "2,0|3,1", "0,2|1,3"), ("times", 4, {}, "|3", "|3"), ("times", 4, {}, "1|", "1"),
]
REFUSED: list[tuple[str, int, dict[str, Any], str, str]] = [
    ("single", 3, {}, "3", "vote.invalid_option"), ("single", 3, {}, "", "vote.invalid_option"), ("single", 3, {}, "²", "vote.invalid_option"),
    ("single", 3, {}, "-1", "vote.invalid_option"), ("single", 3, {}, "1,2", "vote.over_max"), ("stance", 3, {}, "0,1", "vote.over_max"),
    ("single", 3, {}, "1\n", "vote.invalid_option"), ("single", 3, {}, "一", "vote.invalid_option"), ("single", 3, {}, "１", "vote.invalid_option"),
    ("multiple", 4, {"least": 2, "most": 3}, "0", "vote.under_least"), ("multiple", 4, {"least": 2, "most": 3}, "0,1,2,3", "vote.over_max"),
    ("approval", 3, {}, "0,,1", "vote.invalid_option"), ("budget", 3, COSTS, "0,3", "vote.invalid_option"),
    ("score", 3, {"low": 1, "high": 10}, "0:0", "vote.invalid_score"), ("score", 3, {"low": 1, "high": 10}, "0:11", "vote.invalid_score"),
    ("score", 3, {"low": 0, "high": 5}, "0", "vote.invalid_score"), ("score", 3, {"low": 0, "high": 5}, "3:1", "vote.invalid_option"),
    ("score", 3, {"low": 0, "high": 5}, "0:1,0:1", "vote.twice"), ("score", 3, {"low": 0, "high": 5}, "0:4.5", "vote.invalid_score"),
    ("ranked", 3, IRV, "0=1", "vote.no_ties"), ("ranked", 3, IRV, "0>1>0", "vote.twice"), ("ranked", 3, SCHULZE, "0=0", "vote.twice"),
    ("ranked", 3, IRV, "0>3", "vote.invalid_option"), ("ranked", 3, IRV, "0>", "vote.invalid_ranking"), ("ranked", 3, IRV, "", "vote.invalid_ranking"),
    ("signup", 1, {"places": 9, "each": 3}, "4", "vote.party_size"), ("signup", 1, {"places": 9, "each": 3}, "0", "vote.party_size"),
    ("signup", 1, {"places": 9, "each": 3}, "两", "vote.party_size"), ("signup", 1, {"places": 9, "each": 3}, "", "vote.party_size"),
    ("times", 3, {}, "0|0", "vote.both_times"), ("times", 3, {}, "|", "vote.invalid_option"), ("times", 3, {}, "", "vote.invalid_option"),
    ("times", 3, {}, "0|1|2", "vote.invalid_option"), ("times", 3, {}, "0|3", "vote.invalid_option"),
]


@pytest.mark.parametrize(("kind", "options", "rules", "full"), GOOD)
def test_rules_are_filled_in(kind: str, options: int, rules: dict[str, Any], full: dict[str, Any]) -> None:
    """Defaults stand in the frozen rules, so that whoever recounts needs to know none; full rules stay as they are."""
    check = kinds.kind(kind).check_rules
    assert check(rules, options) == full == check(full, options)


@pytest.mark.parametrize(("kind", "options", "rules", "key"), BAD)
def test_a_poll_that_could_not_be_counted_is_refused(kind: str, options: int, rules: dict[str, Any], key: str) -> None:
    """With a sentence of the catalogue that all its facts are there for."""
    with pytest.raises(Refusal) as refused:
        kinds.kind(kind).check_rules(rules, options)
    assert refused.value.key == key
    assert say.say(key, **refused.value.facts)


@pytest.mark.parametrize(("kind", "options", "rules", "text", "canonical"), READ)
def test_a_choice_has_one_way_to_be_written(kind: str, options: int, rules: dict[str, Any], text: str, canonical: str) -> None:
    """And that way stays as it is."""
    read = kinds.kind(kind).read
    assert read(text, options, rules) == canonical == read(canonical, options, rules)


@pytest.mark.parametrize(("kind", "options", "rules", "text", "key"), REFUSED)
def test_what_is_no_valid_ballot_is_refused(kind: str, options: int, rules: dict[str, Any], text: str, key: str) -> None:
    """With a sentence of the catalogue that all its facts are there for."""
    with pytest.raises(Refusal) as refused:
        kinds.kind(kind).read(text, options, rules)
    assert refused.value.key == key
    assert say.say(key, **refused.value.facts)


def test_a_rule_that_a_kind_does_not_have_is_a_defect_not_ignored() -> None:
    """Nobody shall think a rule holds that nothing counts by; nor a lot that leaves someone out."""
    for name, rules in (("single", {"most": 2}), ("ranked", {"quota": "hare"}), ("ranked", {"lot": [0, 0, 1]}), ("budget", COSTS | {"lot": [0]})):
        with pytest.raises(ValueError, match=r"rules|lot"):
            kinds.kind(name).check_rules(rules, 3)


def test_a_kind_that_is_not_there_is_refused() -> None:
    """With what there is."""
    with pytest.raises(Refusal) as refused:
        kinds.kind("lottery")
    assert "报名" in say.say(refused.value.key, **refused.value.facts)
