"""What the clock does: each sweep takes what is due and not done, one transaction for each; late is never lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot import pipeline
from bot.message import Channel
from models.base import Database, Tx
from models.commit import ATTEMPTS, TRANSIENT
from models.logs import sweep_run
from models.tables import heartbeat
from services import (
    alarm,
    audit,
    bulletins,
    claims,
    discussion_clocks,
    evidence,
    finding,
    forward,
    grouping,
    issues,
    joining,
    levels,
    overdue,
    polls,
    procedure,
    promises,
    rating,
    retention,
    rights,
    round_making,
    round_map,
    solitaire,
    timers,
    voting,
    work,
)

Sweep = Callable[..., int | bool]
HEARTBEAT = "scheduler"
KEPT = timedelta(days=90)  # what the sweeps did
BLOCKS = 20  # of the logs, that one beat indexes
# each registers what its clocks do
OWNERS = (alarm, claims, discussion_clocks, issues, levels, overdue, promises, rating, voting, work)


class Sweeps:
    """All sweeps over one database."""

    def __init__(self, db: Database, channels: dict[str, Channel], clock: Callable[[], datetime]):
        self.db, self.channels, self.clock = db, channels, clock

    def run(self) -> None:
        """Runs each sweep once, parked ballots before closings; a sweep that breaks does not keep the others from running."""
        errors: list[Exception] = []
        runs: list[dict[str, Any]] = []
        for sweep in (self.answer_parked, self.begin_polls, self.close_polls, self.finish_polls, self.remind, self.fire_timers,
                      self.forward, self.forget_joinings, self.forget_lists, self.forget_photos, self.tell_bulletins,
                      self.remind_of_requests, self.group_issues, self.draw_rounds, self.report_rounds, self.index_logs):
            begun, done, broke = perf_counter(), 0, None
            try:
                done = sweep()
            except Exception as error:
                errors.append(error)
                broke = type(error).__name__
            if done or broke:
                runs.append({"name": sweep.__name__, "at": self.clock(), "done": done, "error": broke,
                             "took_ms": int((perf_counter() - begun) * 1000)})
        if runs:
            with self.db.write() as tx:
                self._record(tx, runs)
        if errors:
            raise ExceptionGroup("sweeps failed", errors)

    def _record(self, tx: Tx, runs: list[dict[str, Any]]) -> None:
        """What was done; the same failure beat after beat is one row that counts."""
        for run in runs:
            last = tx.first(select(sweep_run).where(sweep_run.c.name == run["name"]).order_by(sweep_run.c.id.desc()).limit(1))
            if run["error"] and last is not None and last.error == run["error"]:
                tx.execute(update(sweep_run).where(sweep_run.c.id == last.id).values(at=run["at"], took_ms=run["took_ms"],
                                                                                      done=last.done + 1))
            else:
                tx.execute(insert(sweep_run).values(run | ({"done": 1} if run["error"] else {})))
        oldest = tx.first(select(sweep_run.c.id, sweep_run.c.at).order_by(sweep_run.c.id).limit(1))
        if oldest is not None and oldest.at < self.clock() - KEPT:
            tx.execute(delete(sweep_run).where(sweep_run.c.at < self.clock() - KEPT))

    def close_polls(self) -> int:
        """Polls whose deadline has passed, one transaction each."""
        return self._until_done(lambda tx, now: polls.close_due(tx, now=now, limit=1))

    def begin_polls(self) -> int:
        """Polls whose notice period is over."""
        return self._until_done(lambda tx, now: polls.begin_due(tx, now=now))

    def finish_polls(self) -> int:
        """Results that have been published long enough."""
        return self._until_done(lambda tx, now: procedure.finish_due(tx, now=now))

    def remind(self) -> int:
        """The automatic reminders that are due."""
        return self._until_done(lambda tx, now: polls.remind_due(tx, now=now))

    def fire_timers(self) -> int:
        """Clocks of issues that are due: each does its work once, late rather than never."""
        return self._until_done(lambda tx, now: timers.fire_due(tx, now=now), most=5000)

    def forget_joinings(self) -> int:
        """What was kept so that the joining of two accounts could be taken back."""
        return self._until_done(lambda tx, now: joining.forget(tx, now=now))

    def forget_lists(self) -> int:
        """#接龙 lists that are over."""
        return self._until_done(lambda tx, now: solitaire.forget(tx, now=now))

    def tell_bulletins(self) -> int:
        """What groups and grid workers are told by the calendar."""
        with self.db.read() as tx:
            if not bulletins.any_due(tx, now=self.clock()):
                return 0
        return self._until_done(lambda tx, now: bulletins.tell_due(tx, now=now))

    def forget_photos(self) -> int:
        """Photos that belong to nothing."""
        return self._until_done(lambda tx, now: evidence.forget_loose(tx, now=now), most=1)

    def forward(self) -> int:
        """What our people carry into groups that no API reaches: handed over, and not forgotten."""
        with self.db.read() as tx:  # a look first: an idle beat never takes the write lock
            if not forward.any_waiting(tx):
                return 0
        with self.db.write() as tx:
            forward.remind_due(tx, now=self.clock())
            forward.hand_over(tx, now=self.clock())
            audit.seal(tx)
        return 0  # each thing that is carried has a list of its own

    def remind_of_requests(self) -> int:
        """What residents asked about their own data and nobody has answered."""
        with self.db.read() as tx:
            if not rights.any_due(tx, now=self.clock()):
                return 0
        return self._until_done(lambda tx, now: rights.remind_due(tx, now=now))

    def forget_expired(self) -> None:
        """What has been kept long enough, once every night; not among the others, because it may take long."""
        retention.nightly(self.db, now=self.clock())

    def group_issues(self) -> int:
        """Issues that seem to be one matter, for staff to look at; the comparing waits for nobody and nobody for it."""
        return grouping.group_due(self.db, now=self.clock())

    def report_rounds(self) -> int:
        """What closed rounds have brought; the computing waits for nobody and nobody for it."""
        return round_making.make_due(self.db, now=self.clock())

    def draw_rounds(self) -> int:
        """Open rounds with new votes: how far each statement parts people, and votes that look arranged."""
        return round_map.draw_due(self.db, now=self.clock())

    def index_logs(self) -> int:
        """What makes old log lines quick to find."""
        with self.db.read() as tx:
            if not finding.any_due(tx, now=self.clock()):
                return 0
        return self._until_done(lambda tx, now: finding.index_one(tx, now=now), most=BLOCKS)

    def answer_parked(self) -> int:
        """Messages that were put on record under load and still wait for their answer."""
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                return self._until_done(partial(self._answer_one, last_try=last), most=1 if last else 500)
            except TRANSIENT:  # a worker was faster: that is no defect of the message
                if last:
                    raise
        return 0

    def _answer_one(self, tx: Tx, now: datetime, *, last_try: bool) -> bool:
        return pipeline.answer_parked(tx, self.channels, now=now, last_try=last_try)

    def beat(self) -> None:
        """Shows that the scheduler lives."""
        with self.db.write() as tx:
            upsert = insert_postgres if tx.postgres else insert_sqlite
            statement = upsert(heartbeat).values(name=HEARTBEAT, at=self.clock())
            tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded.at}))

    def _until_done(self, step: Callable[[Tx, datetime], int | bool], most: int = 500) -> int:
        count = 0
        for _ in range(most):
            with self.db.write() as tx:
                done = step(tx, self.clock())
                audit.seal(tx)
            count += int(done)
            if not done:
                break
        return count
