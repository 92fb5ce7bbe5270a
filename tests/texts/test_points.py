"""Which statements are offered for joining, and which are never: another number, another side, the other opinion."""

import pytest

from domain.opinions import several_points
from texts.points import same_point
from texts.rounds import answer, numbered, point, proposes, stops
from texts.stances import vote_reason

SAME = [
    ("晚上九点以后别跳广场舞", "晚上九点以后不要跳广场舞"), ("晚上九点以后别跳广场舞", "九点之后不能跳广场舞"),
    ("晚上九点以后别跳广场舞", "晚上9点以后别跳广场舞了"), ("装修只在白天", "装修只能白天做"), ("广场舞换到河边", "广场舞搬到河边去跳"),
    ("电梯该换新的了", "电梯应该换新的"), ("外来车每小时收5元", "外来车每小时5元"), ("停车收费太贵", "停车费太贵了"),
    ("多装几个路灯", "路灯多装几盏"), ("物业要每月公布账目", "物业每个月公开账目"), ("给电动车装充电棚", "电动车充电棚要装")]
OTHER = [
    ("晚上九点以后别跳广场舞", "晚上十点以后别跳广场舞"), ("装修只在白天", "周末不要装修"), ("广场舞换到河边", "广场舞音响小一点"),
    ("电梯该换新的了", "电梯先修再说，不换新的"), ("外来车每小时收5元", "外来车每小时收10元"), ("应该装充电桩", "在地下车库装充电桩"),
    ("快递柜放在东门", "快递柜放在西门"), ("一楼不该出电梯钱", "一楼也要出电梯钱"), ("物业要每月公布账目", "物业费不能涨")]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_point_in_other_words_is_offered_for_joining(a: str, b: str) -> None:
    """Both ways round."""
    assert same_point(a, b) and same_point(b, a)


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_another_point_is_not(a: str, b: str) -> None:
    """However many words they share."""
    assert not same_point(a, b) and not same_point(b, a)


def test_answers_in_the_words_people_use() -> None:
    """Digits, words, with marks behind; anything else is no answer."""
    assert [answer(w) for w in ("1", "１", "同意。", "好的", "不同意", "2。", "反对！", "跳过", "没想好", "３")] == [1, 1, 1, 1, -1, -1, -1, 0, 0, 0]
    assert [answer(w) for w in ("4", "12", "嗯？", "同意吗", "P1 同意", "")] == [None] * 6
    assert stops("停") and stops("够了。") and not stops("停车费太贵")
    assert numbered("3 同意") == (3, 1) and numbered("第12条 不同意") == (12, -1) and numbered("12 跳过") == (12, 0)
    assert numbered("3 楼的灯坏了") is None and numbered("同意") is None


def test_a_statement_makes_one_point_and_is_kept_without_its_opening() -> None:
    """Counted points are refused; a number inside a sentence is no counting."""
    assert several_points("1、早点结束 2、声音小点") and several_points("首先要安静，其次要干净") and several_points("一是贵，二是慢")
    assert not several_points("1幢和2幢的路灯都不亮") and not several_points("晚上9点以后别跳，第二天要上班")
    assert point("我觉得九点以后要安静") == "九点以后要安静" and point("建议：河边装灯") == "河边装灯" and point("我觉得好") == "我觉得好"
    assert proposes("我建议在河边装灯") and proposes("能不能早点结束") and not proposes("河边的灯坏了")


@pytest.mark.parametrize(("said", "why"), [
    ("P1 反对，因为一楼采光会受影响", "一楼采光会受影响"), ("同意，老人爬不动楼。", "老人爬不动楼"), ("反对 理由是费用不公开", "费用不公开"),
    ("P1 同意", ""), ("P1 1", ""), ("同意，好的", ""), ("同意！", ""), ("反对因为太吵了睡不着", "太吵了睡不着")])
def test_the_reason_said_after_a_vote(said: str, why: str) -> None:
    assert vote_reason(said) == why
