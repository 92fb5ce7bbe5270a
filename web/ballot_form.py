"""A ballot of any kind as a form without script: what stands in it already, and the words its fields stand for."""

import re
from collections.abc import Mapping
from typing import Any

_FIELD = re.compile(r"(score|place|time)-([0-9]{1,2})")
_HOW = {"yes": "可以", "maybe": "勉强"}


def given(kind: str, mine: str) -> dict[int, str]:
    """What the visitor's ballot says of each field: points by option, option by place, or yes and maybe by time."""
    if not mine:
        return {}
    if kind == "score":
        return {int(option) + 1: points for option, _, points in (part.partition(":") for part in mine.split(","))}
    if kind == "ranked":
        return {place: str(int(group.split("=")[0]) + 1) for place, group in enumerate(mine.split(">"), 1)}
    if kind == "times":
        yes, _, maybe = mine.partition("|")
        return {int(i) + 1: how for how, part in (("yes", yes), ("maybe", maybe)) for i in part.split(",") if i}
    return {}


def words(form: Mapping[str, Any]) -> str | None:
    """The filled fields as one would type them; None when none is."""
    filled = sorted((found[1], int(found[2]), str(value)[:5]) for name, value in form.items()
                    if value and (found := _FIELD.fullmatch(name)))
    if people := str(form.get("people", ""))[:3]:
        return f"报名{people}人" if people.isdigit() else None
    said = [f"{n}打{value}分" if kind == "score" else value if kind == "place" else f"{n}{_HOW.get(value, '')}"
            for kind, n, value in filled]
    return " ".join(said) or None
