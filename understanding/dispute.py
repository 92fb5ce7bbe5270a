"""Signs of a quarrel in words that were put on record: threats, crowds, the press, having been sent around, insults.

Jokes, tales of other places, what is long past or settled, denied or only supposed is no sign. Judges a text, never a person.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from texts.normal import plain

LONGEST = 1200
_FILE = Path(__file__).with_name("dispute.yaml")
_SENTENCE = re.compile(r"[。;!?！？\n]+")
_ALWAYS = frozenset({"repeat", "buck_passing"})  # complaints of what was: past and supposing change nothing


def signs(text: str) -> frozenset[str]:
    """The kinds of signs that the words give."""
    words = plain(text)[:LONGEST]
    if not any(pattern.search(words) for _, pattern in _kinds()) or _one("joke").search(words):
        return frozenset()  # most reports end at the first look
    words = _one("never").sub("　", words)
    over = bool(_one("settled").search(words))
    return frozenset(kind for kind, pattern in _kinds() if any(
        _meant(kind, sentence, pattern, over) for sentence in _SENTENCE.split(words)))


def _meant(kind: str, sentence: str, pattern: re.Pattern[str], over: bool) -> bool:
    """Whether some place where the sign stands is meant as said, here and now."""
    if kind == "insult":
        return bool(pattern.search(sentence))
    if over or _one("elsewhere").search(sentence):
        return False
    if kind not in _ALWAYS and _one("past").search(sentence):
        return False
    return any(_said(kind, sentence, found) for found in pattern.finditer(sentence))


def _said(kind: str, sentence: str, found: re.Match[str]) -> bool:
    before, after = sentence[: found.start()], sentence[found.end():]
    clause = re.split("[,，、]", before)[-1]
    if _denied().search(before) or kind in _ALWAYS:
        return kind in _ALWAYS and not _denied().search(before)
    return not (_one("supposed").search(clause) or _asked().search(after))


@lru_cache
def _tree() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found


@lru_cache
def _kinds() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile("|".join(words), re.I)) for kind, words in _tree()["signs"].items())


@lru_cache
def _one(name: str) -> re.Pattern[str]:
    return re.compile("|".join(_tree()[name]), re.I)


@lru_cache
def _denied() -> re.Pattern[str]:
    return re.compile(_tree()["denied"])


@lru_cache
def _asked() -> re.Pattern[str]:
    return re.compile(_tree()["asked"])
