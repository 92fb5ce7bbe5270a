"""What residents see of a bot on its own connection: words, cards, and one ballot whichever way it was cast."""

from datetime import UTC, datetime, time

import pytest
from sqlalchemy import select, update

from domain.clock import QuietHours
from models.tables import ballot, chat, identity, outbox
from services import outbox as queue
from tests.aibot.conftest import BOT, COUNCIL, Town, until

OPEN = "发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点"


def poll_card(town: Town) -> dict[str, object]:
    """A poll opened in the group, and its card there."""
    town.start()
    town.connected()
    assert "P1" in town.ask("周敏", OPEN)
    return town.event("card", chat=COUNCIL, person="")


def choices(town: Town) -> list[str]:
    """The ballots as they are."""
    with town.db.read() as tx:
        return [row.choice for row in tx.all(select(ballot.c.choice).order_by(ballot.c.id))]


def test_a_question_in_the_group_is_answered_there(town: Town) -> None:
    town.start()
    town.connected()
    assert "议题" in town.ask("王阿姨", "帮助")
    assert town.event("reply")["chat"] == COUNCIL


def test_a_private_question_is_answered_in_private(town: Town) -> None:
    town.start()
    town.connected()
    assert "议题" in town.ask("王阿姨", "帮助", BOT)
    assert town.event("reply")["chat"] == BOT


def test_who_opens_the_chat_is_welcomed(town: Town) -> None:
    town.start()
    town.connected()
    heard_id, _ = town.sim.happen("李叔", BOT, "enter_chat")
    assert "小议" in town.answer(heard_id)


def test_a_poll_goes_out_as_a_card_and_a_tap_is_a_ballot(town: Town) -> None:
    card = poll_card(town)
    assert card["card"]["card_type"] == "vote_interaction"
    town.tap("王阿姨", card, "P1", "1")
    changed = town.event("card_update", id=card["id"])
    assert changed["person"] == "王阿姨"  # nobody else's phone changes
    assert [o["is_checked"] for o in changed["card"]["checkbox"]["option_list"]] == [True, False]
    assert choices(town) == ["0"]


def test_words_beside_the_card_change_the_same_ballot(town: Town) -> None:
    card = poll_card(town)
    town.tap("王阿姨", card, "P1", "1")
    town.event("card_update", person="王阿姨")
    assert "反对" in town.ask("王阿姨", "P1 反对")
    assert choices(town) == ["1"]
    said = [e for e in town.sim.feed.after(0) if e["type"] in ("card", "card_update") and e["person"] == ""]
    assert not any(o["is_checked"] for e in said for o in e["card"]["checkbox"]["option_list"])  # the group sees no choice


def test_a_closed_poll_is_disabled_when_it_is_touched(town: Town) -> None:
    card = poll_card(town)
    assert "P1" in town.ask("周敏", "结束 P1 大家都投过了", BOT)
    town.tap("王阿姨", card, "P1", "1")
    changed = town.event("card_update", person="王阿姨")["card"]
    assert changed["checkbox"]["disable"] is True and choices(town) == []


def test_a_secret_answer_does_not_lie_open_in_the_outbox(town: Town) -> None:
    town.start()
    town.connected()
    code = town.ask("周敏", "绑定码 3幢2单元501", BOT)
    digits = "".join(c for c in code if c.isdigit())
    assert len(digits) >= 6
    with town.db.read() as tx:
        rows = tx.all(select(outbox.c.text, outbox.c.facts))
    assert rows and all(row.text == "" and row.facts is None for row in rows)


def test_words_in_a_group_do_not_open_a_private_chat(town: Town) -> None:
    """The platform refuses (93006) who never spoke to the bot alone: they are not tried; where they were, once and not again."""
    town.start()
    town.connected()
    town.ask("周敏", "你好")
    mine = select(identity).where(identity.c.channel == "aibot_ws", identity.c.external_id == "zhoumin")
    with town.db.write() as tx:
        who, now = tx.execute(mine).one(), datetime.now(UTC)
        assert who.heard_at is None and not queue.reaches(tx, who.person_id, now)
        tx.execute(update(identity).where(identity.c.id == who.id).values(heard_at=now))  # as an older version kept it
        assert queue.to_person(tx, person_id=who.person_id, key="news", text="有一件事", now=now, quiet=False)
    until(lambda: not waiting(town))
    with town.db.read() as tx:
        assert [row.error for row in tx.all(select(outbox).where(outbox.c.key == "news"))] == ["errcode 93006"]
        assert not queue.reaches(tx, who.person_id, datetime.now(UTC))
    town.ask("周敏", "你好", BOT)
    with town.db.read() as tx:
        assert queue.reaches(tx, who.person_id, datetime.now(UTC))


def test_a_slow_answer_is_announced_and_replaces_the_announcement(town: Town) -> None:
    owner = town.start()
    town.connected()
    with town.db.write():  # somebody else writes; the answer has to wait
        heard_id = town.say("王阿姨", "帮助")
        first = town.event("reply", reply_to=heard_id)
        assert first["text"].startswith("正在处理")
    assert "议题" in town.answer(heard_id)
    shown = [e for e in town.sim.feed.after(0) if e["type"] == "reply"]
    assert len(shown) == 2 and shown[0]["stream"] == shown[1]["stream"]
    town.stop(owner)


def test_an_answer_that_comes_too_late_for_its_stream_is_pushed(town: Town) -> None:
    town.start()
    town.connected()
    town.client.post("/sim/faults", json={"socket": {"errcode": 846608, "times": 1}})
    town.say("王阿姨", "帮助")
    assert "议题" in town.event("post", chat=COUNCIL)["text"]
    until(lambda: not waiting(town))


def waiting(town: Town) -> bool:
    """True while something is still to be sent."""
    with town.db.read() as tx:
        return bool(tx.all(select(outbox.c.id).where(outbox.c.state.in_(["waiting", "sending"]))))


def test_a_result_comes_with_its_picture(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUIET", QuietHours(time(0), time(0)))  # whatever the time is
    card = poll_card(town)
    town.tap("王阿姨", card, "P1", "1")
    town.event("card_update", person="王阿姨")
    town.ask("周敏", "结束 P1 演示到此")
    shown = town.event("picture", chat=COUNCIL)
    assert town.client.get(shown["image"]).data.startswith(b"\x89PNG")
    words = next(e for e in town.sim.feed.after(0) if e["type"] == "post" and "意向征集结果" in e["text"])
    assert words["n"] < shown["n"] and words["chat"] == COUNCIL


def test_news_wait_for_a_word_in_the_group_and_come_with_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUIET", QuietHours(time(0), time(0)))  # whatever the time is
    town.start()
    town.connected()
    town.ask("周敏", "帮助", BOT)  # in private: that opens no group
    with town.db.write() as tx:
        group = tx.scalar(select(chat.c.id).where(chat.c.name == COUNCIL))
        queue.to_chat(tx, chat_id=group, key="news", text="明天停水", now=datetime.now(UTC))
    told = town.event("post", person="周敏")
    assert COUNCIL in told["text"] and "你好" in told["text"]
    assert not [e for e in town.sim.feed.after(0) if e["type"] == "post" and e["chat"] == COUNCIL]
    town.say("王阿姨", "你好")
    assert town.event("post", chat=COUNCIL, person="")["text"] == "明天停水"
