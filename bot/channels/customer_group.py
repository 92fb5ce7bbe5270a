"""客户群: makes tasks that the group's owner confirms by hand in 企业微信; hears nothing, and asks what became of each task.

Fields as in W/92135 (客户联系, 创建企业群发, 获取群发成员执行结果, 提醒成员群发), as far as WECHAT.md §8 quotes them; the real
platform was never called.
"""

from datetime import datetime
from typing import Any

from bot.channels.account import Account
from bot.channels.api import ApiClient
from bot.channels.tokens import CorpToken
from bot.channels.wording import clip, legal
from bot.message import (
    Capabilities,
    ChannelError,
    Message,
    Outgoing,
    Reply,
    Sent,
    WireError,
    WireRequest,
    WireResponse,
)

_TITLE, _DESCRIPTION, _URL = 128, 512, 2048  # bytes of a link
_STATES = {0: "waiting", 1: "sent", 2: "refused", 3: "refused"}  # not sent yet, sent, no customer (any more), too many already


class CustomerGroupChannel:
    """The customer groups of one corp; a post's address is `owner|chat_id`."""

    kind = "customer_group"
    capabilities = Capabilities(hears_groups=False, push_person=False, push_group=True, images=False, reply_bytes=0,
                                push_bytes=4000, per_minute=20, link_beside=True, by_hand=True)

    def __init__(self, account: Account, *, api: ApiClient, tokens: CorpToken):
        self.name, self.community = account.name, account.community
        self._api, self._tokens = api, tokens

    def handshake(self, request: WireRequest) -> WireResponse:
        """Refuses: nothing calls back here."""
        raise WireError("a customer group hears nothing", 404)

    def parse(self, request: WireRequest, *, now: datetime) -> Message | None:
        """Refuses: nothing calls back here."""
        raise WireError("a customer group hears nothing", 404)

    def respond(self, request: WireRequest, message: Message, reply: Reply) -> WireResponse:
        """Refuses: there is nobody to answer."""
        raise WireError("a customer group hears nothing", 404)

    def send(self, post: Outgoing) -> Sent:
        """Makes a task; the id is what it is followed up by."""
        owner, _, group = post.address.partition("|")
        if post.kind not in ("text", "link"):
            raise ChannelError("a kind of post that a task does not know", retryable=False, code=40008)
        if not owner or not group:
            raise ChannelError("no owner or no group", retryable=False, code=40058)
        text = legal(post.text)
        if not text.strip():
            raise ChannelError("nothing to post", retryable=False, code=44004)
        if len(text.encode()) > self.capabilities.push_bytes:
            raise ChannelError("text too long", retryable=False, code=45002)
        body: dict[str, Any] = {"chat_type": "group", "sender": owner, "chat_id_list": [group], "text": {"content": text}}
        if post.link is not None:
            body["attachments"] = [{"msgtype": "link", "link": _link(post)}]
        answer = self._tokens.spend(self._api, "/cgi-bin/externalcontact/add_msg_template", body)
        if group in (answer.get("fail_list") or []):
            raise ChannelError("the group takes no task", retryable=False, code=90501)
        return Sent(str(answer.get("msgid", "")))

    def became(self, msgid: str, owner: str) -> str:
        """What became of a task: waiting | sent | refused."""
        answer = self._tokens.spend(self._api, "/cgi-bin/externalcontact/get_groupmsg_send_result", {
            "msgid": msgid, "userid": owner, "limit": 100})
        rows = answer.get("send_list")
        found = [row.get("status") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return _STATES.get(found[0], "waiting") if found and isinstance(found[0], int) else "waiting"

    def urge(self, msgid: str) -> None:
        """Lets the platform remind the owner, which it does three times a day at most."""
        self._tokens.spend(self._api, "/cgi-bin/externalcontact/remind_groupmsg_send", {"msgid": msgid})


def _link(post: Outgoing) -> dict[str, str]:
    assert post.link is not None
    return {"title": clip(legal(post.link.title), _TITLE), "desc": clip(legal(post.link.text), _DESCRIPTION),
            "url": post.link.url[:_URL], **({"picurl": post.link.picture} if post.link.picture else {})}
