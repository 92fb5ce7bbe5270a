"""Hides what is personal in words that others see: phones, identity cards, bank cards, plates; in public also rooms and names."""

import re

_FOLD = {0xFF10 + i: str(i) for i in range(10)} | {0x3000: " ", 0xA0: " ", 0x2005: " ", 0xFF0D: "-", 0xFF38: "X", 0xFF58: "x"}
_Z = "[\u200b-\u200f\u2060\ufeff]?"  # invisible characters somebody may have put between digits
_D = r"[0-9]" + _Z
_GAP = r"[ -]?"
_END = r"(?![0-9])"
_PHONE = re.compile(
    rf"(?:(?<![0-9*])|(?<=\+86)|"
    rf"(?<=0086))(?P<head>1{_Z}[3-9]{_Z}{_D}){_GAP}{_Z}{_D}{_D}{_D}{_D}{_GAP}{_Z}(?P<tail>{_D}{_D}{_D}[0-9]){_END}")
_DATE = rf"(?:1{_Z}9|2{_Z}0){_Z}{_D}{_D}(?:0{_Z}[1-9]|1{_Z}[0-2]){_Z}(?:0{_Z}[1-9]|[12]{_Z}[0-9]|3{_Z}[01]){_Z}"
_ID = re.compile(rf"(?<![0-9*])(?P<head>[1-9]{_Z}{_D}{_D}{_D}{_D}{_D}){_GAP}{_DATE}{_GAP}(?P<tail>{_D}{_D}{_D}[0-9Xx])(?![0-9Xx])")
_BANK = re.compile(
    rf"(?<![0-9*])(?P<head>(?:62|60|4[0-9]|5[1-5]|35|9[58]){_Z}{_D}{_D}){_GAP}{_D}{_D}{_D}{_D}{_GAP}{_D}{_D}{_D}{_D}{_GAP}"
    rf"(?:(?:{_D}){{4}}{_GAP}(?P<tail3>{_D}{_D}[0-9])|(?:{_D}){{0,2}}(?P<tail>{_D}{_D}{_D}[0-9])){_END}")
_PLATE = re.compile(
    r"(?P<head>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][·.• -]?)(?=[A-Za-z]{0,5}[0-9])"
    r"(?P<body>[A-Za-z0-9]{2,3})(?P<tail>[A-Za-z0-9]{3})(?![A-Za-z0-9])")


_N = "[0-9零〇一二三四五六七八九]"
_AMOUNT = r"(?![0-9年月日元块米%平多个人次]|户(?!主))"  # 3幢2000元 is no room
_ROOMS = (
    re.compile(rf"(?P<head>(?:{_N}|十){{1,3}}(?:幢|栋|号楼|座)(?:{_N}{{1,2}}(?:单元|门))?[ -]?|"
               rf"{_N}{{1,2}}单元[ -]?){_N}{{3,4}}{_AMOUNT}"),
    re.compile(rf"(?P<head>(?<![0-9-])[0-9]{{1,2}}-(?:[0-9]{{1,2}}-)?)[0-9]{{3,4}}(?![0-9-]){_AMOUNT}"),
    re.compile(r"(?P<head>)(?<![0-9])[0-9]{3,4}(?=室|房(?!间)|那[户家]|住户|户主)"),
)
_NAME = re.compile(r"(?P<head>(?:我叫|名字是|姓名[:：是]?|联系人[:：是]?|本人)\s?[\u4e00-\u9fff])(?P<rest>[\u4e00-\u9fff]{1,2})"
                   r"(?=[,，。;；、电手住身\s1]|$)")


def public(text: str) -> str:
    """The text as neighbours may see it: no personal numbers, no room, no full name; buildings stay."""
    text = mask(text)
    for pattern in _ROOMS:
        text = pattern.sub(lambda m: m["head"] + "***", text)
    return _NAME.sub(lambda m: m["head"] + "*" * len(m["rest"]), text)


def name(words: str) -> str:
    """A resident's name as the console shows it unasked: 王芳 is 王*, 欧阳小明 is 欧**."""
    return words[:1] + "*" * min(max(len(words) - 1, 1), 2)


def phone(number: str) -> str:
    """A phone number by its first three and last four figures; a short one by its last two."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else f"****{number[-2:]}"


def mask(text: str) -> str:
    """The text with personal numbers hidden; what is already hidden stays as it is."""
    if not any(c.isdigit() for c in text):
        return text
    for pattern, stars in ((_ID, 8), (_BANK, 8), (_PHONE, 4)):
        text = _replaced(pattern, text, stars)
    return _PLATE.sub(lambda m: m["head"] + "*" * len(m["body"]) + m["tail"], text)


def _replaced(pattern: re.Pattern[str], text: str, stars: int) -> str:
    """Finds in the half-width spelling, which is as long as the text, and replaces in the text itself."""
    folded = text.translate(_FOLD)
    parts, last = [], 0
    for match in pattern.finditer(folded):
        said = match.groupdict()
        tail = said.get("tail") or said.get("tail3") or ""
        parts += [text[last: match.start()], match["head"], "*" * stars, tail]
        last = match.end()
    return "".join([*parts, text[last:]])
