"""WeChat's own button (`wx-open-subscribe`) by which somebody allows a 公众号 one notice.

The page only shows it, at the moment when a notice would be of use. WeChat asks the person, and what they said counts only
when the platform tells us (`bot/channels/mp_events.py`). Without script, or outside WeChat, nothing of it is seen.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import g, jsonify, request
from flask.wrappers import Response

from bot.channels.mp_js import SCRIPT
from bot.message import ChannelError
from models.base import Tx
from services import pages, phone
from services.notices import REMIND, RESULT
from web.policy import with_wechat
from web.wechat import Visitor

MOST = 3  # templates that one popup can ask for
LONGEST = 1000  # of an address to sign
STYLE = ("button{display:block;box-sizing:border-box;width:100%;min-height:54px;padding:8px 16px;font:bold 18px sans-serif;"
         "color:#155338;background:#fff;border:2px solid #1f6b4a;border-radius:8px}")


@dataclass(frozen=True, slots=True)
class Asking:
    """The button of a page."""

    kind: str  # which words it has
    templates: str
    script: str
    style: str = STYLE


def after_acting(tx: Tx, account: Any, who: Visitor, it: Any) -> Asking | None:
    """The button for somebody who has just voted or cares for this issue, and has nothing allowed that is still unused."""
    if isinstance(it, phone.PollPage):
        kind, moment = REMIND, it.open and bool(it.mine)
    else:
        kind, moment = RESULT, it.open and (it.supported or it.mine)
    id_ = account.subscriptions.get(kind)
    if not moment or not id_ or phone.notices_of(tx, who.channel, who.openid, kind):
        return None
    return _button(account, kind, [id_])


def at_any_time(account: Any) -> Asking | None:
    """The button of the page of notices, for all of them at once."""
    ids = list(account.subscriptions.values())[:MOST]
    return _button(account, "any", ids) if ids else None


def signed(account: Any) -> Response | tuple[Response, int]:
    """What wx.config wants for the page that asks; only for pages of ours."""
    url = request.args.get("url", "")
    page, ours = urlsplit(url), {request.host, urlsplit(pages.base()).netloc}
    if len(url) > LONGEST or page.scheme not in ("http", "https") or page.netloc not in ours or not page.path.startswith("/m/"):
        return jsonify(error="url"), 400
    try:
        answer = jsonify(account.js_config(url))
    except ChannelError:
        return jsonify(error="ticket"), 503
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _button(account: Any, kind: str, ids: list[str]) -> Asking:
    g.policy = with_wechat(account.js_base, STYLE)
    return Asking(kind, ",".join(ids), account.js_base + SCRIPT)
