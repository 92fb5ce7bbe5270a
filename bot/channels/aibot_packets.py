"""What an 智能机器人 hears and how its answers look: the same JSON whether it comes by callback or by WebSocket."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.channels.cards import draw, touched
from bot.channels.wording import calm, clip, legal
from bot.message import Media, Message, Reply, WireError, task_id
from domain.card import Card

URL = re.compile(r"[!-~]{1,1024}", re.ASCII)
MOST_PICTURES = 9  # of one message
_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


class Ears:
    """Reads the packets of one bot, whose mention is no part of the words."""

    def __init__(self, channel: str, bot_name: str):
        name = re.escape(bot_name)
        self.channel = channel
        self._mention = re.compile(rf"\A\s*(?:@{name}\s*)+|(?<=\s)@{name}(?=\s|\Z)")  # \s knows U+2005

    def read(self, packet: dict[str, Any], at: int) -> Message | None:
        """The packet as a message; None when the platform only asks how a reply goes on: ours are finished at once."""
        kind = name_of(packet, "msgtype")
        if kind == "stream":
            return None
        return self._event(packet, at) if kind == "event" else self._said(packet, kind, at)

    def _said(self, packet: dict[str, Any], kind: str, at: int) -> Message:
        words, media = _words(packet, kind), _pictures(packet, kind)
        text = "" if words is None else self._mention.sub("", legal(words)).strip()
        quote = packet.get("quote")
        quoted = _words(object_of(quote), str(quote.get("msgtype"))) if isinstance(quote, dict) else None
        return Message(self.channel, name_of(packet, "msgid"), _sender(packet), datetime.fromtimestamp(at, UTC),
                       kind="image" if media and not text else "other" if words is None else "text", media=media, text=text,
                       chat=_chat(packet), quote=None if quoted is None else legal(quoted), reply_to=_late(packet))

    def _event(self, packet: dict[str, Any], at: int) -> Message:
        content = object_of(packet.get("event"))
        event = name_of(content, "eventtype")
        created = packet.get("create_time", at)
        if not isinstance(created, int) or isinstance(created, bool) or not 0 < created < 1 << 33:
            raise WireError("create_time is not a time", 400)
        sender, chat = _sender(packet), _chat(packet)
        made_of = "\x1f".join((sender, chat or "", str(created), event))
        heard = Message(self.channel, name_of(packet, "msgid") if "msgid" in packet else
                        "event-" + hashlib.sha256(made_of.encode()).hexdigest()[:40],
                        sender, datetime.fromtimestamp(created, UTC), kind="event", event=event, chat=chat)
        if event != "template_card_event":
            return heard
        words, tap = touched(object_of(content.get(event)))
        return replace(heard, kind="text", event="", text=legal(words), tap=tap, reply_to=_late(packet))


def answer(message: Message, reply: Reply, most: int) -> dict[str, Any] | None:
    """The body that answers the message; None where silence is right."""
    if not reply.text or (message.kind == "event" and message.event != "enter_chat"):
        return None
    words = clip(calm(legal(reply.text)), most)
    if message.tap is not None:
        return update(message, words, reply.card)
    if message.event == "enter_chat":
        return {"msgtype": "text", "text": {"content": words}}
    stream: dict[str, Any] = {"id": message.external_id, "finish": True, "content": words}
    if reply.card is None or (message.chat and shows_choice(reply.card)):  # a group must not see what one of them chose
        return {"msgtype": "stream", "stream": stream}
    return {"msgtype": "stream_with_template_card", "stream": stream, "template_card": draw(reply.card, _task(message, reply.card))}


def update(message: Message, words: str, card: Card | None) -> dict[str, Any]:
    """The touched card as it looks now; in a group only for who touched it. Without a card, the words stand on one."""
    assert message.tap is not None
    shown = card or Card(message.tap.about, title=words, text=words)
    body: dict[str, Any] = {"response_type": "update_template_card", "template_card": draw(shown, message.tap.task_id)}
    return body | {"userids": [message.sender]} if message.chat else body


def shows_choice(card: Card) -> bool:
    """True when the card tells what somebody chose."""
    return any(o.checked for o in card.options) or any(o.checked for s in card.selects for o in s.options)


def json_of(text: bytes) -> Any:
    """The JSON in the bytes; WireError when it is none."""
    try:
        return json.loads(str(text, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {type(error).__name__}", 400) from None


def object_of(value: Any) -> dict[str, Any]:
    """The value, if it is a JSON object."""
    if not isinstance(value, dict):
        raise WireError("not an object", 400)
    return value


def name_of(packet: dict[str, Any], field: str) -> str:
    """An identifier of the platform."""
    value = packet.get(field)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WireError(f"{field} has a strange form", 400)
    return value


def _task(message: Message, card: Card) -> str:
    return task_id(card.about, f"{message.channel}:{message.external_id}")


def _late(packet: dict[str, Any]) -> str | None:
    url = packet.get("response_url")
    return url if isinstance(url, str) and URL.fullmatch(url) else None


def _sender(packet: dict[str, Any]) -> str:
    return name_of(object_of(packet.get("from")), "userid")


def _chat(packet: dict[str, Any]) -> str | None:
    """The group's id; a private chat has none, and a group must."""
    where = name_of(packet, "chattype") if "chattype" in packet else "single"
    if where not in ("single", "group"):
        raise WireError("an unknown chattype", 400)
    return name_of(packet, "chatid") if where == "group" else None


def _pictures(packet: dict[str, Any], kind: str) -> tuple[Media, ...]:
    """The pictures of an image or a mixed message."""
    if kind == "mixed":
        items = object_of(packet.get("mixed")).get("msg_item")
        parts = [object_of(item) for item in items if object_of(item).get("msgtype") == "image"] if isinstance(items, list) else []
    else:
        parts = [packet] if kind == "image" else []
    found = [object_of(part.get("image")) for part in parts][:MOST_PICTURES]
    return tuple(Media(url=str(each.get("url", ""))[:2048], key=str(each.get("aeskey", ""))[:64]) for each in found)


def _words(packet: dict[str, Any], kind: str) -> str | None:
    """What a text, a spoken or a mixed message says; None when it is none of them."""
    if kind in ("text", "voice"):
        words = object_of(packet.get(kind)).get("content")
        if not isinstance(words, str):
            raise WireError("content is not text", 400)
        return words
    if kind != "mixed":
        return None
    items = object_of(packet.get("mixed")).get("msg_item")
    if not isinstance(items, list):
        raise WireError("msg_item is not a list", 400)
    said = [_words(object_of(item), "text") for item in items if object_of(item).get("msgtype") == "text"]
    return "\n".join(words for words in said if words) if said else None
