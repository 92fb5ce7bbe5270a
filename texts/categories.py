"""Kinds of matters as they are in one community: ours (categories.yaml), as it has changed them, and its own beside them.

What the words of a sentence name is found here by the words alone; what a sentence means is the understanding's affair.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_SURE = 10
_DEADLY = ("fire", "gas")
OTHER = "other"
KEPT = (*_DEADLY, OTHER)  # what cannot be given up: danger to life, and what is nothing else
SEVERAL = 2  # hints of one kind that together decide
_GAP, _EITHER, _OF, _NOT = (re.compile(p) for p in (r"\.\{0,\d+\}", r"\[([^\]]+)\]", r"\(\?:([^()]*)\)", r"\(\?!.*?\)"))


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter: its code, its name, whose affair it is first, and which of ours it is treated like."""

    code: str
    name: str
    track: str
    like: str


@dataclass(frozen=True, slots=True)
class Own:
    """What a community has made of a kind of matter: one of ours under another name or with other words, or one of its own."""

    code: str
    name: str | None = None  # None: as ours is called
    like: str | None = None  # set: it is the community's own, and treated like this one of ours
    sure: Sequence[str] = ()
    hints: Sequence[str] = ()
    off: Sequence[str] = ()  # words of ours that do not count here, as they stand in categories.yaml
    retired: bool = False


class Categories:
    """The kinds of matters of one community."""

    def __init__(self, own: Iterable[Own] = ()):
        ours, changed = rows(), {each.code: each for each in own}
        self.every: dict[str, Category] = {}  # given up ones too: old issues keep theirs
        for code, row in ours.items():
            name = changed[code].name if code in changed else None
            self.every[code] = Category(code, name or row["name"], row["track"], code)
        for each in changed.values():
            if each.like is not None:
                self.every[each.code] = Category(each.code, each.name or each.code, ours[each.like]["track"], each.like)
        self.offered = {code: it for code, it in self.every.items() if code not in changed or not changed[code].retired}
        self._own = [(each.code, set(each.sure), set(each.hints)) for each in changed.values() if each.code in self.offered]
        self._off = {each.code: _either(each.off) for each in changed.values() if each.off}
        kept = {code: [_counting(code, what, changed.get(code)) for what in ("sure", "words")] for code in ours}
        self._left = {code: _either([*sum(kept[code], []), *ours[code]["hints"]]) for code in self._off if code in ours}
        self._patterns = [(code, _either(kept[code][0]), _either(kept[code][1])) for code in ours if code in self.offered]
        self._hints = [(code, _either([*row["sure"], *row["words"], *row["hints"]])) for code, row in ours.items()
                       if code in self.offered]

    def called(self, code: str) -> Category:
        """The kind with this code, given up or not; what nobody knows here is 其他."""
        return self.every.get(code) or self.every[OTHER]

    def decided(self, words: str) -> tuple[str, tuple[str, ...]] | None:
        """The kind that a community's own words decide, the longest first, or several of its hints; with those words."""
        told = [(len(word), code, (word,)) for code, sure, _ in self._own for word in sure if word in words]
        if told:
            return max(told, key=lambda each: each[0])[1:]
        hinted = [(code, tuple(sorted(word for word in hints if word in words))) for code, _, hints in self._own]
        best = max(hinted, key=lambda each: len(each[1]), default=None)
        return best if best is not None and len(best[1]) >= SEVERAL else None

    def guess(self, words: str) -> str | None:
        """The kind that the words alone tell; None when none does."""
        own, best, most = self.decided(words), None, 0
        for code, sure, more in self._patterns:
            score = _SURE * len(set(sure.findall(words))) if sure else 0
            score += sum(map(len, set(more.findall(words)))) if more else 0
            if score > most:
                best, most = code, score
            if score >= _SURE and code in _DEADLY:
                return code
        return own[0] if own is not None else best or self.slightly(words)

    def slightly(self, words: str) -> str | None:
        """The kind that a single hint of the community's own points to; for what nothing else tells."""
        return next((code for code, _, hints in self._own if any(word in words for word in hints)), None)

    def naming(self, words: str) -> list[str]:
        """The kinds that some deciding word names."""
        ours = [code for code, sure, _ in self._patterns if sure is not None and sure.search(words)]
        return [*ours, *(code for code, sure, _ in self._own if code not in ours and any(word in words for word in sure))]

    def hinted(self, words: str) -> list[str]:
        """The kinds of ours that some word hints at."""
        return [code for code, pattern in self._hints if pattern is not None and pattern.search(words)]

    def found(self, code: str, words: str) -> list[str]:
        """The pieces of a sentence that speak for this kind."""
        ours = next(([sure, more] for kind, sure, more in self._patterns if kind == code), [])
        own = next(([*sure, *hints] for kind, sure, hints in self._own if kind == code), [])
        pieces = [each[0] for pattern in ours if pattern is not None for each in pattern.finditer(words)]
        return list(dict.fromkeys([*(word for word in own if word in words), *pieces]))

    def counts_here(self, code: str, words: str) -> bool:
        """False when all that speaks for this kind are words that do not count in this community."""
        off, left = self._off.get(code), self._left.get(code)
        if off is None or off.search(words) is None or (left is not None and left.search(words) is not None):
            return True
        return any(word in words for own, sure, hints in self._own if own == code for word in (*sure, *hints))


@lru_cache
def rows() -> dict[str, dict[str, Any]]:
    """Our kinds as they stand in categories.yaml."""
    return yaml.safe_load(Path(__file__).with_name("categories.yaml").read_text(encoding="utf-8"))


@lru_cache
def built_in() -> Categories:
    """Our kinds, as nobody has changed them."""
    return Categories()


def _counting(code: str, what: str, own: Own | None) -> list[str]:
    """The words (sure, words) of one of ours that count where it was changed like this."""
    return [word for word in rows()[code][what] if own is None or word not in own.off]


def readable(pattern: str) -> str:
    """A word of categories.yaml as people read it: 楼上…扔/丢."""
    said = _GAP.sub("…", _NOT.sub("", pattern))
    return _OF.sub(lambda found: found[1].replace("|", "/"), _EITHER.sub(lambda found: "/".join(found[1]), said)).replace("\\", "")


def _either(words: Iterable[str]) -> re.Pattern[str] | None:
    found = list(words)
    return re.compile("|".join(found)) if found else None
