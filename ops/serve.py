"""Runs the processes of an installation: web workers, the scheduler, and their embedded Valkey."""

import os
import signal
import threading
from types import FrameType
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from bot.config import ConfigError, Settings, load
from models import secret
from models.base import Database
from ops import database, house, valkey
from ops.backup_auto import AfterPolls
from scheduler import clock
from texts import words
from understanding import trained

CONNECTIONS = 512  # open at the same time to one worker; more wait in the kernel, where nobody can refuse them quickly


def ready(settings: Settings) -> None:
    """Refuses to start on settings or a database that cannot work."""
    settings.keys()
    for channel in settings.channels:
        channel.account(os.environ)
    secret.set_key(*settings.keys())
    db = Database(settings.database_url())
    try:
        have, need = database.current(db)
    except Exception as error:
        raise ConfigError(f"数据库打不开（{type(error).__name__}），请检查 database 设置") from None
    finally:
        db.close()
    if have != need:
        raise ConfigError("数据库还不是当前版本，请先运行：python app.py db upgrade")


def serve(port: int | None = None) -> None:
    """The web workers: as many as the database allows, dictionary and model loaded before they fork."""
    settings = load(house.settings_path())
    ready(settings)
    embedded = None if settings.redis_url() else valkey.ensure(settings.redis.folder)
    words.load()
    trained.use(house.data_folder(settings) / "models")
    trained.reader()
    server = Granian(
        "ops.wsgi:create", factory=True, interface=Interfaces.WSGI, address=settings.server.host,
        port=port or settings.server.port, workers=settings.workers(), blocking_threads=settings.server.threads,
        backlog=512, backpressure=CONNECTIONS, respawn_failed_workers=True, respawn_interval=0.5,
        workers_kill_timeout=10, log_level=LogLevels.error)
    try:
        server.serve()
    finally:
        if embedded is not None:
            embedded.stop()


def schedule() -> None:
    """The scheduler: sweeps and delivery, until it is told to stop."""
    settings = load(house.settings_path())
    ready(settings)
    embedded = None if settings.redis_url() else valkey.ensure(settings.redis.folder)
    words.load()
    trained.use(house.data_folder(settings) / "models")
    trained.reader()
    built = house.build(settings)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        clock.run(built.sweeps(), built.delivery(), built.tasks(), built.photos(), every_s=settings.delivery.every_s, stop=stop,
                  summariser=built.summariser(), backups=AfterPolls(built).run_once)
    finally:
        _close(built, embedded)


def _close(built: house.House, embedded: Any) -> None:
    built.db.close()
    if embedded is not None:
        embedded.stop()
