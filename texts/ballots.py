"""The words that mean something in one poll: its options, their numbers and letters, and yes and no if it has them."""

import re
from dataclasses import dataclass
from functools import lru_cache

from texts.numbers import in_digits, number

EDGE = " ,。.!~;:、…\n👏🙏😊😄🌹\"'“”()"
AGREE = ("同意", "赞成", "支持", "赞同", "没意见", "没有意见", "无意见", "无异议", "没异议", "同异", "tongyi",
    "[强]", "举双手")
NOD = ("没问题", "可以", "行", "ok", "okay", "👍", "👌", "[ok]", "[赞]", "中", "要得", "要的", "yes")
AGAINST = ("不同意", "反对", "不赞成", "不支持", "不赞同", "fandui", "[弱]")
SHAKE = ("不行", "不可以", "👎", "no")
ABSTAIN = ("弃权", "中立", "qiquan")

_FRAMES = ("我们全家", "我们家", "我们", "我们一家", "我家", "咱家", "咱们家", "咱", "俺", "俺家", "我", "本人", "个人",
    "还是", "就是", "就", "那", "那就", "想", "要",
           "选择", "选", "投票", "投给", "投", "表示", "坚决", "完全", "非常", "绝对", "必须", "肯定", "强烈", "一定", "当然",
           "热烈", "全力", "全家", "也",
           "表态", "一票", "这个", "这项", "这一项", "方案", "选项", "的", "了", "吧", "啦", "哈", "哦", "呀", "啊", "嘛",
           "喽", "哟", "噢", "呗", "滴", "谢谢", "票", "是", "装修")
_SEPARATORS = " ,、和跟与及;。.!~\n还有:👏🙏"
_ORDINAL = (r"(?:第\s?(?P<nth>\d{1,2}|[一二三四五六七八九十]{1,3})\s?(?:个选项|个方案|选项|方案|个|项|号|条|种|款)?|"
    r"(?P<last>最后一?[个项条种]|倒数第一[个项]?)|前(?P<first>[两二三四2-4])[个项])")
_LABEL = (r"(?:(?:选项|方案|备选)\s?)?(?:(?P<digit>\d{1,2})(?![\d点月年天楼幢栋元块%个次]|[:.]\s?\d)(?:号(?!楼|门))?(?:选项|"
    r"方案|票)?|(?P<han>[一二三四五六七八九十]{1,2})(?=$|[^\u4e00-\u9fff]|[和跟与及号吧了])号?|"
    r"(?P<letters>[a-z]{1,3})(?![a-z]))")
_MARK = re.compile(f"{_ORDINAL}|{_LABEL}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A vote: the options by index from 0, and whether the words say that it replaces an earlier one."""

    options: frozenset[int]
    change: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """It sounds like a vote but must not be counted."""

    reason: str  # conditional third_party question no_choice invalid_option over_max weak_negation ambiguous


@dataclass(frozen=True, slots=True)
class Read:
    """What the words mark."""

    picked: frozenset[int]
    mixed: bool  # index and words, or two stances: if they disagree, nobody knows which was meant
    marked: bool  # by number or letter
    spoken: bool  # by a verb, a stance or the option's own words, not only a number or a nod


@lru_cache(maxsize=512)
def ballot_of(options: tuple[str, ...]) -> "Ballot":
    return Ballot(options)


class Ballot:
    """The words that may be used in one poll."""

    def __init__(self, options: tuple[str, ...]) -> None:
        self.options = tuple(re.sub(r"^(?:[a-j]|\d{1,2})[.、:)\s]\s*", "", o) or o for o in options)
        self.stances = self._stances()
        texts = [(o, i) for i, o in enumerate(self.options) if o]  # of an option of nothing but marks no word is left
        self.words = sorted(texts + [(w, i) for w, i in self.stances.items() if i is not None], key=lambda p: -len(p[0]))
        verbs = [w for w in ("同意", "支持", "赞成") if self.stances[w] is None]
        self.frames = sorted((*_FRAMES, *verbs), key=len, reverse=True)

    def _stances(self) -> dict[str, int | None]:
        """Which option the common words of agreement mean here; None where no single one does."""
        agree = self._index(r"(?:我)?(?:同意|赞成|支持|赞同|可以|愿意|需要|通过|是|要|行|好)(?:的|装|加装|安装|改造|方案|"
            r"实施)?")
        against = self._index(r"(?:我)?(?:不同意|反对|不赞成|不支持|不赞同|不可以|不愿意|不需要|不通过|否|不是|不要|不行|"
            r"不好)(?:的|装|加装|安装|改造|方案|实施)?")
        if agree is None and against is None:
            pairs = [(a, b) for a, x in enumerate(self.options) for b, y in enumerate(self.options) if y == "不" + x]
            agree, against = pairs[0] if len(pairs) == 1 else (None, None)
        stands = self._index(r"弃权|中立|放弃|不表态|无所谓|都可以|都行")
        meant: dict[str, int | None] = {}
        for words, index in ((AGREE + NOD, agree), (AGAINST + SHAKE, against), (ABSTAIN, stands)):
            meant |= dict.fromkeys(words, index)
        return meant

    def _index(self, pattern: str) -> int | None:
        found = [i for i, o in enumerate(self.options) if re.fullmatch(pattern, o)]
        return found[0] if len(found) == 1 else None

    def exact(self, said: str) -> Choice | Unclear | None:
        """The option's own words, unless they are also the number or letter of another."""
        named = [i for i, o in enumerate(self.options) if in_digits(o) == in_digits(said)]
        if len(named) != 1:
            return None
        mark = _MARK.fullmatch(said)
        other = self._marked(mark) if mark else None
        return Unclear("ambiguous") if other and other != {named[0]} else Choice(frozenset(named))

    def read(self, said: str) -> Read | Unclear | None:
        """Reads words that are nothing but a vote, from left to right, the longest word first."""
        at, picked, marks, spoken, kinds = 0, set[int](), False, False, set[str]()
        while at < len(said):
            if word := next(((w, i) for w, i in self.words if said.startswith(w, at)), None):
                picked.add(word[1])
                kinds.add("word" + str(word[1]))
                at, spoken = at + len(word[0]), spoken or word[0] not in (*NOD, *SHAKE)
            elif (mark := _MARK.match(said, at)) and (indexes := self._marked(mark)) is not None:
                picked |= indexes
                marks = True
                kinds.add("mark")
                spoken = spoken or bool(mark["nth"] or mark["last"])
                at = mark.end()
            elif frame := next((f for f in self.frames if said.startswith(f, at)), None):
                at, spoken = at + len(frame), spoken or frame[0] in "选投"
            elif said[at] in _SEPARATORS:
                at += 1
            else:
                return self._part(said)
        if not picked:
            return self._part(said)
        return Read(frozenset(picked), len(kinds) > 1, marks, spoken)

    def _marked(self, mark: re.Match[str]) -> set[int] | None:
        if mark["last"]:
            return {len(self.options) - 1}
        if mark["first"]:
            return set(range({"两": 2, "二": 2, "三": 3, "四": 4}.get(mark["first"]) or int(mark["first"])))
        if letters := mark["letters"]:
            indexes = [ord(c) - ord("a") for c in letters]
            inside = all(i < len(self.options) for i in indexes) and indexes == sorted(set(indexes))
            return set(indexes) if inside or len(letters) == 1 else None
        value = number(mark["nth"] or mark["digit"] or mark["han"])
        return {value - 1} if value is not None and value <= 20 else None

    def _part(self, said: str) -> Read | Unclear | None:
        """Part of an option's words, when it can be no other: 投北门."""
        bare = said.strip(EDGE)
        verb = re.match(r"(?:我|我家|我们家|俺)?(?:就)?(?:选择|选|投给|投|支持|赞成|同意|要)", bare)
        core = (bare[verb.end():] if verb else bare).strip(" 的吧啦了")
        found = [i for i, o in enumerate(self.options) if core in o] if len(core) >= 2 else []
        if len(found) != 1 or self.options[found[0]].startswith("不" + core) or "不" + core in self.options[found[0]]:
            if core in self.stances or bare in self.stances:
                return Unclear("no_choice") if (core if core in self.stances else bare) in (*AGREE, *AGAINST, *ABSTAIN) else None
            return Unclear("ambiguous") if verb and len(found) > 1 else None
        enough = verb is not None or 2 * len(core) >= len(self.options[found[0]])
        return Read(frozenset(found), False, False, True) if enough else None
