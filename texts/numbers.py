"""Numbers as residents write them: 3, 三, 十二, 三零二, 两百."""

import re

NUMERAL = r"(?:\d{1,4}|[零〇一二两三四五六七八九十百]{1,6})"
_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_UNITS = {"十": 10, "百": 100}
_WRITTEN = re.compile(r"[零〇一二两三四五六七八九十百]+")


def number(text: str) -> int | None:
    """The value of a numeral, or None when it is not one."""
    if text.isascii():
        return int(text) if text.isdigit() else None
    if not _WRITTEN.fullmatch(text):
        return None
    if not any(c in _UNITS for c in text):
        return int("".join(_DIGITS[c] for c in text))
    total, digit = 0, None
    for c in text:
        if c in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[c]
            digit = None
        elif _DIGITS[c] != "0":
            digit = int(_DIGITS[c])
    return total + (digit or 0)


def digits(text: str) -> str:
    """A room as it is read aloud, digit by digit: 三零二 is 302."""
    if any(c in _UNITS for c in text):
        return str(number(text))
    return "".join(_DIGITS.get(c, c) for c in text)


_COUNTED = re.compile(r"(?<![第一二两三四五六七八九十])[一二两三四五六七八九十]{1,3}(?=[点楼幢栋月块元])")


def in_digits(text: str) -> str:
    """Hours, houses and sums in digits, so that 九点 and 9点 are the same."""
    return _COUNTED.sub(lambda m: str(number(m[0])), text)
