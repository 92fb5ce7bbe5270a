"""Unfinished talk, kept in Redis for ten minutes; when Redis is away there is none, and nothing else changes."""

import json
import logging
from time import monotonic

from redis import Redis
from redis.exceptions import RedisError

from bot.context import Dialog
from bot.message import Message

LIFE_S = 600
_REST_S = 3.0  # after a failure Redis is left alone for this long

log = logging.getLogger(__name__)


class Dialogs:
    """One open question per person and chat."""

    def __init__(self, redis: Redis):
        self.redis = redis
        self._away_until = 0.0

    @property
    def up(self) -> bool:
        """False while Redis is known to be away."""
        return monotonic() >= self._away_until

    def get(self, message: Message) -> Dialog | None:
        """The open question this message may answer."""
        if not self.up:
            return None
        try:
            kept = self.redis.get(_key(message))
        except (RedisError, OSError) as error:
            self._fail(error)
            return None
        if not isinstance(kept, str | bytes):
            return None
        found = json.loads(kept)
        return Dialog(found["then"], found.get("by", 0), found["data"])

    def put(self, message: Message, dialog: Dialog | None) -> None:
        """Keeps the question that is open now, or forgets the last one."""
        if not self.up:
            return
        try:
            if dialog is None:
                self.redis.delete(_key(message))
            else:
                kept = json.dumps({"then": dialog.then, "by": dialog.by, "data": dialog.data}, ensure_ascii=False)
                self.redis.set(_key(message), kept, ex=LIFE_S)
        except (RedisError, OSError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._away_until = monotonic() + _REST_S
        log.warning("redis is away: %s", type(error).__name__)


def _key(message: Message) -> str:
    return f"dialog:{message.channel}:{message.sender}:{message.chat or '-'}"
