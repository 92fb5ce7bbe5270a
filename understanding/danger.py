"""Danger to life, told now: which number must be called first. Past, feared, denied and told tales are no danger."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

_FOUND = yaml.safe_load(Path(__file__).with_name("danger.yaml").read_text("utf-8"))
_DANGERS = tuple((each["number"], each["kind"], re.compile("|".join(each["words"]))) for each in _FOUND["dangers"])
_TALE, _OVER, _PAST, _NOW, _SUPPOSED, _THREAT = (
    re.compile("|".join(_FOUND[name])) for name in ("tale", "over", "past", "now", "supposed", "threat"))
_DENIED = re.compile(r"(?:没有?|不是|并非|未|无|不|别|唔系|不算|没人|谁也没|没再)$")
_DENIED_INSIDE = re.compile(r"没有?(?:再)?(?:困|着|冒|漏|打|摔|晕|伤)|不会|[困打摔冒烧着漏]过(?!来|去)")
_CLAUSE = re.compile(r"[,。;!?~\n、]+|(?<=[了])\s")


@dataclass(frozen=True, slots=True)
class Danger:
    """What threatens, and whom to call."""

    hotline: str  # 119 | 110 | 120
    kind: str  # fire gas elevator violence despair unseen body


def threat(words: str) -> bool:
    """Whether violence is announced, which is answered with 110 even though it is said as a condition."""
    return bool(_THREAT.search(words)) and not _TALE.search(words)


def find(words: str) -> Danger | None:
    """The danger that plain words tell of, as happening now."""
    if _TALE.search(words) or (_OVER.search(words) and not re.search("又", words)):
        return None
    now = bool(_NOW.search(words))
    if _PAST.search(words) and not now:
        return None
    for number, kind, pattern in _DANGERS:
        for match in pattern.finditer(words):
            if _meant(words, match.start(), match.end(), kind):
                return Danger(number, kind)
    return None


def signs(words: str) -> list[str]:
    """Marks for the classifiers: what was seen, whether or not it counts."""
    seen = [f"danger:{kind}" for _, kind, pattern in _DANGERS if pattern.search(words)]
    around = (("tale", _TALE), ("over", _OVER), ("past", _PAST), ("now", _NOW), ("supposed", _SUPPOSED))
    return [*dict.fromkeys(seen), *(f"danger:{name}" for name, pattern in around if pattern.search(words))] if seen else []


def _meant(words: str, start: int, end: int, kind: str) -> bool:
    """Whether the clause around the words says them as a fact."""
    left = max((m.end() for m in _CLAUSE.finditer(words, 0, start)), default=0)
    before = words[left:start]
    if _DENIED.search(before) or _SUPPOSED.search(before[-14:]):
        return False
    if _DENIED_INSIDE.search(words[start:end]):
        return False
    after = _CLAUSE.split(words[end:end + 14], maxsplit=1)[0]
    return not re.match(r".{0,4}(?:怎么[办报处灭]|怎样|如何|会怎样|是不对|不对|犯法|违法|谁负责|的(?:隐患|风险|危险|可能|话|"
        r"时候|教训)|吗|隐患|风险|预案|知识|演)", after)
