"""The words that several issues of a week share and that are unusual here; never the name of a person, never a number.

Only words that a dictionary knows as things or doings can be keywords: a resident's name, which it does not know, falls
into single characters, and the names it knows are marked as such.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path

import jieba

from texts.same import cut

SEVERAL = 3  # people behind one issue who make it a topic by themselves; two issues of two people are one, too
_KINDS = frozenset({"n", "nz", "vn", "an", "v"})  # things and doings of jieba's dictionary; names of people are nr
_EMPTY = re.compile(
    "反映|反应|投诉|举报|建议|希望|请求|要求|求助|咨询|问题|情况|现象|事情|东西|地方|时候|处理|"
    "解决|没人|有人|没有|业主|居民|邻居|住户|大家|家里|家人|老人|小孩|孩子|人员|先生|女士|太太|"
    "师傅|老师|同志|阿姨|叔叔|大爷|大妈|奶奶|爷爷|小区|社区|楼上|楼下|单元|晚上|早上|半夜|白天|"
    "开始|出现|发现|影响|造成|导致|进行|继续|需要|应该|可以|不能|能够|看到|听到|知道|觉得|麻烦|"
    "帮忙|坏了|不好|出来|起来|下来|过来|进来|出去|管理|服务|使用|安排|通知|联系|尽快|领导|部门|"
    "政府|工作|生活|时间|一下|今天|昨天")
Hot = tuple[str, list[int], int]


@dataclass(frozen=True, slots=True)
class Told:
    """One issue of the week: its number, its title, who raised it (to count people only), how many stand behind it."""

    number: int
    title: str
    submitter: int
    behind: int


def hot_words(week: Sequence[Told], history: Sequence[str], *, most: int) -> list[Hot]:
    """Words with the numbers of their issues, the oldest first, and how many people those stand for."""
    before = Counter(word for title in history for word in set(keywords(title)))
    said: dict[str, list[Told]] = defaultdict(list)
    for each in week:
        for word in dict.fromkeys(keywords(each.title)):
            said[word].append(each)
    scored = []
    for word, issues in said.items():
        people = sum(1 + i.behind for i in issues)
        if people >= SEVERAL and len(issues) == 1 or len({i.submitter for i in issues}) > 1:
            unusual = log((1 + len(history) + len(week)) / (1 + before[word])) + 1
            scored.append((people * unusual, word, sorted(i.number for i in issues), people))
    scored.sort(key=lambda s: (-s[0], -len(s[2])))  # of equals the word that was said first
    return _joined([(word, numbers, people) for _, word, numbers, people in scored])[:most]


def _joined(words: list[Hot]) -> list[Hot]:
    """One topic for one set of issues: 电梯 and 停运 of the same two issues are 电梯停运, and what is less is left out."""
    found: list[Hot] = []
    for word, numbers, people in words:
        whole = next((n for n, known in enumerate(found) if set(numbers) <= set(known[1])), None)
        if whole is None:
            found.append((word, numbers, people))
        elif found[whole][1] == numbers and found[whole][0] in _known():
            found[whole] = (found[whole][0] + word, numbers, people)
    return found


def keywords(title: str) -> list[str]:
    """The words of a title that may be shown as a topic."""
    return [w for w in cut(title) if len(w) > 1 and not _EMPTY.fullmatch(w) and w in _known()]


@lru_cache
def _known() -> frozenset[str]:
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as lines:
        told = (line.split() for line in lines)
        general = {word for word, _, kind in told if kind in _KINDS and 1 < len(word) < 6}
    with Path(__file__).with_name("community.dict").open(encoding="utf-8") as lines:
        return frozenset(general | {line.split()[0] for line in lines if line.strip()} - {"居委会", "业委会", "网格员"})


def load() -> None:
    """Reads the dictionary now."""
    _known()
