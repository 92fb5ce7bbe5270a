"""What travels between a channel and the rest of the house; nothing here touches the network."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.card import Card


def task_id(about: str, key: str) -> str:
    """The platform's name of one card that was sent: what it is about, and which sending; [0-9A-Za-z@-]."""
    return f"{about}@{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def about_of(task: str) -> str:
    """What a card with this name is about."""
    return task.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Tap:
    """What was touched instead of typed, on a card or a page; the words it stands for are the message's text."""

    about: str  # the card's `about`: poll-12, ask-991
    task_id: str = ""  # the platform's name of that very card
    code: str = ""  # response_code: lets this card be changed once within 72 hours; a credential


@dataclass(frozen=True, slots=True)
class Media:
    """A picture that the platform keeps for a while: by its id there, or at an address of its own, encrypted."""

    id: str = ""  # media_id, for the account's own API
    url: str = field(default="", repr=False)  # where an 智能机器人 finds it, for minutes; a credential
    key: str = field(default="", repr=False)  # opens it, when it is not the account's EncodingAESKey


def in_place(card: Card | None, tap: Tap | None) -> bool:
    """True when the touched card, drawn anew, is answer enough: it shows the choice, or why nothing can be touched."""
    return card is not None and tap is not None and card.about == tap.about and bool(card.options or card.closed)


@dataclass(frozen=True, slots=True)
class Message:
    """One message or event as heard on a channel, free of XML, encryption and mentions."""

    channel: str  # the account's name in config.yaml
    external_id: str  # unique per account: the platform's message id, or one made from an event's fields
    sender: str  # openid or userid, as the platform writes it
    sent_at: datetime  # the platform's clock, aware, UTC
    kind: str = "text"  # text | image | event | other (voice, film, place … which we cannot read)
    text: str = ""  # the words, without the mention of the bot
    event: str = ""  # subscribe | unsubscribe | enter_chat … when kind is "event"
    chat: str | None = None  # the group's id on the platform; None is a private chat
    quote: str | None = None  # the words of the message that this one replies to
    reply_to: str | None = None  # where one late reply may be sent (response_url); a credential
    tap: Tap | None = None  # the words were touched, not typed
    media: tuple[Media, ...] = ()  # pictures, alone or beside words
    scene: str = ""  # what the QR code that was scanned stands for: join, poll:P5, issue:I12
    granted: tuple[str, ...] = ()  # notices that were allowed once more, by name
    refused: tuple[str, ...] = ()  # notices that were forbidden
    failed: tuple[str, ...] = ()  # of what was sent earlier and did not arrive: its platform id, or the notice's name

    @property
    def touched(self) -> bool:
        """True when they did something here without words: a button, a menu, a code, following."""
        return self.tap is not None or self.event in ("subscribe", "scan")

    @property
    def spoken(self) -> bool:
        """True for what a person said; false for an event and for what was only touched."""
        return self.kind != "event" and self.tap is None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot answers to one message: finished words, or silence when empty."""

    text: str = ""
    card: Card | None = None  # shown beside the words where the channel can; says nothing that the words do not


@dataclass(frozen=True, slots=True)
class Link:
    """A page to open: what people see of it in a chat."""

    url: str
    title: str
    text: str = ""
    picture: str = ""  # its address


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One post on its way to a group or a person."""

    address: str  # webhook key, openid, userid, chatid or response_url, as the channel needs it
    kind: str  # text | image | card | link | update | notice
    text: str = ""  # of a card, link or notice: the same in words, for channels that cannot draw it
    image: bytes = b""  # PNG
    card: Card | None = None  # of a card and an update
    link: Link | None = None
    facts: Mapping[str, str] | None = None  # of a notice: template and fields
    group: bool = False  # the address is a group's
    key: str = ""  # what it is (the outbox key): names the card, finds a duplicate


@dataclass(frozen=True, slots=True)
class Sent:
    """What the platform said of an accepted post."""

    id: str = ""
    code: str = ""  # response_code of a card: lets it be changed once; a credential
    missed: tuple[str, ...] = ()  # receivers the platform left out although it said yes


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
    per_hour: int = 0  # and an hour; 0: no such limit
    per_day: int = 0
    cards: bool = False  # draws vote cards and buttons, in answers and pushes
    links: bool = False  # draws a link with title and text
    notices: bool = False  # one-time subscription notices
    replies_count: bool = False  # answers and pushes share the limits
    window: timedelta | None = None  # a person can be written to only so long after they were heard
    window_posts: int = 0  # and so often after each time; 0: as often as one likes
    touch_window: timedelta | None = None  # how long after a touch without words, and how often
    touch_posts: int = 0
    templates: Mapping[str, bool] = field(default_factory=dict)  # notices by name: True needs a one-time permission
    heard_once: bool = False  # and only if they ever said something there in private
    group_cards: bool = True  # draws cards in groups too, when it draws any
    card_or_words: bool = False  # a touch is answered by the changed card or by words, not by both
    link_beside: bool = False  # a page's link stands beside the words, not in them
    by_hand: bool = False  # each post is a task that somebody confirms; has `became` and `urge`
    own_sender: bool = False  # only its own process may send: one connection for everything


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


MEDIA_BYTES = 10_000_000  # most of one picture that is fetched
TOO_LARGE = "more bytes than we take"  # the reason of a picture that is too large
TOO_OFTEN = 45009  # both platforms' word for "more than is allowed"


class ChannelError(Exception):
    """A post was not accepted, or nobody knows whether it was."""

    def __init__(self, reason: str, *, retryable: bool, code: int | None = None, wait_s: float | None = None,
                 unknown: bool = False, person_gone: bool = False, shut: bool = False):
        super().__init__(reason)
        self.hint = ""  # the address of ours that the platform does not allow, when that is the reason
        self.shut = shut  # nothing more reaches the person on this road until they speak, or allow it
        self.reason, self.retryable, self.code = reason, retryable, code
        self.person_gone = person_gone  # this account can no longer reach the person: blocked, not following, unknown
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

    def send(self, post: Outgoing) -> Sent:
        """Posts, and returns what the platform said of it; ChannelError otherwise."""
        ...
