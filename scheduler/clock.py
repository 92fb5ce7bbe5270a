"""The clock: APScheduler beats, the sweeps and the outbox do the work; rows, not jobs, remember what is due."""

import logging
import threading
import traceback
from collections.abc import Callable
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from bot.delivery import Delivery
from bot.media import Photos
from bot.summariser import Summariser
from bot.tasks import Tasks
from scheduler.sweeps import Sweeps

log = logging.getLogger(__name__)


def run(sweeps: Sweeps, delivery: Delivery, tasks: Tasks, photos: Photos, *, every_s: float, stop: threading.Event,
        summariser: Summariser, backups: Callable[[], object] = bool) -> None:
    """Beats until told to stop; two of these at once are harmless."""
    clock = BackgroundScheduler(timezone="Asia/Shanghai", job_defaults={
        "coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    clock.add_job(_guarded(sweeps.run, "sweeps"), "interval", seconds=1, id="sweeps")
    clock.add_job(_guarded(sweeps.beat, "heartbeat"), "interval", seconds=5, id="heartbeat")
    clock.add_job(_guarded(partial(_deliver, delivery, stop), "delivery"), "interval", seconds=every_s, id="delivery")
    clock.add_job(_guarded(tasks.run_once, "tasks"), "interval", seconds=5, id="tasks")
    clock.add_job(_guarded(photos.run_once, "photos"), "interval", seconds=1, id="photos")
    clock.add_job(_guarded(summariser.run_once, "summariser"), "interval", seconds=2, id="summariser")
    clock.add_job(_guarded(sweeps.forget_expired, "retention"), "interval", seconds=60, id="retention")
    clock.add_job(_guarded(backups, "backup"), "interval", seconds=60, id="backup")
    _guarded(sweeps.beat, "heartbeat")()
    clock.start()
    stop.wait()
    clock.shutdown(wait=True)


def _deliver(delivery: Delivery, stop: threading.Event) -> None:
    """Sends until nothing is due."""
    while not stop.is_set() and delivery.run_once():
        pass


def _guarded(work: Callable[[], object], name: str) -> Callable[[], None]:
    """A beat that fails is logged once and tried again at the next."""
    def beat() -> None:
        try:
            work()
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))  # the frames, never the values
            log.error("%s failed: %s\n%s", name, type(error).__name__, where)
    return beat
