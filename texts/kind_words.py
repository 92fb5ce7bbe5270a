"""Points, an order, a sign-up and times in ordinary words; what is not read to the end is no ballot."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from texts.choices import Unclear
from texts.numbers import number

Rules = Mapping[str, Any]

_NUMBER = r"\d{1,2}|[零一二两三四五六七八九十]{1,3}"
_MARK = re.compile(r"第?\s?(?:(?P<digit>\d{1,2})|(?P<han>[一二三四五六七八九十]{1,2})(?=[号个项位名]))\s?(?:号|个|项|位|名)?"
                   r"(?:选项)?|(?P<letter>[a-z])(?![a-z])")
_FILL = re.compile(r"[\s,、。;!~\-:]+|我们?家?|俺|咱|觉得|认为|来|就|都?给|打了?|得|投|选|要|是|的|了|吧|啊|哈")
_FULL = re.compile(r"(?:满|最高)分")
_ALL_POINTS = re.compile(rf"(?:每个|每项|全部?|统统|一律)?都?(?:给|打)?\s?(?P<n>{_NUMBER})\s?分")
_POINTS = re.compile(rf"[:=]?\s?(?:给|打|得|是)?了?\s?(?P<n>{_NUMBER})\s?分")
_THEN = re.compile(r"[\s,、。;!~]+|>+|》+|先|首选|再|然后|接着|其次|次选|最后|末尾|后面是?|我们?|俺|排序?|名次|顺序|依次|分别|"
                   r"最(?:想|喜欢|中意|满意|看好)(?:选|要)?|就|是|选|投|的|了|吧|和|给")
_PLACE = re.compile(r"第\s?(\d{1,2}|[一二三四五六七八九十])(?:名|位|是|选|喜欢|志愿)?[\s:]*")
_HAN_LIST = re.compile(r"[一二两三四五六七八九十](?:[\s,、]+[零一二两三四五六七八九十])+")
_HAN = re.compile(r"[零一二两三四五六七八九十]")
_PAIR = (r"(?:我们?|俺们?|咱们?)?(?:家)?(?:老?两口子?|俩|两个人?)|"
         r"(?:我|俺|咱)[跟和同与](?:我)?(?:老伴|老公|老婆|爱人|孙子|孙女|外孙女?|儿子|女儿|闺女|老头子?|家属)")
_TWO = re.compile(rf"(?:{_PAIR})(?:两个|俩)?(?:人)?(?:都|一起|一道|一块儿?)*(?:要|想)?(?:去|来|参加|报名|报)[的吧了啊]?")
_JOIN = re.compile(r"(?:我们?家?|俺们?家?|咱们?家?|本人)?(?:也|都)?(?:要|想|来)?"
                   r"(?:报名|报个名|参加|算我一个|算上我|我来|我去|来|去|接龙|\+)"
                   rf"(?:参加|吧|了|一个)?\s?(?:(?:一共|总共|共)?\s?(?P<n>{_NUMBER})\s?(?:个人|个|人|位|名)?)?[吧了啊啦]?")
_COUNT = re.compile(rf"(?:我们?家?)?(?:一共|总共|共|带.{{1,6}}共?)?\s?(?P<n>{_NUMBER})\s?(?:个人|人|位|名)[吧了]?")
_ALL_DAYS = re.compile(r"(?:我)?(?:哪天|哪个|什么时候|随便哪天|全部?|每个|几个)?(?:时间)?都"
                       r"(?:可以|行|中|成|有空|能来|方便|ok)[的吧啊]?")
_REST = re.compile(r"(?:其[他它余]|别的|剩下)的?(?:时间)?")
_DAYS = (("礼拜", "周"), ("星期", "周"), ("周天", "周日"))
_CAN = re.compile(r"(?:都|我)?(?:可以|能来|能|行|有空|方便|没问题|ok|到)[的吧啊]?")
_MAYBE = re.compile(r"(?:都|我)?(?:勉强|凑合|尽量|也行|也可以|争取|不得已)(?:可以|能来|来|行)?[的吧啊]?")
_CANNOT = re.compile(r"(?:都|我)?(?:不行|不可以|不能来?|没空|没时间|来不了|不方便)[的吧啊]?")


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
    said = _FULL.sub(f"{high}分", said)
    if _HAN_LIST.fullmatch(said):
        said = _HAN.sub(lambda m: str(number(m[0])), said)
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
        if named is None and (part := _part(said, at, options)) is not None and len(part[0]) == 1:
            named = part[0][0], part[1]
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
    said = _placed(_digit_by_digit(said, len(options)), options)
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


def _digit_by_digit(said: str, options: int) -> str:
    """A whole order in one breath, 213 or 二 一 三, with its numbers apart."""
    if _HAN_LIST.fullmatch(said):
        return _HAN.sub(lambda m: str(number(m[0])), said)
    whole = 2 < options < 10 and sorted(said) == [str(n) for n in range(1, options + 1)]
    return " ".join(said) if whole else said


def _placed(said: str, options: Sequence[str]) -> str:
    """李四第一 张三第二, said the other way round: in the order of the places; other words as they are."""
    names = "|".join(re.escape(o) for o in sorted(filter(None, options), key=len, reverse=True))
    each = rf"[\s,、。;]*(?P<name>{names})\s?(?:排|是|当|放)?\s?第(?P<n>\d|[一二三四五六七八九])(?:名|位)?"
    found = list(re.finditer(each, said))
    if "".join(m[0] for m in found) != said.rstrip(" ,。;吧"):
        return said
    places = {number(m["n"]) or 0: m["name"] for m in found}
    return " ".join(places[n] for n in sorted(places)) if sorted(places) == list(range(1, len(found) + 1)) else said


def _signup(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    found = _JOIN.fullmatch(said) or _COUNT.fullmatch(said.replace("俩人", "2人").replace("俩", "2人"))
    if found is None and not _TWO.fullmatch(said):
        return None
    people = 2 if found is None else number(found["n"]) if found["n"] else 1
    if not people or people > int(rules.get("each") or 1):
        return Unclear("too_many_people")
    return str(people)


def _times(said: str, options: list[str], rules: Rules) -> str | Unclear | None:
    for spoken_as, written in _DAYS:
        said, options = said.replace(spoken_as, written), [o.replace(spoken_as, written) for o in options]
    if _ALL_DAYS.fullmatch(said):
        return ",".join(str(i) for i in range(len(options)))
    stands: dict[int, str] = {}
    waiting: list[int] = []
    at, loose = 0, False  # loose: the words fit several times, and only 都可以 after them makes them mean all
    while at < len(said):
        how = next(((name, m) for name, pattern in (("maybe", _MAYBE), ("no", _CANNOT), ("yes", _CAN))
                    if (m := pattern.match(said, at))), None)
        if how and waiting:
            if loose and how[0] != "no" and not how[1][0].startswith("都"):
                return Unclear("no_time")
            stands |= dict.fromkeys(waiting, how[0])
            waiting, at, loose = [], how[1].end(), False
        elif found := _when(said, at, options):
            if set(found[0]) & {*stands, *waiting}:
                return Unclear("ambiguous")
            waiting += found[0]
            at, loose = found[1], loose or len(found[0]) > 1
        elif rest := _REST.match(said, at):
            waiting = [i for i in range(len(options)) if i not in stands]
            at, loose = rest.end(), False
        elif fill := re.compile(r"[\s,、。;!和跟与]+|我|选|投|就|只有|的|时间|吧").match(said, at):
            at = fill.end()
        else:
            return Unclear("ambiguous") if waiting or stands else None
    if loose:
        return Unclear("no_time")
    stands |= dict.fromkeys(waiting, "yes")
    yes, maybe = ([i for i in sorted(stands) if stands[i] == how] for how in ("yes", "maybe"))
    if not yes and not maybe:
        return Unclear("no_time") if stands else None
    return ",".join(map(str, yes)) + (f"|{','.join(map(str, maybe))}" if maybe else "")


def _when(said: str, at: int, options: list[str]) -> tuple[list[int], int] | None:
    """The times named here, by a whole option or by a part of one or several (周六, 上午), and where that ends."""
    one = _at(said, at, options)
    return ([one[0]], one[1]) if one is not None else _part(said, at, options)


def _part(said: str, at: int, options: Sequence[str]) -> tuple[list[int], int] | None:
    """The options of which a part is named here, the longest that is in any, and where it ends."""
    for end in range(min(len(said), at + 10), at + 1, -1):
        found = [i for i, o in enumerate(options) if said[at:end] in o]
        if found and not said[at:end].isdigit():
            return found, end
    return None


READERS: dict[str, Callable[[str, list[str], Rules], str | Unclear | None]] = {
    "score": _score, "ranked": _ranked, "signup": _signup, "times": _times}
