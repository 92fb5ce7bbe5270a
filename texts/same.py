"""Whether two reports say the same thing: by kind, place, what is wrong, and the words they share; counts nothing by itself.

Words weigh by how rare they are in the language (jieba's own dictionary knows), so that 搅拌站 tells more than 小区.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import log, sqrt
from pathlib import Path

import jieba

from texts.normal import plain

SEGMENTED = 300  # characters given to jieba, which is quadratic on repeated ones
TERMS = 32  # pairs of characters by which one report is found again
_OTHER_KIND = 0.6  # likeness from which two reports are the same although they were filed under different kinds
_CHARACTERS = re.compile(r"[一-龥a-z0-9]")

Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Matter:
    """What an issue says, as far as it was understood."""

    text: str
    category: str
    place: str | None


_ASPECTS = tuple(re.compile(p) for p in (
    "停|坏|不动|故障|没人修|罢工|失灵|修不好|不能用|打不开|关不上|没反应|困|碎|破|裂", "臭|脏|垃圾|尿|屎|粪|卫生|蟑螂|"
    "老鼠", "吵|响|噪|麻将|敲|钻|音乐|广场舞|叫",
    "堵|占|乱停|挡|堆", "不亮|黑|灭|看不见|黢|灯.{0,5}坏",
    "漏|渗|滴|积水|返水|发霉", "烟|味", "收费|涨价|钱|账|公示|收益", "没水|停水|"
    "水压", "没电|停电|断电|跳闸", "咬|牵绳|不拴|遛",
    "枯|断枝|修剪|种菜|树", "飞线|充电", "逆行|超速|太快", "偷|撬", "扔|抛|掉|坠|砸"))
_BIGRAM_NOISE = re.compile(r"[\s,。、:;!?~\d()“”]|了|的|啊|呀|吧|呢|又|都|就")


def similar(a: str, b: str) -> float:
    """How much two texts share, by pairs of characters: 0 nothing, 1 the shorter is all in the longer."""
    one, two = set(_bigrams(a)), set(_bigrams(b))
    return len(one & two) / min(len(one), len(two)) if one and two else 0.0


def likeness(a: str, b: str, rarity: Rarity | None = None) -> float:
    """How alike two texts are, from 0 to 1: rare words, characters and pairs of characters count more than common ones."""
    one, two = parts(a, rarity or rare), parts(b, rarity or rare)
    return sum(_cosine(x, y) for x, y in zip(one, two, strict=True)) / len(one)


def same_matter(a: Matter, b: Matter) -> bool:
    """Whether both say the same: no two different places, the same thing wrong, the same kind or nearly the same words."""
    if a.place and b.place and not near(a.place, b.place):
        return False
    one, two = _aspects(a.text), _aspects(b.text)
    if one and two and not one & two:
        return False
    if a.category != b.category:
        return bool(a.place) == bool(b.place) and similar(a.text, b.text) >= 0.5 and likeness(a.text, b.text) >= _OTHER_KIND
    shared = similar(a.text, b.text)
    if a.category == "other":
        return shared >= 0.6
    if a.place and b.place:
        return shared >= (0.1 if one & two else 0.3)
    if a.place or b.place:
        return shared >= 0.5
    return shared >= (0.35 if one & two else 0.5)


def near(a: str, b: str) -> bool:
    """One place is the other, or holds it; two rooms of one entrance do not."""
    if a == b:
        return True
    shorter, longer = sorted((a, b), key=len)
    return longer.startswith(shorter) and shorter.endswith("单元") or (shorter in longer and "幢" not in longer)


def terms(matter: Matter, community_id: int) -> list[int]:
    """What a report is found by: its first pairs of characters and its place with its kind, as numbers without a meaning."""
    found = dict.fromkeys(_bigrams(matter.text[: 4 * TERMS]))
    keys = list(found)[:TERMS]
    if matter.place:
        house = matter.place.partition("幢")[0] + "幢" if "幢" in matter.place else matter.place
        keys += [f"@{place}#{matter.category}" for place in dict.fromkeys((house, matter.place))]
    return [int.from_bytes(blake2b(f"{community_id}:{key}".encode(), digest_size=6).digest(), "big") for key in keys]


def _aspects(text: str) -> frozenset[int]:
    words = plain(text)
    return frozenset(i for i, pattern in enumerate(_ASPECTS) if pattern.search(words))


def _bigrams(text: str) -> list[str]:
    words = _BIGRAM_NOISE.sub("", plain(text))
    return [words[i: i + 2] for i in range(len(words) - 1)]


# --- words and how telling they are ---------------------------------------------------------------------------
@lru_cache
def segmenter() -> jieba.Tokenizer:
    """Jieba with the community's own words; loaded once."""
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.load_userdict(str(Path(__file__).parent / "community.dict"))
    return tokenizer


def load() -> None:
    """Reads the dictionary now, and what follows from it."""
    segmenter().lcut("小区的路灯不亮了", HMM=False)
    _characters()


def cut(text: str) -> list[str]:
    """The words of a text, marks and blanks left out; a name that no dictionary knows falls into its characters."""
    return [w for w in segmenter().lcut(plain(text)[:SEGMENTED].lower(), HMM=False) if _CHARACTERS.match(w)]


@lru_cache(maxsize=20_000)
def rare(part: str) -> float:
    """How surprising a word or a run of characters is in ordinary Chinese."""
    words, characters, total = segmenter().FREQ, _characters(), segmenter().total
    often = words.get(part)
    if often:
        return log(total / (often + 1))
    return min(log(total), sum(log(characters[""] / (characters.get(c, 0) + 1)) for c in part))


@lru_cache
def _characters() -> dict[str, int]:
    """How often each character occurs in the dictionary's words, and all of them under no character."""
    found: Counter[str] = Counter()
    for word, often in segmenter().FREQ.items():
        if often:
            for character in word:
                found[character] += often
    found[""] = sum(found.values())
    return dict(found)


def parts(text: str, rarity: Rarity) -> tuple[dict[str, float], ...]:
    """Words, characters, characters with their pairs: each with its weight, of length 1."""
    bare = "".join(_CHARACTERS.findall(plain(text)[:SEGMENTED].lower()))
    pairs = [bare[i: i + 2] for i in range(len(bare) - 1)]
    return tuple(_unit(Counter(found), rarity) for found in (cut(text), list(bare), [*bare, *pairs]))


def _unit(found: Counter[str], rarity: Rarity) -> dict[str, float]:
    weighed = {part: (1 + log(times)) * rarity(part) for part, times in found.items()}
    length = sqrt(sum(w * w for w in weighed.values()))
    return {part: w / length for part, w in weighed.items()} if length else {}


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    shorter, longer = (a, b) if len(a) <= len(b) else (b, a)
    return sum(w * longer.get(part, 0.0) for part, w in shorter.items())
