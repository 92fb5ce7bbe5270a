"""Statements by what they speak of: each theme is a word that was said, and no sentence is made from it."""

import re
from collections import Counter
from collections.abc import Mapping

from texts.keywords import keywords
from texts.same import rare

MOST = 8
_TOO_COMMON = 0.4  # of the statements: what the whole matter is about parts nothing
_EMPTY = re.compile("不用|应当|得到|减少|增加|建议|同意|反对|支持|意见|办法|方案|统一|有人|没人|家家|每家|一些|一定")


def themes(texts: Mapping[int, str], *, about: str = "", most: int = MOST) -> list[tuple[str, list[int]]]:
    """Words that several statements share, with those statements in their order; a statement stands under one word only.

    Words of the matter's own title (`about`) name no theme. What shares no word with another stands at the end, under ''.
    """
    known = set(keywords(about))
    words = {key: [w for w in dict.fromkeys(keywords(text)) if w not in known and not _EMPTY.fullmatch(w)]
             for key, text in texts.items()}
    often = Counter(word for each in words.values() for word in each)
    common = {word for word, times in often.items() if times > 3 and times > _TOO_COMMON * len(texts)}
    left = {key: [w for w in each if w not in common] for key, each in words.items()}
    found: dict[str, list[int]] = {}
    for _ in range(len(often) + 1):  # words that lose all but one statement to rarer ones name nothing, and give it back
        shared = Counter(word for each in left.values() for word in each)
        found = {}
        for key, each in left.items():
            mine = [w for w in each if shared[w] > 1]
            found.setdefault(max(mine, key=lambda w: (rare(w), w)) if mine else "", []).append(key)
        lonely = {word for word, keys in found.items() if word and len(keys) < 2}
        if not lonely:
            break
        left = {key: [w for w in each if w not in lonely] for key, each in left.items()}
    unthemed = found.pop("", [])
    ranked = sorted(found.items(), key=lambda one: (-len(one[1]), one[1]))
    unthemed += [key for _, keys in ranked[most:] for key in keys]
    return [*ranked[:most], *([("", sorted(unthemed))] if unthemed else [])]
