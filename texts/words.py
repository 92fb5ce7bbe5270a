"""What a sentence is about: its category, its short title, and whether two sentences speak of the same matter."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from texts import keywords, same
from texts.complaints import is_complaint
from texts.normal import plain
from texts.places import Home, building, home, place
from texts.same import SEGMENTED, Matter, same_matter, segmenter, similar

__all__ = ["Category", "Home", "Matter", "building", "categories", "category", "home", "is_complaint", "load",
           "place", "same_matter", "similar", "title"]

_HERE = Path(__file__).parent
_SURE = 10
TITLE = 30


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter: its code, its name, and whose affair it is first."""

    code: str
    name: str
    track: str


@lru_cache
def _rows() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((_HERE / "categories.yaml").read_text(encoding="utf-8"))


@lru_cache
def _patterns() -> tuple[tuple[str, re.Pattern[str] | None, re.Pattern[str] | None], ...]:
    def either(words: list[str]) -> re.Pattern[str] | None:
        return re.compile("|".join(words)) if words else None

    return tuple((code, either(row["sure"]), either(row["words"])) for code, row in _rows().items())


def load() -> None:
    """Reads categories and dictionary now; called before workers fork, so that they share the memory."""
    categories()
    _patterns()
    same.load()
    keywords.load()


@lru_cache
def categories() -> dict[str, Category]:
    """All categories by code."""
    return {code: Category(code, row["name"], row["track"]) for code, row in _rows().items()}


def category(text: str) -> str | None:
    """The code of what the text is about, or None when no word tells."""
    words = plain(text)[:SEGMENTED]
    best, most = None, 0
    for code, sure, more in _patterns():
        score = _SURE * len(set(sure.findall(words))) if sure else 0
        score += sum(map(len, set(more.findall(words)))) if more else 0
        if score > most:
            best, most = code, score
        if score >= _SURE and code in ("fire", "gas"):
            return code
    return best or _by_dictionary(words)


def sure(text: str) -> list[str]:
    """The codes of all categories that some deciding word of the text names."""
    words = plain(text)[:SEGMENTED]
    return [code for code, deciding, _ in _patterns() if deciding is not None and deciding.search(words)]


def hints(text: str) -> list[str]:
    """The codes of all categories that some word of the text hints at; they decide nothing."""
    words = plain(text)[:SEGMENTED]
    return [code for code, pattern in _hints() if pattern.search(words)]


@lru_cache
def _hints() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = ((code, [*row["sure"], *row["words"], *row["hints"]]) for code, row in _rows().items())
    return tuple((code, re.compile("|".join(words))) for code, words in found if words)


def _by_dictionary(words: str) -> str | None:
    """What the community dictionary says of single words; only they are safe to look at one by one."""
    tags = segmenter().user_word_tag_tab
    found = (tags.get(word) for word in segmenter().lcut(words, HMM=False))
    return next((tag for tag in found if tag in _rows()), None)


_FILLER = re.compile(
    r"^(?:[\s,。、:;!?~]|@小议|小议|您好|你好|大家好|麻烦了?|请问|那个|喂|我(?:想|要)?(?=反映|投诉|举报|说)|(?:反映|投诉|"
    r"举报|报修|上报|建议)(?:一下|下)?|"
    r"说一下|跟你说|各位邻居|邻居们|求助|救命啊?)")
_CLAUSE = re.compile(r"[,。;!?\n~]+")
_MARKS = str.maketrans(",;:!?", "，；：！？")


def title(text: str) -> str:
    """A short title out of the resident's own words: fillers off, whole clauses, at most 30 characters."""
    words = plain(text)[:200]
    while filler := _FILLER.match(words):
        words = words[filler.end():]
    kept = ""
    for clause in filter(None, (c.strip() for c in _CLAUSE.split(words))):
        longer = f"{kept},{clause}" if kept else clause
        if len(longer) > TITLE:
            break
        kept = longer
        if len(kept) >= 10:
            break
    kept = kept or (words[: TITLE - 1].strip() + "…" if words else "")
    return kept.translate(_MARKS)
