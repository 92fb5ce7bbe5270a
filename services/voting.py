"""What a vote does to the issue it was opened from: it opens after the talk, decides or sends back, and its result is published."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from domain.classes import STRAW
from domain.errors import Refusal
from domain.guards import Facts
from domain.lifecycle import Act
from domain.procedures import Ending
from domain.roles import SYSTEM, Actor
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import deliberation, issue, poll
from services import decisions, electorate, issue_staff, people, procedure, quiet, standing, steps, telling, timers
from services import deliberation as talks
from texts.say import say

TRIES = 2  # votes that decide nothing, after which the matter goes to the residents' assembly
LONGER = timedelta(days=7)  # at most, when too few have taken part


def opened(tx: Tx, actor: Actor, row: Row[Any], held_poll: Row[Any], *, review: str = "", now: datetime) -> None:
    """An opinion poll is part of the talk; a poll that decides begins the vote, after the talk, or once more after an objection."""
    note = f"P{held_poll.number}"
    if held_poll.poll_class == STRAW:
        issue_staff.consult(tx, actor, row, poll_number=held_poll.number, now=now)
    elif row.state == State.PUBLICITY:
        steps.take(tx, actor, row, Act.REVIEW_VOTE, now=now, facts=Facts(reason=review), note=note)
    elif row.state != State.CONSULTING:
        raise Refusal("talk.before_vote" if row.state in (State.SUBMITTED, State.ACCEPTED) else "issue.cannot", number=row.number,
                      state=row.state, act=Act.START_VOTE)
    else:
        held = talks.current(tx, row)
        if held is None:
            raise Refusal("talk.before_vote", number=row.number, state=row.state, act=Act.START_VOTE)
        talks.deciding(row, held, Ending.VOTE)
        if held.assembly_at is not None or held.votes_failed >= TRIES:
            raise Refusal("talk.no_more_votes", number=row.number, assembly=held.assembly_at is not None, tries=TRIES)
        steps.take(tx, actor, row, Act.START_VOTE, now=now, note=note)


def longer(tx: Tx, row: Row[Any], now: datetime) -> datetime | None:
    """Until when a vote of an issue goes on, once, because too few have taken part; None when it ends now."""
    if row.issue_id is None or row.poll_class == STRAW or row.secret or row.prolonged_at is not None:
        return None
    result = standing.counted(tx, row)
    found = decisions.facts(tx, row, result, electorate.size(tx, row))
    if found is None or all(found["quorum"].values()):
        return None
    return quiet.of(tx, row.community_id).closing(now + min(LONGER, row.closes_at - row.opens_at))


def final(tx: Tx, row: Row[Any], result: dict[str, Any], now: datetime) -> datetime | None:
    """Until when the result is published: of owners as the settings say, else as long as the clock of an issue's publication."""
    found = procedure.final(row, now)
    if found is None and row.issue_id is not None and row.poll_class != STRAW and not _nothing(row.kind, result):
        found = timers.due_at(tx, row.community_id, Timer.PUBLICITY, now)
    return found


def closed(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> None:
    """The vote is over: its result is published, or the issue goes back to be talked about."""
    about = _voted_on(tx, row)
    if about is None:
        return
    why = _nothing(row.kind, row.result)
    if why:
        about = steps.take(tx, actor, about, Act.NO_DECISION, now=now, note=f"P{row.number}")
        held = talks.current(tx, about)
        if held is not None:
            tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(votes_failed=held.votes_failed + 1))
            talks.resumed(tx, about, now)
        last = held is not None and held.votes_failed + 1 >= TRIES
        telling.groups(tx, about, "no_decision", now, why=why, poll=row.number)
        telling.staff(tx, about, "no_decision", now, why=why, poll=row.number, last=last)
        return
    passed = bool(row.result["class"]["passed"])
    about = steps.take(tx, actor, about, Act.END_VOTE, now=now, note=say("talk.passed" if passed else "talk.not_passed", poll=row),
                       keep={"poll": row.number, "passed": passed}, agreed=passed)
    timers.end(tx, about.id, Timer.PUBLICITY, now=now)
    timers.start(tx, Timer.PUBLICITY, about.id, row.final_at or now, about=f"P{row.number}")
    held = talks.last(tx, about.id)
    if held is not None:
        talks.decided(tx, about, held, Ending.VOTE, now, adopted="yes" if passed else "no",
                      conclusion=say("talk.passed" if passed else "talk.not_passed", poll=row))
    telling.groups(tx, about, "publicity", now, poll=row.number, passed=passed, until=row.final_at or now)


def voided(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> None:
    """The vote was called off: the issue goes back to be talked about."""
    about = _voted_on(tx, row)
    if about is not None:
        about = steps.take(tx, actor, about, Act.NO_DECISION, now=now, note=f"P{row.number}")
        talks.resumed(tx, about, now)


@timers.on(Timer.PUBLICITY)
def _published(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """The result has been published long enough: it is carried out, or ends here; an open objection stops both."""
    assert row is not None
    unanswered = steps.open_objections(tx, row.id)
    if unanswered:
        heard = select(poll.c.opened_by).where(poll.c.issue_id == row.id, poll.c.state == "closed")  # they hear of it by the poll
        others = [i for i in people.staff_of(tx, row.community_id) if i not in set(tx.connection.scalars(heard))]
        telling.persons(tx, row, "publicity_stopped", others, now, count=unanswered, key=f"{clock.id}", poll=clock.about)
        timers.again(tx, clock, now)
    elif row.agreed:
        telling.staff(tx, row, "to_dispatch", now, key=f"{clock.id}", doer=None, do_by=None, notify=True)
        timers.again(tx, clock, now)
    else:
        row = steps.take(tx, SYSTEM, row, Act.CLOSE_FAILED, now=now, result=say("talk.failed"), closed_at=now)
        telling.groups(tx, row, "failed", now)
        telling.followers(tx, row, "failed", now)


def _voted_on(tx: Tx, row: Row[Any]) -> Row[Any] | None:
    """The issue this poll decides on, held, while it is being voted on."""
    if row.issue_id is None or row.poll_class == STRAW:
        return None
    about = tx.execute(select(issue).where(issue.c.id == row.issue_id).with_for_update()).one()
    newest = tx.scalar(select(poll.c.id).where(poll.c.issue_id == row.issue_id, poll.c.poll_class != STRAW)
                       .order_by(poll.c.id.desc()).limit(1))
    return about if about.state == State.VOTING and newest == row.id else None


def _nothing(kind: str, result: dict[str, Any]) -> str:
    """Why a vote has decided nothing: quorum, tie, blocked, few; '' when it has decided."""
    found = result.get("class")
    if found is None:
        return "few"
    if found["passed"] is None:
        return "blocked"
    if not all(found["quorum"].values()):
        return "quorum"
    return "tie" if not found["passed"] and len(result.get("tied") or ()) > 1 and kind != "stance" else ""
