"""Ballots of every kind in ordinary words, to and from the canonical choice that is stored (see domain/kinds).

Single choices and marks are read by texts/choices.py; here are points, orders, sign-ups and times. As there: what is not
certainly a ballot is never counted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from texts.choices import Choice, Unclear, doubt, read_choice
from texts.normal import plain
from texts.numbers import in_digits, number
from texts.say import say

MARKS = frozenset({"single", "multiple", "approval", "stance", "budget"})  # a ballot is a set of options
LONGEST = 200
Rules = Mapping[str, Any]

_CIRCLED = re.compile("[\u2460-\u2469\u2776-\u277f]")
_NUMBER = r"\d{1,2}|[一二两三四五六七八九十]{1,3}"
_MARK = re.compile(r"第?\s?(?:(?P<digit>\d{1,2})|(?P<han>[一二三四五六七八九十]{1,2})(?=[号个项位名]))\s?(?:号|个|项|位|名)?"
                   r"(?:选项)?|(?P<letter>[a-z])(?![a-z])")
_FILL = re.compile(r"[\s,、。;!~\-:]+|我们?家?|俺|咱|觉得|认为|来|就|都?给|打了?|得|投|选|要|是|的|了|吧|啊|哈")
_ALL_POINTS = re.compile(rf"(?:每个|每项|全部?|统统|一律)?都?(?:给|打)?\s?(?P<n>{_NUMBER})\s?分")
_POINTS = re.compile(rf"[:=]?\s?(?:给|打|得|是)?了?\s?(?P<n>{_NUMBER})\s?分")
_THEN = re.compile(r"[\s,、。;!~]+|>+|》+|先|首选|再|然后|接着|其次|次选|最后|末尾|后面是?|我们?|俺|排序?|名次|顺序|依次|分别|"
                   r"是|选|投|的|了|吧|和|给")
_PLACE = re.compile(r"第\s?(\d{1,2}|[一二三四五六七八九十])(?:名|位|是|选|喜欢|志愿)?[\s:]*")
_JOIN = re.compile(r"(?:我们?家?|俺们?家?|咱们?家?|本人)?(?:也|都)?(?:要|想|来)?"
                   r"(?:报名|报个名|参加|算我一个|算上我|我来|我去|来|去|接龙|\+)"
                   rf"(?:参加|吧|了|一个)?\s?(?:(?:一共|总共|共)?\s?(?P<n>{_NUMBER})\s?(?:个人|个|人|位|名)?)?[吧了啊啦]?")
_COUNT = re.compile(rf"(?:我们?家?)?(?:一共|总共|共|带.{{1,6}}共?)?\s?(?P<n>{_NUMBER})\s?(?:个人|人|位|名)[吧了]?")
_ALL_DAYS = re.compile(r"(?:我)?(?:哪天|什么时候|随便哪天|全部?|每个|几个)?(?:时间)?都(?:可以|行|有空|能来|方便|ok)[的吧啊]?")
_CAN = re.compile(r"(?:都|我)?(?:可以|能来|能|行|有空|方便|没问题|ok|到)[的吧啊]?")
_MAYBE = re.compile(r"(?:都|我)?(?:勉强|凑合|尽量|也行|也可以|争取|不得已)(?:可以|能来|来|行)?[的吧啊]?")
_CANNOT = re.compile(r"(?:都|我)?(?:不行|不可以|不能来?|没空|没时间|来不了|不方便)[的吧啊]?")


def most_of(kind: str, options: Sequence[str], rules: Rules) -> int:
    """How many options one ballot may mark."""
    if kind in ("single", "stance"):
        return 1
    return int(rules.get("most") or len(options))


def read(words: str, kind: str, options: Sequence[str], rules: Rules) -> str | Unclear | None:
    """The canonical choice in the words; None when they are no ballot of this kind at all."""
    if kind in MARKS:
        found = read_choice(words, options, most=most_of(kind, options, rules))
        return pack(found) if isinstance(found, Choice) else found
    said = in_digits(plain(_CIRCLED.sub(r" \g<0> ", words)).lower().strip(" ,。.!~;:、"))
    if not said or len(said) > LONGEST:
        return None
    heard = _READERS[kind](said, [in_digits(plain(o).lower()) for o in options], rules)
    if isinstance(heard, Unclear):  # what is read to the end holds no word that could mean something else
        return doubt(said, options) or heard
    return heard


def pack(choice: Choice) -> str:
    """Marks as they are stored."""
    return ",".join(str(i) for i in sorted(choice.options))


def spoken(choice: str, kind: str, options: Sequence[str]) -> tuple[str, ...]:
    """A stored ballot in words, one piece for each thing it says; nothing for none."""
    if not choice:
        return ()
    if kind in MARKS:
        return tuple(options[int(i)] for i in choice.split(","))
    if kind == "score":
        rated = (part.partition(":") for part in choice.split(","))
        return tuple(say("ballot.score", option=options[int(i)], points=n) for i, _, n in rated)
    if kind == "ranked":
        return (say("ballot.ranked", order=[[options[int(i)] for i in group.split("=")] for group in choice.split(">")]),)
    if kind == "signup":
        return (say("ballot.signup", people=choice),)
    yes, _, maybe = choice.partition("|")
    return (*(options[int(i)] for i in yes.split(",") if i),
            *(say("ballot.maybe", option=options[int(i)]) for i in maybe.split(",") if i))


def _at(said: str, at: int, options: Sequence[str]) -> tuple[int, int] | None:
    """The option named here, by its words, number or letter, and where it ends."""
    named = [(len(o), i) for i, o in enumerate(options) if o and said.startswith(o, at)]
    if named:
        size, index = max(named)
        return index, at + size
    mark = _MARK.match(said, at)
    if mark is None:
        return None
    label = mark["digit"] or mark["han"]
    index = ord(mark["letter"]) - ord("a") if mark["letter"] else (number(label) or 0) - 1
    return (index, mark.end()) if 0 <= index < len(options) else None


def _score(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    low, high = int(rules["low"]), int(rules["high"])
    if whole := _ALL_POINTS.fullmatch(said):
        given = {i: number(whole["n"]) for i in range(len(options))}
        return _points(given, low, high) if said.startswith(("都", "全", "每", "统", "一律")) or len(options) == 1 else None
    bare = re.fullmatch(r"\d{1,2}(?:[\s,、/]+\d{1,2})+", said)
    if bare:
        listed = [int(n) for n in re.findall(r"\d+", said)]
        if len(listed) != len(options) or (len(options) == 2 and 1 <= listed[0] <= 2):
            return Unclear("score_order")
        return _points(dict(enumerate(listed)), low, high)
    given, at = {}, 0
    while at < len(said):
        named = _at(said, at, options)
        points = _POINTS.match(said, named[1]) if named else None
        if named and points is None:  # 绿化 4: a bare number only after the option's own words
            sign = r"\s?[:=]?\s?" if said.startswith(options[named[0]], at) else r"\s?[:=]\s?"
            points = re.compile(rf"{sign}(?P<n>{_NUMBER})(?![\d点楼幢栋月块元])").match(said, named[1])
        if named and points:
            if named[0] in given:
                return Unclear("ambiguous")
            given[named[0]], at = number(points["n"]), points.end()
        elif fill := _FILL.match(said, at):
            at = fill.end()
        else:
            return Unclear("score_order") if given or re.search(r"\d\s?分", said) else None
    return _points(given, low, high) if given else None


def _points(given: Mapping[int, int | None], low: int, high: int) -> str | Unclear:
    if any(n is None or not low <= n <= high for n in given.values()):
        return Unclear("score_range")
    return ",".join(f"{i}:{given[i]}" for i in sorted(given))


def _ranked(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    order: list[list[int]] = []
    at, places, tie, named_first = 0, 0, False, False
    while at < len(said):
        place = _PLACE.match(said, at)
        if place and _at(said, place.end(), options):
            places += 1
            if number(place[1]) != places or (order and places == 1):
                return Unclear("rank_order")
            at = place.end()
        elif said[at] == "=":
            tie, at = True, at + 1
        elif found := _at(said, at, options):
            named_first = named_first or at == 0
            if tie and order:
                order[-1].append(found[0])
            else:
                order.append([found[0]])
            tie, at = False, found[1]
        elif then := _THEN.match(said, at):
            at = then.end()
        else:
            return Unclear("rank_order") if len(order) > 1 else None
    flat = [i for group in order for i in group]
    if not flat:
        return None
    if len(set(flat)) < len(flat):
        return Unclear("rank_twice")
    if any(len(group) > 1 for group in order) and rules.get("method") in ("irv", "stv"):
        return Unclear("rank_tie")
    return ">".join("=".join(map(str, sorted(group))) for group in order)


def _signup(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    found = _JOIN.fullmatch(said) or _COUNT.fullmatch(said)
    if found is None:
        return None
    people = number(found["n"]) if found["n"] else 1
    if not people or people > int(rules.get("each") or 1):
        return Unclear("too_many_people")
    return str(people)


def _times(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    if _ALL_DAYS.fullmatch(said):
        return ",".join(str(i) for i in range(len(options)))
    stands: dict[int, str] = {}
    waiting: list[int] = []
    at = 0
    while at < len(said):
        how = next(((name, m) for name, pattern in (("maybe", _MAYBE), ("no", _CANNOT), ("yes", _CAN))
                    if (m := pattern.match(said, at))), None)
        if how and waiting:
            stands |= dict.fromkeys(waiting, how[0])
            waiting, at = [], how[1].end()
        elif found := _at(said, at, options):
            if found[0] in stands or found[0] in waiting:
                return Unclear("ambiguous")
            waiting.append(found[0])
            at = found[1]
        elif fill := re.compile(r"[\s,、。;!和跟与]+|我|选|投|就|只有|的|时间|其他.{0,4}(?:不行|没空)").match(said, at):
            at = fill.end()
        else:
            return Unclear("ambiguous") if waiting or stands else None
    stands |= dict.fromkeys(waiting, "yes")
    yes, maybe = ([i for i in sorted(stands) if stands[i] == how] for how in ("yes", "maybe"))
    if not yes and not maybe:
        return Unclear("no_time") if stands else None
    return ",".join(map(str, yes)) + (f"|{','.join(map(str, maybe))}" if maybe else "")


_READERS: dict[str, Callable[[str, list[str], Rules], str | Unclear | None]] = {
    "score": _score, "ranked": _ranked, "signup": _signup, "times": _times}
