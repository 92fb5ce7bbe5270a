"""Callback packets as the platform writes them, and the app's passive answers as the platform reads them."""

import json
import secrets
from dataclasses import dataclass
from hashlib import sha1
from typing import Any
from xml.etree import ElementTree

from simulator import app_packets, crypto
from simulator.template import BadCard, check
from simulator.world import SimAccount

MP_REPLY_BYTES = 2048
AIBOT_REPLY_BYTES = 20480


class BadAnswer(Exception):
    """The app's 200 is not an answer the platform can read."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One signed request, ready for the wire."""

    params: dict[str, str]
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One message or event inside the platform, before it is wrapped for an account."""

    id: str
    created: int
    sender: str  # openid or userid
    text: str = ""
    event: str = ""
    chatid: str = ""  # empty in private
    quote: str = ""
    response_url: str = ""
    key: str = ""  # of an event at a 公众号
    more: str = ""  # and what else stands in it, as XML
    tap: dict[str, Any] | None = None  # what was touched on a card
    media: str = ""  # of a picture: its media_id
    image: dict[str, str] | None = None  # and where an 智能机器人 finds it


class WithCard(str):
    """An answer's words, and the card that came with them or instead of the touched one."""

    card: dict[str, Any]
    update = False
    userids: list[str] | None = None


def gh_id(account: SimAccount) -> str:
    """Makes the 公众号's original id, the same at every start."""
    return "gh_" + sha1(account.app_id.encode()).hexdigest()[:12]


def cdata(text: str) -> str:
    """Wraps text for XML so that it cannot break out."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def pack(account: SimAccount, heard: Heard, *, now: float) -> Packet:
    """Signs and seals what was heard for the account; every call makes a new nonce."""
    stamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
    if account.kind == "mp":
        return _pack_mp(account, heard, stamp, nonce)
    if account.kind == "wecom_app":
        inner = app_packets.fields(account, sender=heard.sender, created=heard.created, number=heard.id, text=heard.text,
                                   event=heard.event, more=heard.more, media=heard.media)
        return Packet(*app_packets.pack(account, inner, stamp, nonce), "text/xml")
    sealed = crypto.encrypt(account.aes_key, json.dumps(aibot_packet(account, heard), ensure_ascii=False), "")
    params = {"msg_signature": crypto.sign(account.token, stamp, nonce, sealed), "timestamp": stamp,
              "nonce": nonce}
    return Packet(params, json.dumps({"encrypt": sealed}).encode(), "application/json")


def handshake(account: SimAccount, *, now: float) -> tuple[dict[str, str], str]:
    """Makes the GET that checks a callback address, and the words that must come back."""
    stamp, nonce, secret = str(int(now)), str(secrets.randbelow(10**10)), str(secrets.randbits(62))
    if account.kind == "mp":
        return {"signature": crypto.sign(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce,
                "echostr": secret}, secret
    echo = crypto.encrypt(account.aes_key, secret, account.app_id if account.kind == "wecom_app" else "")
    return {"msg_signature": crypto.sign(account.token, stamp, nonce, echo), "timestamp": stamp,
            "nonce": nonce, "echostr": echo}, secret


def _pack_mp(account: SimAccount, heard: Heard, stamp: str, nonce: str) -> Packet:
    inner = _mp_fields(account, heard)
    params = {"signature": crypto.sign(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce,
              "openid": heard.sender}
    if account.mode == "plain":
        return Packet(params, f"<xml>{inner}</xml>".encode(), "text/xml")
    sealed = crypto.encrypt(account.aes_key, f"<xml>{inner}</xml>", account.app_id)
    params["encrypt_type"] = "aes"
    params["msg_signature"] = crypto.sign(account.token, stamp, nonce, sealed)
    clear = inner if account.mode == "compat" else f"<ToUserName>{cdata(gh_id(account))}</ToUserName>"
    return Packet(params, f"<xml>{clear}<Encrypt>{cdata(sealed)}</Encrypt></xml>".encode(), "text/xml")


def _mp_fields(account: SimAccount, heard: Heard) -> str:
    head = (f"<ToUserName>{cdata(gh_id(account))}</ToUserName>"
            f"<FromUserName>{cdata(heard.sender)}</FromUserName>"
            f"<CreateTime>{heard.created}</CreateTime>")
    if heard.event:
        return (head + f"<MsgType>{cdata('event')}</MsgType><Event>{cdata(heard.event)}</Event>"
                       f"<EventKey>{cdata(heard.key)}</EventKey>{heard.more}")
    if heard.media:
        return (head + f"<MsgType>{cdata('image')}</MsgType><PicUrl>{cdata('http://mmbiz.qpic.cn/mmbiz_jpg/x/0')}</PicUrl>"
                       f"<MediaId>{cdata(heard.media)}</MediaId><MsgId>{heard.id}</MsgId>")
    return (head + f"<MsgType>{cdata('text')}</MsgType><Content>{cdata(heard.text)}</Content>"
                   f"<MsgId>{heard.id}</MsgId>")


def aibot_packet(account: SimAccount, heard: Heard) -> dict[str, Any]:
    """What an 智能机器人 is told, before it is sealed for a callback or framed for a connection."""
    packet: dict[str, Any] = {"msgid": heard.id, "aibotid": account.app_id,
                              "chattype": "group" if heard.chatid else "single",
                              "from": {"userid": heard.sender}}
    if heard.chatid:
        packet["chatid"] = heard.chatid
    if heard.event:
        return packet | {"create_time": heard.created, "msgtype": "event",
                         "event": {"eventtype": heard.event, heard.event: heard.tap or {}},
                         **({"response_url": heard.response_url} if heard.tap else {})}
    packet |= {"response_url": heard.response_url} | _content(heard)
    if heard.quote:
        packet["quote"] = {"msgtype": "text", "text": {"content": heard.quote}}
    return packet


def _content(heard: Heard) -> dict[str, Any]:
    """Words, a picture, or both; a picture alone is heard in private only."""
    words = {"msgtype": "text", "text": {"content": heard.text}}
    if heard.image is None:
        return words
    picture = {"msgtype": "image", "image": heard.image}
    return {"msgtype": "mixed", "mixed": {"msg_item": [words, picture]}} if heard.text else picture


def read_answer(account: SimAccount, heard: Heard, packet: Packet, body: bytes) -> str:
    """Reads the app's passive answer and gives the words for the phone; '' is silence."""
    try:
        text = body.decode().strip()
        if text in ("", "success"):
            return ""
        if account.kind == "mp":
            return clip(_read_mp(account, heard, text), MP_REPLY_BYTES)
        if account.kind == "wecom_app":
            words = app_packets.read(account, heard.sender, text)
            return words if isinstance(words, app_packets.Drawn) else clip(words, app_packets.REPLY_BYTES)
        words = _read_aibot(account, heard, packet, text)
        return words if isinstance(words, WithCard) else clip(words, AIBOT_REPLY_BYTES)
    except (BadCard, crypto.BadEnvelope, ElementTree.ParseError, ValueError, KeyError, TypeError,
            AttributeError) as error:
        raise BadAnswer(f"{type(error).__name__}: {error}") from error


def _read_mp(account: SimAccount, heard: Heard, text: str) -> str:
    root = ElementTree.fromstring(text)
    sealed = root.findtext("Encrypt")
    if sealed:
        stamp, nonce = root.findtext("TimeStamp") or "", root.findtext("Nonce") or ""
        expected = crypto.sign(account.token, stamp, nonce, sealed)
        if not crypto.same(root.findtext("MsgSignature") or "", expected):
            raise BadAnswer("wrong MsgSignature")
        root = ElementTree.fromstring(crypto.decrypt(account.aes_key, sealed, account.app_id))
    elif account.mode == "safe":
        raise BadAnswer("a plain answer in safe mode")
    if (root.findtext("ToUserName"), root.findtext("FromUserName")) != (heard.sender, gh_id(account)):
        raise BadAnswer("addressed to somebody else")
    if root.findtext("MsgType") != "text" or not (root.findtext("CreateTime") or "").isdigit():
        raise BadAnswer("not a text answer")
    return root.findtext("Content") or ""


def _read_aibot(account: SimAccount, heard: Heard, packet: Packet, text: str) -> str:
    outer = json.loads(text)
    sealed, stamp, nonce = outer["encrypt"], outer["timestamp"], outer["nonce"]
    if not isinstance(stamp, int) or nonce != packet.params["nonce"]:
        raise BadAnswer("timestamp must be a number and nonce the callback's own")
    if not crypto.same(outer["msgsignature"], crypto.sign(account.token, str(stamp), nonce, sealed)):
        raise BadAnswer("wrong msgsignature")
    inner = json.loads(crypto.decrypt(account.aes_key, sealed, ""))
    if heard.tap is not None:
        if inner["response_type"] != "update_template_card" or inner["template_card"]["task_id"] != heard.tap["task_id"]:
            raise BadAnswer("the touched card may only be updated")
        return _card(" ", inner["template_card"], update=True, userids=inner.get("userids"))
    if inner["msgtype"] == "text" and heard.event == "enter_chat":
        return str(inner["text"]["content"])
    if inner["msgtype"] == "stream_with_template_card" and inner["stream"]["id"]:
        return _card(str(inner["stream"]["content"]), inner["template_card"])
    if inner["msgtype"] != "stream" or not inner["stream"]["id"]:
        raise BadAnswer(f"a passive answer may not be {inner['msgtype']}")
    return str(inner["stream"]["content"])


def _card(words: str, card: Any, *, update: bool = False, userids: list[str] | None = None) -> WithCard:
    check(card)
    found = WithCard(words)
    found.card, found.update, found.userids = card, update, userids
    return found


def clip(text: str, limit: int) -> str:
    """Cuts a text to so many bytes, never inside a character."""
    return text.encode()[:limit].decode(errors="ignore")
