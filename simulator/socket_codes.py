"""What the platform says when it refuses a frame of a bot's connection, and the words a frame may carry."""

from typing import Any

from simulator.packets import AIBOT_REPLY_BYTES

SAYINGS = {0: "ok", 853000: "invalid bot_id or secret", 846605: "invalid req_id", 846608: "stream message expired",
           45009: "api freq out of limit", 93006: "invalid chatid", 40007: "invalid media_id", 40008: "invalid message type",
           44004: "empty content", 45002: "content size out of limit", 40058: "invalid parameter", 42045: "invalid template card",
           301019: "file md5 not match"}


class No(Exception):
    """The platform refuses a frame, with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def words_of(part: Any) -> str:
    """The words of a stream or a markdown, which must be there and not too long."""
    content = part.get("content") if isinstance(part, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise No(44004)
    if len(content.encode()) > AIBOT_REPLY_BYTES:
        raise No(45002)
    return content
