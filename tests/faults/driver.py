"""Speaks for the community: delivers the plan as the platform would, and remembers every try and every answer."""

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from tests.faults import wire
from tests.faults.plan import Plan, Said, words
from tests.faults.town import Town, until

CUT_S = 5.0  # the platform waits this long
RETRY_S = 0.4  # the platform's pause before the same request again, on the scale of this test
PER_SECOND = 110.0
PATIENCE_S = 150.0  # after that a message counts as unacknowledged; a slow machine starts the killed app in half a minute


@dataclass(frozen=True, slots=True)
class Try:
    """One request and what came of it."""

    n: int
    copy: int
    attempt: int
    began: float
    ended: float
    status: int  # 0: no answer
    words: str | None = None
    broken: str = ""


class Driver:
    """Delivers from many threads; the history is what the checker knows of it."""

    def __init__(self, town: Town, plan: Plan, *, wave_s: float, open_s: tuple[float, float], threads: int = 60):
        self.town, self.plan, self.wave_s, self.open_s = town, plan, wave_s, open_s
        self.history: defaultdict[int, list[Try]] = defaultdict(list)
        self.rng = random.Random(plan.seed + 1)
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="platform")
        self._clock: dict[tuple[int, str], int] = {}

    def run(self) -> None:
        """Says the whole plan, wave after wave, until the last deadline has passed; a wave waits for its own polls
        to be open, never for those of the last one to be closed."""
        tail: list[Future[None]] = []
        for number, wave in enumerate(self.plan.waves):
            began = time.monotonic()
            opening = [f for poll in wave.polls for f in self._send(poll)]
            for future in opening:
                future.result()
            self._note_numbers()
            self._set_deadlines([poll for poll in wave.polls if poll.poll and poll.poll.number], number)
            ready = [said for said in wave.talk if self._can_say(said)]
            for place, said in enumerate(ready):
                said.sent = self._second(said, place)
            late = sorted(enumerate(ready), key=lambda placed: placed[0] + placed[1].behind)
            tail += self._on_its_way([f for _, said in late for f in self._paced(said)])
            until(lambda start=began: time.monotonic() > start + self.wave_s, self.wave_s + 1, "the wave's time")  # type: ignore[misc]
        ends = max(said.poll.closes_at for wave in self.plan.waves for said in wave.polls if said.poll)
        until(lambda: time.time() > ends + 1.5, 15, "the last deadline")
        for future in tail:
            future.result()
        self._pool.shutdown()

    def _on_its_way(self, sent: list[Future[None]]) -> list[Future[None]]:
        until(lambda: sum(not future.done() for future in sent) < 20, PATIENCE_S + 20, "the wave is on its way")
        return sent

    def write(self) -> None:
        """Keeps the history beside the logs, for whoever must find out why."""
        with open(self.town.folder / "history.jsonl", "w", encoding="utf-8") as out:
            for tries in self.history.values():
                out.writelines(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in tries)

    def acked(self, said: Said) -> list[Try]:
        """The tries that the app answered with 200."""
        return [each for each in self.history[said.n] if each.status == 200]

    def _can_say(self, said: Said) -> bool:
        if said.poll is not None:
            return said.poll.number > 0
        return said.about is None or said.about.number > 0

    def _note_numbers(self) -> None:
        """Reads from the replies which numbers polls and issues got, as a resident would; a parked message has none yet."""
        for said in self.plan.all:
            if said.forge or said.number or said.kind not in ("poll", "issue") or not self.acked(said):
                continue
            reply = self.acked(said)[0].words or ""
            said.number = (wire.number(reply, "P" if said.kind == "poll" else "I") or 0) if reply else self._parked(said)
            if said.poll is not None:
                said.poll.number = said.number

    def _parked(self, said: Said) -> int:
        """The number that a parked message has become, once it has been taken up; a poll is waited for."""
        query = ("SELECT number FROM poll WHERE title LIKE :word" if said.kind == "poll" else
                 "SELECT number FROM issue WHERE text LIKE :word AND number IS NOT NULL")

        def found() -> list[dict[str, int]]:
            return self.town.rows(query, word=f"%{said.word}%")

        rows = until(found, 20, "the parked poll is open") if said.kind == "poll" else found()
        return rows[0]["number"] if rows else 0

    def _set_deadlines(self, opened: list[Said], wave: int) -> None:
        """Moves the deadlines into the next seconds, and some reminders too: the product wants a minute at least."""
        for n, said in enumerate(opened):
            assert said.poll is not None
            said.poll.closes_at = time.time() + self.rng.uniform(*self.open_s)
            remind = time.time() + 1.5 if n == wave % len(opened) else said.poll.closes_at + 600
            self.town.change("UPDATE poll SET closes_at = :at, remind_at = :remind WHERE number = :number AND state = 'open'",
                             at=datetime.fromtimestamp(said.poll.closes_at, UTC),
                             remind=datetime.fromtimestamp(remind, UTC), number=said.poll.number)

    def _second(self, said: Said, place: int) -> int:
        """When it was said: in the order of the plan, no two ballots of one voter in the same second."""
        at = int(time.time()) + place // 100
        if said.kind != "vote" or said.forge:
            return at
        assert said.poll is not None
        key = (said.poll.number, said.voter)
        self._clock[key] = max(at, self._clock.get(key, 0) + 1)
        return self._clock[key]

    def _send(self, said: Said) -> list[Future[None]]:
        said.sent = said.sent or int(time.time())
        return [self._pool.submit(self._deliver, said, copy) for copy in range(said.copies)]

    def _paced(self, said: Said) -> list[Future[None]]:
        """Not faster than people talk, whether the app keeps up or not."""
        self.stop.wait(1 / PER_SECOND)
        return self._send(said)

    def _deliver(self, said: Said, copy: int) -> None:
        """The same request again until somebody answers 200, as the platform retries, or patience ends."""
        packet = self._packet(said)
        end, attempt = time.monotonic() + PATIENCE_S, 0
        while not self.stop.is_set():
            attempt += 1
            tried = self._try(said, copy, attempt, packet)
            with self._lock:
                self.history[said.n].append(tried)
            if tried.status == 200 or said.forge or time.monotonic() > end:
                return
            self.stop.wait(RETRY_S)

    def _packet(self, said: Said) -> wire.Packet:
        if said.channel == "mp":
            return wire.mp(self.town.keys, msgid=said.msgid, sender=said.who.openid, text=words(said), at=said.sent,
                           forge=said.forge)
        chat = None if said.chat is None else f"wrFaults{said.chat}"
        return wire.aibot(self.town.keys, msgid=said.msgid, sender=said.who.userid, text=words(said), at=said.sent, chat=chat,
                          late=f"http://127.0.0.1:{self.town.road.port}", forge=said.forge)

    def _try(self, said: Said, copy: int, attempt: int, packet: wire.Packet) -> Try:
        began = time.time()
        road = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=CUT_S)
        try:
            road.request("POST", packet.path, packet.body, {"Content-Type": packet.kind})
            answer = road.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return Try(said.n, copy, attempt, began, time.time(), 0)
        finally:
            road.close()
        if status != 200:
            return Try(said.n, copy, attempt, began, time.time(), status)
        try:
            return Try(said.n, copy, attempt, began, time.time(), 200, wire.read(self.town.keys, packet, body))
        except wire.Unreadable as error:
            return Try(said.n, copy, attempt, began, time.time(), 200, None, str(error))
