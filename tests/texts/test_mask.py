"""Personal numbers are hidden, other numbers are not, and hiding twice is hiding once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.mask import mask


@pytest.mark.parametrize(("text", "shown"), [
    ("打我电话13812345678", "打我电话138****5678"), ("138 1234 5678", "138****5678"), ("138-1234-5678", "138****5678"),
    ("１３８１２３４５６７８", "138****5678"), ("+8613812345678", "+86138****5678"), ("+86 138 1234 5678", "+86 138****5678"),
    ("110105194912310021", "110105********0021"), ("11010519491231002X", "110105********002X"),
    ("卡号6222021234567890123", "卡号6222********123"), ("6222 0212 3456 7890", "6222********7890"),
    ("浙B12345堵门", "浙B**345堵门"), ("浙B·12345", "浙B·**345"), ("浙BD12345", "浙B***345"), ("甲13812345678乙13987654321",
        "甲138****5678乙139****4321"),
    ("没有号码", "没有号码")])
def test_personal_numbers_are_hidden(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_a_phone_with_an_invisible_character_is_hidden() -> None:
    assert "12345678" not in mask("138\u200b12345678").replace("\u200b", "")


@pytest.mark.parametrize("text", [
    "打12345或110", "I1024 附议", "P5 同意", "2026-11-23 20:00", "13幢2单元501", "¥13812.50", "浙B那辆白色suv",
    "单号1381234567890", "第20261123期", "96119", "120"])
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) == text


@given(st.text(alphabet="0123456789１３ -Xx*浙B·d.+I\u200b车", max_size=60) | st.text(max_size=40))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True).filter(str.isascii), st.sampled_from(["", "电话", "P5 ", "I12 ", "。"]))
def test_no_phone_gets_through(phone: str, before: str) -> None:
    assert phone not in mask(before + phone + before)
