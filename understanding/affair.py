"""What the words of a report show about whose affair it is, and what must never be asked in a poll."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from texts.normal import plain

_FILE = Path(__file__).with_name("affair.yaml")
_LONGEST = 2000
_SHOWN = ("many", "common", "site", "business", "street", "bite", "violence")


def shows(text: str) -> frozenset[str]:
    """What the words show: two households and nobody else, many people, common parts, a shop, a public road, an illness …"""
    words = plain(text)[:_LONGEST]
    found = {name for name in _SHOWN if _either("shows", name).search(words)}
    if _either("shows", "mine").search(words) and _either("shows", "theirs").search(words):
        found.add("two_homes")
    if _either("shows", "illness").search(words) and _either("shows", "person").search(words):
        found.add("health")
    return frozenset(found)


def never_voted(title: str, options: Sequence[str] = ()) -> str | None:
    """What danger or wrong a poll with these words would put to a vote; None when it may be asked.

    How a danger is dealt with may be asked; whether it shall be allowed, or whether the ban shall hold, may not.
    """
    asked, answers = plain(title), [plain(each) for each in options]
    for about in (asked, *answers):
        what = next((name for name in _tree()["never_voted"] if _either("never_voted", name).search(about)), None)
        if what is None:
            continue
        if any(_tree_word("allow").search(each) for each in (asked, *answers)):
            return what
        if about is not asked or (_tree_word("ask").search(asked) and not _tree_word("how").search(asked)):
            return what if about is asked or not _tree_word("how").search(about) else None
    return None


@lru_cache
def _tree() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found


@lru_cache
def _either(group: str, name: str) -> re.Pattern[str]:
    return re.compile("|".join(_tree()[group][name]))


@lru_cache
def _tree_word(name: str) -> re.Pattern[str]:
    return re.compile("|".join(_tree()[name]))
