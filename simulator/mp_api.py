"""The REST side of a 公众号: messages and notices to followers, menu, QR codes, with the limits and errors of the real one."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from PIL import Image, ImageDraw

from simulator import mp_phone
from simulator.mp_side import FOREVER
from simulator.platform_api import TEXT_BYTES, Facts, Refused, Work, endpoint
from simulator.simulation import Simulation
from simulator.world import MP_CHAT, Person, SimAccount, account_of

NEWS_MOST = 1
BUTTONS_MOST, SUB_BUTTONS_MOST = 3, 5
NAME_BYTES, SUB_NAME_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024
DAYS_30 = 2_592_000
SAYINGS = {
    40016: "invalid button size", 40017: "invalid button type", 40018: "invalid button name size",
    40019: "invalid button key size", 40020: "invalid button url size", 40023: "invalid sub button size",
    40025: "invalid sub button name size", 40037: "invalid template_id", 40052: "invalid action name",
    40053: "invalid action info", 41030: "page path is error", 43004: "require subscribe",
    43101: "user refuse to accept the msg", 46003: "menu no exist", 47003: "argument invalid", 48002: "user block receive message",
}
_FIELD_MOST = {"thing": 20, "character_string": 32, "phrase": 5, "name": 10}  # characters; of a 订阅通知 only


@dataclass(slots=True)
class MpApi:
    """The verbs behind the endpoints."""

    sim: Simulation

    def custom_send(self, body: Any, facts: Facts) -> Facts:
        """Sends a 客服消息 to a follower, within the window that the follower opened."""
        self._account()
        person = self._person(body, facts)
        kind, text, url = body.get("msgtype"), "", ""
        if kind == "text":
            text = _words(body.get("text"), "content")
        elif kind == "news":
            text, url = _article(body.get("news"))
        else:
            raise Refused(40008)
        if person.openid in self.sim.mp.blocked:
            raise _refused(48002)
        with self.sim.lock:
            code = self.sim.windows[person.openid].take(self.sim.clock())
        if code:
            raise Refused(code)
        self.sim.feed.add("post", chat=MP_CHAT, person=person.name, text=text, url=url or None)
        return {}

    def template_send(self, body: Any, facts: Facts) -> Facts:
        """Sends a 模板消息; the same client_msg_id again sends nothing new."""
        account = self._account()
        person = self._person(body, facts)
        text = self._notice(account, body, strict=False)
        key = (person.openid, str(body.get("client_msg_id") or self.sim.mp.number()))
        with self.sim.lock:
            if key in self.sim.mp.taken:
                return {"msgid": int(self.sim.mp.taken[key])}
            if not self.sim.windows[person.openid].follows:
                raise _refused(43004)
            number = self.sim.mp.taken[key] = self.sim.mp.number()
        blocked = person.openid in self.sim.mp.blocked
        if not blocked:
            self.sim.feed.add("post", chat=MP_CHAT, person=person.name, text=text, url=body.get("url") or None)
        mp_phone.template_done(self.sim, person, number, "failed:user block" if blocked else "success")
        return {"msgid": int(number)}

    def bizsend(self, body: Any, facts: Facts) -> Facts:
        """Sends a 订阅通知, for which the person has allowed one message of this template."""
        account = self._account()
        person = self._person(body, facts)
        page = body.get("page", "")
        if not isinstance(page, str) or (page and not re.match(r"https?://", page)):
            raise _refused(41030)
        text = self._notice(account, body, strict=True)
        template = str(body["template_id"])
        with self.sim.lock:
            if person.openid in self.sim.mp.blocked or not self.sim.mp.use(person.openid, template):
                raise _refused(43101)
        self.sim.feed.add("post", chat=MP_CHAT, person=person.name, text=text, url=page or None)
        mp_phone.notice_done(self.sim, person, template)
        return {}

    def menu_create(self, body: Any, facts: Facts) -> Facts:
        """Puts up the menu under the chat, in place of the old one."""
        self._account()
        buttons = body.get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS_MOST:
            raise _refused(40016)
        for button in buttons:
            _check_button(button, NAME_BYTES, 40018)
        self.sim.mp.menu = {"button": buttons}
        self.sim.feed.add("menu", chat=MP_CHAT)
        return {}

    def menu_get(self, body: Any, facts: Facts) -> Facts:
        """Shows the menu."""
        self._account()
        if self.sim.mp.menu is None:
            raise _refused(46003)
        return {"menu": self.sim.mp.menu}

    def menu_delete(self, body: Any, facts: Facts) -> Facts:
        """Takes the menu down."""
        self._account()
        self.sim.mp.menu = None
        return {}

    def qr_create(self, body: Any, facts: Facts) -> Facts:
        """Makes a QR code with a scene, for some days or for ever."""
        self._account()
        action, info = body.get("action_name"), body.get("action_info")
        if action not in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
            raise _refused(40052)
        scene = info.get("scene", {}).get("scene_str") if isinstance(info, dict) else None
        if not isinstance(scene, str) or not 1 <= len(scene) <= 64:
            raise _refused(40053)
        if action == "QR_LIMIT_STR_SCENE":
            return {"ticket": self.sim.mp.code_for(scene, FOREVER), "url": "http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}
        life = body.get("expire_seconds", 60)
        if not isinstance(life, int) or not 1 <= life <= DAYS_30:
            raise _refused(40053)
        return {"ticket": self.sim.mp.code_for(scene, self.sim.clock() + life), "expire_seconds": life,
                "url": "http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}

    def user_info(self, body: Any, facts: Facts) -> Facts:
        """What is told of a follower: no name, as since 2021."""
        self._account()
        person = self.sim.world.follower(request.args.get("openid", ""))
        if person is None:
            raise Refused(40003)
        return {"subscribe": int(self.sim.windows[person.openid].follows), "openid": person.openid, "language": "zh_CN"}

    def callback_ips(self, body: Any, facts: Facts) -> Facts:
        """Where callbacks come from, for accounts of every kind."""
        code = self.sim.tokens.judge_any(request.args.get("access_token", ""), now=self.sim.clock())
        if code:
            raise Refused(code)
        return {"ip_list": ["127.0.0.1"]}

    def staff(self, body: Any, facts: Facts) -> Facts:
        """Who answers by hand: nobody; an account without the right to write to followers is refused here."""
        self._account()
        return {"kf_list": []}

    def templates(self, body: Any, facts: Facts) -> Facts:
        """The templates of both kinds that the account has chosen, with their fields."""
        account = self._account()
        content = "{{thing1.DATA}}\n{{time2.DATA}}\n{{thing3.DATA}}"
        return {"data": [{"priTmplId": i, "title": n, "content": content, "type": 2} for n, i in account.templates.items()],
                "template_list": [{"template_id": i, "title": n, "content": content} for n, i in account.templates.items()]}

    def picture(self) -> Response:
        """The picture of a code; no token is needed for it."""
        scene, until = self.sim.mp.codes.get(request.args.get("ticket", ""), ("", 0.0))
        if not scene or self.sim.clock() > until:
            return Response(status=404)
        image = Image.new("L", (430, 430), 255)
        draw = ImageDraw.Draw(image)
        draw.rectangle((20, 20, 410, 410), outline=0, width=12)
        draw.text((60, 200), scene, fill=0, font_size=28)
        data = io.BytesIO()
        image.save(data, "PNG")
        return Response(data.getvalue(), mimetype="image/jpg")  # as the platform calls it, whatever it is

    def _account(self) -> SimAccount:
        account, token = account_of(self.sim.accounts, "mp"), request.args.get("access_token", "")
        code = self.sim.tokens.judge(account.app_id, token, now=self.sim.clock()) if account else 40001
        if account is None or code:
            raise Refused(code)
        return account

    def _person(self, body: Any, facts: Facts) -> Person:
        person = self.sim.world.follower(str(body.get("touser", "")))
        if person is None:
            raise Refused(40003)
        facts["person"] = person.name
        return person

    def _notice(self, account: SimAccount, body: Any, *, strict: bool) -> str:
        """The words of a notice, checked as the platform checks each field."""
        if body.get("template_id") not in account.templates.values():
            raise _refused(40037)
        data, lines = body.get("data"), []
        if not isinstance(data, dict) or not data:
            raise _refused(47003)
        for field, part in data.items():
            value = part.get("value") if isinstance(part, dict) else None
            most = _FIELD_MOST.get(field.rstrip("0123456789"), 200)
            if not isinstance(value, str) or (strict and not 1 <= len(value) <= most):
                raise Refused(47003, f"argument invalid! data.{field}.value invalid")
            lines.append(value)
        return "\n".join(["服务通知", *lines])


def blueprint(sim: Simulation) -> Blueprint:
    """Lays out the endpoints at the real platform's paths."""
    blue, api = Blueprint("mp", __name__), MpApi(sim)
    table: list[tuple[str, str, str, Work]] = [
        ("/cgi-bin/message/custom/send", "POST", "custom_send", api.custom_send),
        ("/cgi-bin/message/template/send", "POST", "notice", api.template_send),
        ("/cgi-bin/message/subscribe/bizsend", "POST", "notice", api.bizsend),
        ("/cgi-bin/menu/create", "POST", "menu", api.menu_create), ("/cgi-bin/menu/get", "GET", "menu", api.menu_get),
        ("/cgi-bin/menu/delete", "GET", "menu", api.menu_delete), ("/cgi-bin/qrcode/create", "POST", "qrcode", api.qr_create),
        ("/cgi-bin/customservice/getkflist", "GET", "user", api.staff),
        ("/wxaapi/newtmpl/gettemplate", "GET", "menu", api.templates),
        ("/cgi-bin/template/get_all_private_template", "GET", "menu", api.templates),
        ("/cgi-bin/user/info", "GET", "user", api.user_info), ("/cgi-bin/getcallbackip", "GET", "callback_ips", api.callback_ips),
    ]
    for path, method, name, work in table:
        blue.add_url_rule(path, path, endpoint(sim, name, work, 47001), methods=[method])
    picture: Callable[[], Response] = api.picture
    blue.add_url_rule("/cgi-bin/showqrcode", "showqrcode", picture)
    return blue


def _refused(code: int) -> Refused:
    return Refused(code, SAYINGS[code])


def _words(part: Any, field: str) -> str:
    words = part.get(field) if isinstance(part, dict) else None
    if not isinstance(words, str) or not words.strip():
        raise Refused(44004)
    if len(words.encode()) > TEXT_BYTES:
        raise Refused(45002)
    return words


def _article(part: Any) -> tuple[str, str]:
    articles = part.get("articles") if isinstance(part, dict) else None
    if not isinstance(articles, list) or not articles or not isinstance(articles[0], dict):
        raise Refused(44004)
    if len(articles) > NEWS_MOST:
        raise Refused(45008, "article size out of limit")
    first = articles[0]
    return "\n".join(filter(None, (_words(first, "title"), str(first.get("description") or "")))), str(first.get("url") or "")


def _check_button(button: Any, name_bytes: int, name_code: int) -> None:
    if not isinstance(button, dict) or not 1 <= len(str(button.get("name", "")).encode()) <= name_bytes:
        raise _refused(name_code)
    inside = button.get("sub_button")
    if inside:
        if name_code == 40025 or not isinstance(inside, list) or len(inside) > SUB_BUTTONS_MOST:
            raise _refused(40023)
        for each in inside:
            _check_button(each, SUB_NAME_BYTES, 40025)
    elif button.get("type") == "click":
        if not 1 <= len(str(button.get("key", "")).encode()) <= KEY_BYTES:
            raise _refused(40019)
    elif button.get("type") == "view":
        if not 1 <= len(str(button.get("url", "")).encode()) <= URL_BYTES:
            raise _refused(40020)
    else:
        raise _refused(40017)
