"""One spelling for what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.normal import CAP, addressed, plain, printed


@pytest.mark.parametrize(("text", "spelled"), [
    ("Ｐ５　同意！", "P5 同意!"), ("小\u200b区", "小区"), ("①", "1"), ("❷", "2"), ("1️⃣", "1"), ("👍🏻", "👍"), ("電梯壞了",
        "电梯坏了"), ("發起投票", "发起投票"),
    ("著名", "著名"), ("  a  b ", "a b"), ("a\r\n\r\n b\tc", "a\nb c"), ("\u202eabc\u202c", "abc"), ("➕1", "+1"), ("",
        ""), ("a\x00b\x07", "ab"),
    ("\ud800同意", "同意"), ("同意\ufe0f", "同意"), ("@小议\u2005你好", "@小议 你好"), ("“同意”、“反对”。",
        "“同意”、“反对”。")])
def test_spelling(text: str, spelled: str) -> None:
    assert plain(text) == spelled


@given(st.text(max_size=60) | st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=20))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_only_the_beginning_of_very_long_text_is_looked_at() -> None:
    assert len(plain("中" * 100_000)) == len(plain("ﷺ" * 3000)) == CAP


def test_a_mention_addresses_the_bot() -> None:
    assert addressed("＠小议\u2005反映 电梯坏了") == (True, "反映 电梯坏了")
    assert addressed("麻烦 @小议 看看") == (True, "麻烦 看看")
    assert addressed("小议 你好") == (False, "小议 你好")


def test_marks_after_chinese_are_full_width_when_shown() -> None:
    assert printed("要不要装电梯?好,18:00见") == "要不要装电梯？好，18:00见"
