"""Group commit: many threads wait, one writer works; each unit is durable before its caller goes on.

Units that queue up while a commit is under way share the next one. A unit that raises spoils its batch: the
batch is rolled back and each unit runs again alone, so that only the bad one fails. Units must therefore do
nothing but write to the transaction they are given.
"""

import queue
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError

from models.base import Database, Tx

T = TypeVar("T")
BATCH = 64
TRANSIENT = (IntegrityError, OperationalError)  # another process was faster, or a deadlock: again, alone
ATTEMPTS = 4  # the first with others


class Busy(Exception):
    """The database did not take the unit in time; nothing of it was written."""


class Unsure(Exception):
    """The unit was under way when the wait ended; asking again tells what became of it."""


class _Job:
    __slots__ = ("done", "error", "lock", "result", "state", "unit")

    def __init__(self, unit: Callable[[Tx], Any]):
        self.unit, self.result = unit, None
        self.error: BaseException | None = None
        self.state, self.lock, self.done = "queued", threading.Lock(), threading.Event()

    def move(self, state: str) -> bool:
        """Leaves the queue for `running` or `dropped`, whichever comes first."""
        with self.lock:
            if self.state != "queued":
                return False
            self.state = state
            return True

    def finish(self, error: BaseException | None = None) -> None:
        self.error = error
        self.done.set()


class GroupCommit:
    """The one writer of this process."""

    def __init__(self, db: Database, before_commit: Callable[[Tx], None]):
        self.db, self.before_commit = db, before_commit
        self._most = BATCH if db.sqlite else 1  # two batches of row locks in two orders are a deadlock on PostgreSQL
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._inside, self._count = 0, threading.Lock()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many callers wait for their unit: queued, under way, or in the commit of now."""
        return self._inside

    def run(self, unit: Callable[[Tx], T], *, timeout: float = 4.0) -> T:
        """Runs the unit and returns its result after the commit; Busy or Unsure when that takes too long."""
        job = _Job(unit)
        self._count_callers(1)
        try:
            self._queue.put(job)
            if not job.done.wait(timeout):
                if job.move("dropped"):
                    raise Busy
                if not job.done.wait(0.4):
                    raise Unsure
        finally:
            self._count_callers(-1)
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value]

    def _count_callers(self, step: int) -> None:
        with self._count:
            self._inside += step

    def close(self) -> None:
        """Finishes what is queued and stops the writer."""
        self._queue.put(None)
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if not job.move("running"):
                continue
            batch = [job]
            try:
                self._together(batch)
            except Exception as error:
                if len(batch) == 1 and not isinstance(error, TRANSIENT):
                    job.finish(error)
                else:
                    for each in batch:
                        self._alone(each)
            else:
                for each in batch:
                    each.finish()

    def _together(self, batch: list[_Job]) -> None:
        """One transaction for the first job and those that queue up while it runs."""
        until = monotonic() + 0.1
        with self.db.write() as tx:
            job: _Job | None = batch[0]
            while job is not None:
                job.result = job.unit(tx)
                job = self._next(batch) if len(batch) < self._most and monotonic() < until else None
            self.before_commit(tx)

    def _next(self, batch: list[_Job]) -> _Job | None:
        while True:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return None
            if job is None:  # closing: finish this batch, then see the sign again
                self._queue.put(None)
                return None
            if job.move("running"):
                batch.append(job)
                return job

    def _alone(self, job: _Job) -> None:
        """Runs one unit by itself; what another process spoiled is tried again, a defect is not."""
        for attempt in range(2, ATTEMPTS + 1):
            try:
                with self.db.write() as tx:
                    job.result = job.unit(tx)
                    self.before_commit(tx)
            except Exception as error:
                if attempt < ATTEMPTS and isinstance(error, TRANSIENT):
                    continue
                job.finish(error)
            else:
                job.finish()
            return
