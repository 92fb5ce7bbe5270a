"""A sliding-window counter, as the group robot's twenty posts a minute."""

import threading
from collections import defaultdict, deque


class SlidingWindow:
    """Allows so many things in any stretch of so many seconds, for each key by itself."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._past: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def allows(self, key: str, now: float) -> bool:
        """Counts one more thing, unless that would be one too many."""
        with self._lock:
            past = self._past[key]
            while past and now - past[0] >= self._seconds:
                past.popleft()
            if len(past) >= self._most:
                return False
            past.append(now)
            return True
