"""What travels between a channel and the rest of the house; nothing here touches the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message or event as heard on a channel, free of XML, encryption and mentions."""

    channel: str  # the account's name in config.yaml
    external_id: str  # unique per account: the platform's message id, or one made from an event's fields
    sender: str  # openid or userid, as the platform writes it
    sent_at: datetime  # the platform's clock, aware, UTC
    kind: str = "text"  # text | event | other (picture, voice, place … which we cannot read)
    text: str = ""  # the words, without the mention of the bot
    event: str = ""  # subscribe | unsubscribe | enter_chat … when kind is "event"
    chat: str | None = None  # the group's id on the platform; None is a private chat
    quote: str | None = None  # the words of the message that this one replies to
    reply_to: str | None = None  # where one late reply may be sent (response_url); a credential


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot answers to one message: finished words, or silence when empty."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One post on its way to a group or a person."""

    address: str  # webhook key, openid, userid or response_url, as the channel needs it
    kind: str  # text | image
    text: str = ""
    image: bytes = b""  # PNG


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do, so that nobody has to ask which channel it is."""

    hears_groups: bool
    push_person: bool
    push_group: bool
    images: bool
    reply_bytes: int  # most UTF-8 bytes of one passive reply
    push_bytes: int  # most UTF-8 bytes of one pushed text
    per_minute: int  # most posts a minute to one address


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request of the platform, before anything in it is believed."""

    method: str
    query: Mapping[str, list[str]]  # every value of every parameter
    body: bytes


@dataclass(frozen=True, slots=True)
class WireResponse:
    """The HTTP answer to the platform."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


class WireError(Exception):
    """The request is not one that the platform would have sent."""

    def __init__(self, reason: str, status: int = 403):
        super().__init__(reason)
        self.reason, self.status = reason, status


class ChannelError(Exception):
    """A post was not accepted, or nobody knows whether it was."""

    def __init__(self, reason: str, *, retryable: bool, code: int | None = None, wait_s: float | None = None,
                 unknown: bool = False):
        super().__init__(reason)
        self.reason, self.retryable, self.code = reason, retryable, code
        self.wait_s = wait_s  # the platform asked for at least this pause
        self.unknown = unknown  # it may have been accepted


class Channel(Protocol):
    """One account on one platform: hears, answers, and posts where it can."""

    name: str
    kind: str
    community: str
    capabilities: Capabilities

    def handshake(self, request: WireRequest) -> WireResponse:
        """Answers the platform's GET that checks our address; WireError when it is forged."""
        ...

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Verifies and reads a callback; None means well-formed and nothing for us."""
        ...

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Wraps the reply the way this request asked for; silence is the platform's `success`."""
        ...

    def send(self, post: Outgoing) -> str:
        """Posts and returns the platform's id of it ('' when it gives none); ChannelError otherwise."""
        ...
