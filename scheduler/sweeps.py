"""What the clock does: each sweep takes what is due and not done, one transaction for each; late is never lost."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot import pipeline
from bot.message import Channel
from models.base import Database, Tx
from models.commit import ATTEMPTS, TRANSIENT
from models.tables import heartbeat
from services import (
    alarm,
    audit,
    bulletins,
    discussion_clocks,
    evidence,
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
OWNERS = (alarm, discussion_clocks, issues, levels, overdue, promises, rating, voting, work)  # each registers what its clocks do


class Sweeps:
    """All sweeps over one database."""

    def __init__(self, db: Database, channels: dict[str, Channel], clock: Callable[[], datetime]):
        self.db, self.channels, self.clock = db, channels, clock

    def run(self) -> None:
        """Runs each sweep once, parked ballots before closings; a sweep that breaks does not keep the others from running."""
        errors = []
        for sweep in (self.answer_parked, self.begin_polls, self.close_polls, self.finish_polls, self.remind, self.fire_timers,
                      self.forward, self.forget_joinings, self.forget_lists, self.forget_photos, self.tell_bulletins,
                      self.remind_of_requests, self.group_issues, self.draw_rounds, self.report_rounds):
            try:
                sweep()
            except Exception as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("sweeps failed", errors)

    def close_polls(self) -> None:
        """Polls whose deadline has passed, one transaction each."""
        self._until_done(lambda tx, now: polls.close_due(tx, now=now, limit=1))

    def begin_polls(self) -> None:
        """Polls whose notice period is over."""
        self._until_done(lambda tx, now: polls.begin_due(tx, now=now))

    def finish_polls(self) -> None:
        """Results that have been published long enough."""
        self._until_done(lambda tx, now: procedure.finish_due(tx, now=now))

    def remind(self) -> None:
        """The automatic reminders that are due."""
        self._until_done(lambda tx, now: polls.remind_due(tx, now=now))

    def fire_timers(self) -> None:
        """Clocks of issues that are due: each does its work once, late rather than never."""
        self._until_done(lambda tx, now: timers.fire_due(tx, now=now), most=5000)

    def forget_joinings(self) -> None:
        """What was kept so that the joining of two accounts could be taken back."""
        self._until_done(lambda tx, now: joining.forget(tx, now=now))

    def forget_lists(self) -> None:
        """#接龙 lists that are over."""
        self._until_done(lambda tx, now: solitaire.forget(tx, now=now))

    def tell_bulletins(self) -> None:
        """What groups and grid workers are told by the calendar."""
        with self.db.read() as tx:
            if not bulletins.any_due(tx, now=self.clock()):
                return
        self._until_done(lambda tx, now: bulletins.tell_due(tx, now=now))

    def forget_photos(self) -> None:
        """Photos that belong to nothing."""
        self._until_done(lambda tx, now: evidence.forget_loose(tx, now=now), most=1)

    def forward(self) -> None:
        """What our people carry into groups that no API reaches: handed over, and not forgotten."""
        with self.db.read() as tx:  # a look first: an idle beat never takes the write lock
            if not forward.any_waiting(tx):
                return
        with self.db.write() as tx:
            forward.remind_due(tx, now=self.clock())
            forward.hand_over(tx, now=self.clock())
            audit.seal(tx)

    def remind_of_requests(self) -> None:
        """What residents asked about their own data and nobody has answered."""
        with self.db.read() as tx:
            if not rights.any_due(tx, now=self.clock()):
                return
        self._until_done(lambda tx, now: rights.remind_due(tx, now=now))

    def forget_expired(self) -> None:
        """What has been kept long enough, once every night; not among the others, because it may take long."""
        retention.nightly(self.db, now=self.clock())

    def group_issues(self) -> None:
        """Issues that seem to be one matter, for staff to look at; the comparing waits for nobody and nobody for it."""
        grouping.group_due(self.db, now=self.clock())

    def report_rounds(self) -> None:
        """What closed rounds have brought; the computing waits for nobody and nobody for it."""
        round_making.make_due(self.db, now=self.clock())

    def draw_rounds(self) -> None:
        """Open rounds with new votes: how far each statement parts people, and votes that look arranged."""
        round_map.draw_due(self.db, now=self.clock())

    def answer_parked(self) -> None:
        """Messages that were put on record under load and still wait for their answer."""
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                return self._until_done(partial(self._answer_one, last_try=last), most=1 if last else 500)
            except TRANSIENT:  # a worker was faster: that is no defect of the message
                if last:
                    raise

    def _answer_one(self, tx: Tx, now: datetime, *, last_try: bool) -> bool:
        return pipeline.answer_parked(tx, self.channels, now=now, last_try=last_try)

    def beat(self) -> None:
        """Shows that the scheduler lives."""
        with self.db.write() as tx:
            insert = insert_postgres if tx.postgres else insert_sqlite
            statement = insert(heartbeat).values(name=HEARTBEAT, at=self.clock())
            tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded.at}))

    def _until_done(self, step: Callable[[Tx, datetime], int | bool], most: int = 500) -> None:
        for _ in range(most):
            with self.db.write() as tx:
                done = step(tx, self.clock())
                audit.seal(tx)
            if not done:
                return
