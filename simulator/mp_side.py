"""What the platform knows of a 公众号 and its followers: who may be written to how often, menu, codes, permissions."""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

WINDOW_S = 48 * 3600
MESSAGES_A_WINDOW = 5
TOUCH_S = 60
MESSAGES_A_TOUCH = 3
FOREVER = float("inf")


@dataclass(slots=True)
class Window:
    """How often the 公众号 may still write to one follower."""

    last_heard: float
    sent: int = 0
    follows: bool = True
    last_touch: float = float("-inf")  # followed, scanned or touched the menu
    sent_since_touch: int = 0

    def hear(self, now: float) -> None:
        """They said something: 48 hours and five messages."""
        self.last_heard, self.sent = now, 0

    def touch(self, now: float) -> None:
        """They did something without words: a minute and three messages."""
        self.last_touch, self.sent_since_touch = now, 0

    def take(self, now: float) -> int:
        """Counts one more message; 0, or the code that refuses it."""
        if not self.follows:
            return 45015
        heard, touched = now - self.last_heard <= WINDOW_S, now - self.last_touch <= TOUCH_S
        if heard and self.sent < MESSAGES_A_WINDOW:
            self.sent += 1
        elif touched and self.sent_since_touch < MESSAGES_A_TOUCH:
            self.sent_since_touch += 1
        else:
            return 45047 if heard or touched else 45015
        return 0


@dataclass(slots=True)
class MpSide:
    """The account as configured on the platform by our calls, and what followers allowed."""

    menu: dict[str, Any] | None = None
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)  # ticket -> scene, until
    allowed: Counter[tuple[str, str]] = field(default_factory=Counter)  # (openid, template id) -> notices left
    blocked: set[str] = field(default_factory=set)  # openids that take no messages any more
    taken: dict[tuple[str, str], str] = field(default_factory=dict)  # (openid, client_msg_id) -> msgid
    _last: int = field(default_factory=lambda: secrets.randbelow(10**9) + 10**9)

    def code_for(self, scene: str, until: float) -> str:
        """A new code's ticket."""
        ticket = "gQ" + secrets.token_urlsafe(48)
        self.codes[ticket] = (scene, until)
        return ticket

    def number(self) -> str:
        """The next msgid."""
        self._last += 1
        return str(self._last)

    def use(self, openid: str, template: str) -> bool:
        """Uses up one permission."""
        if self.allowed[openid, template] < 1:
            return False
        self.allowed[openid, template] -= 1
        return True
