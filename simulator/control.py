"""What the page, the demo and the tests use to act and to look: the addresses under /sim."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from simulator import mp_phone, photos
from simulator.calls import Log
from simulator.cards import tap
from simulator.clock import Clock
from simulator.day import DayPlayer
from simulator.faults import BadFault
from simulator.feed import iso
from simulator.simulation import CannotSay, Saying, Simulation
from simulator.world import MP_CHAT

LONGEST_WAIT_S = 15.0
LONGEST_TEXT = 10_000


Answer = Response | tuple[Response, int]


@dataclass(slots=True)
class Controls:
    """The controls, one method for each address."""

    sim: Simulation
    player: DayPlayer

    def say(self) -> Answer:
        """Somebody says something on a phone."""
        try:
            heard_id, delivered = self.sim.say(_saying(_body()))
        except CannotSay as error:
            return jsonify(error=str(error)), 400
        return jsonify(id=heard_id, delivered=delivered)

    def event(self) -> Answer:
        """Somebody follows, leaves, scans, touches the menu, or opens the bot's chat."""
        body = _body()
        person, to, event = (str(body.get(key, "")) for key in ("person", "to", "event"))
        try:
            heard_id, delivered = mp_phone.happen(self.sim, body) if to == MP_CHAT else self.sim.happen(person, to, event)
        except CannotSay as error:
            return jsonify(error=str(error)), 400
        return jsonify(id=heard_id, delivered=delivered)

    def tap(self) -> Answer:
        """Somebody touches a card: its key, and what was chosen for each question."""
        body = _body()
        person, chat, task_id, key = (str(body.get(name, "")) for name in ("person", "chat", "task_id", "key"))
        tapper = self.sim.tappers.get(chat)
        try:
            chosen = _selected(body.get("selected"))
            heard_id, delivered = tapper(person, task_id, key, chosen) if tapper is not None else tap(
                self.sim, person, chat, task_id, key, chosen)
        except CannotSay as error:
            return jsonify(error=str(error)), 400
        return jsonify(id=heard_id, delivered=delivered)

    def menu(self) -> Answer:
        """The menu under the 公众号's chat."""
        return jsonify(self.sim.mp.menu or {"button": []})

    def events(self) -> Answer:
        """What phones show after a number; with `wait`, not before there is something."""
        after = _after()
        wait_s = min(LONGEST_WAIT_S, request.args.get("wait", 0.0, float))
        found = self.sim.feed.after(after, wait_s)
        return jsonify(events=found, last=found[-1]["n"] if found else min(after, self.sim.feed.last))

    def bots(self) -> Answer:
        """Whether every bot with an own connection is subscribed."""
        own = [a for a in self.sim.accounts if a.kind == "wecom_aibot_ws"]
        return jsonify(connected=all(map(self.sim.socket.connected, own)))

    def calls(self) -> Answer:
        """The REST calls of the app after a number."""
        return _records("calls", self.sim.calls)

    def deliveries(self) -> Answer:
        """The tries to deliver callbacks after a number."""
        return _records("deliveries", self.sim.deliveries)

    def faults(self) -> Answer:
        """Shows or changes the weather."""
        if request.method == "GET":
            return jsonify(self.sim.faults.show())
        body = _body()
        if body.pop("void_tokens", False):
            self.sim.tokens.void_all()
        if body.pop("drop_socket", False):
            self.sim.socket.drop()
        try:
            return jsonify(self.sim.faults.change(body))
        except BadFault as error:
            return jsonify(error=str(error)), 400

    def verify(self) -> Answer:
        """Checks the callback address of every account that hears."""
        return jsonify({account.name: self.sim.delivery.verify_url(account) for account in self.sim.accounts
                        if account.kind not in ("wecom_webhook", "wecom_aibot_ws")})

    def day(self) -> Answer:
        """The buttons and the state of the day that plays by itself."""
        if request.method == "POST":
            body = _body()
            try:
                self.player.command(str(body.get("action", "")), speed=body.get("speed"), script=str(body.get("script") or "day"))
            except (TypeError, ValueError) as error:
                return jsonify(error=str(error)), 400
        return jsonify(self.player.status())

    def clock(self) -> Answer:
        """Shows what time it is on the platform; lets hours pass, where the app can follow."""
        clock = self.sim.clock
        if request.method == "POST":
            if not isinstance(clock, Clock):
                return jsonify(error="this clock cannot be moved"), 400
            try:
                clock.forward(int(_body().get("hours", 0)))
            except (TypeError, ValueError) as error:
                return jsonify(error=str(error)), 400
        return jsonify(now=iso(clock()))

    def picture(self, name: str) -> Answer:
        """The bytes of a picture on the phones."""
        data = self.sim.feed.picture(name)
        if data is None:
            abort(404)
        return Response(data, mimetype="image/jpeg" if name.endswith("jpg") else "image/png",
                        headers={"Cache-Control": "max-age=3600"})


def blueprint(sim: Simulation, player: DayPlayer) -> Blueprint:
    """Lays out the control addresses."""
    control, does = Blueprint("control", __name__, url_prefix="/sim"), Controls(sim, player)
    table: list[tuple[str, Callable[..., Answer], list[str]]] = [
        ("/say", does.say, ["POST"]), ("/event", does.event, ["POST"]), ("/tap", does.tap, ["POST"]),
        ("/events", does.events, ["GET"]), ("/bots", does.bots, ["GET"]),
        ("/menu", does.menu, ["GET"]), ("/calls", does.calls, ["GET"]), ("/deliveries", does.deliveries, ["GET"]),
        ("/faults", does.faults, ["GET", "POST"]), ("/verify", does.verify, ["POST"]),
        ("/clock", does.clock, ["GET", "POST"]), ("/day", does.day, ["GET", "POST"]), ("/pictures/<name>", does.picture, ["GET"]),
    ]
    for path, work, methods in table:
        control.add_url_rule(path, view_func=work, methods=methods)
    return control


def _after() -> int:
    return max(0, request.args.get("after", 0, int))


def _records(name: str, log: Log) -> Response:
    found = log.after(_after())
    return jsonify({name: found, "last": found[-1]["n"] if found else _after()})


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        abort(400)
    return body


def _selected(found: Any) -> dict[str, list[str]]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(ids, list) for ids in found.values()):
        raise CannotSay("selected is {question_key: [ids]}")
    return {str(question): [str(each) for each in ids] for question, ids in found.items()}


def _saying(body: dict[str, Any]) -> Saying:
    text, picture = body.get("text", ""), str(body.get("picture") or "")
    if picture and picture not in photos.SAMPLES:
        raise CannotSay("no such picture")
    if not isinstance(text, str) or not (text.strip() or picture) or len(text) > LONGEST_TEXT:
        raise CannotSay("text is missing or too long")
    try:
        times, delay_s = int(body.get("times", 1)), float(body.get("delay_s", 0))
    except (TypeError, ValueError) as error:
        raise CannotSay("times and delay_s are numbers") from error
    if not (1 <= times <= 20 and 0 <= delay_s <= 600):
        raise CannotSay("times is 1 to 20, delay_s 0 to 600")
    return Saying(person=str(body.get("person", "")), to=str(body.get("to", "")), text=text,
                  at_bot=body.get("at_bot", True) is not False, quote=str(body.get("quote") or ""),
                  times=times, delay_s=delay_s, picture=picture)
