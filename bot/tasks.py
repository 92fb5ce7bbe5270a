"""Asks the platform what became of the tasks for 客户群; what follows from it is decided in services/group_tasks.py."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.message import Channel, ChannelError
from models.base import Database
from services import audit, group_tasks

log = logging.getLogger(__name__)


class Tasks:
    """Looks at what is due; two of these at once ask about each task once."""

    def __init__(self, db: Database, channels: dict[str, Channel], clock: Callable[[], datetime]):
        self.db, self.channels, self.clock = db, channels, clock

    def run_once(self) -> int:
        """Asks about every task that is due; returns how many."""
        with self.db.read() as tx:
            rows = group_tasks.due(tx, now=self.clock())
        return sum(self._ask(row) for row in rows)

    def _ask(self, row: Any) -> bool:
        channel: Any = self.channels.get(row.channel)
        if channel is None or not channel.capabilities.by_hand:
            return False
        with self.db.write() as tx:
            if not group_tasks.claim(tx, row, now=self.clock()):
                return False
        try:
            state = channel.became(row.msgid, row.owner)
        except ChannelError as error:  # it is asked again at the next look
            log.warning("task %s: %s", row.id, error.reason)
            return True
        with self.db.write() as tx:
            reminded = group_tasks.learn(tx, row, state, now=self.clock())
            audit.seal(tx)
        if reminded:
            try:
                channel.urge(row.msgid)
            except ChannelError as error:  # our own reminder has gone out
                log.info("task %s cannot be urged: %s", row.id, error.reason)
        return True
