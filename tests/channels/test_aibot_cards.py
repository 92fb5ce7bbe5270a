"""What an 智能机器人 shows and hears of cards, whether by callback or over its own connection."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from wechatpy.work.crypto import PrpCrypto

from bot.channels.wecom_aibot_ws import AibotSocketChannel
from bot.message import Message, Outgoing, Reply, WireError
from domain.card import Card, Option
from tests.channels import kit

PAYLOADS = Path(__file__).parents[1] / "payloads"
FILES = sorted(path.name for path in PAYLOADS.glob("wecom_aibot.*.json"))
CARD = Card("poll-5", "P5 装电梯", says="P5", options=(Option("1", "1 同意"), Option("2", "2 反对")))
CHOSEN = Card("poll-5", "P5 装电梯", says="P5", options=(Option("1", "1 同意", checked=True), Option("2", "2 反对")))


def packet(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / name).read_text("utf-8").replace("{api_base}", kit.BASE))
    return found


def answered(name: str, reply: Reply) -> dict[str, Any]:
    """The body of our answer to a recorded callback."""
    channel, request = kit.channel(kit.AIBOT), kit.callback(kit.AIBOT, json.dumps(packet(name)))
    message = channel.parse(request, now=kit.NOW)
    assert message is not None
    outer = json.loads(channel.respond(request, message, reply).body)
    found: dict[str, Any] = json.loads(PrpCrypto(kit.crypto(kit.AIBOT).key).decrypt(outer["encrypt"], ""))
    return found


def framed(name: str) -> Message | None:
    channel = kit.channel(kit.AIBOT_WS, bot_name="小议")
    assert isinstance(channel, AibotSocketChannel)
    body = {key: value for key, value in packet(name).items() if key != "response_url"}
    return channel.read({"cmd": "x", "headers": {"req_id": "r1"}, "body": body}, now=kit.NOW)


def test_words_are_answered_with_a_card_beside_them() -> None:
    body = answered("wecom_aibot.group_text.json", Reply("P5 开始了", CARD))
    assert body["msgtype"] == "stream_with_template_card" and body["stream"]["content"] == "P5 开始了"
    assert body["stream"]["finish"] is True and body["template_card"]["task_id"].startswith("poll-5@")


def test_a_group_is_never_shown_what_one_of_them_chose() -> None:
    assert answered("wecom_aibot.group_text.json", Reply("记下了", CHOSEN))["msgtype"] == "stream"
    assert answered("wecom_aibot.private_text.json", Reply("记下了", CHOSEN))["msgtype"] == "stream_with_template_card"


def test_a_tap_in_a_group_changes_the_card_only_for_who_touched_it() -> None:
    body = answered("wecom_aibot.card_vote.json", Reply("记下了", CHOSEN))
    assert (body["response_type"], body["userids"]) == ("update_template_card", ["wangayi"])
    assert body["template_card"]["task_id"] == "poll-5@0123456789abcdef"
    assert [o["is_checked"] for o in body["template_card"]["checkbox"]["option_list"]] == [True, False]


def test_a_tap_answered_in_words_shows_them_on_the_card() -> None:
    body = answered("wecom_aibot.card_vote.json", Reply("这张卡片已经过时，没有执行。"))
    assert body["userids"] == ["wangayi"] and "过时" in json.dumps(body["template_card"], ensure_ascii=False)


@pytest.mark.parametrize("name", FILES)
def test_a_connection_hears_the_same_as_a_callback(name: str) -> None:
    by_callback = kit.channel(kit.AIBOT).parse(kit.callback(kit.AIBOT, json.dumps(packet(name))), now=kit.NOW)
    by_frame = framed(name)
    if by_callback is None or by_frame is None:
        assert by_callback is by_frame
        return
    for field in ("external_id", "sender", "kind", "text", "event", "chat", "quote", "tap"):
        assert getattr(by_callback, field) == getattr(by_frame, field), field
    assert (by_frame.reply_to is not None) == (by_frame.kind != "event" or by_frame.event == "enter_chat")


@pytest.mark.parametrize("frame", [{}, {"headers": {}}, {"headers": {"req_id": "r"}}, {"headers": {"req_id": "r"}, "body": []},
                                   {"headers": {"req_id": 5}, "body": {}}, {"headers": [], "body": {"msgtype": "text"}}])
def test_a_frame_that_makes_no_sense_is_refused(frame: dict[str, Any]) -> None:
    channel = kit.channel(kit.AIBOT_WS)
    assert isinstance(channel, AibotSocketChannel)
    with pytest.raises(WireError):
        channel.read(frame, now=kit.NOW)


class Line:
    """Notes what is sent and accepts it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any, str]] = []

    def request(self, cmd: str, body: Any = None, req_id: str = "") -> dict[str, Any]:
        """Accepts."""
        self.sent.append((cmd, body, req_id))
        return {"errcode": 0}


@pytest.mark.parametrize("name,late,command,chat", [
    ("wecom_aibot.group_text.json", timedelta(hours=23), "aibot_respond_msg", None),
    ("wecom_aibot.group_text.json", timedelta(hours=25), "aibot_send_msg", "group"),
    ("wecom_aibot.card_vote.json", timedelta(seconds=4), "aibot_respond_update_msg", None),
    ("wecom_aibot.card_vote.json", timedelta(seconds=6), "aibot_send_msg", "wangayi"),  # never to the group
    ("wecom_aibot.enter_chat.json", timedelta(seconds=4), "aibot_respond_welcome_msg", None),
])
def test_an_answer_takes_the_road_that_is_still_open(name: str, late: timedelta, command: str, chat: str | None) -> None:
    message, line = framed(name), Line()
    channel = AibotSocketChannel(kit.AIBOT_WS, clock=lambda: kit.NOW + late)
    channel.line = line  # type: ignore[assignment]
    assert message is not None and message.reply_to
    channel.send(Outgoing(message.reply_to, "text", text="记下了"))
    [(cmd, body, req_id)] = line.sent
    assert cmd == command
    if chat is None:
        assert req_id == "r1"
    else:
        assert (body["msgtype"], body["chatid"]) == ("markdown", message.chat if chat == "group" else chat)
