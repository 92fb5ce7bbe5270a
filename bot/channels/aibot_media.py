"""Lends a picture to the platform over the bot's own connection, in pieces; what it gives back can be sent."""

import base64
import hashlib
from typing import Any

from bot.channels.aibot_packets import object_of
from bot.channels.aibot_socket import Line
from bot.channels.app_posts import picture
from bot.channels.codes import CORP, refusal
from bot.message import ChannelError, Outgoing

PIECE = 512 * 1024  # before it is written as base64
MOST_PIECES = 100


def lend(line: Line, post: Outgoing) -> str:
    """Uploads the post's picture and gives its media_id; nobody sees anything before it is sent."""
    data = picture(post)
    pieces = [data[at:at + PIECE] for at in range(0, len(data), PIECE)]
    if len(pieces) > MOST_PIECES:
        raise ChannelError("a picture too large", retryable=False, code=40009)
    begun = _step(line, "init", {"type": "image", "filename": "picture.png", "total_size": len(data),
                                 "total_chunks": len(pieces), "md5": hashlib.md5(data, usedforsecurity=False).hexdigest()})
    upload_id = _given(begun, "upload_id")
    for number, piece in enumerate(pieces):
        _step(line, "chunk", {"upload_id": upload_id, "chunk_index": number, "base64_data": base64.b64encode(piece).decode()})
    return _given(_step(line, "finish", {"upload_id": upload_id}), "media_id")


def _step(line: Line, what: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = line.request(f"aibot_upload_media_{what}", body)
    except ChannelError as error:  # an upload that may have arrived is no post that may have arrived
        raise ChannelError(error.reason, retryable=True) from None
    code = answer.get("errcode")
    if code != 0:
        wrong = "not the platform's answer"
        raise refusal(CORP, code, "an upload") if isinstance(code, int) else ChannelError(wrong, retryable=True)
    return object_of(answer.get("body"))


def _given(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise ChannelError(f"an upload without its {name}", retryable=True)
    return found
