"""What time it is: the machine's, or ahead of it in the demo, whose simulator lets days pass."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

AHEAD_ENV = "LINYI_CLOCK_AHEAD"  # a file with the seconds this clock is ahead; only `app.py demo` sets it


def now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC) + ahead()


def ahead() -> timedelta:
    """How far time was moved forward; never back."""
    path = os.environ.get(AHEAD_ENV)
    if not path:
        return timedelta()
    try:
        return timedelta(seconds=max(0, int(Path(path).read_text())))
    except FileNotFoundError:
        return timedelta()
