"""How a round of statements is asked for in one line, and how a statement is answered in a word."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from texts.normal import plain
from texts.when import clearest_when

_SEEDS = re.compile(r"(?:^|[\s,，。;；\n])种子[\s:：]*", re.DOTALL)
_BEFORE = re.compile(r"先审(?:后发|再发|后公开)?")
_DAILY = re.compile(r"每人?每?[天日](?:最多)?\s*(\d{1,2})\s*条")
_DAYS = re.compile(r"(?:为期|开放|征集)?\s*(\d{1,2})\s*天(?!前|内)")
_TO = re.compile(r"(?:到|截止)[\s:]*$")
_LINES = re.compile(r"[;；\n|]+")
_AGREE = "1 ① 一 同意 赞成 支持 赞同 我同意 我赞成 我支持 对 对的 好 好的 行 可以 要"
_DISAGREE = "2 ② 二 不同意 反对 不赞成 不支持 不赞同 我不同意 我反对 不对 不好 不行 不可以 不要"
_PASS = "3 ③ 三 跳过 过 略过 下一条 下一个 换一条 不清楚 不知道 说不好 说不清 没想好 弃权 无所谓 都行 pass"
_WORDS = {word: value for words, value in ((_AGREE, 1), (_DISAGREE, -1), (_PASS, 0)) for word in words.split()}
_STOP = frozenset(["停", "停下", "停止", "不答了", "够了",
                   "先这样", "先不答了", "就这样", "结束", "不弄了", "没空", "退出征言", "0"])
_NUMBERED = re.compile(r"(?:第\s*)?(\d{1,4})\s*(?:条|号)?[\s,:;、。]*(\S{1,6})")
_OPENERS = re.compile(
    r"(?:我们?|大家|俺)?(?:的?(?:意见|想法|建议)是|觉得|认为|想|希望|建议|提议|主张|要求)|"
    r"最好|应该|应当|能不能|可不可以|不如|不要|别再|请(?:物业|社区|居委会)")
_NOISE = re.compile(r"^(?:我们?|俺)?(?:的?(?:意见|想法|建议)是|觉得|认为|想说(?:的是)?|建议|提议)[\s,，:：]*")


@dataclass(frozen=True, slots=True)
class RoundWords:
    """What was written of a round; '' and None where nothing was."""

    title: str
    closes_at: datetime | None
    before: bool
    daily: int | None
    seeds: tuple[str, ...]


def read_round(text: str, now: datetime) -> RoundWords:
    """`晚上几点以后安静 5天 先审 每天8条 种子 九点以后不跳广场舞；装修只在白天`."""
    head, *more = _SEEDS.split(text, maxsplit=1)
    seeds = tuple(s.strip(" ,，。") for s in _LINES.split(more[0]) if len(s.strip(" ,，。")) > 1) if more else ()
    words = plain(head)
    daily, before = _DAILY.search(words), _BEFORE.search(words)
    words = plain(_DAILY.sub(" ", _BEFORE.sub(" ", words)))
    days = _DAYS.search(words)
    closes = None
    if days is not None:
        closes, words = now + timedelta(days=int(days[1])), _DAYS.sub(" ", words, count=1)
    elif (found := clearest_when(words, now)) is not None:
        begin = _TO.search(words[: found.start])
        if begin or words[found.start: found.end].endswith(("截止", "为止", "止")):  # 晚上九点以后 in a title is no end of it
            closes, words = found.at, f"{words[: begin.start() if begin else found.start]} {words[found.end:]}"
    title = " ".join(words.split()).strip(" ,，。;；:")
    return RoundWords(title, closes, before is not None, int(daily[1]) if daily else None, seeds)


def answer(text: str) -> int | None:
    """1 agrees, -1 disagrees, 0 passes the statement over; None for anything else."""
    return _WORDS.get(plain(text).strip(" 。.,，、!！~").lower())


def stops(text: str) -> bool:
    """True when somebody has had enough for now."""
    return plain(text).strip(" 。.,，、!！~") in _STOP


def numbered(text: str) -> tuple[int, int] | None:
    """`3 同意`: the number of a statement and the answer to it; None when it is something else."""
    found = _NUMBERED.fullmatch(plain(text).strip(" 。.!！~"))
    value = answer(found[2]) if found is not None else None
    return (int(found[1]), value) if found is not None and value is not None else None


def proposes(text: str) -> bool:
    """True when words open as somebody does who says what they want or think."""
    return _OPENERS.match(plain(text)) is not None


def thinks(text: str) -> bool:
    """True when somebody says of the words themselves that they are an opinion: 我觉得, 我建议, 我的意见是."""
    return _NOISE.match(plain(text)) is not None


def point(text: str) -> str:
    """The statement without 我觉得 and the like before it."""
    bare = _NOISE.sub("", text.strip(), count=1).strip(" ,，:：")
    return bare if len(bare) >= 4 else text.strip()
