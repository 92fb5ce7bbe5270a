"""The bad weather of the platform: what is switched on at the moment, and who gets hit next."""

import threading
from dataclasses import dataclass
from typing import Any

ENDPOINTS = ("webhook", "custom_send", "response_url", "token", "app_token", "app_send", "card_update", "appchat", "appchat_send",
             "media", "notice", "menu", "qrcode", "user", "callback_ips", "oauth", "socket", "customer", "ticket")
FLAGS: dict[str, Any] = {"refuse": False, "deliver_twice": False, "shuffle": False, "late_s": 0,
                         "cut_after_accept": 0, "socket_deaf": False}


class BadFault(Exception):
    """A fault of an unknown name or with an impossible value."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What one REST call suffers: an error code, an HTTP status, or an answer lost once the work was done."""

    errcode: int = 0
    status: int = 200
    lost: bool = False


class Faults:
    """Switches for a click and for tests; counted ones run out by themselves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flags = dict(FLAGS)
        self._hits: dict[str, dict[str, Any]] = {}

    def change(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Sets the named switches, leaves the others, and shows all of them."""
        flags = {name: _flag(name, value) for name, value in wanted.items() if name in FLAGS}
        unknown = set(wanted) - set(flags) - set(ENDPOINTS)
        if unknown:
            raise BadFault(f"unknown: {', '.join(sorted(unknown))}")
        hits = {name: _plan(wanted[name]) for name in ENDPOINTS if name in wanted}
        with self._lock:
            self._flags.update(flags)
            self._hits.update(hits)
        return self.show()

    def show(self) -> dict[str, Any]:
        """Shows every switch as it stands."""
        with self._lock:
            return {**self._flags, **{name: dict(plan) for name, plan in self._hits.items() if plan}}

    def flag(self, name: str) -> Any:
        """Reads one switch."""
        with self._lock:
            return self._flags[name]

    def take_cut(self) -> bool:
        """Says whether this answer is thrown away after the app has given it, and counts it."""
        with self._lock:
            if self._flags["cut_after_accept"] <= 0:
                return False
            self._flags["cut_after_accept"] -= 1
            return True

    def hit(self, endpoint: str) -> Hit | None:
        """Says what this call to an endpoint suffers, and counts it."""
        with self._lock:
            plan = self._hits.get(endpoint)
            if plan and plan["times"] > 0:
                plan["times"] -= 1
                if plan["times"] == 0:
                    self._hits[endpoint] = {}
                return Hit(plan["errcode"], plan["status"], plan["lost"])
            refuse = self._flags["refuse"]
        if refuse == "http":
            return Hit(status=500)
        return Hit(errcode=-1) if refuse else None


def _flag(name: str, value: Any) -> Any:
    if name == "refuse" and value == "http":
        return value
    if name in ("refuse", "deliver_twice", "shuffle", "socket_deaf"):
        return bool(value)
    if isinstance(value, bool) and value:
        raise BadFault(f"{name} wants a number")
    try:
        number = float(value or 0) if name == "late_s" else int(value or 0)
    except (TypeError, ValueError) as error:
        raise BadFault(f"{name} wants a number") from error
    if not 0 <= number <= 1_000_000:
        raise BadFault(f"{name} is out of range")
    return number


def _plan(wanted: Any) -> dict[str, Any]:
    if not wanted:
        return {}
    try:
        return {"errcode": int(wanted.get("errcode", 0)), "status": int(wanted.get("status", 200)),
                "lost": bool(wanted.get("lost", False)), "times": int(wanted.get("times", 1))}
    except (AttributeError, TypeError, ValueError) as error:
        raise BadFault("wants {errcode, status, lost, times}") from error
