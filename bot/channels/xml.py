"""Reads the platform's flat XML and writes replies to it; anything else is refused quickly."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from bot.channels.wording import legal
from bot.message import Media, WireError

_MOST_ROWS = 20
_DEEPEST = 8  # the platform's own deepest event has five levels
_MSG_ID = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_NAME = re.compile(r"[!-~]{1,128}", re.ASCII)
_SANE = range(946_684_800, 4_102_444_800)  # the years 2000 to 2099

# What we read must be there once and hold text; what we do not read may be nested, as in the menu events.
READ = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "Recognition", "MsgId",
                  "Event", "EventKey", "MsgID", "Status", "Encrypt", "AgentID", "TaskId", "ResponseCode", "MediaId"})


def read(data: bytes) -> dict[str, str]:
    """The fields of one `<xml>` document; WireError for entities, repeats, nesting and broken XML."""
    parser = expat.ParserCreate("utf-8")
    fields: dict[str, str] = {}
    start, end, text = _handlers(fields)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise WireError(f"not XML: {type(error).__name__}", 400) from None
    return fields


def selected(data: bytes) -> dict[str, Any]:
    """What was chosen on a card, shaped as the JSON of other channels; for a document that `read` has taken."""
    items = ElementTree.fromstring(data).iterfind("SelectedItems/SelectedItem")
    return {"selected_item": [{
        "question_key": item.findtext("QuestionKey") or "",
        "option_ids": {"option_id": [option.text or "" for option in item.iterfind("OptionIds/OptionId")]}} for item in items]}


def _handlers(fields: dict[str, str]) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    path: list[str] = []
    words: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name)
        level = len(path)
        if level == 2:
            if name in fields and name in READ:
                raise WireError("an element comes twice", 400)
            words.clear()
        elif level == 1:
            if name != "xml":
                raise WireError("not the platform's XML", 400)
        elif level > _DEEPEST or path[1] in READ:
            raise WireError("an element inside another", 400)

    def end(_name: str) -> None:
        if len(path) == 2:
            fields[path[1]] = "".join(words)
        path.pop()

    def text(piece: str) -> None:
        if len(path) == 2:
            words.append(piece)

    return start, end, text


def rows(data: bytes, inside: str) -> list[dict[str, str]]:
    """What a list nested in a document that was read before says: `<inside><List>…</List><List>…</List></inside>`."""
    parser = expat.ParserCreate("utf-8")
    path: list[str] = []
    words: list[str] = []
    found: list[dict[str, str]] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name)
        words.clear()
        if path == ["xml", inside, "List"]:
            if len(found) == _MOST_ROWS:
                raise WireError("too long a list", 400)
            found.append({})

    def end(name: str) -> None:
        if len(path) == 4 and path[:3] == ["xml", inside, "List"]:
            found[-1][name] = "".join(words).strip()
        path.pop()

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words.append
    parser.Parse(data, True)
    return found


def _refuse(*_: Any) -> None:
    raise WireError("a document type is not welcome", 400)


def name_of(fields: dict[str, str], field: str) -> str:
    """An id, type or event name: short, printable, not empty."""
    value = fields.get(field, "")
    if not _NAME.fullmatch(value):
        raise WireError(f"{field} has a strange form", 400)
    return value


def message_id(fields: dict[str, str]) -> str:
    """The message's number, at most 64 bits."""
    value = fields.get("MsgId", "")
    if not _MSG_ID.fullmatch(value) or int(value) >= 1 << 64:
        raise WireError("MsgId is not a 64-bit number", 400)
    return value


def media(fields: dict[str, str]) -> tuple[Media, ...]:
    """The picture of an image message: only its id counts, the address beside it could lead anywhere."""
    return (Media(name_of(fields, "MediaId")),)


def created(fields: dict[str, str]) -> int:
    """When the platform says it happened, in seconds."""
    value = fields.get("CreateTime", "")
    if not _SECONDS.fullmatch(value) or int(value) not in _SANE:
        raise WireError("CreateTime is not a time", 400)
    return int(value)


def cdata(text: str) -> str:
    """The text so wrapped that nothing in it can end the wrapping."""
    return "<![CDATA[" + legal(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def text_reply(*, to: str, sender: str, at: int, text: str) -> str:
    """A passive text reply."""
    return (f"<xml><ToUserName>{cdata(to)}</ToUserName><FromUserName>{cdata(sender)}</FromUserName>"
            f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content>{cdata(text)}</Content></xml>")


def sealed_reply(*, sealed: str, signature: str, timestamp: str, nonce: str) -> str:
    """A passive reply in its envelope."""
    return (f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>")
