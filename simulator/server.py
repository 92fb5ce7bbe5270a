"""Puts the platform behind an address: phones, controls and the REST endpoints, in one process."""

import functools
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template

from simulator import app_api, control, customer_api, js_api, mp_api, oauth_api, photos, platform_api
from simulator.clock import Clock
from simulator.day import DayPlayer
from simulator.delivery import Pace
from simulator.simulation import Simulation
from simulator.world import (
    APP_CHAT,
    BOT_CHAT,
    MP_CHAT,
    TASK_CHAT,
    SimAccount,
    World,
    account_of,
    load_world,
)

THREADS = 96  # an open page keeps one waiting for news; the rest serve the app
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")


def create_app(world: World, accounts: Sequence[SimAccount], *, base_url: str = "http://127.0.0.1:8090",
               console_url: str = "", calls_file: str | Path | None = None,
               clock: Callable[[], float] | None = None, clock_file: str | None = None, pace: Pace | None = None,
               carriers: int = 24, socket_port: int | None = None) -> Flask:
    """Builds the simulator; `app.extensions["simulation"]` is the running platform."""
    sim = Simulation(world, accounts, base_url.rstrip("/"), calls_file=calls_file, clock=clock or Clock(clock_file),
                     pace=pace or Pace(), carriers=carriers)
    if socket_port is not None:
        sim.socket.listen("127.0.0.1", socket_port)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    player = DayPlayer(sim)
    app.extensions["simulation"], app.extensions["day"] = sim, player
    app.register_blueprint(control.blueprint(sim, player))
    app.register_blueprint(platform_api.blueprint(sim))
    app.register_blueprint(oauth_api.blueprint(sim))
    app.register_blueprint(app_api.blueprint(sim))
    app.register_blueprint(customer_api.blueprint(sim))
    app.register_blueprint(mp_api.blueprint(sim))
    app.register_blueprint(js_api.blueprint(sim))
    app.register_blueprint(photos.blueprint(sim.gallery, sim.tokens))
    app.add_url_rule("/", "phones", lambda: render_template("phones.html", page=_page(sim, console_url)))
    app.add_url_rule("/healthz", "healthz", lambda: {"ok": True})
    app.add_url_rule("/favicon.ico", "favicon", lambda: ("", 204))

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    return app


def _page(sim: Simulation, console_url: str) -> dict[str, Any]:
    """Gathers what the page draws before anything happens."""
    mp, bot = account_of(sim.accounts, "mp"), account_of(sim.accounts, "wecom_aibot")
    own = account_of(sim.accounts, "wecom_app")
    line = account_of(sim.accounts, "wecom_aibot_ws")
    second = {g.name for g in sim.world.groups if line and g.road == "aibot_ws"}
    people = [{"name": person.name, "role": person.role, "home": person.home,
               "chats": [*person.groups, *([BOT_CHAT] if bot and person.userid else []),
                         *([APP_CHAT] if own and person.userid else []),
                         *([TASK_CHAT] if any(g.road == "customer" and g.owner == person.userid for g in sim.world.groups) else []),
                         *([line.bot_name] if line and person.userid and second & set(person.groups) else []),
                         *([MP_CHAT] if mp and person.openid else [])]} for person in sim.world.people]
    webhook = account_of(sim.accounts, "wecom_webhook")
    return {"community": sim.world.name, "people": people,
            "photos": list(photos.SAMPLES),
            "groups": [group.name for group in sim.world.groups],
            "bot_chat": BOT_CHAT, "mp_chat": MP_CHAT, "bot_name": bot.bot_name if bot else BOT_CHAT,
            "mp_name": mp.bot_name if mp else MP_CHAT,
            "second_bot": line.bot_name if line else "", "second_groups": sorted(second),
            "robot_name": webhook.bot_name if webhook else "群机器人",
            "console_url": console_url, "last": sim.feed.last}


def load_app(world_file: str, accounts: Sequence[SimAccount], options: dict[str, Any], *_: Any) -> Flask:
    """Builds the simulator inside the server's worker process."""
    return create_app(load_world(world_file), accounts, **options)


def run(host: str, port: int, world_file: str | Path, accounts: Sequence[SimAccount], *,
        calls_file: str | Path | None = None, console_url: str = "", base_url: str = "",
        pace: Pace | None = None, carriers: int = 24, socket_port: int | None = None, clock_file: str | None = None) -> None:
    """Serves the simulator until it is told to stop; one worker process, as the world lives in its memory."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    logging.getLogger("urllib3").setLevel(logging.ERROR)
    options = {"base_url": base_url or f"http://{host}:{port}", "console_url": console_url,
               "calls_file": os.fspath(calls_file) if calls_file else None, "pace": pace,
               "carriers": carriers, "socket_port": socket_port, "clock_file": clock_file}
    server = Granian("simulator.server:load_app", address=host, port=port, interface=Interfaces.WSGI,
                     workers=1, blocking_threads=THREADS, log_level=LogLevels.error, log_access=False,
                     workers_kill_timeout=1)
    server.serve(target_loader=functools.partial(load_app, os.fspath(world_file), tuple(accounts), options),
                 wrap_loader=False)
