"""Reads what a 公众号 hears besides messages: following, codes, the menu, and what became of notices."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.channels import xml
from bot.message import Message, Tap

MENU = {"ISSUES": "议题", "POLLS": "投票", "MINE": "我的"}  # the key of a button and the words it stands for
_CODE = "qrscene_"  # in front of the scene when somebody follows by a code
_SCENE_MOST = 64
_ALLOWED = {"subscribe_msg_popup_event": "SubscribeMsgPopupEvent", "subscribe_msg_change_event": "SubscribeMsgChangeEvent"}
_ROWS = _ALLOWED | {"subscribe_msg_sent_event": "SubscribeMsgSentEvent"}


def read(account: str, fields: dict[str, str], inside: bytes, templates: Mapping[str, str]) -> Message | None:
    """The event as a message; None for what says nothing (a page of the menu was opened). `templates`: id -> name."""
    event, key = xml.name_of(fields, "Event"), fields.get("EventKey", "")
    if event == "VIEW":
        return None
    rows = xml.rows(inside, _ROWS[event]) if event in _ROWS else []
    told = [part for row in rows for pair in sorted(row.items()) for part in pair]
    sender, at = fields["FromUserName"], xml.created(fields)
    made_of = "\x1f".join((sender, str(at), event, key, *([fields["MsgID"]] if "MsgID" in fields else []), *told))
    name = "event-" + hashlib.sha256(made_of.encode()).hexdigest()[:40]
    when = datetime.fromtimestamp(at, UTC)
    if event == "CLICK" and key in MENU:
        return Message(account, name, sender, when, text=MENU[key], tap=Tap("menu"))
    if event == "SCAN" or (event == "subscribe" and key.startswith(_CODE)):
        scene = key.removeprefix(_CODE) if event == "subscribe" else key
        return Message(account, name, sender, when, kind="event", event=event.lower(), scene=scene[:_SCENE_MOST])
    if event in _ALLOWED:
        said = [(templates.get(row.get("TemplateId", "")), row.get("SubscribeStatusString")) for row in rows]
        taken_back = event == "subscribe_msg_change_event"  # a popup that was closed takes nothing back
        return Message(account, name, sender, when, kind="event", event="notices",
                       granted=tuple(t for t, how in said if t and how == "accept" and not taken_back),
                       refused=tuple(t for t, how in said if t and how == "reject" and taken_back))
    if event == "TEMPLATESENDJOBFINISH":
        failed = (fields.get("MsgID", ""),) if fields.get("Status", "") != "success" else ()
        return Message(account, name, sender, when, kind="event", event="delivered", failed=failed)
    if event == "subscribe_msg_sent_event":
        bad = [templates.get(row.get("TemplateId", "")) for row in rows if row.get("ErrorCode", "0") != "0"]
        return Message(account, name, sender, when, kind="event", event="delivered", failed=tuple(t for t in bad if t))
    return Message(account, name, sender, when, kind="event", event=event)
