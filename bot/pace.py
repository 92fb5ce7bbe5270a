"""How fast each conversation may be posted to: sliding windows in Redis that all processes share, checked and taken in one step.

Without Redis the count of sent rows in the database still keeps each target below its rate (bot/delivery.py); a platform's
own "too often" pauses the whole account.
"""

import hashlib
import logging
import secrets
from datetime import datetime
from typing import Any

from redis import RedisError

from bot.message import Capabilities

log = logging.getLogger(__name__)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# One conversation is one sorted set of what was sent when. Gives 0 and takes a place, or the milliseconds until there is one.
_TAKE = """
local now, member = tonumber(ARGV[1]), ARGV[2]
redis.call('zremrangebyscore', KEYS[1], '-inf', now - 86400000)
local wait = 0
for i = 3, #ARGV, 2 do
  local span, most = tonumber(ARGV[i]) * 1000, tonumber(ARGV[i + 1])
  local since = '(' .. string.format('%.0f', now - span)
  local count = redis.call('zcount', KEYS[1], since, '+inf')
  if count >= most then
    local oldest = redis.call('zrangebyscore', KEYS[1], since, '+inf', 'WITHSCORES', 'LIMIT', count - most, 1)
    wait = math.max(wait, tonumber(oldest[2]) + span - now, 1)
  end
end
if wait == 0 then
  redis.call('zadd', KEYS[1], string.format('%.0f', now), member)
  redis.call('pexpire', KEYS[1], 86400000)
end
return string.format('%.0f', wait)
"""


class Pace:
    """Places in the windows of every conversation."""

    def __init__(self, redis: Any):
        self._redis, self._warned = redis, False

    def take(self, channel: str, address: str, able: Capabilities, *, now: datetime) -> str | None:
        """Takes a place for one post; None when there is none now. '' stands for a place without Redis."""
        windows = [(_MINUTE, able.per_minute), (_HOUR, able.per_hour), (_DAY, able.per_day)]
        limits = [part for span, most in windows if most for part in (span, most)]
        at, place = int(now.timestamp() * 1000), secrets.token_hex(8)
        try:
            if self._redis.exists(_pause(channel, ""), _pause(channel, address)):
                return None
            wait = int(self._redis.eval(_TAKE, 1, _key(channel, address), at, place, *limits))
        except (RedisError, OSError):
            if not self._warned:
                log.warning("redis is away: the pace is kept by counting what was sent")
                self._warned = True
            return ""
        self._warned = False
        return place if wait == 0 else None

    def give_back(self, channel: str, address: str, place: str) -> None:
        """Frees the place of a post that certainly did not go out."""
        if place:
            self._quietly("zrem", _key(channel, address), place)

    def pause(self, channel: str, address: str, seconds: float) -> None:
        """Nothing more goes out to this conversation, or with '' through this account, for so long: the platform said so."""
        self._quietly("set", _pause(channel, address), "1", px=max(1, int(seconds * 1000)))

    def _quietly(self, verb: str, *args: Any, **options: Any) -> None:
        try:
            getattr(self._redis, verb)(*args, **options)
        except (RedisError, OSError):
            log.info("redis is away: %s not kept", verb)


def _pause(channel: str, address: str) -> str:
    return _key(channel, address).replace(":pace:", ":pause:")


def _key(channel: str, address: str) -> str:
    """A conversation by account and address; addresses are credentials, and the first line of one is who it is."""
    return "linyi:pace:" + hashlib.sha256(f"{channel}\x1f{address.partition(chr(10))[0]}".encode()).hexdigest()[:32]
