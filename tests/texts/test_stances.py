"""Positions in people's own words; negation before assent, conditions as they were said."""

import pytest

from texts.stances import attacks, stance


@pytest.mark.parametrize(("text", "found"), [
    ("支持", "for"), ("我同意拆", "for"), ("反对", "against"), ("不同意", "against"), ("我不支持这么干", "against"), ("不反对", "neutral"),
    ("中立", "neutral"), ("都行，听大家的", "neutral"), ("车棚有点旧", None), ("小孩常在那里爬", None), ("赞成，早该弄了", "for"), ("我觉得不该拆", "against"), ("晚上一起打牌吗", None)])
def test_positions(text: str, found: str | None) -> None:
    """What is not a position is none."""
    assert stance(text) == (found, None)


@pytest.mark.parametrize(("text", "condition"), [
    ("如果另建车棚就同意", "如果另建车棚就同意"), ("只要提前通知我就同意", "只要提前通知我就同意"), ("有条件 不能占消防通道", "不能占消防通道"), ("我觉得晚点关，能刷卡就同意", "能刷卡就同意"),
    ("同意，前提是先建好新的", "前提是先建好新的")])
def test_conditions_are_kept_in_their_words(text: str, condition: str) -> None:
    """A yes with an if is neither yes nor no."""
    assert stance(text) == ("conditional", condition)


@pytest.mark.parametrize(("text", "bad"), [("你们这群刁民", True), ("这个白痴主意", True), ("方案写得太差，重写", False), ("蠢蠢欲动", False)])
def test_words_aimed_at_persons(text: str, bad: bool) -> None:
    """The matter may be attacked, people may not."""
    assert attacks(text) is bad
