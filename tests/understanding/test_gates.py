"""Sentences that nearly say something: half a vote, somebody else's vote, a choice about something else, a danger in odd words."""

import pytest

from bot.understand import understand
from texts import words
from understanding import trained
from understanding.context import Context, PollSeen
from understanding.meaning import Meaning

STANCE = PollSeen("P3", "南门夜间是否关闭", ("同意", "反对", "弃权"), kind="stance")
PLACES = PollSeen("P5", "电动车棚选址", ("A 3幢东侧空地", "B 车库入口旁", "C 北门围墙边"))
COUNTED = {"vote", "change_vote"}
HALF = """三楼都同意|同意不了一点|同意个屁|我同意你个大头鬼|同意同意,才怪|同意一半|有条件同意|差点就投同意了|先别算我,同意|
我还没决定同意|要投同意也得先看方案|同意的人太少了|谁同意谁是傻子|该同意还是该反对我想想|原则上同意,细节再议|我妈说同意|
隔壁老王投的反对|也不是不同意|谈不上反对|同意也行反对也行|凭什么反对|不一定同意|假如晚上十点后关我就同意"""
TURNED_DOWN = "A不行|除了A|不要A|别选A|选A的都是3幢的吧|A比B好一点吧|A还是算了|反正不能是C|不是A|我不选B|A为什么不行|D"
ELSEWHERE = "反对加班|支持国货|同意好友申请一下|同意,今天确实热|弃权了弃权了,这局打不过"
DANGERS = """119 电瓶车充电炸了火好大|119 着货了着货了 五栋|119 不是演习,真着火了|110 楼上男的说要炸楼|110 楼下两伙人打群架|
110 小偷进屋了|120 小孩掉水池里了|120 掉窨井里了,人还在里头|0 楼上又在炒辣椒呛得跟着火似的|0 演习用的烟雾弹大家别慌|
0 手机掉水池里了|0 万一起火通道都堵死了"""
PLAIN = "同意|我同意|反对|同意,不过夜里得留个小门|行吧我同意|我家同意|支持关门|反对反对|不同意,太不方便"
words.load()


def meant(text: str, context: Context) -> Meaning:
    """What is understood, by the code that the pipeline runs."""
    return understand(text, context, trained.reader())


@pytest.mark.parametrize("text", HALF.replace("\n", "").split("|"))
@pytest.mark.parametrize("private", [False, True])
def test_half_a_vote_and_somebody_elses_vote_are_not_counted(text: str, private: bool) -> None:
    """They may be asked about."""
    assert meant(text, Context(open_polls=[STANCE], private=private)).intent not in COUNTED


@pytest.mark.parametrize("text", TURNED_DOWN.split("|"))
@pytest.mark.parametrize("private", [False, True])
def test_an_option_that_is_turned_down_gets_no_vote(text: str, private: bool) -> None:
    """Least of all a vote for it."""
    assert meant(text, Context(open_polls=[PLACES], private=private)).intent not in COUNTED


@pytest.mark.parametrize("text", ELSEWHERE.split("|"))
def test_a_choice_about_something_else_is_chat(text: str) -> None:
    """Among neighbours, while a poll is open."""
    assert meant(text, Context(open_polls=[STANCE])).intent not in COUNTED


@pytest.mark.parametrize("text", PLAIN.split("|"))
def test_a_vote_with_a_remark_is_still_a_vote(text: str) -> None:
    """The rules above forbid no more than they must."""
    assert meant(text, Context(open_polls=[STANCE], private=True)).intent in COUNTED


@pytest.mark.parametrize("line", DANGERS.replace("\n", "").split("|"))
def test_a_danger_brings_its_number_first_and_a_tale_does_not(line: str) -> None:
    """119, 110, 120, or none."""
    number, text = line.split(" ", 1)
    assert meant(text, Context()).slots.get("hotline") == (None if number == "0" else number)
