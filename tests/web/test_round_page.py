"""The page of a round: one statement, three buttons, one's own answers to change; the same votes as in chat."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from models.rounds import opinion_vote
from services import pages
from tests.web.town import Town

ROUND = pages.path_of("round", "test", 1)
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the page, not the SQL


def votes(town: Town) -> list[int]:
    """The values of 李叔's and others' votes on the three seeds, in the order in which they stand."""
    with town.stage.db.read() as tx:
        return [r.value for r in tx.all(select(opinion_vote.c.value).order_by(opinion_vote.c.opinion_id, opinion_vote.c.person_id))]


@pytest.fixture
def opened(town: Town) -> Town:
    """A round with three seeds."""
    town.stage.play("周敏(私聊): 发起征言 I1 电梯怎么办 3天 种子 先修再说；整部换新；一楼少出一点")
    return town


def test_statements_are_answered_one_after_the_other_and_answers_changed(opened: Town) -> None:
    """Begin, answer, the next at once; the last page says that all was seen; one answer is changed later."""
    phone = opened.phone("李叔")
    first = opened.press(phone, ROUND, "看一条").text
    assert len(re.findall(r'class="answer', first)) == 3 and "主持人先放的" in first and "今天第" not in first
    second = opened.press(phone, ROUND, "同意").text
    assert "同意，记下了。" in second and votes(opened) == [1]
    opened.press(phone, ROUND, "不同意")
    last = opened.press(phone, ROUND, "跳过").text
    assert "现在的都看完了" in last and 'class="answer' not in last and sorted(votes(opened)) == [-1, 0, 1]
    assert "改成" in opened.press(phone, ROUND, "改成跳过").text and "我的 3 个回答" in phone.get(ROUND).text
    assert sum(votes(opened)) in (0, -1, 1) and len(votes(opened)) == 3
    assert "正在征言" in phone.get("/m/test/").text and ROUND in phone.get("/m/test/").text


def test_a_form_sent_twice_is_one_vote_and_a_statement_can_be_said_here(opened: Town) -> None:
    """And what somebody says is masked and shows up for the others."""
    phone = opened.phone("李叔")
    opened.press(phone, ROUND, "看一条")
    page = phone.get(ROUND).text
    form: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("</form>")[0]))
    form["says"] = re.findall(r'name="says" value="([^"]*)"', page)[0]
    assert [phone.post("/m/test/say", data=form).status_code for _ in range(2)] == [302, 302] and len(votes(opened)) == 1
    said = opened.press(phone, ROUND, "放进征言", words="<b>换电梯</b>找13812345678").text
    assert "记下了，第 4 条" in said and "138****5678" in said and "<b>换电梯" not in said


def test_who_is_a_stranger_or_comes_too_late_cannot_answer(opened: Town) -> None:
    """They see what it is about; a guessed address does not exist."""
    stranger = opened.phone().get(ROUND)
    assert stranger.status_code == 200 and "<form" not in stranger.text and "用微信登录" in stranger.text
    phone = opened.phone("李叔")
    assert phone.get(ROUND[:-1] + ("0" if ROUND[-1] != "0" else "1")).status_code == 404
    assert phone.get(ROUND.replace("V1-", "V2-")).status_code == 404 and phone.get(ROUND.replace("V1-", "P1-")).status_code == 404
    opened.stage.play("周敏(私聊): 结束征言 I1")
    assert "不再收意见" in phone.get(ROUND).text and "<form" not in phone.get(ROUND).text
