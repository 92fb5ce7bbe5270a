"""Fetches the photos people sent, after the commit that took note of them; the one place where pictures come in."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.message import TOO_LARGE, Channel, ChannelError, Media
from domain.errors import Refusal
from models.base import Database, Tx
from services import audit, photo_store, photos

log = logging.getLogger(__name__)


class Photos:
    """Looks at what is due; two of these at once fetch each photo once."""

    def __init__(self, db: Database, channels: dict[str, Channel], clock: Callable[[], datetime]):
        self.db, self.channels, self.clock = db, channels, clock

    def run_once(self) -> int:
        """Tries every photo that is due; returns how many."""
        with self.db.read() as tx:
            rows = photo_store.due(tx, now=self.clock())
        return sum(self._fetch(row) for row in rows)

    def _fetch(self, row: Any) -> bool:
        with self.db.write() as tx:
            if not photo_store.claim(tx, row, now=self.clock()):
                return False
        try:
            channel: Any = self.channels[row.channel]
            picture = photos.clean(channel.fetch(unpack(row.reference)), about="photo")
        except ChannelError as error:
            log.warning("photo %s: %s", row.id, error.reason)
            if error.retryable:
                self._write(lambda tx: photo_store.put_off(tx, row, now=self.clock()))
            else:
                self._give_up(row, "big" if error.reason == TOO_LARGE else "unreachable")
        except Refusal as no:  # whatever came, it is no photo we take
            self._give_up(row, "big" if no.key == "photo.photo_big" else "unreadable")
        except (KeyError, AttributeError):  # the account is gone, or has become one that hears nobody
            self._give_up(row, "unreachable")
        else:
            self._write(lambda tx: photo_store.keep(tx, row.id, picture, now=self.clock()))
        return True

    def _give_up(self, row: Any, why: str) -> None:
        self._write(lambda tx: photo_store.give_up(tx, row.id, why, now=self.clock()))

    def _write(self, work: Callable[[Tx], None]) -> None:
        with self.db.write() as tx:
            work(tx)
            audit.seal(tx)


def pack(media: Media) -> str:
    """A picture's whereabouts as text, to be sealed."""
    return json.dumps({"id": media.id, "url": media.url, "key": media.key})


def unpack(reference: str) -> Media:
    """The whereabouts again."""
    return Media(**json.loads(reference))
