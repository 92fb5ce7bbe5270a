"""The names in a text that tell one place, firm or school from another; by shape, without a list of names.

Two neighbourhoods complain of mah-jong in the same words; only the name tells that these are two matters.
"""

import re

from texts.normal import plain
from texts.same import SEGMENTED, segmenter

_REGION = re.compile(  # too wide to tell anything; letters are how published data hide them
    r"[A-Z]市|(?:(?<![一-龥])|(?<=[市省在于是到对向从的]))[A-Z]\d{1,2}[区县]|[一-龥]{2}[省市](?=[一-龥])(?![场民政内面容])")
_ADDRESS = re.compile(  # compared as places, not as words
    r"[\d一二三四五六七八九十]{1,3}\s?(?:幢|栋|号楼|单元)|\d{3,4}\s?室?(?=[一-龥])")
_PIECE = re.compile(r"[一-龥]|[A-Za-z0-9]{1,4}")
_COMMON = frozenset(
    "的了是在有我他她它你们不也就都还和与及或把被让给对向从到为以于这那个一二三四五六七八九十两几年月日号点时分元万多少好大小上下里外前后"
    "中内来去请问您要能会可没无很太更最又再已将其此之而但却呢吗啊吧呀说建住家人名站做开用看找者新旧高低东西南北左右期栋幢单层楼房路门口")
_TAIL = re.compile(
    r"小区|社区|新城|学院|大学|中学|小学|学校|幼儿园|街道|花园|广场|市场|医院|地铁站|大厦|公司|家园|公寓|公园|山庄|酒店|银行|"
    r"[路街巷镇村苑府城湾郡园庭居邸]$")
_WORD = re.compile(r"[一-龥]{2,4}")


def names(text: str) -> list[str]:
    """What looks like a name: characters no dictionary word explains, and what stands before 小区, 学院, 路 and their like."""
    found, loose, before = [], "", ""
    for word in [*segmenter().lcut(without_addresses(text), HMM=False), " "]:
        if _PIECE.fullmatch(word) and word not in _COMMON and not word.isdigit():
            loose += word
            continue
        if _TAIL.fullmatch(word) or (len(word) <= 4 and _TAIL.search(word)):
            owner = loose or (before if _WORD.fullmatch(before) else "")
            found += [owner + word] if owner or len(word) > 2 else []
        elif len(loose) > 1:
            found.append(loose)
        before, loose = word, ""
    return found


def without_addresses(text: str) -> str:
    """The text as its words are compared: no city, no district, no building, no room."""
    return _ADDRESS.sub(" ", _REGION.sub(" ", plain(text)[:SEGMENTED]))


def name_pairs(text: str) -> list[str]:
    """The names of a text in pairs of characters: 丽发小区 and 丽发新城小区 share one."""
    return [name[i: i + 2] for name in names(text) for i in range(len(name) - 1)]
