"""The ground truth: every REST call the app made and the answer it got, in memory and in a file."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from simulator.feed import Clock, iso

Record = dict[str, Any]


class Log:
    """An append-only list of records; with a file, each one is on disk before it is answered."""

    def __init__(self, path: str | Path | None = None, clock: Clock = time.time) -> None:
        self._records: list[Record] = []
        self._lock = threading.Lock()
        self._clock = clock
        self._file = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115  kept open for life

    def add(self, **fields: Any) -> Record:
        """Writes one record down and numbers it."""
        with self._lock:
            record: Record = {"n": len(self._records) + 1, "at": iso(self._clock()), **fields}
            self._records.append(record)
            if self._file:
                self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
                self._file.flush()
            return record

    def after(self, number: int) -> list[Record]:
        """Lists the records after a number."""
        with self._lock:
            return self._records[max(0, number):]
