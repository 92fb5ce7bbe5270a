"""Words that neighbours see hold no number, no room and no full name, and are hidden only once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.mask import public


@pytest.mark.parametrize(("text", "shown"), [
    ("3幢2单元501漏水", "3幢2单元***漏水"), ("7幢1202天天吵", "7幢***天天吵"), ("13-2-601没人", "13-2-***没人"), ("7-1202", "7-***"),
    ("六幢三零二太吵", "六幢***太吵"), ("302室漏水", "***室漏水"), ("楼上402那家", "楼上***那家"), ("我叫李建国，电话13812345678", "我叫李**，电话138****5678"),
    ("联系人：王芳 13812345678", "联系人：王* 138****5678")])
def test_rooms_and_names_are_hidden(text: str, shown: str) -> None:
    assert public(text) == shown


@pytest.mark.parametrize("text", ["3幢2单元电梯停了", "12345没用", "2026-03-02", "3幢2026年建的", "3幢100户", "修了3次", "3号楼", "P5 I12", "收5000元", "1-3层"])
def test_other_numbers_stay(text: str) -> None:
    assert public(text) == text


@given(st.text(alphabet="0123456789三零二幢单元室户那家-我叫李建国姓名:，*年元", max_size=40))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    assert public(public(text)) == public(text)


@given(st.integers(1, 33), st.integers(1, 4), st.integers(101, 3304), st.sampled_from(["{}幢{}单元{}", "{}-{}-{}", "{}栋{}单元{}室", "{}号楼{}单元{}"]))
def test_no_room_gets_through(block: int, entrance: int, room: int, form: str) -> None:
    assert str(room) not in public("反映" + form.format(block, entrance, room) + "漏水").replace(f"{block}", "", 1)
