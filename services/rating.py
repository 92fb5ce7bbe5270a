"""What those who raised an issue say of what was done: rated, disputed, reopened; and what silence means."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Refusal
from domain.guards import Facts
from domain.lifecycle import Act
from domain.roles import SYSTEM
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import issue_event
from services import claimed, deadlines, dispatch, issues, joined, levels, limits, parties, points, steps, telling, timers
from services.people import Speaker

ASKED = "ask_reopen"


def confirm(tx: Tx, speaker: Speaker, *, number: int, rating: str | None, now: datetime) -> Row[Any]:
    """The submitter says that it is done, and how well."""
    row = steps.take(tx, speaker, _own(tx, speaker, number), Act.CONFIRM, now=now, solved=True, rating=rating)
    points.for_done(tx, row, now=now)
    return row


def dispute(tx: Tx, speaker: Speaker, *, number: int, rating: str | None, words: str, now: datetime) -> tuple[Row[Any], bool]:
    """The submitter says that it is not: work goes on with half the time there was. What was closed is reopened (True)."""
    row = _own(tx, speaker, number)
    if row.state == State.CLOSED:
        return _reopen(tx, speaker, row, words, now), True
    due = deadlines.half(tx, row.community_id, row.assigned_at, row.due_at, now=now)
    row = steps.take(tx, speaker, row, Act.DISPUTE, now=now, note=words or None, solved=False, rating=rating, due_at=due)
    _back_to_work(tx, row, "disputed", words, now)
    return row, False


def _own(tx: Tx, speaker: Speaker, number: int) -> Row[Any]:
    row = issues.by_number(tx, speaker.community_id, number, lock=True)
    if row.submitter_id != speaker.id:
        raise Refusal("issue.not_own", number=row.number)
    return row


def reopen(tx: Tx, speaker: Speaker, *, number: int, reason: str, now: datetime) -> tuple[Row[Any], int]:
    """Opens it again for its submitter, or when enough of those behind it ask (how many are still missing; 0: open)."""
    row = issues.by_number(tx, speaker.community_id, number, lock=True)
    if len(reason.strip()) < 2:
        raise Refusal("rating.why", number=row.number)
    if row.submitter_id == speaker.id or row.state != State.CLOSED:
        return _reopen(tx, speaker, row, reason, now), 0
    steps.check(tx, row, Act.REOPEN, steps.hands_of(tx, speaker, row, now=now), Facts(), now=now)
    asked = set(tx.connection.scalars(select(issue_event.c.actor_id).where(
        issue_event.c.issue_id == row.id, issue_event.c.act == ASKED, issue_event.c.at >= row.closed_at)))
    if speaker.id not in asked:
        row = steps.mark(tx, speaker, row, ASKED, now=now, note=reason)
    behind = {person_id for person_id, _ in joined.followers(tx, row.id)}
    missing = limits.of().reopen_people - len((asked | {speaker.id}) & behind)
    return (_reopen(tx, speaker, row, reason, now), 0) if missing <= 0 else (row, missing)


def _reopen(tx: Tx, speaker: Speaker, row: Row[Any], reason: str, now: datetime) -> Row[Any]:
    due = deadlines.half(tx, row.community_id, row.assigned_at, row.due_at, now=now)
    times = row.reopened + 1
    street = times > limits.of().reopens
    row = steps.take(tx, speaker, row, Act.REOPEN, now=now, note=reason or None, keep={"due": due.isoformat(), "times": times},
                     reopened=times, solved=False, rating=None, due_at=due,
                     level="street" if street and row.level == "community" else row.level)
    _back_to_work(tx, row, "reopened", reason, now)
    others = [i for i, _ in joined.followers(tx, row.id) if i != speaker.id]
    telling.persons(tx, row, "reopened.notice", others, now)
    if street:
        levels.to_street(tx, row, reason, now=now)
    return row


def _back_to_work(tx: Tx, row: Row[Any], news: str, words: str, now: datetime) -> None:
    """Whoever had it, and the staff, hear that it is not done."""
    dispatch.remind_before(tx, row, now)
    who = parties.members(tx, row.party_id, now=now) if row.party_id is not None else []
    has = claimed.of(tx, row.id)
    who += [has.person_id] if has is not None and has.person_id and has.person_id != row.submitter_id else []
    telling.persons(tx, row, f"{news}.party", who, now, notify=True, words=words, due=row.due_at)
    telling.staff(tx, row, f"{news}.staff", now, words=words, due=row.due_at)


@timers.on(Timer.CONFIRM)
def _silence(tx: Tx, _clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Closes what was reported done when nobody has objected; who raised it hears how to open it again."""
    assert row is not None
    row = steps.take(tx, SYSTEM, row, Act.CONFIRM, now=now)
    telling.persons(tx, row, "closed_by_silence", [row.submitter_id], now)
    points.for_done(tx, row, now=now)
