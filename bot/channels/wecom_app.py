"""企业微信自建应用: hears one member at a time over XML, answers at once, and posts to members and to its own groups.

What the platform drops without a word (30 a minute and 1000 an hour to one member, 200 a minute through groups) never
leaves us: the limits of `capabilities` are below the platform's. Words go as text, never as markdown, which a member
who reads in WeChat does not see drawn. A group takes no cards: there the words of a card are posted.
"""

import hashlib
import threading
from datetime import UTC, datetime
from typing import Any

from bot.channels import app_posts, cards, xml
from bot.channels.account import Account, Clock
from bot.channels.api import ApiClient
from bot.channels.app_cards import update_button, update_card
from bot.channels.crypto import Envelope
from bot.channels.signing import check_size, one, sign, verify
from bot.channels.tokens import CorpToken
from bot.channels.wording import calm, clip, legal
from bot.message import (
    Capabilities,
    ChannelError,
    Media,
    Message,
    Outgoing,
    Reply,
    Sent,
    WireError,
    WireRequest,
    WireResponse,
    in_place,
)

SILENCE = WireResponse()
_EVENTS = {"enter_agent": "enter_chat"}  # what others call it
_NOT_FOR_US = frozenset({"LOCATION"})


class AppChannel:
    """One 自建应用 of a 企业微信."""

    kind = "wecom_app"
    capabilities = Capabilities(
        hears_groups=False, push_person=True, push_group=True, images=True, reply_bytes=2048, push_bytes=2048,
        per_minute=25, per_hour=900, cards=True, group_cards=False, links=True, card_or_words=True)

    def __init__(self, account: Account, *, api: ApiClient, tokens: CorpToken, clock: Clock):
        self.name, self.community = account.name, account.community
        self._corp, self._agent, self._token = account.app_id, account.agent_id, account.token
        self._envelope = Envelope(account.app_id, account.aes_key, account.previous_aes_key)
        if not (self._envelope.can_open and account.app_id):
            raise ValueError("a 自建应用 needs the CorpID as app_id and an EncodingAESKey")
        if not (account.agent_id.isascii() and account.agent_id.isdecimal()):
            raise ValueError("a 自建应用 needs its AgentId, a number, as agent_id")
        self._api, self._tokens, self._clock = api, tokens, clock
        self._last = threading.local()  # the request this thread opened last; respond wants its key

    def handshake(self, request: WireRequest) -> WireResponse:
        """Answers the platform's check of our address with the words in its envelope."""
        echo = one(request.query, "echostr").replace(" ", "+")  # a plus sign that somebody unquoted
        verify(request.query, "msg_signature", self._token, self._clock(), echo)
        return WireResponse(self._envelope.open(echo)[0])

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Verifies and reads one callback; what a card stands for becomes words."""
        check_size(request.body)
        sealed = _encrypted(request.body)
        verify(request.query, "msg_signature", self._token, now, sealed)
        text, key = self._envelope.open(sealed)
        self._last.request, self._last.key = request, key
        fields = xml.read(text)
        if fields.get("AgentID", self._agent) != self._agent:
            raise WireError("for another app of this company")
        kind = xml.name_of(fields, "MsgType")
        if kind == "event":
            return self._event(fields, text)
        if "AgentID" not in fields or (kind == "text" and "Content" not in fields):
            raise WireError("a message without its AgentID or Content", 400)
        return Message(self.name, xml.message_id(fields), xml.name_of(fields, "FromUserName"),
                       datetime.fromtimestamp(xml.created(fields), UTC), kind=kind if kind in ("text", "image") else "other",
                       media=xml.media(fields) if kind == "image" else (),
                       text=legal(fields.get("Content", "")) if kind == "text" else "")

    def _event(self, fields: dict[str, str], inner: bytes) -> Message | None:
        event = xml.name_of(fields, "Event")
        if event in _NOT_FOR_US or "AgentID" not in fields:  # news of the address book belong to no app
            return None
        sender, at = xml.name_of(fields, "FromUserName"), xml.created(fields)
        made_of = (sender, str(at), event, *(fields.get(name, "") for name in ("EventKey", "TaskId", "ResponseCode")))
        known = Message(self.name, "event-" + hashlib.sha256("\x1f".join(made_of).encode()).hexdigest()[:40], sender,
                        datetime.fromtimestamp(at, UTC), kind="event", event=_EVENTS.get(event, event))
        if event != "template_card_event":
            return known
        words, tap = cards.touched({
            "event_key": fields.get("EventKey"), "task_id": fields.get("TaskId"), "response_code": fields.get("ResponseCode"),
            "selected_items": xml.selected(inner)})
        return Message(known.channel, known.external_id, sender, known.sent_at, text=legal(words), tap=tap)

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Seals the words, or changes the card that was touched: the platform takes one of the two.

        A vote card shows what it recorded, so it is the answer; a button's answer is said in words.
        """
        if not reply.text or (message.kind == "event" and message.event not in ("enter_chat", "subscribe")):
            return SILENCE
        now = int(self._clock().timestamp())
        head: dict[str, Any] = {"to": message.sender, "sender": self._corp, "at": now}
        if reply.card is not None and message.tap is not None and in_place(reply.card, message.tap):
            drawn = cards.draw(reply.card, message.tap.task_id)
            text = update_card(drawn, **head) if reply.card.options else update_button(reply.card.closed, **head)
        else:
            text = xml.text_reply(text=clip(calm(legal(reply.text)), self.capabilities.reply_bytes), **head)
        nonce = one(request.query, "nonce")
        sealed = self._envelope.seal(text.encode(), self._key(request))
        answer = xml.sealed_reply(sealed=sealed, signature=sign(self._token, str(now), nonce, sealed),
                                  timestamp=str(now), nonce=nonce)
        return WireResponse(answer.encode(), content_type="text/xml; charset=utf-8")

    def send(self, post: Outgoing) -> Sent:
        """Posts to a member or to a group of ours, or changes a card; a retry of the same post is shown once."""
        if post.kind == "update":
            return self._spend("/cgi-bin/message/update_template_card", app_posts.update(post, int(self._agent)))
        if post.kind == "image":
            body: dict[str, Any] = {"msgtype": "image", "image": {"media_id": self._upload(app_posts.picture(post))}}
        else:
            body = app_posts.content(post, self.capabilities.push_bytes)
        if post.group:
            return self._spend("/cgi-bin/appchat/send", {"chatid": post.address, **body, "safe": 0})
        sent = self._to_member(body, post.address)
        if post.address.lower() in (missed.lower() for missed in sent.missed):
            raise ChannelError("the member does not exist or may not see the app", retryable=False, code=81013, person_gone=True)
        return sent

    def fetch(self, media: Media) -> bytes:
        """A picture from a member, by its id."""
        return self._tokens.download(self._api, media.id)

    def create_group(self, name: str, owner: str, members: list[str], chatid: str) -> str:
        """Makes a group of members; nobody sees it before the first post."""
        answer = self._tokens.spend(self._api, "/cgi-bin/appchat/create", {
            "name": name, "owner": owner, "userlist": members, "chatid": chatid})
        return str(answer.get("chatid", ""))

    def _to_member(self, body: dict[str, Any], userid: str) -> Sent:
        return self._spend("/cgi-bin/message/send", {
            "touser": userid, "agentid": int(self._agent), **body, "safe": 0,
            "enable_duplicate_check": 1, "duplicate_check_interval": 1800})

    def _spend(self, path: str, body: dict[str, Any]) -> Sent:
        answer = self._tokens.spend(self._api, path, body)
        missed = str(answer.get("invaliduser") or "")
        return Sent(str(answer.get("msgid", "")), str(answer.get("response_code", "")),
                    tuple(one for one in missed.split("|") if one))

    def _upload(self, picture: bytes) -> str:
        answer = self._tokens.using(lambda token: self._api.upload(
            "/cgi-bin/media/upload", {"access_token": token, "type": "image"}, "picture.png", picture))
        media = answer.get("media_id")
        if not isinstance(media, str) or not media:
            raise ChannelError("an upload without its media_id", retryable=True)
        return media

    def _key(self, request: WireRequest) -> int:
        if getattr(self._last, "request", None) is request:
            return self._last.key
        return self._envelope.open(_encrypted(request.body))[1]


def _encrypted(body: bytes) -> str:
    sealed = xml.read(body).get("Encrypt", "")
    if not sealed or not sealed.isascii():
        raise WireError("no envelope", 400)
    return sealed
