"""Which option a whole sentence is for, remarks and reasons included: 停车费涨价我反对; None unless it can be only one reading.

This reads more freely than texts/choices.py, and therefore only counts together with a classifier that is sure of a ballot.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from texts.numbers import number
from understanding.context import PollSeen

_SPELLING = (
    (re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff](?: |$))"), ""),  # 同 意
    (re.compile(r"bu ?(?:tong ?yi|zan ?cheng|zhi ?chi)|不同[易议异]|(?:vote |i'?m |am )against|do(?:n'?t| not) agree|"
        r"not agree"), "不同意"),
    (re.compile(r"同[异议易]|[铜痛桐]意|同一(?=$|[,。!])|童意|tong ?yi|agree(?!d? ?not)(?<!disagree)|approve"), "同意"),
    (re.compile(r"disagree|oppose|fan ?dui|饭对|反队|返对|反堆|返队"), "反对"),
    (re.compile(r"弃劝|弃全|气权|弃圈|qi ?quan|abstain"), "弃权"),
    (re.compile(r"赞城|赞陈|zan ?cheng|yes"), "赞成"), (re.compile(r"织持|zhi ?chi|support"), "支持"),
    (re.compile(r"[勿唔冇弗]同意|不得行|要不得|莫得必要|唔得|勿来[三塞]"), "不同意"),
    (re.compile(r"冇问题|木有?问题|呒没意见|没得意见|莫得意见|冇意见|冇所谓反对"), "没意见"),
)
_AGAINST = re.compile(
    r"(?:不|没|别|勿|唔|未|无法|难以|决不|绝不|坚决不|不能|不会|不想|不愿|没法|不敢)(?:能|会|太|想|愿意?|可能|是很|怎么|"
    r"大)?(?:同意|赞成|支持|赞同|认可|答应|接受)|反对|不行|不可以|不答应|不接受|"
    r"不通过|不要(?=$|[,。!装加建改搞弄])|不需要|不愿意|门都没有|没门|免谈|休想|投否|否决|👎|\[弱\]|(?<![a-z])no(?![a-z])")
_FOR = re.compile(
    r"同意|赞成|支持|赞同|没意见|没有意见|无意见|没异议|无异议|举双手|愿意|要得|👍|👌|\[强\]|\[ok\]|\[赞\]")
_NOD = re.compile(r"没问题|可以|(?<![不还])行|得嘞|好的|成|中|(?<![a-z])ok(?![a-z])")  # a yes only when little else is said
_LITTLE = 3  # characters beside the nod
_ABSTAIN = re.compile(r"弃权|中立|不表态|不参与表态|放弃")
_NOT_MEANT = re.compile(  # what was chosen before, by mistake, or is turned down
    r"(?:之前|原来|原先|刚才|刚刚|上次|昨天|先前|本来|早上|起初|开始|误|错|不小心|手滑|手抖|手误|记成|点成|投成|按成|选成|"
    r"打成|说成|写成|发成|投了|选了|不选|不投|别投|不要|不想要|不是|从|由|把|除了|莫给我记成|比)"
    r"[^,。;!?\n]{0,8}?$")
_ALONE = re.compile(r"(?:选|投|要)?[\u4e00-\u9fff](?:的|色)?[吧!。]?")
_GENERIC = frozenset({"门口", "旁边", "那边", "这边", "地方", "小区", "我家", "一个", "两个", "时间", "方案", "投票", "电梯",
    "业主", "物业"})
_TURNED_DOWN = re.compile(r"[^,。;!?\n]{1,6}?(?:不要|不好|不行|不选|不投|算了|不喜欢|才怪|太吵|太贵|太远)")
_TURNS = re.compile(r"(?:改(?:成|为|投|选|到|回)?|换(?:成|到|投|作)?|更正为?|现在|重新[投选]|还是(?=投|选|支持|同意|反对|"
    r"算了)|应该是|应是|其实是|想投的?是|要投的?是|我是|变成|转投|作准|以.{0,6}为准)(?!造|建|善|装|届|新)")
_LETTER = re.compile(r"(?<![A-Za-z0-9])([A-Ja-j])(?![A-Za-z]|股|超|座|区|栋|幢|楼|级|型|线|站|轮|面|单元|口)")
_DIGIT = re.compile(
    r"(?:^|(?<=[选投要号成改票第是支,、。:和跟与+ ]))\s?(\d{1,2})(?=$|号(?!楼|门|线)|[,。!、和跟与+吧啊呀了 ]|项|个(?=$|"
    r"[,。吧])|票|方案|都|的(?!$))(?![\d.:点月])")
_FOREIGN = re.compile(r"^\W*(?:选|投|我选|我投|要)?\s?(?:([A-Za-z])|(\d{1,2}))(?=$|[,。!吧]|\s(?![a-z]))")
_BOTH = re.compile(r"(?P<end>前|后|最后|头)面?(?P<n>[两二三四2-4])(?:个|项|样|种|条)")
_RUN = re.compile(r"(?<![a-z\d])(?:[a-j]{2,5}|[1-9]{2,5}|[一二三四五六七八九]{2,5})(?![a-z\d]|股|超|"
    r"[点月日号楼栋幢元块年天层])")
_NTH = re.compile(r"(头)一个|(中间)(?:那|的)?(?:个|项|一个)|第\s?(\d{1,2}|[一二三四五六七八九十]{1,3})\s?(?:个|项|种|款|条|"
    r"套|家|选项|方案)?(?!次|天|单元|期|年)|(最后)(?:一)?(?:个|项|种|条|那个)?(?![两二三])|倒数第(一|二|三)(?:个|项)?|(?:^|"
    r"[选投要])([一二三四五六])(?=$|[,。!吧号])")
_CIRCLED = {chr(0x2460 + i): i for i in range(10)} | {chr(0x2776 + i): i for i in range(10)}
_JUNK = re.compile(r"[\s,。、;:!?()~的了吧]")
_LATER = re.compile(r"(?:^|[,。;!?\n])")


def picks(words: str, poll: PollSeen, raw: str = "") -> frozenset[int] | None:
    """The options the sentence is for, by index from 0."""
    said = words.lower()
    for pattern, plain_word in _SPELLING:
        said = pattern.sub(plain_word, said)
    options = _bare(poll.options)
    turns = [m.end() for m in _TURNS.finditer(said)]
    found = [(at, i) for at, i in _mentions(said, raw, options)
             if not _NOT_MEANT.search(said[max(0, at - 12, *(t for t in turns if t <= at)): at])]
    if not found or _no_such(said, options):
        return None
    found = [(at, i) for at, i in found if not _turned_down(said, at)] or found
    if len({i for _, i in found}) > poll.most and turns:
        found = [(at, i) for at, i in found if at >= turns[-1]] or found
    picked = frozenset(i for _, i in found)
    return picked if 1 <= len(picked) <= poll.most else None


def wrong(words: str, poll: PollSeen, raw: str = "") -> str | None:
    """Why the options that are spoken of make no ballot: one does not exist, or they are too many."""
    said, options = words.lower(), _bare(poll.options)
    if _no_such(said, options):
        return "invalid_option"
    return "over_max" if len({i for _, i in _mentions(said, raw, options)}) > poll.most else None


def _no_such(said: str, options: tuple[str, ...]) -> bool:
    """A letter or number in front that no option has."""
    foreign = _FOREIGN.match(said)
    if foreign is None:
        return False
    if foreign[1]:
        return _index(foreign[1].lower()) >= len(options)
    return not 1 <= int(foreign[2]) <= len(options) and not all(1 <= int(d) <= len(options) for d in foreign[2])


def _turned_down(said: str, at: int) -> bool:
    """棋牌室不要了, A和B都不好: what follows in the clause says no to it."""
    return bool(_TURNED_DOWN.match(said, at))


@lru_cache(maxsize=256)
def _bare(options: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"^(?:[A-Za-z]|\d{1,2})(?:[.、:：)）]\s*|\s+)(?=\S)", "", o).lower() for o in options)


def _mentions(said: str, raw: str, options: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Where each option is spoken of."""
    stances = _stances(options)
    if stances:
        yield from _stance_mentions(said, stances)
    else:
        yield from _label_mentions(said, raw, len(options))
    yield from _word_mentions(said, options, bool(stances))


@lru_cache(maxsize=256)
def _stances(options: tuple[str, ...]) -> dict[str, int]:
    """Which option is yes, no and neither, in a poll of stances."""
    kinds = (("against", r"(?:不同意|反对|不赞成|不支持|不赞同|不要|不可以|不行|不愿意|不需要|"
        r"不.{1,4})"), ("for", r"(?:我)?(?:同意|赞成|支持|赞同|要|可以|行|愿意|需要|好)"),
             ("abstain", r"(?:弃权|中立|不表态|无所谓)"))
    found: dict[str, int] = {}
    for i, option in enumerate(options):
        kind = next((name for name, pattern in kinds if re.fullmatch(pattern, option)), None)
        if kind is not None:
            found[kind] = i
    return found if "for" in found and "against" in found else {}


def _stance_mentions(said: str, stances: dict[str, int]) -> Iterator[tuple[int, int]]:
    left = _NOD.sub("", said)
    if "for" in stances and len(_JUNK.sub("", left)) <= _LITTLE and (nod := _NOD.search(said)) and not _AGAINST.search(said):
        yield nod.start(), stances["for"]
    rest = said
    for kind, pattern in (("against", _AGAINST), ("abstain", _ABSTAIN), ("for", _FOR)):
        for match in pattern.finditer(rest):
            if kind in stances:
                yield match.start(), stances[kind]
        rest = pattern.sub(lambda m: "·" * len(m[0]), rest)  # what is negated is not read again as its opposite


def _label_mentions(said: str, raw: str, options: int) -> Iterator[tuple[int, int]]:
    for i, c in enumerate(raw):
        if c in _CIRCLED and _CIRCLED[c] < options:
            yield i, _CIRCLED[c]
    for match in _LETTER.finditer(said):
        if (index := ord(match[1].lower()) - ord("a")) < options:
            yield match.start(), index
    for match in _DIGIT.finditer(said):
        if 1 <= int(match[1]) <= options:
            yield match.start(1), int(match[1]) - 1
    yield from _nth_mentions(said, options)
    for match in _BOTH.finditer(said):
        size = number(match["n"]) or 0
        for i in range(min(size, options)):
            yield match.start(), i if match["end"] in "前头" else options - 1 - i
    for match in _RUN.finditer(said):
        indexes = [_index(c) for c in match[0]]
        if all(0 <= i < options for i in indexes) and (len(set(indexes)) == len(indexes) or len(set(indexes)) == 1):
            yield from ((match.start(), i) for i in set(indexes))


def _nth_mentions(said: str, options: int) -> Iterator[tuple[int, int]]:
    """By the place in the list: 第二个, 最后一个, 中间那个."""
    for match in _NTH.finditer(said):
        head, middle, nth, last, back, bare = match.groups()
        if head or (middle and options == 3):
            yield match.start(), 1 if middle else 0
        elif last or back:
            yield match.start(), options - {"二": 2, "三": 3}.get(back or "", 1)
        elif not middle and (value := number(nth or bare)) and value <= options:
            yield match.start(), value - 1


def _index(c: str) -> int:
    return ord(c) - ord("a") if c.isascii() and c.isalpha() else (number(c) or 0) - 1


def _word_mentions(said: str, options: tuple[str, ...], stances: bool) -> Iterator[tuple[int, int]]:
    """Pieces of two and more characters that stand in one option only."""
    if stances and all(len(o) <= 4 for o in options):
        return
    pieces: dict[str, set[int]] = {}
    for i, option in enumerate(options):
        bare = _JUNK.sub("", option)
        for size in (4, 3, 2):
            for start in range(len(bare) - size + 1):
                pieces.setdefault(bare[start: start + size], set()).add(i)
    taken: set[int] = set()
    alone = [c for c in said if "\u4e00" <= c <= "\u9fff"] if _ALONE.fullmatch(said) else []
    singles = {c: {i for i, o in enumerate(options) if c in o} for c in alone}
    pieces |= {c: owners for c, owners in singles.items() if owners}
    for piece, owners in sorted(pieces.items(), key=lambda p: -len(p[0])):
        if len(owners) != 1 or piece in _GENERIC:
            continue
        at = said.find(piece)
        while at >= 0:
            if at not in taken:
                taken.update(range(at, at + len(piece)))
                yield at, next(iter(owners))
            at = said.find(piece, at + 1)
