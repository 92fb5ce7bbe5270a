"""How an elder says a ballot of each kind, and what must not be counted."""

import pytest

from texts.choices import Unclear
from texts.kinds import read

PLACES = ["长椅", "路灯", "健身器材"]
PEOPLE = ["张三", "李四", "王五", "赵六"]
DAYS = ["周六上午", "周六下午", "周日上午"]
SCORE, IRV, SCHULZE = {"low": 0, "high": 5}, {"method": "irv", "seats": 1}, {"method": "schulze", "seats": 1}


@pytest.mark.parametrize(("said", "choice"), [
    ("1打5分 2打3分", "0:5,1:3"), ("长椅5分，路灯3分，健身器材0分", "0:5,1:3,2:0"), ("5 3 0", "0:5,1:3,2:0"), ("5、3、0", "0:5,1:3,2:0"),
    ("都打五分", "0:5,1:5,2:5"), ("1号给四分", "0:4"), ("路灯：5", "1:5"), ("我给长椅打5分", "0:5"), ("第一个 5分 第三个 两分", "0:5,2:2"),
    ("A 5分 C 1分", "0:5,2:1"), ("长椅5分 路灯3分 健身器材 4", "0:5,1:3,2:4"), ("长椅五 路灯三", "0:5,1:3")])
def test_points(said: str, choice: str) -> None:
    assert read(said, "score", PLACES, SCORE) == choice


@pytest.mark.parametrize(("said", "why"), [
    ("1打9分", "score_range"), ("5 3", "score_order"), ("长椅5分 长椅3分", "ambiguous"), ("要是便宜长椅5分", "conditional"),
    ("长椅5分吗", "question"), ("5 3 9", "score_range"), ("1打5分 后面随便", "score_order")])
def test_points_that_are_not_clear(said: str, why: str) -> None:
    assert read(said, "score", PLACES, SCORE) == Unclear(why)


@pytest.mark.parametrize("said", ["今天天气不错", "谁家有梯子借一下", "5", "长椅", "考了5分", ""])
def test_no_points_at_all(said: str) -> None:
    assert not isinstance(read(said, "score", PLACES, SCORE), str)


def test_two_options_and_two_numbers_may_mean_two_things() -> None:
    """1 5: five points for the first, or one and five?"""
    assert read("1 5", "score", PLACES[:2], SCORE) == Unclear("score_order")
    assert read("4 5", "score", PLACES[:2], SCORE) == "0:4,1:5"


def test_a_part_of_an_option_is_enough_where_it_is_in_no_other() -> None:
    hours = ["早上7点", "晚上7点"]
    assert read("早上5分 晚上3分", "score", hours, SCORE) == "0:5,1:3"
    assert not isinstance(read("7点5分", "score", hours, SCORE), str)
    assert not isinstance(read("中午5分", "score", hours, SCORE), str)


@pytest.mark.parametrize(("said", "choice"), [
    ("2 1 3", "1>0>2"), ("2>1>3", "1>0>2"), ("李四、张三", "1>0"), ("先李四再张三最后王五", "1>0>2"), ("第一李四第二张三", "1>0"),
    ("李四", "1"), ("2", "1"), ("b a", "1>0"), ("第一名 王五，第二名 2号", "2>1"), ("首选王五 其次赵六", "2>3"), ("我选李四，然后是王五", "1>2"),
    ("①③", "0>2")])
def test_orders(said: str, choice: str) -> None:
    assert read(said, "ranked", PEOPLE, IRV) == choice


@pytest.mark.parametrize(("said", "kind", "choice"), [
    ("九点", "ranked", "2"), ("八点半 九点", "ranked", "1>2"), ("九点", "single", "2"), ("八点半", "single", "1")])
def test_hours_are_written_in_words_or_digits(said: str, kind: str, choice: str) -> None:
    assert read(said, kind, ["8点", "8点半", "9点"], IRV if kind == "ranked" else {}) == choice


def test_equals_are_for_those_who_compare_in_pairs() -> None:
    assert read("2>1=3", "ranked", PEOPLE, SCHULZE) == "1>0=2"
    assert read("2>1=3", "ranked", PEOPLE, IRV) == Unclear("rank_tie")


@pytest.mark.parametrize(("said", "why"), [
    ("2 2 1", "rank_twice"), ("第一李四第三张三", "rank_order"), ("如果张三来就李四第一", "conditional"), ("李四张三还行别的不认识", "rank_order")])
def test_orders_that_are_not_clear(said: str, why: str) -> None:
    heard = read(said, "ranked", PEOPLE, IRV)
    assert heard == Unclear(why) or (heard is None and why == "conditional")


@pytest.mark.parametrize("said", ["老王今天来吗", "2024年的事", "谁知道", "7", ""])
def test_no_order_at_all(said: str) -> None:
    assert not isinstance(read(said, "ranked", PEOPLE, IRV), str)


@pytest.mark.parametrize(("said", "choice"), [
    ("报名", "1"), ("我报名", "1"), ("报名2人", "2"), ("我家报名三个人", "3"), ("算我一个", "1"), ("我来", "1"), ("+1", "1"), ("参加，两个人", None),
    ("两个人", "2"), ("一共3人", "3")])
def test_sign_ups(said: str, choice: str | None) -> None:
    heard = read(said, "signup", [], {"places": 20, "each": 3})
    assert heard == choice or (choice is None and not isinstance(heard, str))


def test_more_people_than_allowed_are_asked_about() -> None:
    assert read("报名5人", "signup", [], {"places": 20, "each": 3}) == Unclear("too_many_people")


@pytest.mark.parametrize(("said", "choice"), [
    ("1", "0"), ("1、3", "0,2"), ("都可以", "0,1,2"), ("哪天都行", "0,1,2"), ("周六上午可以，周日上午勉强", "0|2"), ("1可以 2勉强 3不行", "0|1"),
    ("周六下午", "1"), ("1和2都行", "0,1"), ("2也行", "|1")])
def test_times(said: str, choice: str) -> None:
    assert read(said, "times", DAYS, {}) == choice


@pytest.mark.parametrize(("said", "why"), [("1不行", "no_time"), ("周六上午可以吗", "question"), ("1 1", "ambiguous")])
def test_times_that_are_not_clear(said: str, why: str) -> None:
    assert read(said, "times", DAYS, {}) == Unclear(why)


@pytest.mark.parametrize(("kind", "said", "choice"), [
    ("stance", "同意", "0"), ("stance", "弃权", "2"), ("multiple", "1、3", "0,2"), ("approval", "1 2 3", "0,1,2"), ("single", "第二个吧", "1"),
    ("budget", "长椅和路灯", None), ("budget", "1、2", "0,1")])
def test_marks(kind: str, said: str, choice: str | None) -> None:
    options = ["同意", "反对", "弃权"] if kind == "stance" else PLACES
    heard = read(said, kind, options, {"most": 2} if kind == "multiple" else {})
    assert heard == (choice or "0,1")
