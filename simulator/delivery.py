"""Carries callbacks to the app as WeChat does: five seconds each, three more tries, bad weather on demand."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from simulator.calls import Log
from simulator.faults import Faults
from simulator.feed import Clock
from simulator.packets import BadAnswer, Heard, Packet, handshake, pack, read_answer
from simulator.world import SimAccount

SHUFFLE_HOLD = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the platform is; tests make it hurry."""

    cut_s: float = 5.0
    retries: int = 3
    retry_wait_s: float = 1.0
    hold_s: float = 2.0  # out of order: how long a message may wait for others to be shuffled with


@dataclass(slots=True)
class Errand:
    """One delivery of one message, with the tries it has had."""

    account: SimAccount
    heard: Heard
    on_end: Callable[[str | None, bool], None]  # (words, failed); called once per errand
    attempt: int = 0
    copy: int = 1
    packet: Packet | None = field(default=None, repr=False)


class Delivery:
    """A queue with due times and a pool of carriers; asking for a delivery never waits."""

    def __init__(self, faults: Faults, log: Log, *, pace: Pace | None = None, carriers: int = 24,
                 clock: Clock = time.time, rng: random.Random | None = None) -> None:
        self._faults, self._log, self._clock = faults, log, clock
        self._pace, self._rng = pace or Pace(), rng or random.Random()
        self._due: list[tuple[float, int, Errand]] = []
        self._held: list[Errand] = []
        self._order = itertools.count()
        self._busy, self._closed = 0, False
        self._change = threading.Condition()
        for number in range(carriers):
            threading.Thread(target=self._carry, name=f"carrier-{number}", daemon=True).start()

    def submit(self, errand: Errand, *, copies: int = 1, delay_s: float = 0) -> None:
        """Queues a message for delivery, in as many copies and as late as the weather says."""
        copies = max(1, copies) + (1 if self._faults.flag("deliver_twice") else 0)
        delay_s += float(self._faults.flag("late_s"))
        errands = [Errand(errand.account, errand.heard, errand.on_end, copy=number + 1)
                   for number in range(copies)]
        with self._change:
            for each in errands:
                if self._faults.flag("shuffle"):
                    self._hold(each, delay_s)
                else:
                    self._push(each, delay_s)

    def idle(self, wait_s: float = 10) -> bool:
        """Waits until nothing is on its way; False when time is up first."""
        with self._change:
            return self._change.wait_for(lambda: not self._due and not self._busy, wait_s)

    def close(self) -> None:
        """Sends the carriers home after what they carry now."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def release_held(self) -> None:
        """Lets the messages held back for shuffling go now."""
        with self._change:
            self._due = [(0.0, order, errand) for _, order, errand in self._due]
            heapq.heapify(self._due)
            self._change.notify_all()

    def verify_url(self, account: SimAccount) -> bool:
        """Asks the app to echo a secret, as the platform does when a callback address is saved."""
        params, secret = handshake(account, now=self._clock())
        try:
            with requests.Session() as wire:
                wire.trust_env = False
                answer = wire.get(account.app_url, params=params, timeout=self._pace.cut_s,
                                  allow_redirects=False)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.content == secret.encode()

    def _push(self, errand: Errand, delay_s: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._order), errand))
        self._change.notify_all()

    def _hold(self, errand: Errand, delay_s: float) -> None:
        """Swaps a newcomer with one that waits, and hurries the whole hand once it is big enough."""
        self._held = [held for held in self._held if any(held is due for _, _, due in self._due)]
        self._held.append(errand)
        heapq.heappush(self._due, (time.monotonic() + delay_s + self._pace.hold_s, next(self._order), errand))
        if len(self._held) >= SHUFFLE_HOLD:
            hand, self._held = self._held, []
            self._due = [entry for entry in self._due if not any(entry[2] is held for held in hand)]
            heapq.heapify(self._due)
            self._rng.shuffle(hand)
            for each in hand:
                heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._order), each))
        self._change.notify_all()

    def _carry(self) -> None:
        while (errand := self._next()) is not None:
            try:
                self._try(errand)
            except Exception as error:  # a carrier outlives one bad errand, such as a malformed AES key
                self._record(errand, 0, None, f"not sent: {type(error).__name__}: {error}", 0)
                errand.on_end(None, True)
            finally:
                with self._change:
                    self._busy -= 1
                    self._change.notify_all()

    def _next(self) -> Errand | None:
        with self._change:
            while not self._closed:
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is not None and wait_s <= 0:
                    self._busy += 1
                    return heapq.heappop(self._due)[2]
                self._change.wait(wait_s)
        return None

    def _try(self, errand: Errand) -> None:
        """Delivers once; a failure goes back into the queue with the same request until tries run out."""
        errand.attempt += 1
        errand.packet = errand.packet or pack(errand.account, errand.heard, now=self._clock())
        started = time.monotonic()
        status, body, problem = self._post(errand)
        words: str | None = None
        broken = False
        if not problem:
            try:
                words = read_answer(errand.account, errand.heard, errand.packet, body)
            except BadAnswer as error:
                problem, broken = str(error), True
        self._record(errand, status, words, problem, time.monotonic() - started)
        if words is not None or broken:
            errand.on_end(words, broken)
        elif errand.heard.tap is None and errand.attempt <= self._pace.retries:  # a touch is told once
            with self._change:
                self._push(errand, self._pace.retry_wait_s)
        else:
            errand.on_end(None, True)

    def _record(self, errand: Errand, status: int, words: str | None, problem: str, seconds: float) -> None:
        self._log.add(id=errand.heard.id, account=errand.account.name, copy=errand.copy,
                      attempt=errand.attempt, status=status, reply=words, problem=problem,
                      seconds=round(seconds, 3))

    def _post(self, errand: Errand) -> tuple[int, bytes, str]:
        packet = errand.packet
        assert packet is not None
        try:
            with requests.Session() as wire:
                wire.trust_env = False
                answer = wire.post(errand.account.app_url, params=packet.params, data=packet.body,
                                   headers={"Content-Type": packet.content_type},
                                   timeout=self._pace.cut_s, allow_redirects=False)
        except requests.RequestException as error:
            return 0, b"", type(error).__name__
        if answer.status_code != 200:
            return answer.status_code, b"", f"HTTP {answer.status_code}"
        if self._faults.take_cut():
            return 200, b"", "cut after accept"
        return 200, answer.content, ""
