"""Which option a sentence is for, remarks and reasons included; two readings are none."""

import pytest

from texts.normal import plain
from understanding.context import PollSeen
from understanding.picks import picks

STANCE = PollSeen("P3", "南门夜间是否关闭", ("同意", "反对", "弃权"), kind="stance")
SHED = PollSeen("P5", "电动车棚选址", ("A 东侧空地", "B 车库入口旁", "C 北门围墙边"))
TREES = PollSeen("P7", "补种什么树", ("1 桂花", "2 樱花", "3 银杏", "4 香樟"), most=2, kind="multi")


@pytest.mark.parametrize(("said", "option"), [
    ("停车费涨价我反对", "反对"), ("行吧我同意,不过夜里得留个小门", "同意"), ("老早就该关了,举双手赞成", "同意"),
    ("晚归的人怎么办,不能同意", "反对"), ("没什么好说的,不同意", "反对"), ("阿拉勿同意", "反对"), ("同 意", "同意"),
    ("之前反对的,现在同意了", "同意"), ("把反对改成同意", "同意"), ("这事我弃权", "弃权"), ("bu tong yi", "反对"),
    ("👎 吵死了", "反对"), ("要得嘛,莫得意见", "同意"), ("饭对", "反对"),
])
def test_a_stance(said: str, option: str) -> None:
    """Negation is read before agreement, and what was said before the turn does not count."""
    found = picks(plain(said), STANCE, said)
    assert found is not None and [STANCE.options[i] for i in found] == [option]


@pytest.mark.parametrize(("said", "names"), [
    ("我还是觉得北门围墙那儿好", ["C"]), ("投B,离我家近", ["B"]), ("第二个吧", ["B"]), ("最后那个", ["C"]), ("头一个", ["A"]),
    ("刚才手滑投了A,其实要投C", ["C"]), ("A和C都不好,我要B", ["B"]), ("空地那个", ["A"]), ("Ｂ!", ["B"]), ("②", ["B"]),
])
def test_an_option(said: str, names: list[str]) -> None:
    """By letter, by place in the list, or by words that only this option has."""
    found = picks(plain(said), SHED, said)
    assert found is not None and [SHED.names()[i] for i in sorted(found)] == names


@pytest.mark.parametrize("said", ["A还是B", "A或者C", "都可以", "天气真好", "D", "4", "我来投票了"])
def test_no_option_or_two_is_none(said: str) -> None:
    """A single choice has exactly one reading."""
    assert picks(plain(said), SHED, said) is None


@pytest.mark.parametrize(("said", "names"), [
    ("桂花和银杏", ["1", "3"]), ("1、4", ["1", "4"]), ("后面两个", ["3", "4"]), ("13", ["1", "3"]), ("樱花好看,就它", ["2"]),
])
def test_several_options(said: str, names: list[str]) -> None:
    """Up to as many as the poll allows."""
    found = picks(plain(said), TREES, said)
    assert found is not None and [TREES.names()[i] for i in sorted(found)] == names


def test_more_than_allowed_is_none() -> None:
    """Nobody knows which of them were meant."""
    assert picks("桂花樱花银杏都要", TREES) is None
