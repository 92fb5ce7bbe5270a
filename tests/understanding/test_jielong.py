"""#接龙 lists: what people write is read back, and floods are read quickly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understanding import jielong
from understanding.context import Context, PollSeen
from understanding.jielong import Entry, parse

_WORD = st.text(st.characters(categories=["L", "N"], exclude_characters="例示格"), min_size=1, max_size=8).filter(
    lambda w: not w.isdigit() and not w.lower().startswith(("example", "group", "我", "接龙")))
_ENTRY = st.builds(Entry, st.integers(1, 999), _WORD, st.lists(_WORD, max_size=3).map(" ".join))
GATE = PollSeen("P3", "南门夜间是否关闭", ("同意", "反对", "弃权"), kind="stance")


@given(_WORD, _WORD, st.lists(_ENTRY, max_size=20))
def test_any_list_that_is_written_is_read_back(topic: str, example: str, entries: list[Entry]) -> None:
    """Topic and lines, in order, numbers that come twice too."""
    read = parse(jielong.write(topic, example, entries))
    assert (read.topic, read.entries, read.me) == (topic, tuple(entries), None)


@given(st.text(max_size=400))
def test_anything_can_be_pasted(text: str) -> None:
    """Nothing breaks the reading."""
    parse(f"#接龙\n{text}")
    jielong.read(f"#接龙\n{text}", Context(open_polls=[GATE]))


@pytest.mark.parametrize(("text", "entries"), [
    ("#接龙\n题目\n例 张三 1\n\n1. 李叔 同意\n2. 王姐 反对", [(1, "李叔", "同意"), (2, "王姐", "反对")]),
    ("#Group Note\r\n题目\r\n\r\n1. 李叔 同意", [(1, "李叔", "同意")]),
    ("＃接龙\n题目\n１．李叔 同意\n１2、王姐", [(1, "李叔", "同意"), (12, "王姐", "")]),
    ("#接龙\n题目\n1. 李叔 同意\n但是要装隔音\n2. 王姐 反对", [(1, "李叔", "同意 但是要装隔音"), (2, "王姐", "反对")]),
    ("#接龙\n题目\n2. 覃姐 B\n2. 覃姐 A", [(2, "覃姐", "B"), (2, "覃姐", "A")]),
    ("@小议 #接龙\n题目\n1. 李叔\n2.", [(1, "李叔", ""), (2, "", "")])])
def test_the_forms_lists_come_in(text: str, entries: list[tuple[int, str, str]]) -> None:
    """As the clients write them, and as people do."""
    assert jielong.is_list(text)
    read = parse(text)
    assert read.topic == "题目"
    assert [(e.index, e.name, e.said) for e in read.entries] == entries


def test_a_line_may_say_whose_list_it_is() -> None:
    """我是2号 is no part of the last entry."""
    read = parse("#接龙\n题目\n1. 李叔 同意\n2. 王姐 反对\n我是2号")
    assert read.me == 2 and read.entries[-1].said == "反对"


@pytest.mark.parametrize(("topic", "kind"), [
    ("车厘子团购", "group_buy"), ("鸡蛋拼团 30元", "group_buy"), ("周六大扫除报名", "signup"), ("南门夜间是否关闭", "vote"),
    ("P3", "vote"), ("水果团购 同意的来", "group_buy")])
def test_what_a_list_is_for(topic: str, kind: str) -> None:
    """A group purchase is never a vote, not even when its lines look like options."""
    assert jielong.read(f"#接龙\n{topic}\n1. 李叔 同意\n2. 王姐 反对", Context(open_polls=[GATE]))["kind"] == kind


@pytest.mark.parametrize("text", [
    "#接龙\n" + "1. " * 8000, "#接龙\n" + "1.\n" * 8000, "#接龙\n题目\n" + "\n".join(f"{n}. 李{n} 同意" for n in range(1, 2000)),
    "#接龙\n" + "例" * 20000, "#接龙\n1. " + "3-2-501 " * 3000, "#接龙" + " " * 20000 + "1. a", "#接龙\n我是" + " " * 20000])
def test_floods_are_read_quickly(text: str) -> None:
    """A tenth of a second, whatever is pasted."""
    begun = time.perf_counter()
    parse(text)
    assert time.perf_counter() - begun < 0.2
