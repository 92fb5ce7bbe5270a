"""How residents vote, line by line: words => what is counted (numbers from 1), or why it is not."""

import json
from pathlib import Path

import pytest

from texts.choices import Choice, Unclear, poll_number, read_choice

DATA = Path("../shared/data").resolve()
STANCE = ("同意", "反对", "弃权")
SHED = ("3幢东侧空地", "车库入口旁", "北门围墙边")
MONEY = ("修监控", "换健身器材", "补种绿化", "修路灯")
BUILD = ("装", "不装")

STANCE_ROWS = """
1 => 1
2 => 2
3。 => 3
１ => 1
A => 1
b => 2
Ｃ => 3
① => 1
❷ => 2
一 => 1
三 => 3
第一个 => 1
第2个 => 2
第三项 => 3
选A => 1
投第二个 => 2
我要C => 3
我选1 => 1
我选2号 => 2
最后一个 => 3
方案一 => 1
选项2 => 2
同意 => 1
赞成 => 1
支持 => 1
可以 => 1
行 => 1
没意见 => 1
没问题 => 1
OK => 1
[OK] => 1
👍 => 1
👍🏻 => 1
[强] => 1
👌 => 1
同意！ => 1
同意👍 => 1
我同意 => 1
我也同意 => 1
我们家同意 => 1
坚决支持 => 1
举双手赞成 => 1
TongYi => 1
同异 => 1
同意了 => 1
反对 => 2
不同意 => 2
不赞成 => 2
不支持 => 2
不行 => 2
👎 => 2
👎🏿 => 2
[弱] => 2
坚决反对 => 2
我家反对！ => 2
弃权 => 3
我弃权 => 3
中立 => 3
1 同意 => 1
A.同意 => 1
行吧我同意,不过夜里得留个小门 => 1
反对，夜里太吵 => 2
同意。早就该装了 => 1
贊成 => 1
反對 => 2
同\u200b意 => 1
改反对 => 2!
改成2 => 2!
改投 C => 3!
我反悔了,反对 => 2!
换成A => 1!
从A改成B => 2!
投错了，选B => 2!
不对，应该是2 => 2!
我要改成弃权 => 3!
不反对 => weak_negation
没有不同意 => weak_negation
我不是不同意 => weak_negation
不太同意 => weak_negation
不选A => weak_negation
别改成B => weak_negation
应该同意吧 => weak_negation
要是不加钱我就举手 => conditional
如果便宜我就同意 => conditional
只要不摊钱，我同意 => conditional
除非补偿到位，我才同意 => conditional
先公示账目再投同意 => conditional
同意，前提是先公示 => conditional
我妈说她同意 => third_party
楼下老王同意 => third_party
我老公反对 => third_party
大家都同意 => third_party
王阿姨选A => third_party
听说3幢都反对 => third_party
替我妈投同意 => third_party
A还是B好？ => question
能选A吗 => question
同意吗 => question
我是租户,我也同意可以算吗 => question
选A行不行 => question
改成B吧可以吗 => question
我投票 => no_choice
投票 => no_choice
随便 => no_choice
都可以 => no_choice
改 => no_choice
D => invalid_option
4 => invalid_option
第五个 => invalid_option
选0 => invalid_option
1,2 => over_max
AB => over_max
同意，反对 => ambiguous
2 同意 => ambiguous
同意 弃权 => ambiguous
昨天我同意了 => ambiguous
我同意王阿姨的意见 => ambiguous
张三同意 => ambiguous
A股今天又跌了 => -
B超做了吗 => -
选C这题 => -
投A股 => -
A座电梯坏了 => -
A4纸谁有 => -
B站有视频 => -
C语言好学 => -
好的 => -
收到 => -
谢谢 => -
哈哈哈 => -
嗯 => -
在吗 => -
+1 => -
666 => -
110 => -
12345 => -
1号楼 => -
1楼 => -
一号楼电梯坏了 => -
1点见 => -
8:10 => -
3.5 => -
5月1日 => -
今天停水吗 => -
我明天去买菜 => -
改主意了 => -
改天再说 => -
一个 => -
大家怎么投的 => -
3幢2单元电梯停了一周没人修 => -
"""
SHED_ROWS = """
A => 1
选 A => 1
3幢东侧空地 => 1
东侧空地 => 1
投北门 => 3
选车库入口旁 => 2
支持车库入口旁 => 2
北门围墙边吧 => 3
同意A => 1
最后一个 => 3
我选A，离我家近 => 1
选3幢 => 1
3 => 3
A，离我家近 => ambiguous
我觉得车库入口旁比较好 => ambiguous
在北门围墙边等我 => ambiguous
同意 => no_choice
我妈选A => third_party
B还是C => question
D => invalid_option
第四个 => invalid_option
AC => over_max
北门 => -
可以 => -
👍 => -
A区 => -
不要北门 => -
"""
MONEY_ROWS = """
1和4 => 1,4
1 3 => 1,3
1、3 => 1,3
1，3 => 1,3
AC => 1,3
a c => 1,3
①③ => 1,3
第一个和第三个 => 1,3
一和三 => 1,3
前两个 => 1,2
修监控和修路灯 => 1,4
修监控、补种绿化 => 1,3
选1和2吧 => 1,2
我选A和D => 1,4
修路灯 => 4
2 => 2
改成1和2 => 1,2!
1,2,3 => over_max
ABC => over_max
都选 => no_choice
1、5 => invalid_option
1-3 => ambiguous
4/5 => -
bad => -
"""
BUILD_ROWS = """
装 => 1
不装 => 2
我要装 => 1
装吧 => 1
同意 => 1
反对 => 2
支持 => 1
不同意 => 2
1 => 1
装不装 => ambiguous
不想装 => -
"""


def rows() -> list[tuple[str, str, tuple[str, ...], int]]:
    tables = ((STANCE_ROWS, STANCE, 1), (SHED_ROWS, SHED, 1), (MONEY_ROWS, MONEY, 2), (BUILD_ROWS, BUILD, 1))
    lines = [(line.split(" => "), options, most) for table, options, most in tables for line in table.strip().splitlines()]
    return [(said.encode().decode("unicode_escape") if "\\u" in said else said, meant, options, most)
            for (said, meant), options, most in lines]


def written(said: str, options: tuple[str, ...], most: int) -> str:
    read = read_choice(said, options, most=most)
    if isinstance(read, Unclear):
        return read.reason
    return "-" if read is None else ",".join(str(i + 1) for i in sorted(read.options)) + "!" * read.change


@pytest.mark.parametrize(("said", "meant", "options", "most"), rows())
def test_words_are_read_as_meant(said: str, meant: str, options: tuple[str, ...], most: int) -> None:
    assert written(said, options, most) == meant


def test_the_table_is_large_enough() -> None:
    assert len(rows()) >= 150


def test_zero_width_characters_change_nothing() -> None:
    assert read_choice("同\u200b意", STANCE) == read_choice("同意", STANCE) == Choice(frozenset({0}))


def test_options_may_carry_their_letters() -> None:
    assert read_choice("车库入口旁", ["A 3幢东侧空地", "B 车库入口旁"]) == Choice(frozenset({1}))


def test_an_option_that_sounds_like_a_doubt_can_be_chosen() -> None:
    options = ["同意", "反对", "看情况再说", "如果便宜就装"]
    assert read_choice("看情况再说", options) == Choice(frozenset({2}))
    assert read_choice("我选如果便宜就装", options) == Choice(frozenset({3}))


def test_an_option_that_is_the_number_of_another_is_asked_about() -> None:
    assert read_choice("2", ["3", "2", "1"]) == Choice(frozenset({1}))
    assert read_choice("3", ["3", "2", "1"]) == Unclear("ambiguous")


def test_two_ways_to_agree_are_asked_about() -> None:
    options = ["同意1万以内", "同意2万以内", "不同意"]
    assert read_choice("同意", options) == Unclear("no_choice")
    assert read_choice("不同意", options) == Choice(frozenset({2}))


@pytest.mark.parametrize(("said", "number", "rest"), [
    ("P5 同意", 5, "同意"), ("p12选A", 12, "选A"), ("Ｐ５　同意", 5, "同意"), ("投票P5：反对", 5, "反对"), ("P5",
        5, ""), ("同意", None, "同意"),
    ("PP", None, "PP"), ("P5同意", 5, "同意"), ("P1234567 同意", None, "P1234567 同意")])
def test_the_poll_is_named_first(said: str, number: int | None, rest: str) -> None:
    assert poll_number(said) == (number, rest)


@pytest.mark.skipif(not DATA.exists(), reason="the development data are not on this machine")
def test_labelled_examples_of_votes() -> None:
    wrong = []
    for line in (DATA / "intents/examples.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        polls = row["context"].get("open_polls", [])
        if not polls:
            continue
        number, rest = poll_number(row["text"])
        poll = next((p for p in polls if p["id"] == f"P{number}"), polls[0])
        read = read_choice(rest, poll["options"], most=poll.get("max", 1))
        marked = sorted(read.options) if isinstance(read, Choice) else []
        wanted = [i for i, o in enumerate(poll["options"]) if set(row["slots"].get("choice", [])) & {o, o[0], o[2:]}]
        counted = row["intent"] in ("vote", "change_vote")
        unclear = row["intent"] == "vote_unclear" and not isinstance(read, Unclear)
        if marked != (wanted if counted else []) or unclear:
            wrong.append((row["text"], row["intent"], read))
    assert wrong == []


@pytest.mark.skipif(not DATA.exists(), reason="the development data are not on this machine")
def test_real_chat_is_almost_never_counted() -> None:
    texts = [json.loads(line)["text"] for line in (DATA / "chat/not_issues.jsonl").read_text("utf-8").splitlines()]
    counted = [t for t in texts if isinstance(read_choice(t, STANCE), Choice)]
    assert len(counted) <= 4, counted  # single words such as 我赞同, which are votes when said to the bot


def test_an_option_of_nothing_but_marks_does_not_stop_the_reading() -> None:
    """It has no words to be chosen by, only its number; the others are read as ever."""
    options = ['"', "。。", "同意"]
    assert read_choice("2", options) == Choice(frozenset({1})) and read_choice("同意", options) == Choice(frozenset({2}))
    for said in ('"', "<a href=x>点我</a>", "随便说说"):
        assert not isinstance(read_choice(said, options), Choice)
