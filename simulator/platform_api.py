"""The REST side of the platform: the few endpoints our app calls, answered as the real one does."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.faults import Hit
from simulator.limits import SlidingWindow
from simulator.packets import AIBOT_REPLY_BYTES
from simulator.simulation import Simulation, Talk
from simulator.tokens import TooOften
from simulator.world import account_of

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
PICTURE_BYTES = 2 * 1024 * 1024
POSTS_A_MINUTE = 20
SAYINGS = {
    -1: "system error", 40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid", 40008: "invalid message type", 40009: "invalid image size",
    40013: "invalid appid", 40058: "invalid response_code", 40125: "invalid appsecret",
    42001: "access_token expired", 44004: "empty content",
    45002: "content size out of limit", 45009: "api freq out of limit", 45015: "response out of time limit",
    45047: "out of response count limit", 47001: "data format error", 93000: "invalid webhook url",
    301019: "image md5 not match",
}


class Refused(Exception):
    """The platform says no, with a code."""

    def __init__(self, code: int, saying: str = "") -> None:
        super().__init__(code)
        self.code, self.saying = code, saying or SAYINGS.get(code, "error")


Facts = dict[str, Any]
Work = Callable[[Any, Facts], Facts]


@dataclass(slots=True)
class Platform:
    """The verbs behind the endpoints; each gets the JSON body and a dict of facts for the ground truth."""

    sim: Simulation
    pace: SlidingWindow

    def stable_token(self, body: Any, facts: Facts) -> Facts:
        """Gives the stable token."""
        app_id = self._credentials(body.get("appid"), body.get("secret"), body.get("grant_type"))
        try:
            token, left = self.sim.tokens.stable(app_id, force=body.get("force_refresh") is True,
                                                 now=self.sim.clock())
        except TooOften as error:
            raise Refused(45009) from error
        return {"access_token": token, "expires_in": left}

    def legacy_token(self, body: Any, facts: Facts) -> Facts:
        """Gives a legacy token and voids the last one."""
        app_id = self._credentials(request.args.get("appid"), request.args.get("secret"),
                                   request.args.get("grant_type"))
        token, left = self.sim.tokens.legacy(app_id, now=self.sim.clock())
        return {"access_token": token, "expires_in": left}

    def webhook(self, body: Any, facts: Facts) -> Facts:
        """Posts to the group that the key belongs to."""
        key = request.args.get("key", "")
        group = self.sim.world.group_of_key(key)
        if group is None:
            raise Refused(93000)
        facts["group"] = group.name
        if not self.pace.allows(key, self.sim.clock()):
            raise Refused(45009)
        kind = body.get("msgtype")
        if kind == "image":
            self.sim.feed.add_picture(_picture(body.get("image")), chat=group.name, sender=self._robot())
        elif kind in ("text", "markdown", "markdown_v2"):
            limit = TEXT_BYTES if kind == "text" else MARKDOWN_BYTES
            content = content_of(body.get(kind), limit, 45002)
            self.sim.feed.add("post", chat=group.name, text=content, sender=self._robot())
        else:
            raise Refused(40008)
        return {}

    def late_reply(self, body: Any, facts: Facts) -> Facts:
        """Takes the one late answer to a message: a new message in the chat, quoting what it answers."""
        if body.get("msgtype") != "markdown":
            raise Refused(40008)
        content = content_of(body.get("markdown"), AIBOT_REPLY_BYTES, 45002)
        talk: Talk | None = self.sim.late_talk(request.args.get("response_code", ""))
        if talk is None:
            raise Refused(40058)
        facts["reply_to"] = talk.id
        self.sim.reply(talk, content)
        return {}

    def _robot(self) -> str:
        account = account_of(self.sim.accounts, "wecom_webhook")
        return account.bot_name if account else "群机器人"

    def _credentials(self, app_id: Any, secret: Any, grant: Any) -> str:
        account = account_of(self.sim.accounts, "mp")
        if grant != "client_credential":
            raise Refused(40002, "invalid grant_type")
        if account is None or app_id != account.app_id:
            raise Refused(40013)
        if secret != account.app_secret:
            raise Refused(40125)
        return account.app_id


def _text(body: Any, too_long: int) -> str:
    if body.get("msgtype") != "text":
        raise Refused(40008)
    return content_of(body.get("text"), TEXT_BYTES, too_long)


def content_of(part: Any, limit: int, too_long: int) -> str:
    """The words of a part of a body, which may not be empty or too long."""
    content = part.get("content") if isinstance(part, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise Refused(44004)
    if len(content.encode()) > limit:
        raise Refused(too_long)
    return content


def _picture(part: Any) -> bytes:
    try:
        data = base64.b64decode(part["base64"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Refused(44004) from error
    if len(data) > PICTURE_BYTES:
        raise Refused(40009)
    if data[:4] not in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1"):
        raise Refused(40008, "invalid image type")
    if hashlib.md5(data).hexdigest() != part.get("md5"):
        raise Refused(301019)
    return data


def blueprint(sim: Simulation) -> Blueprint:
    """Lays out the endpoints at the real platform's paths."""
    api, platform = Blueprint("platform", __name__), Platform(sim, SlidingWindow(POSTS_A_MINUTE, 60))
    table: list[tuple[str, str, str, Work, int]] = [
        ("/cgi-bin/stable_token", "POST", "token", platform.stable_token, 47001),
        ("/cgi-bin/token", "GET", "token", platform.legacy_token, 47001),
        ("/cgi-bin/webhook/send", "POST", "webhook", platform.webhook, 40008),
        ("/cgi-bin/aibot/response", "POST", "response_url", platform.late_reply, 40008),
    ]
    for path, method, name, work, bad_json in table:
        api.add_url_rule(path, path, endpoint(sim, name, work, bad_json), methods=[method])
    return api


def endpoint(sim: Simulation, name: str, work: Work, bad_json: int) -> Callable[[], Response]:
    """One address: the work, the weather that may hit it, and a line in the ground truth."""
    def serve() -> Response:
        body = _json()
        facts: Facts = {}
        hit = sim.faults.hit(name)
        answer = _answer(work, body, bad_json, facts, hit)
        status = hit.status if hit else 200
        sim.calls.add(endpoint=name, path=request.path, body=_brief(body), errcode=answer.get("errcode", 0),
                      status=status, lost=bool(hit and hit.lost), **facts,
                      **({"key": request.args["key"]} if "key" in request.args else {}))
        response = jsonify(answer)
        if status != 200 or (hit and hit.lost):
            response = Response("<html><body>Bad Gateway</body></html>", status if status != 200 else 502)
        return response
    return serve


def _answer(work: Work, body: Any, bad_json: int, facts: Facts, hit: Hit | None) -> Facts:
    """Does the work unless bad weather prevents it, and writes the answer as the platform words it."""
    try:
        if hit and not hit.lost:
            raise Refused(hit.errcode or -1)
        if not isinstance(body, dict):
            raise Refused(bad_json, "data format error. Warning: wrong json format. ")
        result = work(body, facts)
    except Refused as refusal:
        return {"errcode": refusal.code, "errmsg": refusal.saying}
    return result if "access_token" in result else {"errcode": 0, "errmsg": "ok", **result}


def _json() -> Any:
    if request.method == "GET" or request.files:
        return {}
    try:
        return json.loads(request.get_data())
    except ValueError:
        return None


def _brief(body: Any) -> Any:
    """Keeps what a test wants to know of a body: pictures become their size and md5, secrets are left out."""
    if not isinstance(body, dict):
        return body
    brief = {key: value for key, value in body.items() if key not in ("secret", "access_token")}
    picture = brief.get("image")
    if isinstance(picture, dict) and isinstance(picture.get("base64"), str):
        brief["image"] = {"md5": picture.get("md5"), "characters": len(picture["base64"])}
    return brief
