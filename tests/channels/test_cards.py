"""Cards as 企业微信 draws them, and what is read when one is touched."""

from typing import Any

import pytest

from bot.channels.cards import draw, touched
from bot.message import WireError, task_id
from domain.card import Button, Card, Option, Select

VOTE = Card("poll-12", "P5 要不要装电梯", "每人一票", says="P5", options=(Option("1", "1 同意"), Option("2", "2 反对", True)))
BUTTONS = Card("issue-7", "I7 电梯坏了", buttons=(Button("附议 I7", "附议", True), Button("I7", "看进展")))
TASK = task_id("poll-12", "poll:12:open:chat:3")


def test_a_vote_is_drawn_with_its_options_and_the_mark_of_who_voted() -> None:
    """Single choice, both options, one of them marked."""
    drawn = draw(VOTE, TASK)
    assert drawn["card_type"] == "vote_interaction" and drawn["task_id"] == TASK
    assert drawn["checkbox"]["mode"] == 0 and drawn["checkbox"]["disable"] is False
    assert [(o["id"], o["is_checked"]) for o in drawn["checkbox"]["option_list"]] == [("1", False), ("2", True)]
    assert drawn["submit_button"]["key"] == "P5"


def test_a_closed_poll_cannot_be_touched() -> None:
    """Its boxes are dead and the button says why."""
    drawn = draw(Card("poll-12", "P5", says="P5", options=VOTE.options, closed="已结束"), TASK)
    assert drawn["checkbox"]["disable"] is True and drawn["submit_button"]["text"] == "已结束"


def test_each_sending_of_a_card_has_a_name_of_its_own() -> None:
    """The platform wants a task_id to be unique and of few characters."""
    assert task_id("poll-12", "a") != task_id("poll-12", "b")
    assert len(TASK) <= 128 and set(TASK) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_@-")


def test_buttons_selects_and_notices_are_drawn_within_their_limits() -> None:
    """Six buttons, three lists of ten; a notice leads somewhere."""
    assert [b["key"] for b in draw(BUTTONS, TASK)["button_list"]] == ["附议 I7", "I7"]
    many = tuple(Option(str(n), "很长很长的一个选项名字啊啊啊") for n in range(20))
    lists = draw(Card("x-1", "t", says="评价", selects=tuple(Select(str(n), "t", many) for n in range(5))), TASK)["select_list"]
    assert len(lists) == 3 and all(len(s["option_list"]) == 10 and len(s["option_list"][0]["text"]) <= 10 for s in lists)
    assert draw(Card("x-1", "t", url="https://a/b"), TASK)["card_action"] == {"type": 1, "url": "https://a/b"}


@pytest.mark.parametrize(("items", "words"), [
    ({"selected_item": [{"question_key": "choice", "option_ids": {"option_id": ["1", "3"]}}]}, "P5 1、3"),
    ({"selected_item": {"question_key": "choice", "option_ids": {"option_id": "2"}}}, "P5 2"),
    (None, "P5"), ({"selected_item": []}, "P5")])
def test_a_tap_says_what_one_would_have_typed(items: Any, words: str) -> None:
    """One item may come bare, several as a list."""
    said, tap = touched({"event_key": "P5", "task_id": TASK, "selected_items": items, "response_code": "c"})
    assert said == words and tap.about == "poll-12" and tap.code == "c"


@pytest.mark.parametrize("event", [{}, {"event_key": "P5"}, {"event_key": 5, "task_id": TASK}, {
    "event_key": "P5", "task_id": TASK, "selected_items": {"selected_item": {"option_ids": {"option_id": ["1"] * 21}}}}, {
    "event_key": "P5", "task_id": TASK, "selected_items": "x"}])
def test_what_the_platform_would_not_write_is_refused(event: dict[str, Any]) -> None:
    """A forged or broken event is no tap."""
    with pytest.raises(WireError):
        touched(event)
