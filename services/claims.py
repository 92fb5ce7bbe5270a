"""认领: a resident takes on a matter that residents can settle themselves, until a day, and reports it done.

At most one does at a time. Whoever takes it on stands behind it too, and so hears of everything that happens to it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Forbidden, Refusal
from domain.guards import Facts
from domain.lifecycle import Act
from domain.roles import SYSTEM
from domain.states import State
from domain.timers import Timer
from domain.triage import Track
from models.base import Tx
from models.deeds import claim
from models.tables import issue
from services import claimed, issue_staff, issues, people, steps, telling, timers
from services.people import Speaker

LONGEST = timedelta(days=30)
LISTED = 8
_RESULT = 4  # characters of what was done
_GRACE = timedelta(days=2)  # after the day, before others may take it on


def take_on(tx: Tx, speaker: Speaker, *, number: int, until: datetime | None, now: datetime) -> tuple[Row[Any], datetime]:
    """Takes it on until a day; who has it already moves the day."""
    row = _known(tx, speaker, number)
    speaker = people.present(tx, speaker)
    if row.track != Track.SELF or row.urgency == "critical":
        raise Forbidden("claim.not_ours", number=row.number, track=row.track)
    if row.state != State.ACCEPTED:
        raise Forbidden("claim.not_now", number=row.number, state=row.state)
    has = claimed.of(tx, row.id)
    if has is not None and has.person_id != speaker.id:
        raise Refusal("claim.taken", number=row.number, until=has.until)
    until = until or timers.due_at(tx, row.community_id, Timer.CLAIM, now)
    if not now < until <= (has.at if has is not None else now) + LONGEST:
        raise Refusal("claim.when", number=row.number, days=LONGEST.days)
    _keep(tx, row, speaker, until, again=has is not None, now=now)
    row = steps.mark(tx, speaker, row, "claim", now=now, keep={"until": until.isoformat()})
    if has is None:
        telling.group(tx, row, "claimed", now, until=until)
        if row.submitter_id != speaker.id:
            telling.followers(tx, row, "claimed", now, until=until)
            issues.support(tx, speaker, number=number, now=now)
    return steps.by_id(tx, row.id), until


def _keep(tx: Tx, row: Row[Any], speaker: Speaker, until: datetime, *, again: bool, now: datetime) -> None:
    """The row and its clock; of two who come at once one has it."""
    if again:
        tx.execute(update(claim).where(claim.c.issue_id == row.id, claim.c.state == "open").values(until=until))
        timers.end(tx, row.id, Timer.CLAIM, now=now)
    else:
        insert = insert_postgres if tx.postgres else insert_sqlite
        kept = tx.scalar(insert(claim).values(issue_id=row.id, person_id=speaker.id, at=now, until=until, state="open")
                         .on_conflict_do_nothing().returning(claim.c.id))
        if kept is None:
            raise Refusal("issue.changed_meanwhile")
    timers.start(tx, Timer.CLAIM, row.id, until)


def complete(tx: Tx, speaker: Speaker, *, number: int, words: str, now: datetime) -> Row[Any]:
    """Reports it done: who raised it is asked, and points come with their yes."""
    row = _theirs(tx, speaker, number)
    if len(words.strip()) < _RESULT:
        raise Refusal("claim.what", number=row.number)
    speaker = people.present(tx, speaker)
    row = steps.take(tx, speaker, row, Act.RESOLVE, now=now, result=words, note=words, facts=Facts(result=words, evidence=True))
    issue_staff.ask_whether_done(tx, row, now, but=speaker.id if speaker.id != row.submitter_id else None)
    return row


def give_up(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> Row[Any]:
    """Hands it back; that costs nothing. The staff hear of it, and others can take it on."""
    row = _theirs(tx, speaker, number)
    return _drop(tx, row, steps.mark(tx, people.present(tx, speaker), row, "unclaim", now=now), now)


def _drop(tx: Tx, before: Row[Any], row: Row[Any], now: datetime) -> Row[Any]:
    claimed.end(tx, row.id, "dropped", now=now)
    timers.end(tx, row.id, Timer.CLAIM, now=now)
    telling.staff(tx, row, "unclaimed", now)
    return row


@timers.on(Timer.CLAIM)
def _due(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """The day has come: whoever has it is asked; some days later it is free for others."""
    assert row is not None
    has = claimed.of(tx, row.id)
    if has is None:
        return
    if clock.round == 0:
        telling.persons(tx, row, "claim_due", [has.person_id] if has.person_id else [], now, until=has.until, notify=True)
        timers.again(tx, clock, now, after=_GRACE)
        return
    telling.persons(tx, row, "claim_over", [has.person_id] if has.person_id else [], now)
    _drop(tx, row, steps.mark(tx, SYSTEM, row, "unclaim", now=now), now)


def open_to_all(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """What can be taken on: (number, title), the oldest first."""
    had = select(claim.c.issue_id).where(claim.c.state == "open")
    return tx.all(select(issue.c.number, issue.c.title).where(
        issue.c.community_id == community_id, issue.c.state == State.ACCEPTED, issue.c.track == Track.SELF, ~issue.c.private,
        issue.c.urgency != "critical", issue.c.id.not_in(had)).order_by(issue.c.id).limit(LISTED))


def mine(tx: Tx, speaker: Speaker) -> list[Row[Any]]:
    """What this person has on them: (number, title, until, state)."""
    return tx.all(select(issue.c.number, issue.c.title, claim.c.until, issue.c.state).join_from(claim, issue).where(
        claim.c.person_id.in_(people.behind(tx, speaker.id)), claim.c.state == "open").order_by(claim.c.until, claim.c.id))


def whose(tx: Tx, row: Row[Any]) -> tuple[int | None, datetime] | None:
    """For staff: who has it and until when; nobody's name when that would tell who raised an anonymous matter."""
    has = claimed.of(tx, row.id)
    if has is None:
        return None
    return (None if row.anonymous and has.person_id == row.submitter_id else has.person_id), has.until


def _known(tx: Tx, speaker: Speaker, number: int) -> Row[Any]:
    row = issues.by_number(tx, speaker.community_id, number, lock=True)
    if row.private:
        raise Refusal("issue.unknown", number=number)
    return row


def _theirs(tx: Tx, speaker: Speaker, number: int) -> Row[Any]:
    row = _known(tx, speaker, number)
    if not claimed.is_theirs(tx, row, people.present(tx, speaker).id) or row.state == State.RESOLVED:
        raise Forbidden("claim.not_yours", number=row.number)
    return row
