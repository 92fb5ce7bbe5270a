"""The time of the demo: that of the machine, or ahead of it after somebody has let days pass."""

import time
from pathlib import Path

MOST_HOURS = 24 * 60  # at one go


class Clock:
    """Seconds since 1970, moved forward only; how far stands in a file, so that the app can follow."""

    def __init__(self, file: str | Path | None = None) -> None:
        self._file = Path(file) if file else None
        self.ahead_s = int(self._file.read_text()) if self._file is not None and self._file.exists() else 0

    def __call__(self) -> float:
        return time.time() + self.ahead_s

    def forward(self, hours: int) -> None:
        """Lets hours pass at once."""
        if not 1 <= hours <= MOST_HOURS:
            raise ValueError(f"hours is 1 to {MOST_HOURS}")
        ahead = self.ahead_s + hours * 3600
        if self._file is not None:
            new = self._file.with_suffix(".new")
            new.write_text(str(ahead))
            new.replace(self._file)
        self.ahead_s = ahead
