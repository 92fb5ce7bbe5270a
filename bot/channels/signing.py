"""Decides whether the platform made a request: signature, time window, nonce. It does not decrypt."""

import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import RedisError

from bot.message import WireError

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
WINDOW_S = 300
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)

Seen = Callable[[str, bytes], bool]  # (stamp, body) -> the stamp came before, with another body


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the platform signed, and its nonce."""

    timestamp: str
    nonce: str

    @property
    def key(self) -> str:
        """What one signature is good for; a nonce alone may repeat by chance."""
        return f"{self.timestamp}.{self.nonce}"


def sign(*parts: str) -> str:
    """Signs the parts the platform's way: sorted, joined, SHA-1, lower-case hex."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()


def one(query: Mapping[str, list[str]], name: str) -> str:
    """The only value of a parameter; none or several is a forgery."""
    values = query.get(name)
    if values is None or len(values) != 1:
        raise WireError(f"{name} must come exactly once")
    return values[0]


def at_most_one(query: Mapping[str, list[str]], name: str) -> str:
    """The only value of a parameter that may be absent, or ''."""
    return one(query, name) if name in query else ""


def verify(query: Mapping[str, list[str]], parameter: str, token: str, now: datetime, *signed: str) -> Stamp:
    """Checks the signature in the named parameter over token, time, nonce and whatever else was signed."""
    timestamp, nonce, given = one(query, "timestamp"), one(query, "nonce"), one(query, parameter)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise WireError("timestamp is not ten digits")
    if not _NONCE.fullmatch(nonce):
        raise WireError("nonce has a strange form")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_S:
        raise WireError("too old or too new")
    expected = sign(token, timestamp, nonce, *signed)
    if not token or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise WireError("wrong signature")
    return Stamp(timestamp, nonce)


def check_size(body: bytes) -> None:
    """Refuses a body larger than any the platform sends."""
    if len(body) > BODY_LIMIT:
        raise WireError("body too large", 413)


def refuse_replay(seen: Seen | None, stamp: Stamp, body: bytes) -> None:
    """Refuses a signature that came before with another body; the same body is the platform's retry."""
    if seen is not None and seen(stamp.key, body):
        raise WireError("this signature came before with another body")


class NonceCache:
    """Remembers for two hours which body each signature came with; without Redis it lets all pass.

    Only a plain-text post needs it: elsewhere the signature covers the body. What passes is still checked
    against the messages already in the database.
    """

    TTL_S = 7200

    def __init__(self, redis: Any, account: str):
        self._redis, self._prefix, self._warned = redis, f"linyi:nonce:{account}:", False

    def __call__(self, stamp: str, body: bytes) -> bool:
        """True when the stamp came before with another body."""
        key, digest = self._prefix + stamp, hashlib.sha256(body).hexdigest()[:16]
        try:
            if self._redis.set(key, digest, nx=True, ex=self.TTL_S):
                return False
            before = self._redis.get(key)
        except (RedisError, OSError):
            if not self._warned:
                log.warning("redis is away: replays are caught by the message table alone")
                self._warned = True
            return False
        self._warned = False
        return before is not None and (before.decode() if isinstance(before, bytes) else before) != digest
