"""What holds for cards: they say what the words say, come again with a repeat, and keep no secret that the words do not keep."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from redis import Redis
from sqlalchemy import select

from bot.message import Message, Reply, Tap
from domain.card import Button, Card, Option, Select, words_of
from models.base import Database
from models.tables import ballot_log
from models.tables import message as inbox
from tests.bot.test_pipeline import CANARY, everything
from tests.chat_script import Stage

TEXT = some.text(max_size=12)
OPTIONS = some.lists(some.builds(Option, TEXT, TEXT, some.booleans()), max_size=4).map(tuple)


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A group with a grid worker and two residents."""
    found = Stage(db, redis)
    found.play("时间 2026-03-02 10:00")
    found.play("群 翠苑三区: 周敏=网格员, 李叔, 陈老师")
    yield found
    found.close()


def hear(stage: Stage, sender: str, text: str, *, tap: Tap | None = None, chat: str | None = None, external_id: str = "") -> Reply:
    """One message, touched or typed, and its whole answer."""
    stage.count += 1
    stage.now += timedelta(seconds=1)
    channel = "aibot" if chat else "mp"
    reply = stage.pipeline.hear(stage.channels[channel], Message(
        channel, external_id or f"t{stage.count}", sender, stage.now, text=text, tap=tap, chat=chat))
    assert reply is not None
    return reply


@given(some.builds(Card, TEXT, TEXT, TEXT, TEXT, OPTIONS, some.integers(1, 5), some.lists(
    some.builds(Select, TEXT, TEXT, OPTIONS), max_size=3).map(tuple), some.lists(some.builds(Button, TEXT, TEXT), max_size=3).map(tuple)))
def test_a_card_survives_the_database(card: Card) -> None:
    """What is packed is what is unpacked."""
    assert Card.unpack(card.pack()) == card


def test_a_tap_says_its_key_and_what_was_chosen() -> None:
    """As one would type it."""
    assert words_of("附议 I7") == "附议 I7" and words_of("P5", ["1", "3"]) == "P5 1、3"


def test_a_repeated_tap_gets_the_same_card_and_counts_once(stage: Stage) -> None:
    """The platform may deliver again; the ballot is in once."""
    stage.play("周敏: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    tap = Tap("poll-1")
    first = hear(stage, "u-李叔", "P1 2", tap=tap, chat="翠苑三区", external_id="same")
    again = hear(stage, "u-李叔", "P1 2", tap=tap, chat="翠苑三区", external_id="same")
    assert first.card == again.card and first.card is not None
    assert [o.checked for o in first.card.options] == [False, True]
    with stage.db.read() as tx:
        assert [row.choice for row in tx.all(select(ballot_log))] == ["1"]


def test_a_secret_ballot_is_on_no_stored_card(stage: Stage) -> None:
    """The card in the answer shows the choice to its owner; the record does not."""
    stage.play("周敏: 发起投票 换不换物业 选项 换 不换 匿名 截止 明晚8点")
    reply = hear(stage, "u-李叔", "P1 1", tap=Tap("poll-1"), chat="翠苑三区")
    assert reply.card is not None and reply.card.options[0].checked
    with stage.db.read() as tx:
        kept = tx.all(select(inbox.c.card, inbox.c.reply).where(inbox.c.intent == "vote.secret"))
    assert kept and all(row.card is None and row.reply is None for row in kept)


def test_a_typed_vote_in_a_group_shows_no_choice_on_a_card(stage: Stage) -> None:
    """Neighbours would see it."""
    stage.play("周敏: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    assert hear(stage, "u-李叔", "P1 1", chat="翠苑三区").card is None


def test_erasing_also_clears_the_cards_that_named_an_issue(stage: Stage) -> None:
    """The title was the person's own words."""
    stage.play(f"李叔: 反映 {CANARY}电梯坏了没人修")
    assert hear(stage, "u-陈老师", "I1", chat="翠苑三区").text
    stage.play("李叔(私聊): 删除我的数据")
    stage.play("李叔(私聊): 1")
    assert CANARY not in everything(stage.db)


@pytest.mark.parametrize("about", ["ask-", "ask-x", "ask-999999999999999999", "ask--1", "ask-2"])
def test_a_forged_question_is_over(stage: Stage, about: str) -> None:
    """Whatever stands on a card, only the open question can be answered by touch."""
    stage.play("李叔(私聊): 删除我的数据")
    reply = hear(stage, "o-李叔", "1", tap=Tap(about))
    assert "过时" in reply.text or "已删除" not in reply.text
    with stage.db.read() as tx:
        assert tx.first(select(inbox.c.id).where(inbox.c.intent == "privacy.delete")) is None


def test_staff_put_a_category_right_with_one_choice(stage: Stage) -> None:
    """The list of the card says what `I1 类别 停车` says; a resident gets the neighbours' card instead."""
    stage.play("李叔: 反映 楼下电梯坏了没人修")
    card = hear(stage, "o-周敏", "I1", tap=Tap("issue-1")).card
    assert card is not None and len(card.selects[0].options) == 10 and card.selects[0].options[0].checked
    other = card.selects[0].options[1]
    assert other.text in hear(stage, "o-周敏", words_of(card.says, [other.id]), tap=Tap(card.about)).text
    assert other.text in stage.play("周敏(私聊): I1")[0]
    theirs = hear(stage, "o-陈老师", "I1", tap=Tap("issue-1")).card
    assert theirs is not None and not theirs.selects and theirs.buttons[0].says == "附议 I1"
