"""The web application of one worker process: callbacks, console, health."""

from datetime import timedelta
from typing import Any

from flask import Flask, jsonify, redirect
from sqlalchemy import select
from werkzeug.middleware.proxy_fix import ProxyFix

import web
from bot.channels.http import wire_blueprint, wire_shortcut
from models.base import Database
from models.tables import heartbeat
from ops import accounts_seen, machine, metrics
from ops.house import House, build, metrics_folder, now
from scheduler.sweeps import HEARTBEAT

FRESH = timedelta(seconds=30)


def create() -> Flask:
    """Builds the application after the fork, so that no connection is shared between processes."""
    return application(build())


def application(house: House) -> Flask:
    """The application over an assembled house."""
    app = Flask(__name__, static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    pipeline = house.pipeline()
    app.extensions["pipeline"] = pipeline
    wire = wire_blueprint(house.channels, pipeline.hear, clock=now)
    app.register_blueprint(wire)
    secure = house.settings.server.secure_cookies
    csrf = web.init_app(app, house.settings.secret_key())
    csrf.exempt(wire)
    residents = web.WechatLogin(house.settings.secret_key(), {c.community: c for c in reversed(house.channels.values())
                                                              if c.kind == "mp"}, secure=secure)
    phones = web.phone_blueprint(house.db, residents, pipeline.hear, clock=now)
    app.register_blueprint(phones)
    csrf.exempt(phones)  # its forms carry a token of their own, bound to the visitor
    app.register_blueprint(web.console_blueprint(
        house.db, clock=now, secure_cookies=secure, second_factor=house.settings.console.second_factor,
        machine=lambda: [(f.good, f.text) for f in machine.findings(house)], platform=accounts_seen.platform(house.settings)))
    app.add_url_rule("/healthz", "healthz", lambda: _health(house))
    metrics.add_page(app, house.db, house.settings, metrics_folder(house.settings))
    app.wsgi_app = wire_shortcut(app.wsgi_app, house.channels, pipeline.hear, clock=now)  # type: ignore[method-assign, assignment]
    app.add_url_rule("/", "root", lambda: redirect("/console/"))
    proxies = house.settings.server.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    return app


def _health(house: House) -> Any:
    """200 when the database answers and the scheduler is alive; Redis away is only degraded."""
    problem = check(house.db)
    redis = "up"
    try:
        house.redis.ping()
    except Exception:
        redis = "away"
    state = "down" if problem else "degraded" if redis == "away" else "ok"
    return jsonify(state=state, reason=problem, redis=redis), 503 if problem else 200


def check(db: Database) -> str | None:
    """Why the installation is not healthy, or None."""
    try:
        with db.read() as tx:
            beat = tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == HEARTBEAT))
    except Exception as error:
        return f"数据库没有应答（{type(error).__name__}）"
    if beat is None:
        return "定时程序还没有运行过，请启动：python app.py scheduler"
    if now() - beat > FRESH:
        return f"定时程序 {int((now() - beat).total_seconds())} 秒没有动静，请检查：python app.py scheduler"
    return None
