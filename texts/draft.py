"""A poll as the grid worker types it, in one message or line by line: title, options, deadline, and how it is counted."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, zip_longest
from typing import Any

from texts.draft_kinds import STANCES, costs, take
from texts.normal import plain, printed
from texts.numbers import number
from texts.places import building, stairwell
from texts.when import find_when

MOST_OPTIONS, LONGEST_OPTION, LONGEST_TITLE = 10, 30, 60
MOST_LISTED = 20  # where one list is gone through: candidates, projects

_VERB = re.compile(r"^[/#@\s]*(?:小议\s*)?(?:发起|新建|开)一?个?投票[\s,:。]*")
_CIRCLED = re.compile(r"\s*([\u2460-\u2469\u2776-\u277f])\s*")
_EDGE = r"(?:(?<=[\s,;。|、!?])|^)"
_STOP = r"(?=$|[\s,;。|、!?:)])"
_FIELD = re.compile(
    rf"{_EDGE}(?:(?P<options>选项)(?:有|为|是)?|(?P<deadline>截止(?:时间|日期)?|截至|结束时间)[到至于为]?|(?P<title>标题|"
    rf"题目|主题)|(?P<scope>(?:投票)?范围|仅限|只限))[\s:]*"
    rf"|{_EDGE}(?:可选|最多可?选?|限选|多选)\s?(?P<most>\d{{1,2}}|[一二两三四五六七八九十])\s?[项个](?:{_STOP}|[\s)])"
    rf"|{_EDGE}(?:至少可?选?|选)\s?(?P<least>\d{{1,2}}|[一二两三四五六七八九十])\s?(?:[项个]|(?:到|至|-|~)\s?(?P<upto>\d{{1,2}}|[一二两三四五六七八九十])"
    rf"\s?[项个])(?:{_STOP}|[\s)])"
    rf"|{_EDGE}(?:(?P<many>可?多选)|(?P<one>单选)|(?P<household>每户一票|一户一票|按户(?:投票|计票)?)|(?P<person>每人一票|"
    rf"一人一票)"
    rf"|(?P<anonymous>匿名(?:投票)?|不记名)|(?P<named>实名(?:投票)?|记名(?:投票)?)|(?P<whole>全小区|全社区)|"
    rf"(?P<here>本群))(?:\(|{_STOP})", re.M)
_ENDING = re.compile(r"\s?(?:截止|结束|到期)(?=$|[\s,;。|、!])")
_QUOTED = re.compile(r"^\s*(?:“([^”]+)”|「([^」]+)」|\"([^\"]+)\"|'([^']+)')")
_LABEL = re.compile(r"(?:^|(?<=[\s,;、|。]))(?P<label>[A-Ja-j]|\d{1,2})(?:[.、:)]|\)\s)\s*", re.M)
_ENTRY = re.compile(r"(?P<label>[A-Ja-j]|\d{1,2})[.、:)]\s*")
_STANCES = {"同意", "反对", "弃权", "赞成", "支持", "不同意", "不赞成", "不支持", "中立", "要", "不要", "装", "不装", "可以",
    "不可以", "需要", "不需要"}
_LOOKALIKES = str.maketrans("аеорсухвкмнтАЕОРСУХВКМНТ", "aeopcyxbkmhtAEOPCYXBKMHT")


@dataclass(frozen=True, slots=True)
class PollDraft:
    """What was said of a poll so far."""

    title: str = ""
    options: tuple[str, ...] = ()
    closes_at: datetime | None = None
    deadline_text: str = ""
    multiple: int = 1
    household: bool = False
    anonymous: bool = False
    scope: str | None = None  # 全小区, 本群, or a building
    past: bool = False  # the deadline had gone by when it was read
    kind: str = "single"  # see domain/kinds; "multiple" when more than one may be marked
    rules: dict[str, Any] = field(default_factory=dict)
    poll_class: str = "straw"
    secret: bool = False
    hides: bool = False
    notice_days: int | None = None  # 公示7天, before the vote begins

    @property
    def missing(self) -> str | None:
        """The first thing that has not been said: title, options or deadline."""
        if not self.title:
            return "title"
        if not self.options and self.kind != "signup":
            return "options"
        return None if self.deadline_text else "deadline"

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with what was said."""
        spelled = [re.sub(r"\W", "", plain(o).translate(_LOOKALIKES).lower()) or o for o in self.options]
        found = {
            "title_too_long": len(self.title) > LONGEST_TITLE,
            "too_few_options": len(self.options) == 1,
            "too_many_options": len(self.options) > (
                MOST_LISTED if self.kind in ("ranked", "budget", "approval", "score") else MOST_OPTIONS),
            "duplicate_option": len(set(spelled)) < len(spelled),
            "option_too_long": any(len(o) > LONGEST_OPTION for o in self.options),
            "deadline_unreadable": bool(self.deadline_text) and self.closes_at is None,
            "deadline_past": self.past,
        }
        return tuple(key for key, wrong in found.items() if wrong)


def parse_draft(text: str, *, now: datetime) -> PollDraft:
    """Reads a whole description; what is not said stays empty."""
    words = plain(_CIRCLED.sub(lambda m: f"\n{m[1]}.", text))
    words = words[verb.end():] if (verb := _VERB.match(words)) else words
    title, words = _quoted(words)
    kind, words = take(words)
    said, body, facts = _fields(words)
    ending, body = _ending(body, now) if "deadline" not in said else ("", body)
    closes_at, deadline, rest = _deadline(said.get("deadline", ending), now)
    body_title, body_options = _body(body)
    options = split_options(said["options"]) if "options" in said else body_options
    if not options and rest and len(split_options(rest)) > 1:
        options = split_options(rest)
    options, facts = _of_kind(kind, options, facts)
    title = title or said.get("title", "") or (body_title if options is body_options else _line(body))
    return PollDraft(title=printed(_line(title)), options=options, closes_at=closes_at, deadline_text=deadline,
                     past=closes_at is not None and closes_at <= now, **facts)


def _of_kind(kind: dict[str, Any], options: tuple[str, ...], facts: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The options and facts as this kind of poll wants them."""
    facts = facts | kind
    name = facts.setdefault("kind", "stance" if facts.get("poll_class", "straw") != "straw" and not options else "single")
    if name == "stance" and not options:
        options = STANCES
    if name == "stance" and options != STANCES:
        facts["kind"] = "single"
    if name == "budget":
        options, prices = costs(options)
        facts["rules"] = facts.get("rules", {}) | {"costs": prices}
    most = len(options) if facts.get("multiple") == 0 else facts.get("multiple", 1)
    facts["multiple"], least = most, facts.pop("least", 1)
    if facts["kind"] == "single" and most > 1:
        facts |= {"kind": "multiple", "rules": {"least": least, "most": most}}
    return options, facts


def split_options(text: str) -> tuple[str, ...]:
    """The options of a list, by whichever sign parts them."""
    words = plain(_CIRCLED.sub(lambda m: f"\n{m[1]}.", text)).strip(" ,;。:|")
    labels = list(_labels(words))
    if "|" in words:
        parts = words.split("|")
    elif "\n" in words:
        parts = words.split("\n")
    elif labels:
        parts = [words[m.end(): n.start() if n else len(words)] for m, n in zip_longest(labels, labels[1:])]
    else:
        sign = next((s for s in (";", "、", "/", ",", " ") if s in words), " ")
        parts = words.split(sign)
    parts = list(filter(None, (p.strip(" ,;。、:|\n") for p in parts)))
    entries = [_ENTRY.match(p) for p in parts]
    if all(e and _place_of(e["label"]) == i for i, e in enumerate(entries)):
        parts = [p[e.end():] for p, e in zip(parts, entries, strict=True) if e]
    return tuple(filter(None, (printed(p.strip("“”「」\"' ")) for p in parts)))


def _labels(words: str) -> list[re.Match[str]]:
    """The labels of a list A. B. C. or 1. 2. 3., if they come in order."""
    found = list(_LABEL.finditer(words))
    if len(found) < 2 or any(_place_of(m["label"]) != i for i, m in enumerate(found)):
        return []
    return found if all(m.end() < n.start() for m, n in pairwise(found)) and found[-1].end() < len(words) else []


def _place_of(label: str) -> int:
    return int(label) - 1 if label.isdigit() else ord(label.lower()) - ord("a")


def _quoted(words: str) -> tuple[str, str]:
    quoted = _QUOTED.match(words)
    if quoted is None:
        return "", words
    return next(g for g in quoted.groups() if g), words[quoted.end():]


def _fields(words: str) -> tuple[dict[str, str], str, dict]:
    """The named fields, what stands before and between them, and the plain facts."""
    said: dict[str, str] = {}
    facts: dict = {}
    marks = list(_FIELD.finditer(words))
    body = words[: marks[0].start()] if marks else words
    for mark, after in zip_longest(marks, marks[1:]):
        segment = words[mark.end(): after.start() if after else len(words)].strip(" ,;。|\n")
        name = mark.lastgroup or ""
        if name in ("options", "deadline", "title"):
            said[name] = segment
            continue
        left = _fact(name, mark, segment, facts)
        body += f"\n{left}" if left and not body.strip() else ""
    return said, body.strip(" ,;。|\n"), facts


def _fact(name: str, mark: re.Match[str], segment: str, facts: dict) -> str:
    """Notes a fact; gives back the words after it that belong to something else."""
    if name == "scope":
        area, _, left = segment.partition(" ")
        area = area.strip(",。")
        facts["scope"] = {"小区": "全小区", "本小区": "全小区", "全社区": "全小区",
            "这个群": "本群"}.get(area, building(area) or "".join((*stairs, "单元") if (stairs := stairwell(area)) else area))
        return left
    if name in ("whole", "here"):
        facts["scope"] = "全小区" if name == "whole" else "本群"
    elif name in ("household", "person"):
        facts["household"] = name == "household"
    elif name in ("anonymous", "named"):
        facts["anonymous"] = name == "anonymous"
    elif name == "most":
        facts["multiple"] = number(mark["most"]) or 1
    elif name in ("least", "upto"):
        facts["least"] = number(mark["least"]) or 1
        facts.setdefault("multiple", number(mark["upto"] or "") or 0)
    elif name in ("many", "one"):
        facts.setdefault("multiple", 0 if name == "many" else 1)
    return segment


def _deadline(segment: str, now: datetime) -> tuple[datetime | None, str, str]:
    """The moment, its words, and what comes after them."""
    if not segment:
        return None, "", ""
    found = find_when(segment, now)
    if found is None or segment[: found.start].strip(" :到至于"):
        return None, segment.split("\n")[0][:40], ""
    return found.at, segment[found.start: found.end], segment[found.end:].strip(" ,;。|\n")


def _ending(body: str, now: datetime) -> tuple[str, str]:
    """明晚8点截止, at the end of the words before."""
    mark = _ENDING.search(body)
    if mark is None:
        return "", body
    before = body[: mark.start()]
    start = max(before.rfind(c) for c in " ,;。|\n") + 1
    found = find_when(before[start:], now)
    if found is None or found.start != 0:
        return "", body
    return before[start:], (before[:start] + body[mark.end():]).strip(" ,;。|\n")


def _body(body: str) -> tuple[str, tuple[str, ...]]:
    """Title and options when no word says which is which: by labels, signs, lines, or well-known stances."""
    labels = _labels(body)
    if labels:
        return body[: labels[0].start()], split_options(body[labels[0].start():])
    if "|" in body:
        first, _, rest = body.partition("|")
        head, _, option = first.strip().rpartition(" ")
        return (head, split_options(f"{option}|{rest}")) if head else (first, split_options(rest))
    first, _, rest = body.partition("\n")
    if rest.count("\n") >= 1:
        return first, split_options(rest)
    title, *tokens = re.split(r"[\s,、]+", body)
    if len(tokens) > 1 and all(t in _STANCES for t in tokens):
        return title, tuple(tokens)
    return body, ()


def _line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).strip(" ,;。:|“”「」\"'")
