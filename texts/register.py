"""The words of a table of owners: which column a heading names, and what a cell says."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from texts.normal import plain
from texts.say import say

_IN_BRACKETS = re.compile(r"\(.*?\)|[\s*:]")
_SPACED = re.compile(r"[\u4e00-\u9fff·]{2,4}(?:\s+[\u4e00-\u9fff·]{2,4})+")
_BETWEEN = re.compile(r"[、,，;；/\n]|\s{2,}")


@lru_cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "register.yaml").read_text("utf-8"))
    return found


@lru_cache
def _headings() -> dict[str, str]:
    return {plain(word): name for name, words in _words()["columns"].items() for word in words}


def column(heading: str) -> str | None:
    """The column that a heading names."""
    return _headings().get(_IN_BRACKETS.sub("", plain(heading)))


def truth(cell: str) -> bool | None:
    """Yes or no; None when the cell says neither."""
    said = plain(cell).strip()
    return True if said in _words()["yes_words"] else False if said in _words()["no_words"] else None


def is_total(cell: str) -> bool:
    """True for the heading of a line of sums."""
    return _IN_BRACKETS.sub("", plain(cell)) in _words()["totals"]


def is_parking(use: str) -> bool:
    """True for what is used as a place to park or to store: no vote goes with it."""
    return any(word in plain(use) for word in _words()["parking"])


def source(cell: str) -> str | None:
    """Where an area is from: register, survey or contract."""
    said = plain(cell).strip()
    return next((name for name, words in _words()["sources"].items() if said in words), None)


def is_organisation(name: str) -> bool:
    """True when a name is a company's or an institution's."""
    return any(name.endswith(word) for word in _words()["organisation"])


def names(cell: str) -> list[str]:
    """The names in a cell that may hold several."""
    parts = cell.split() if _SPACED.fullmatch(cell.strip()) else _BETWEEN.split(cell)
    return [name for part in parts if (name := part.strip())]


def is_none(cell: str) -> bool:
    """True when a cell only says that there is nothing to say."""
    return plain(cell).strip() in _words()["nothing"]


EXAMPLE: list[list[str]] = _words()["example"]
UNITS: list[list[str]] = _words()["units"]  # the same for buildings and units alone


def told(findings: Sequence[Any]) -> list[str]:
    """The findings of a table as lines for a person: errors first, each with its row, its home and what to do."""
    return [f"{'✗' if each.level == 'error' else '·'} " + say("register.line", row=each.row, home=each.home, text=say(
        f"register.find.{each.key}", **each.facts)) for each in findings]
