"""Access tokens of a 公众号: the stable kind overlaps, of the legacy kind each call voids the last."""

import secrets
import threading
from collections import deque
from dataclasses import dataclass, field

LIFE_S = 7200
OVERLAP_S = 300
FORCE_GAP_S = 30
FORCE_A_DAY = 20


@dataclass(slots=True)
class _Shelf:
    """The tokens of one account: which are good, and until when."""

    stable: str = ""
    legacy: str = ""
    good_until: dict[str, float] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    forced: deque[float] = field(default_factory=deque)


class TooOften(Exception):
    """A refresh was forced more than twenty times in a day."""


class Tokens:
    """Gives tokens and judges them; the caller says what time it is."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.Lock()

    def stable(self, app_id: str, *, force: bool, now: float) -> tuple[str, int]:
        """Gives the stable token: the same until five minutes before its end, then a new one beside it."""
        with self._lock:
            shelf = self._shelf(app_id, now)
            if force and not (shelf.forced and now - shelf.forced[-1] < FORCE_GAP_S):
                self._force(shelf, now)
            left = shelf.good_until.get(shelf.stable, 0) - now
            if left <= OVERLAP_S:
                shelf.stable, left = _new(shelf, now), LIFE_S
            return shelf.stable, int(left)

    def legacy(self, app_id: str, *, now: float) -> tuple[str, int]:
        """Gives a new token and voids the one given before."""
        with self._lock:
            shelf = self._shelf(app_id, now)
            shelf.good_until.pop(shelf.legacy, None)
            shelf.legacy = _new(shelf, now)
            return shelf.legacy, LIFE_S

    def judge(self, app_id: str, token: str, *, now: float) -> int:
        """Says 0 for a good token, 42001 for one whose time is over, 40001 for any other."""
        with self._lock:
            return self._verdict(self._shelf(app_id, now), token)

    def _verdict(self, shelf: "_Shelf", token: str) -> int:
        return 0 if token in shelf.good_until else 42001 if token in shelf.expired else 40001

    def judge_any(self, token: str, *, now: float) -> int:
        """The same for an endpoint that serves accounts of every kind."""
        with self._lock:
            verdicts = [self._verdict(self._shelf(app_id, now), token) for app_id in list(self._shelves)]
        return 0 if 0 in verdicts else 42001 if 42001 in verdicts else 40001

    def void_all(self) -> None:
        """Revokes every token before its time, as the platform sometimes does."""
        with self._lock:
            self._shelves.clear()

    def _shelf(self, app_id: str, now: float) -> _Shelf:
        shelf = self._shelves.setdefault(app_id, _Shelf())
        for token in [token for token, until in shelf.good_until.items() if until <= now]:
            del shelf.good_until[token]
            shelf.expired.add(token)
        return shelf

    def _force(self, shelf: _Shelf, now: float) -> None:
        while shelf.forced and now - shelf.forced[0] >= 86400:
            shelf.forced.popleft()
        if len(shelf.forced) >= FORCE_A_DAY:
            raise TooOften()
        shelf.forced.append(now)
        shelf.good_until.pop(shelf.stable, None)
        shelf.stable = ""


def _new(shelf: _Shelf, now: float) -> str:
    token = secrets.token_urlsafe(48)
    shelf.good_until[token] = now + LIFE_S
    return token
