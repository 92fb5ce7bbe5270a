"""Families of words that say the same, and signs of risk: what somebody who knows the language brings along."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("lexicon.yaml")


def families(words: str) -> list[str]:
    """The families that have a member in these words."""
    return [name for name, pattern in _group("families") if pattern.search(words)]


def risks(words: str) -> list[str]:
    """The risks that some word hints at."""
    return [name for name, pattern in _group("risks") if pattern.search(words)]


def hazard(words: str) -> bool:
    """Whether something is named that may hurt somebody."""
    return bool(_hazards().search(words))


@lru_cache
def _tree() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found


@lru_cache
def _group(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, re.compile("|".join(words), re.I)) for key, words in _tree()[name].items())


@lru_cache
def _hazards() -> re.Pattern[str]:
    return re.compile("|".join(_tree()["hazards"]))
