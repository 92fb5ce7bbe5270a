"""What a sentence is about: its category, its short title, and whether two sentences speak of the same matter."""

import re

from texts import keywords, same
from texts.categories import OTHER, Category, built_in
from texts.complaints import is_complaint
from texts.normal import plain
from texts.places import Home, building, home, place
from texts.same import SEGMENTED, Matter, same_matter, segmenter, similar
from texts.voice import current

__all__ = ["Category", "Home", "Matter", "building", "categories", "category", "decided", "found", "given", "hints", "home",
           "is_complaint", "kind", "load", "place", "same_matter", "similar", "slightly", "sure", "title"]

TITLE = 30


def load() -> None:
    """Reads categories and dictionary now; called before workers fork, so that they share the memory."""
    built_in()
    same.load()
    keywords.load()


def categories() -> dict[str, Category]:
    """The categories that can be given in the community of this unit of work, by code."""
    return current().kinds.offered


def kind(code: str) -> Category:
    """The category with this code as it is called here, also when it is no longer given."""
    return current().kinds.called(code)


def category(text: str) -> str | None:
    """The code of what the text is about, or None when no word tells."""
    words = plain(text)[:SEGMENTED]
    return current().kinds.guess(words) or _by_dictionary(words)


def decided(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The code that the community's own words decide, with those words."""
    return current().kinds.decided(plain(text)[:SEGMENTED])


def slightly(text: str) -> str | None:
    """The code that a single hint of the community's own points to."""
    return current().kinds.slightly(plain(text)[:SEGMENTED])


def found(code: str, text: str) -> list[str]:
    """The words of the text that speak for this category."""
    return current().kinds.found(code, plain(text)[:SEGMENTED])


def sure(text: str) -> list[str]:
    """The codes of all categories that some deciding word of the text names."""
    return current().kinds.naming(plain(text)[:SEGMENTED])


def hints(text: str) -> list[str]:
    """The codes of all our categories that some word of the text hints at; they decide nothing."""
    return current().kinds.hinted(plain(text)[:SEGMENTED])


def given(code: str, text: str) -> str:
    """The category itself where it is given here and more speaks for it than words that do not count here; else the next best."""
    kinds, words = current().kinds, plain(text)[:SEGMENTED]
    if code in kinds.offered and kinds.counts_here(code, words):
        return code
    return category(text) or OTHER


def _by_dictionary(words: str) -> str | None:
    """What the dictionary says of single words; only they are safe to look at one by one."""
    tags = segmenter().user_word_tag_tab
    found = (tags.get(word) for word in segmenter().lcut(words, HMM=False))
    return next((tag for tag in found if tag in categories()), None)


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
