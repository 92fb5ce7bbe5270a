"""The bodies a 自建应用 posts: words, links, cards and their changes, within the platform's lengths."""

from typing import Any

from bot.channels import cards
from bot.channels.wording import calm, clip, legal
from bot.message import ChannelError, Outgoing, task_id

PICTURE_LIMIT = 10 * 1024 * 1024
_SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_TITLE, _DESCRIPTION, _URL = 128, 512, 2048  # bytes of a textcard


def content(post: Outgoing, most: int) -> dict[str, Any]:
    """The body of a text, a link or a card; a group, which takes no cards, gets the card's words."""
    if post.kind == "text" or (post.kind == "card" and post.group):
        return {"msgtype": "text", "text": {"content": _words(post.text, most)}}
    if post.kind == "link" and post.link is not None:
        return {"msgtype": "textcard", "textcard": {
            "title": clip(_words(post.link.title, _URL), _TITLE), "url": _address(post.link.url),
            "description": clip(_words(post.link.text or post.text or post.link.title, _URL), _DESCRIPTION)}}
    if post.kind == "card" and post.card is not None:
        return {"msgtype": "template_card", "template_card": cards.draw(post.card, task_id(post.card.about, post.key))}
    raise ChannelError("a kind of post that an app does not know", retryable=False, code=40008)


def update(post: Outgoing, agent: int) -> dict[str, Any]:
    """The body that changes a card on one phone; the address is `task|userid|code`."""
    task, _, rest = post.address.partition("|")
    userid, _, code = rest.partition("|")
    if post.card is None or not (task and userid and code):
        raise ChannelError("an update without its card", retryable=False, code=40058)
    body: dict[str, Any] = {"userids": [userid], "agentid": agent, "response_code": code}
    if post.card.options:
        grey = {"replace_text": post.card.closed} if post.card.closed else {}
        return body | {"template_card": cards.draw(post.card, task) | grey}
    return body | {"button": {"replace_name": clip(legal(post.card.closed or post.card.title), 40)}}


def picture(post: Outgoing) -> bytes:
    """The picture, if the platform would take it."""
    if not post.image.startswith(_SIGNS) or len(post.image) > PICTURE_LIMIT:
        raise ChannelError("not a picture, or one too large", retryable=False, code=40009)
    return post.image


def _words(text: str, most: int) -> str:
    text = calm(legal(text))
    if not text.strip():
        raise ChannelError("nothing to post", retryable=False, code=44004)
    if len(text.encode()) > most:
        raise ChannelError("text too long", retryable=False, code=45002)
    return text


def _address(url: str) -> str:
    if not url.startswith(("http://", "https://")) or len(url.encode()) > _URL:
        raise ChannelError("a link without an address", retryable=False, code=40058)
    return url
