"""Who holds the phone: 网页授权 snsapi_base gives the openid of a 公众号, kept in a signed cookie; nothing else is asked."""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import redirect, request
from flask.wrappers import Response
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from bot.message import Channel, ChannelError
from models.base import Tx
from models.tables import community, identity, person

COOKIE, STATE = "linyi_phone", "linyi_way"
LIFE_S, WAY_S = 30 * 86400, 600
LONGEST = 200  # of a path to come back to; it travels in a cookie
_PATH = re.compile(r"/m/[\w/.-]*(\?[\w=&-]*)?", re.ASCII)
_SHARED = frozenset({"groupmessage", "singlemessage", "timeline"})  # WeChat adds from=… to a link that was shared


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who was recognised, and the account through which."""

    channel: str
    openid: str
    person_id: int | None  # None: never heard of before; becomes a resident with the first thing they do
    community_id: int
    community: str  # its code


class WechatLogin:
    """Recognises visitors and sends the others to WeChat and back."""

    def __init__(self, secret_key: str, accounts: dict[str, Channel], *, secure: bool):
        self._cookies = URLSafeTimedSerializer(secret_key, salt="linyi-phone")
        self._ways = URLSafeTimedSerializer(secret_key, salt="linyi-way")
        self._secret, self._secure = secret_key.encode(), secure
        self.accounts = accounts  # community code -> its 公众号

    def visitor(self, tx: Tx) -> Visitor | None:
        """Who the cookie says is here; None when it is not ours, too old, or the person was erased."""
        try:
            channel, openid = self._cookies.loads(request.cookies.get(COOKIE, ""), max_age=LIFE_S)
        except (BadData, ValueError, TypeError):
            return None
        account = next((c for c in self.accounts.values() if c.name == channel), None)
        if account is None or not isinstance(openid, str):
            return None
        row = tx.first(select(person.c.id, person.c.community_id, person.c.erased_at, community.c.code)
                       .join_from(identity, person, identity.c.person_id == person.c.id)
                       .join(community, community.c.id == person.c.community_id)
                       .where(identity.c.channel == channel, identity.c.external_id == openid))
        if row is not None:
            return None if row.erased_at else Visitor(channel, openid, row.id, row.community_id, row.code)
        home = tx.first(select(community.c.id, community.c.code).where(community.c.code == account.community))
        return Visitor(channel, openid, None, home.id, home.code) if home is not None else None

    def token(self, nonce: str) -> str:
        """What a form of this browser must carry."""
        said = f"form:{request.cookies.get(COOKIE, '')}:{nonce}".encode()
        return hmac.new(self._secret, said, "sha256").hexdigest()[:32]

    def genuine(self, nonce: str, token: str) -> bool:
        """True when the form was made for this browser."""
        return bool(nonce) and hmac.compare_digest(self.token(nonce).encode(), token.encode("utf-8", "replace"))

    def in_wechat(self) -> bool:
        """True inside WeChat's own browser, where recognising costs the person nothing."""
        return "MicroMessenger" in request.headers.get("User-Agent", "") or request.args.get("from") in _SHARED

    def leave(self, code: str, here: str, back: str) -> AnyResponse | None:
        """Sends the browser to WeChat, which sends it to `back`; None when this community has no 公众号."""
        account: Any = self.accounts.get(code)
        if account is None:
            return None
        mark = secrets.token_urlsafe(16)
        query = urlencode({"appid": account.app_id, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base",
                           "state": mark})
        response = redirect(f"{account.oauth_base}/connect/oauth2/authorize?{query}#wechat_redirect")
        response.set_cookie(STATE, self._ways.dumps([mark, code, here]), max_age=WAY_S, httponly=True, samesite="Lax",
                            secure=self._secure or request.is_secure, path="/m")
        return response

    def arrive(self, forget: Callable[[str], AnyResponse]) -> AnyResponse:
        """Takes WeChat's answer and goes to where the person wanted; `forget(reason)` makes the page that says what went wrong."""
        try:
            mark, code, here = self._ways.loads(request.cookies.get(STATE, ""), max_age=WAY_S)
        except (BadData, ValueError, TypeError):
            return forget("page.login_again")
        account: Any = self.accounts.get(code)
        given = request.args.get("code", "")
        if account is None or not given or not hmac.compare_digest(mark.encode(), request.args.get("state", "").encode()):
            return forget("page.login_again")
        try:
            openid = account.openid_of(given)
        except ChannelError:
            return forget("page.login_failed")
        response = redirect(own(here))
        response.set_cookie(COOKIE, str(self._cookies.dumps([account.name, openid])), max_age=LIFE_S, httponly=True,
                            samesite="Lax", secure=self._secure or request.is_secure, path="/m")
        response.delete_cookie(STATE, path="/m")
        return response


def own(path: str) -> str:
    """The path when it is one of the pages for phones, else their front door."""
    return path if len(path) <= LONGEST and _PATH.fullmatch(path) else "/m/"


def goodbye(response: Response) -> Response:
    """Forgets who was here."""
    response.delete_cookie(COOKIE, path="/m")
    return response
