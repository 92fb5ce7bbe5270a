"""The canonical form of what people type, used for understanding only; what they wrote is kept as it was."""

import re
import unicodedata

from zhconv import zhconv

CAP = 2000  # characters that are looked at; jieba is quadratic on repeated ones
_DROPPED = {"Cf", "Cc", "Cs"}


def _translation() -> dict[int, str | None]:
    """What NFKC leaves: invisible characters, skin tones, and digits in black circles."""
    assigned = (*range(0x20000), *range(0xE0000, 0xE1000))  # no control or format character lives elsewhere
    table: dict[int, str | None] = {c: None for c in assigned if unicodedata.category(chr(c)) in _DROPPED}
    hidden = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400), 0x20E3)
    table |= dict.fromkeys(hidden)
    for first in (0x2776, 0x2780, 0x278A, 0x24F5):
        table |= {first + i: str(i + 1) for i in range(10)}
    return table | {0x0A: "\n", 0x09: " ", 0x0D: " ", 0x2028: "\n", 0x2029: "\n", 0x2795: "+", 0x1F170: "A", 0x1F171: "B"}


def _traditional() -> frozenset[str]:
    zhconv.loaddict()
    return frozenset(a for a, b in zhconv.getdict("zh-hans").items() if len(a) == 1 and a != b)


_TABLE = _translation()
_TRADITIONAL = _traditional()
_ANY_TRADITIONAL = re.compile("[" + "".join(sorted(_TRADITIONAL)) + "]")
_FAST = "".join(chr(c) for c in range(0x4E00, 0xA000) if chr(c) not in _TRADITIONAL)
_CLEAN = re.compile(r"[\n -~、。“”‘’《》「」【】" + _FAST + "]*")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_NARROW = str.maketrans("，？！：；（）\u3000\u2005０１２３４５６７８９", ",?!:;()  0123456789")
_MENTION = re.compile(r"@\s?小议")
_AFTER_CJK = re.compile(r"(?<=[一-龥”」》)])[,?!:;]")
_WIDE = str.maketrans(",?!:;", "，？！：；")


def plain(text: str) -> str:
    """The text in its simplest spelling: half width, simplified, no invisible characters, single spaces."""
    if len(text) <= CAP:
        if not _CLEAN.fullmatch(text):
            text = text.translate(_NARROW)
        if _CLEAN.fullmatch(text):
            tidy = "  " not in text and "\n" not in text and text[:1] != " " and text[-1:] != " "
            return text if tidy else _spaced(text)
    text = unicodedata.normalize("NFKC", text[: 2 * CAP].replace("\r\n", "\n").translate(_TABLE)).translate(_TABLE)[:CAP]
    if _ANY_TRADITIONAL.search(text):
        text = zhconv.convert(text, "zh-hans")
    return _spaced(text[:CAP])


def addressed(text: str) -> tuple[bool, str]:
    """Whether the words mention the bot by @小议, and the words without the mention."""
    words = plain(text)
    rest, times = _MENTION.subn(" ", words)
    return times > 0, _spaced(rest).lstrip(",:。 ") if times else words


def printed(text: str) -> str:
    """Plain text made fit to be shown: marks after Chinese characters are full width again."""
    return _AFTER_CJK.sub(lambda m: m[0].translate(_WIDE), text)


def _spaced(text: str) -> str:
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
