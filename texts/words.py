"""What a sentence is about: its category, its short title, and whether two sentences speak of the same matter."""

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jieba
import yaml

from texts.complaints import danger, is_complaint
from texts.normal import plain
from texts.places import Home, building, home, place

__all__ = ["Category", "Home", "Matter", "building", "categories", "category", "danger", "home", "is_complaint", "load",
           "place", "same_matter", "similar", "title"]

_HERE = Path(__file__).parent
_SEGMENTED = 300  # characters given to jieba, which is quadratic on repeated ones
_SURE = 10
TITLE = 30


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter: its code, its name, and whose affair it is first."""

    code: str
    name: str
    track: str


@dataclass(frozen=True, slots=True)
class Matter:
    """What an issue says, as far as it was understood."""

    text: str
    category: str
    place: str | None


@lru_cache
def _rows() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((_HERE / "categories.yaml").read_text(encoding="utf-8"))


@lru_cache
def _patterns() -> tuple[tuple[str, re.Pattern[str] | None, re.Pattern[str] | None], ...]:
    def either(words: list[str]) -> re.Pattern[str] | None:
        return re.compile("|".join(words)) if words else None

    return tuple((code, either(row["sure"]), either(row["words"])) for code, row in _rows().items())


@lru_cache
def _segmenter() -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.load_userdict(str(_HERE / "community.dict"))
    return tokenizer


def load() -> None:
    """Reads categories and dictionary now; called before workers fork, so that they share the memory."""
    categories()
    _patterns()
    _segmenter().lcut("小区的路灯不亮了", HMM=False)


@lru_cache
def categories() -> dict[str, Category]:
    """All categories by code."""
    return {code: Category(code, row["name"], row["track"]) for code, row in _rows().items()}


def category(text: str) -> str | None:
    """The code of what the text is about, or None when no word tells."""
    words = plain(text)[:_SEGMENTED]
    best, most = None, 0
    for code, sure, more in _patterns():
        score = _SURE * len(set(sure.findall(words))) if sure else 0
        score += sum(map(len, set(more.findall(words)))) if more else 0
        if score > most:
            best, most = code, score
        if score >= _SURE and code in ("fire", "gas"):
            return code
    return best or _by_dictionary(words)


def _by_dictionary(words: str) -> str | None:
    """What the community dictionary says of single words; only they are safe to look at one by one."""
    tags = _segmenter().user_word_tag_tab
    found = (tags.get(word) for word in _segmenter().lcut(words, HMM=False))
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


_ASPECTS = tuple(re.compile(p) for p in (
    "停|坏|不动|故障|没人修|罢工|失灵|修不好|不能用|打不开|关不上|没反应|困|碎|破|裂", "臭|脏|垃圾|尿|屎|粪|卫生|蟑螂|"
    "老鼠", "吵|响|噪|麻将|敲|钻|音乐|广场舞|叫",
    "堵|占|乱停|挡|堆", "不亮|黑|灭|看不见|黢|灯.{0,5}坏",
    "漏|渗|滴|积水|返水|发霉", "烟|味", "收费|涨价|钱|账|公示|收益", "没水|停水|"
    "水压", "没电|停电|断电|跳闸", "咬|牵绳|不拴|遛",
    "枯|断枝|修剪|种菜|树", "飞线|充电", "逆行|超速|太快", "偷|撬", "扔|抛|掉|坠|砸"))
_BIGRAM_NOISE = re.compile(r"[\s,。、;:!?~\d()“”]|了|的|啊|呀|吧|呢|又|都|就")


def similar(a: str, b: str) -> float:
    """How much two texts share, by pairs of characters: 0 nothing, 1 the shorter is all in the longer."""
    one, two = _bigrams(a), _bigrams(b)
    return len(one & two) / min(len(one), len(two)) if one and two else 0.0


def same_matter(a: Matter, b: Matter) -> bool:
    """Whether both say the same: same kind, no two different places, the same thing wrong."""
    if a.category != b.category or (a.place and b.place and not _near(a.place, b.place)):
        return False
    one, two = _aspects(a.text), _aspects(b.text)
    if one and two and not one & two:
        return False
    shared = similar(a.text, b.text)
    if a.category == "other":
        return shared >= 0.6
    if a.place and b.place:
        return shared >= (0.1 if one & two else 0.3)
    if a.place or b.place:
        return shared >= 0.5
    return shared >= (0.35 if one & two else 0.5)


def _aspects(text: str) -> frozenset[int]:
    words = plain(text)
    return frozenset(i for i, pattern in enumerate(_ASPECTS) if pattern.search(words))


def _near(a: str, b: str) -> bool:
    """One place is the other, or holds it; two rooms of one entrance do not."""
    if a == b:
        return True
    shorter, longer = sorted((a, b), key=len)
    return longer.startswith(shorter) and shorter.endswith("单元") or (shorter in longer and "幢" not in longer)


def _bigrams(text: str) -> set[str]:
    words = _BIGRAM_NOISE.sub("", plain(text))
    return {words[i: i + 2] for i in range(len(words) - 1)}
