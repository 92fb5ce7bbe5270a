"""What goes wrong, when, drawn from a seed: SIGKILL to workers, to schedulers, to everything; Valkey stopped."""

import os
import random
import signal
import threading
import time
from collections import Counter

from tests.faults.town import Town

# What happens in one round, in an order that the seed shuffles; rounds follow one another until the talk is over.
ROUND = ("worker", "hold", "worker", "before", "worker", "scheduler", "after", "worker")
MOST = 18  # then it is enough, however slow the machine
HOLD_S = 1.2


class Nemesis:
    """Strikes every so often from a thread of its own."""

    def __init__(self, town: Town, seed: int, *, every_s: float = 1.1, all_of_it: bool = True, round_: tuple[str, ...] = ROUND):
        self.town, self.rng, self.every_s, self.all_of_it, self.round = town, random.Random(seed + 2), every_s, all_of_it, round_
        self.done: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def rest(self) -> None:
        """Ends the faults: the last one kills both schedulers, so that no lease of a dead sender outlives them."""
        self._stop.set()
        self._thread.join(20)
        self.town.road.disarm()
        if not self.town.valkey.is_running():
            self.town.valkey.start()
        self.town.kill_senders()
        self.done.update(self.town.road.sprung)

    def _run(self) -> None:
        began, stopped_at, acts = time.monotonic(), 0.0, list[str]()
        while not self._stop.wait(self.every_s * self.rng.uniform(0.6, 1.4)) and self.done.total() < MOST:
            if self.all_of_it and not stopped_at and time.monotonic() - began > 3:
                self.town.valkey.stop()
                stopped_at = time.monotonic()
                self.done["valkey"] += 1
            elif self.all_of_it and not self.done["app"] and time.monotonic() - began > 9:
                self._app()
            elif stopped_at and time.monotonic() - stopped_at > 7 and not self.town.valkey.is_running():
                self.town.valkey.start()
            if not acts:
                acts = list(self.round)
                self.rng.shuffle(acts)
            getattr(self, f"_{acts.pop()}")()

    def _worker(self) -> None:
        """One web process dies in the middle of whatever it does; its parent replaces it, and gives up only
        when the same one dies twice within seconds: so it is the one that has lived longest."""
        found = self.town.app.children()
        if found and self.town.ready():
            os.kill(found[0], signal.SIGKILL)
            self.done["worker"] += 1

    def _scheduler(self) -> None:
        self.rng.choice(self.town.schedulers).kill()
        self.done["scheduler"] += 1

    def _hold(self) -> None:
        """Somebody else holds the database for a while: work piles up, and beyond a bound it is parked."""
        with self.town.holding():
            self._stop.wait(HOLD_S)
        self.done["hold"] += 1

    def _app(self) -> None:
        """Every web process dies at once, their parent too."""
        if not self.town.ready():
            return
        self.town.app.kill()
        self.done["app"] += 1

    def _before(self) -> None:
        self.town.road.arm("before", self.town.kill_senders)

    def _after(self) -> None:
        self.town.road.arm("after", self.town.kill_senders)
