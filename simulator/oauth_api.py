"""网页授权 as WeChat does it: whoever holds the phone is sent back with a code that gives their openid once."""

import html
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, abort, make_response, redirect, request

from simulator.platform_api import Refused, endpoint
from simulator.simulation import Simulation
from simulator.world import account_of

HOLDER = "sim_holder"  # the cookie that says whose phone this browser is
CODE_LIFE_S = 300


@dataclass(slots=True)
class OAuth:
    """Codes that were given out, each good once and for five minutes."""

    sim: Simulation
    _codes: dict[str, tuple[str, str, float]] = field(default_factory=dict)  # code -> appid, openid, until
    _used: set[str] = field(default_factory=set)

    def open(self) -> Any:
        """Opens a link on somebody's phone: this browser is theirs from now on, and the link is marked as shared, like WeChat's."""
        person = self.sim.world.person(request.args.get("person", ""))
        parts = urlsplit(request.args.get("url", ""))
        if person is None or parts.scheme not in ("http", "https"):
            abort(404)
        query = urlencode([*parse_qsl(parts.query), ("from", "groupmessage"), ("isappinstalled", "0")])
        response = redirect(urlunsplit(parts._replace(query=query)))
        response.set_cookie(HOLDER, person.openid, httponly=True, samesite="Lax")
        return response

    def authorize(self) -> Any:
        """Sends the holder of the phone back with a code; outside WeChat there is nobody to recognise."""
        account = account_of(self.sim.accounts, "mp")
        back, scope = request.args.get("redirect_uri", ""), request.args.get("scope", "")
        holder = self.sim.world.follower(request.cookies.get(HOLDER, ""))
        if account is None or request.args.get("appid") != account.app_id or request.args.get("response_type") != "code":
            return _sorry("10003 redirect_uri或appid不对")
        if scope not in ("snsapi_base", "snsapi_userinfo") or urlsplit(back).scheme not in ("http", "https"):
            return _sorry("10005 scope 或 redirect_uri 参数不对")
        if holder is None:
            return _sorry("请在微信客户端打开链接")
        code = secrets.token_urlsafe(24)
        with self.sim.lock:
            self._codes[code] = (account.app_id, holder.openid, self.sim.clock() + CODE_LIFE_S)
        joined = "&" if urlsplit(back).query else "?"
        return redirect(f"{back}{joined}{urlencode({'code': code, 'state': request.args.get('state', '')})}")

    def exchange(self, body: Any, facts: dict[str, Any]) -> dict[str, Any]:
        """Gives the openid that stands behind a code."""
        account, given = account_of(self.sim.accounts, "mp"), request.args
        if account is None or given.get("appid") != account.app_id:
            raise Refused(40013)
        if given.get("secret") != account.app_secret:
            raise Refused(40125)
        if given.get("grant_type") != "authorization_code":
            raise Refused(40002, "invalid grant_type")
        code = given.get("code", "")
        with self.sim.lock:
            if code in self._used:
                raise Refused(40163, "code been used")
            app_id, openid, until = self._codes.pop(code, ("", "", 0.0))
            if app_id != account.app_id or self.sim.clock() > until:
                raise Refused(40029, "invalid code")
            self._used.add(code)
        facts["openid"] = openid
        return {"access_token": secrets.token_urlsafe(32), "expires_in": 7200, "refresh_token": secrets.token_urlsafe(32),
                "openid": openid, "scope": "snsapi_base"}


def blueprint(sim: Simulation) -> Blueprint:
    """The addresses of 网页授权 and of opening a link on a phone."""
    oauth, pages = OAuth(sim), Blueprint("oauth", __name__)
    pages.add_url_rule("/sim/open", "open", oauth.open)
    pages.add_url_rule("/connect/oauth2/authorize", "authorize", oauth.authorize)
    pages.add_url_rule("/sns/oauth2/access_token", "exchange", endpoint(sim, "oauth", oauth.exchange, 47001))
    return pages


def _sorry(text: str) -> Response:
    return make_response(f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>微信</title><p>{html.escape(text)}</p>", 200)
