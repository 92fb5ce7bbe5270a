"""Plays a story of the community by itself, at reading speed, through the same phones and the same wire."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simulator.clock import Clock
from simulator.feed import Event
from simulator.simulation import CannotSay, Saying, Simulation

SCRIPTS = {name: Path(__file__).with_name(f"{name}.yaml") for name in ("day", "loop")}  # what the buttons play
ANSWERS_A_STEP = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person replies when the bot asks like this."""

    match: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the script: a caption, perhaps a sentence, and what to wait for."""

    caption: str
    person: str = ""
    to: str = ""
    text: str = ""
    at_bot: bool = True
    quote_last: str = ""
    wait_for: str = ""
    wait_in: str = ""
    kinds: tuple[str, ...] = ("reply", "post", "picture")
    timeout_s: float = 12.0
    then_if: Answer | None = None
    pause_s: float = 3.0
    hours: int = 0  # let so much time pass first


def load_script(path: Path = SCRIPTS["day"]) -> list[Step]:
    """Reads the steps of a story."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = []
    for raw in data["steps"]:
        answer = raw.pop("then_if", None)
        if kinds := raw.pop("kinds", None):
            raw["kinds"] = tuple(kinds)
        steps.append(Step(**raw, then_if=Answer(**answer) if answer else None))
    return steps


class Stopped(Exception):
    """Somebody pressed stop."""


@dataclass(slots=True)
class DayPlayer:
    """One day at a time: start, pause, resume, stop, and how fast."""

    sim: Simulation
    scripts: dict[str, list[Step]] = field(default_factory=lambda: {name: load_script(path) for name, path in SCRIPTS.items()})
    pause: Callable[[threading.Event, float], bool] = threading.Event.wait
    speed: float = 1.0
    playing: str = "day"
    step: int = 0
    caption: str = ""
    _variables: dict[str, str] = field(default_factory=dict)
    _began: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def command(self, action: str, *, speed: Any = None, script: str = "day") -> None:
        """Obeys a button; ValueError when there is no such button or story."""
        if speed is not None:
            self.speed = min(20.0, max(0.25, float(speed)))
        if script not in self.scripts:
            raise ValueError(f"no script {script}")
        if action == "start":
            self._start(script)
        elif action == "pause":
            self._go.clear()
        elif action == "resume":
            self._go.set()
        elif action == "stop":
            self.stop()
        elif action != "speed":
            raise ValueError(f"no action {action}")

    def status(self) -> dict[str, Any]:
        """Says where the day is."""
        running = self._thread is not None and self._thread.is_alive() and not self._stop.is_set()
        return {"running": running, "paused": running and not self._go.is_set(), "speed": self.speed,
                "script": self.playing,
                "step": self.step, "steps": len(self.scripts[self.playing]), "caption": self.caption if running else ""}

    def stop(self) -> None:
        """Ends the day early."""
        self._stop.set()
        self._go.set()

    def join(self, wait_s: float) -> bool:
        """Waits for the day to end."""
        if self._thread:
            self._thread.join(wait_s)
        return not (self._thread and self._thread.is_alive())

    def _start(self, script: str) -> None:
        with self._lock:
            if self._thread and self._thread.is_alive() and not self._stop.is_set():
                self._go.set()
                return
            self._stop, self._go = threading.Event(), threading.Event()
            self._go.set()
            self.playing = script
            self.step, self._variables, self._began = 0, {}, self.sim.feed.last
            self._thread = threading.Thread(target=self._play, args=(self._stop,), name="day", daemon=True)
            self._thread.start()

    def _play(self, stop: threading.Event) -> None:
        try:
            for number, step in enumerate(self.scripts[self.playing], 1):
                self._hold(stop, 0)
                if re.search(r"\{[a-z_]+\}", fill(step.text, self._variables)):
                    continue  # what this step talks about never came to be
                self.step, self.caption = number, fill(step.caption, self._variables)
                self._show(step.person, step.to or step.wait_in)
                self._hold(stop, 1.5)
                if step.hours and isinstance(self.sim.clock, Clock):
                    self.sim.clock.forward(step.hours)
                self._perform(step, stop)
                self._hold(stop, step.pause_s)
        except Stopped:
            pass
        finally:
            stop.set()
            if self._stop is stop:  # not when the next day has begun already
                self.caption = ""
                self._show("", "")

    def _show(self, person: str, to: str) -> None:
        self.sim.feed.add("caption", person=person, text=self.caption, to=to)

    def _perform(self, step: Step, stop: threading.Event) -> None:
        """Says the sentence and listens, answering the bot's questions on the way."""
        start = self._began if step.wait_in else self.sim.feed.last
        heard_id = self._say(step, step.text) if step.text else ""
        if not step.wait_for:
            return
        deadline = time.monotonic() + step.timeout_s
        after, answers = start, 0
        ids = {heard_id}
        while (event := self._next(step, ids, after, deadline, stop)) is not None:
            after = event["n"]
            asked = step.then_if and re.search(step.then_if.match, event["text"])
            if step.then_if and asked and answers < ANSWERS_A_STEP:
                answers += 1
                self._hold(stop, 2.5)
                ids.add(self._say(step, step.then_if.text))
                deadline = time.monotonic() + step.timeout_s
            if found := re.search(fill(step.wait_for, self._variables, escape=True), event["text"]):
                self._variables.update({k: v for k, v in found.groupdict().items() if v})
                if not asked:
                    return

    def _next(self, step: Step, ids: set[str], after: int, deadline: float,
              stop: threading.Event) -> Event | None:
        def fits(event: Event) -> bool:
            if step.wait_in:
                return event["chat"] == step.wait_in and event["type"] in step.kinds
            return event["type"] == "reply" and event.get("reply_to") in ids

        while not stop.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if event := self.sim.feed.wait_for(fits, after=after, wait_s=min(left, 0.5)):
                return event
        raise Stopped()

    def _say(self, step: Step, text: str) -> str:
        quote = ""
        if step.quote_last:
            wanted = fill(step.quote_last, self._variables, escape=True)
            quote = next((event["text"] for event in reversed(self.sim.feed.after(0))
                          if event["chat"] == step.to and event["type"] in ("reply", "post")
                          and re.search(wanted, event["text"])), "")
        try:
            words = fill(text, self._variables)
            return self.sim.say(Saying(step.person, step.to, words, step.at_bot, quote))[0]
        except CannotSay:
            return ""  # a community without this person still gets the rest of the day

    def _hold(self, stop: threading.Event, seconds: float) -> None:
        """Lets people read, and stands still while paused."""
        if self.pause(stop, seconds / self.speed) or stop.is_set():
            raise Stopped()
        self._go.wait()
        if stop.is_set():
            raise Stopped()


def fill(text: str, variables: dict[str, str], *, escape: bool = False) -> str:
    """Puts what the day has learned into a line; a name not learned yet stays readable."""
    def word(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        if value is None:
            return match[0] if not escape else ".*"
        return re.escape(value) if escape else value
    return re.sub(r"\{([a-z_]+)\}", word, text)
