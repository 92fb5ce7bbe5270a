"""JS-SDK as WeChat plays it: the ticket, the check of a page's signature, and the popup of the button for one-time notices.

The page's part is static/jweixin.js. It asks by <script>, as the page allows scripts from here and nothing else.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request

from simulator import mp_phone
from simulator.oauth_api import HOLDER
from simulator.platform_api import Refused, endpoint
from simulator.simulation import CannotSay, Simulation
from simulator.world import Person, SimAccount, account_of

LIFE_S = 7200
TEMPLATES_MOST = 3
_FIELDS = ("noncestr", "timestamp", "url")
_TROUBLES = {10001: "TmplIds can't be empty", 10003: "Request subscribe fail",
             20001: "No template data return, verify the template id exist", 20003: "Templates count out of max bounds"}


@dataclass(slots=True)
class JsSdk:
    """The one ticket that is good now, and what it opens."""

    sim: Simulation
    _ticket: str = ""
    _until: float = 0.0

    def ticket(self, body: Any, facts: dict[str, Any]) -> dict[str, Any]:
        """Gives the ticket: the same until its end."""
        account, now = account_of(self.sim.accounts, "mp"), self.sim.clock()
        code = self.sim.tokens.judge(account.app_id, request.args.get("access_token", ""), now=now) if account else 40001
        if code:
            raise Refused(code)
        if request.args.get("type") != "jsapi":
            raise Refused(40097, "invalid args")
        with self.sim.lock:
            if now >= self._until:
                self._ticket, self._until = secrets.token_urlsafe(64), now + LIFE_S
            return {"ticket": self._ticket, "expires_in": int(self._until - now)}

    def config(self) -> Response:
        """Says whether this page may use what wx.config asks for; outside WeChat there is nobody to say anything."""
        account, given = account_of(self.sim.accounts, "mp"), request.args
        if self._holder() is None:
            return _told({"silent": True})
        page = urlsplit(given.get("url", ""))
        if account is None or given.get("appid") != account.app_id:
            return _told({"errMsg": "config:invalid appid"})
        if page.netloc != urlsplit(account.app_url).netloc:  # the domain that the account has registered
            return _told({"errMsg": "config:invalid url domain"})
        signed = "&".join([f"jsapi_ticket={self._ticket}", *(f"{field}={given.get(field, '')}" for field in _FIELDS)])
        right = self.sim.clock() < self._until and hmac.compare_digest(
            hashlib.sha1(signed.encode()).hexdigest(), given.get("signature", "").encode("ascii", "replace").decode())
        return _told({"errMsg": "config:ok" if right else "config:invalid signature"})

    def popup(self) -> Response:
        """What the popup asks for: the templates by name, or why it does not open."""
        account, ids = account_of(self.sim.accounts, "mp"), _ids("template")
        trouble = 10001 if not ids else 20003 if len(ids) > TEMPLATES_MOST else 0
        names = {} if account is None else {i: name for name, i in account.templates.items()}
        trouble = trouble or (20001 if self._holder() is None or set(ids) - set(names) else 0)
        if account is None or trouble:
            return _trouble(trouble or 20001)
        return _told({"account": account.bot_name, "ask": [{"id": i, "name": names[i]} for i in ids]})

    def answer(self) -> Response:
        """The person has answered the popup: our app hears it by an event, the page by the tag."""
        account, holder = account_of(self.sim.accounts, "mp"), self._holder()
        if account is None or holder is None:
            return _trouble(10003)
        return self._deliver(account, holder, {i: "accept" if i in _ids("accept") else "reject" for i in _ids("template")})

    def _deliver(self, account: SimAccount, holder: Person, said: dict[str, str]) -> Response:
        names = {i: name for name, i in account.templates.items()}
        try:
            mp_phone.happen(self.sim, {"person": holder.name, "event": "allow",
                                       "templates": {names.get(i, i): how for i, how in said.items()}})
        except CannotSay:
            return _trouble(10003)
        details = json.dumps({i: json.dumps({"status": how}) for i, how in said.items()})
        return _told({"errMsg": "subscribe:ok", "subscribeDetails": details})

    def _holder(self) -> Person | None:
        return self.sim.world.follower(request.cookies.get(HOLDER, ""))


def blueprint(sim: Simulation) -> Blueprint:
    """The ticket's address, the script's, and those the script asks."""
    sdk, pages = JsSdk(sim), Blueprint("js", __name__)
    pages.add_url_rule("/cgi-bin/ticket/getticket", "ticket", endpoint(sim, "ticket", sdk.ticket, 47001))
    pages.add_url_rule("/open/js/jweixin-1.6.0.js", "script", lambda: current_app.send_static_file("jweixin.js"))
    for name, work in {"config": sdk.config, "popup": sdk.popup, "answer": sdk.answer}.items():
        pages.add_url_rule(f"/sim/js/{name}.js", name, work)
    return pages


def _ids(name: str) -> list[str]:
    return [each for each in request.args.get(name, "").split(",") if each]


def _trouble(code: int) -> Response:
    return _told({"errCode": code, "errMsg": f"subscribe:fail {_TROUBLES[code]}"})


def _told(what: dict[str, Any]) -> Response:
    """The answer as a call of the script's function that waits for it."""
    waiting = request.args.get("call", "")
    if not re.fullmatch(r"__wx[0-9]+", waiting):
        abort(400)
    return Response(f"{waiting}({json.dumps(what)});", mimetype="text/javascript", headers={"Cache-Control": "no-store"})
