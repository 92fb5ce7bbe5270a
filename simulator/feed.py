"""What phones show, in order, and whoever waits for the next thing to appear."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Clock = Callable[[], float]
Event = dict[str, Any]


class Feed:
    """An append-only list of visible events that can be waited for."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._events: list[Event] = []
        self._pictures: dict[str, bytes] = {}
        self._news = threading.Condition()
        self._closed = False

    def add(self, type_: str, *, chat: str = "", person: str = "", text: str = "", **more: Any) -> Event:
        """Shows one thing and wakes everybody who waits."""
        with self._news:
            event: Event = {"n": len(self._events) + 1, "at": iso(self._clock()), "type": type_, "chat": chat,
                            "person": person, "text": text}
            event.update({key: value for key, value in more.items() if value is not None})
            self._events.append(event)
            self._news.notify_all()
            return event

    def add_picture(self, data: bytes, *, chat: str, type_: str = "picture", **more: Any) -> Event:
        """Shows a picture; its bytes are fetched by the event's `image` address."""
        kind = "jpg" if data[:2] == b"\xff\xd8" else "png"
        with self._news:
            name = f"{len(self._pictures) + 1}.{kind}"
            self._pictures[name] = data
        return self.add(type_, chat=chat, image=f"/sim/pictures/{name}", **more)

    def picture(self, name: str) -> bytes | None:
        """Gives the bytes of a picture shown before."""
        with self._news:
            return self._pictures.get(name)

    @property
    def last(self) -> int:
        """Says the number of the newest event."""
        with self._news:
            return len(self._events)

    def after(self, number: int, wait_s: float = 0) -> list[Event]:
        """Lists what came after a number, waiting for it at most so long."""
        number = max(0, number)
        with self._news:
            if wait_s > 0:
                self._news.wait_for(lambda: self._closed or len(self._events) > number, wait_s)
            return self._events[number:]

    def wait_for(self, test: Callable[[Event], bool], *, after: int = 0, wait_s: float = 10) -> Event | None:
        """Waits until an event after a number passes the test, and gives it; None when time is up."""
        deadline = time.monotonic() + wait_s
        while True:
            for event in self.after(after):
                after = event["n"]
                if test(event):
                    return event
            left = deadline - time.monotonic()
            if left <= 0 or self._closed:
                return None
            self.after(after, left)

    def close(self) -> None:
        """Lets everybody who waits go home."""
        with self._news:
            self._closed = True
            self._news.notify_all()


def iso(seconds: float) -> str:
    """Writes a moment as the platform's log does: UTC, ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
