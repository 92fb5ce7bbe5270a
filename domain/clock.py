"""Quiet hours and the community's wall clock, as arithmetic."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in which nobody is disturbed; the start belongs to them, the end does not."""

    start: time = time(21, 0)
    end: time = time(8, 0)

    def cover(self, at: datetime) -> bool:
        """True when the moment is quiet."""
        clock = at.astimezone(SHANGHAI).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def next_allowed(self, at: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it falls in."""
        if not self.cover(at):
            return at
        local = at.astimezone(SHANGHAI)
        day = local.date() + timedelta(days=1) if local.time() >= self.end else local.date()
        return datetime.combine(day, self.end, SHANGHAI).astimezone(UTC)

    def closing(self, at: datetime) -> datetime:
        """A deadline outside the quiet hours: one that falls in them moves to an hour after their end."""
        return self.next_allowed(at) + timedelta(hours=1) if self.cover(at) else at
