"""A backup made by itself when a poll has closed, so that a result is never lost with the disk of that evening."""

import logging
from datetime import timedelta

from sqlalchemy import func, select

from models.tables import poll
from ops import backup
from ops.backup_file import BackupError
from ops.house import House, now
from services import health

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=30)  # after one that failed


class AfterPolls:
    """Looks whether a poll has closed since the last backup, and makes one then; does nothing where that is not wanted."""

    def __init__(self, house: House):
        self.house, self._not_before = house, now()

    def run_once(self) -> bool:
        """True when a backup was made now. One that fails is logged and tried again in half an hour, never in the way of others."""
        settings, at = self.house.settings, now()
        if not settings.backup.after_polls or at < self._not_before:
            return False
        with self.house.db.read() as tx:
            last, closed = health.last_backup(tx), tx.scalar(select(func.max(poll.c.closed_at)).where(poll.c.state == "closed"))
        if closed is None or (last is not None and last >= closed):
            return False
        try:
            path, _ = backup.make(settings, to=None, sealed=True, now=at)
        except (BackupError, OSError) as error:
            self._not_before = at + AGAIN
            log.error("no backup after a poll closed: %s", error if isinstance(error, BackupError) else type(error).__name__)
            return False
        log.info("a poll has closed, backup made: %s", path.name)
        return True
