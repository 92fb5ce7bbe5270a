"""The words of a week: what several people speak of, without names and numbers."""

import pytest

from texts.keywords import Told, hot_words, keywords


@pytest.mark.parametrize(("title", "words"), [
    ("3幢2单元电梯停运一周没人修", ["电梯", "停运"]), ("张建国家的狗半夜乱叫扰民", ["乱叫", "扰民"]), ("王阿姨家漏水",
        ["漏水"]), ("电话13812345678找李伟", ["电话"]),
    ("物业费涨到3元", ["物业费"])])
def test_keywords_are_things_and_never_people(title: str, words: list[str]) -> None:
    assert keywords(title) == words


def test_what_one_person_says_twice_is_no_topic() -> None:
    assert hot_words([Told(1, "电梯停运", 7, 0), Told(2, "电梯又停运", 7, 0)], [], most=5) == []
    assert hot_words([Told(1, "电梯停运", 7, 0), Told(2, "电梯又停运", 8, 0)], [], most=5) == [("电梯停运", [1, 2], 2)]


def test_one_issue_with_many_behind_it_is_a_topic() -> None:
    assert hot_words([Told(1, "电梯停运", 7, 2)], [], most=5) == [("电梯停运", [1], 3)]
    assert hot_words([Told(1, "电梯停运", 7, 1)], [], most=5) == []


def test_what_is_said_here_all_the_time_stands_behind_what_is_new() -> None:
    week = [Told(1, "车位紧张", 1, 0), Told(2, "车位难找", 2, 0), Told(3, "停水没人说", 3, 0), Told(4, "又停水", 4, 0)]
    assert [w for w, _, _ in hot_words(week, ["车位被占"] * 30, most=5)] == ["停水", "车位"]
    assert len(hot_words(week, [], most=1)) == 1
