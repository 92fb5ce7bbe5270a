"""What a party does with what it was sent: sign, get in touch, ask for longer, report done; and what the staff may do then."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from domain.errors import Forbidden, Refusal
from domain.guards import Facts
from domain.lifecycle import Act, Who
from domain.roles import SYSTEM, Actor, Role
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import issue_event
from services import cards, deadlines, dispatch, issue_staff, parties, steps, telling, timers, triage
from services.dispatch import held

ASKED, REFUSED = "ask_extend", "refuse_extend"


def sign(tx: Tx, actor: Actor, *, number: int, now: datetime) -> Row[Any]:
    """The party takes it on (签收)."""
    row = steps.take(tx, actor, held(tx, actor, number, now=now), Act.TAKE_ON, now=now, signed_at=now)
    telling.followers(tx, row, "signed", now, party=_name(tx, row), due=row.due_at)
    return row


def contact(tx: Tx, actor: Actor, *, number: int, words: str, now: datetime) -> Row[Any]:
    """The first word with who raised it: that it was said is on record for all, what was said goes to them."""
    row = _signed(tx, actor, held(tx, actor, number, now=now), now)
    first = row.contacted_at is None
    row = steps.take(tx, actor, row, Act.CONTACT, now=now, keep={"first": first}, contacted_at=row.contacted_at or now)
    steps.event(tx, row.id, "contact_said", actor, now=now, text=words, inner=True)
    timers.end(tx, row.id, Timer.CONTACT, now=now)
    telling.persons(tx, row, "contacted", [row.submitter_id], now, party=_name(tx, row), words=words)
    return row


def resolve(tx: Tx, actor: Actor, *, number: int, words: str, now: datetime) -> Row[Any]:
    """Reports what was done; the submitter is asked, and silence counts as yes after some days, until it is reopened."""
    row = _signed(tx, actor, held(tx, actor, number, now=now), now)
    result = words.replace(dispatch.NO_VISIT, "").strip(" ,，。;；()（）").removeprefix("了").lstrip(" ,，。")
    facts = Facts(result=result, evidence=dispatch.NO_VISIT in words)
    row = steps.take(tx, actor, row, Act.RESOLVE, now=now, facts=facts, note=result, result=result,
                     keep={"in_time": row.due_at is None or now <= row.due_at})
    issue_staff.ask_whether_done(tx, row, now)
    return row


def _signed(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> Row[Any]:
    """Who acts for the party and has not signed does so by acting."""
    if row.state == State.ASSIGNED and Who.ASSIGNEE in steps.hands_of(tx, actor, row, now=now):
        return steps.take(tx, actor, row, Act.TAKE_ON, now=now, signed_at=now)
    return row


# --- longer -------------------------------------------------------------------------------------------------------
def extend(tx: Tx, actor: Actor, *, number: int, words: str, now: datetime) -> tuple[Row[Any], datetime, bool]:
    """Gives it longer, or asks the grid workers to (False): once, and no longer than there was."""
    row = held(tx, actor, number, now=now)
    wanted = deadlines.asked(tx, row.community_id, words, now=now, start=row.due_at)
    to, reason = (wanted.at, wanted.words) if wanted else (None, words)
    if actor.role.covers(Role.GRID_WORKER):
        row = _extend(tx, actor, row, to, reason, now)
        return row, _due(row), True
    if row.state == State.ASSIGNED:
        row = _signed(tx, actor, row, now)
    steps.check(tx, row, Act.EXTEND, {Who.STAFF}, _longer(tx, row, to, reason), now=now)
    if _wish(tx, row) is not None:
        raise Refusal("work.asked_already", number=row.number)
    assert to is not None  # the guards have looked
    row = steps.mark(tx, actor, row, ASKED, now=now, note=reason, keep={"to": to.isoformat()}, party_id=row.party_id)
    telling.staff(tx, row, "extend_asked", now, card=cards.extension(tx, row), party=_name(tx, row), to=to,
                  reason=reason, due=row.due_at)
    return row, to, False


def allow(tx: Tx, actor: Actor, *, number: int, now: datetime) -> Row[Any]:
    """A grid worker agrees to what was asked for."""
    row = issue_staff.held(tx, actor, number)
    wish = _wish(tx, row)
    if wish is None:
        raise Refusal("work.nothing_asked", number=row.number)
    return _extend(tx, actor, row, datetime.fromisoformat(wish.facts["to"]), wish.text or "", now)


def deny(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """A grid worker does not agree, and says why."""
    row = issue_staff.held(tx, actor, number)
    if _wish(tx, row) is None:
        raise Refusal("work.nothing_asked", number=row.number)
    if len(reason) < 2:
        raise Refusal("work.why_not", number=row.number)
    row = steps.mark(tx, actor, row, REFUSED, now=now, note=reason)
    _tell_members(tx, row, "extend_denied", now, reason=reason, due=row.due_at)
    return row


def _extend(tx: Tx, actor: Actor, row: Row[Any], to: datetime | None, reason: str, now: datetime) -> Row[Any]:
    had = row.due_at
    row = steps.take(tx, actor, row, Act.EXTEND, now=now, facts=_longer(tx, row, to, reason), note=reason,
                     keep={"from": had.isoformat() if had else None, "to": to.isoformat() if to else None},
                     due_at=to, extended=row.extended + 1)
    timers.end(tx, row.id, Timer.WORK, now=now)
    timers.start(tx, Timer.WORK, row.id, _due(row))
    dispatch.remind_before(tx, row, now)
    _tell_members(tx, row, "extended", now, due=row.due_at)
    telling.followers(tx, row, "extended", now, due=row.due_at, reason=reason)
    return row


def _longer(tx: Tx, row: Row[Any], to: datetime | None, reason: str) -> Facts:
    """How much longer is asked for; so many working days as there were are never too many, whatever weekend lies between."""
    if to is None or row.due_at is None or row.assigned_at is None:
        return Facts(reason=reason)
    here, longer, original = row.community_id, to - row.due_at, row.due_at - row.assigned_at
    had = deadlines.workdays(tx, here, row.assigned_at, row.due_at)
    if to > row.due_at and deadlines.workdays(tx, here, row.due_at, to) <= had:
        longer = min(longer, original)
    return Facts(reason=reason, longer=longer)


def _wish(tx: Tx, row: Row[Any]) -> Row[Any] | None:
    """What the party has asked for and nobody has answered."""
    last = tx.first(select(issue_event).where(issue_event.c.issue_id == row.id, issue_event.c.act.in_(
        [ASKED, REFUSED, Act.EXTEND, Act.ASSIGN])).order_by(issue_event.c.id.desc()).limit(1))
    return last if last is not None and last.act == ASKED else None


def _due(row: Row[Any]) -> datetime:
    assert row.due_at is not None
    due: datetime = row.due_at
    return due


# --- set aside, outside -------------------------------------------------------------------------------------------
def suspend(tx: Tx, actor: Actor, *, number: int, words: str, now: datetime) -> tuple[Row[Any], datetime]:
    """Sets it aside until a day on which it is looked at again; the time that was left is kept."""
    row = issue_staff.held(tx, actor, number)
    wanted = deadlines.asked(tx, row.community_id, words, now=now)
    at, reason = (wanted.at - timedelta(hours=15), wanted.words) if wanted else (None, words)
    left = deadlines.workdays(tx, row.community_id, now, row.due_at) if row.due_at is not None else 0
    row = steps.take(tx, actor, row, Act.SUSPEND, now=now, facts=Facts(reason=reason, review_at=at), note=reason,
                     keep={"left_days": left, "review": at.isoformat() if at else None})
    assert at is not None  # the guard has looked
    timers.end(tx, row.id, Timer.REVIEW, now=now)
    timers.start(tx, Timer.REVIEW, row.id, at)
    _tell_members(tx, row, "suspended", now, reason=reason, at=at)
    telling.followers(tx, row, "suspended", now, reason=reason, at=at)
    return row, at


def resume(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> Row[Any]:
    """Work goes on with the working days that were left, one at least."""
    last = tx.first(select(issue_event.c.facts).where(issue_event.c.issue_id == row.id, issue_event.c.act == Act.SUSPEND)
                    .order_by(issue_event.c.id.desc()).limit(1))
    due = deadlines.in_days(tx, row.community_id, now, max(1, (last.facts or {}).get("left_days", 0) if last else 0))
    row = steps.take(tx, actor, row, Act.RESUME, now=now, keep={"due": due.isoformat()}, due_at=due)
    dispatch.remind_before(tx, row, now)
    _tell_members(tx, row, "resumed", now, notify=True, due=row.due_at)
    telling.followers(tx, row, "resumed", now, due=row.due_at)
    return row


@timers.on(Timer.REVIEW)
def _review(tx: Tx, _clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """The day has come on which it was to be looked at again: it goes on, and the staff hear of it."""
    assert row is not None
    row = resume(tx, SYSTEM, row, now=now)
    telling.staff(tx, row, "review", now, due=row.due_at)


def transfer(tx: Tx, actor: Actor, *, number: int, outside: str, now: datetime) -> Row[Any]:
    """Hands it to a unit outside, with the number of its receipt; it is asked after until there is a result.

    What a party has signed is taken from it first: it would not know, and its working time would be nobody's.
    """
    row = dispatch.accepted(tx, actor, issue_staff.held(tx, actor, number), now=now)
    if row.state == State.IN_PROGRESS:
        raise Forbidden("work.transfer_signed", number=row.number, state=row.state, act=Act.TRANSFER)
    outside, _, reason = outside.partition("理由")
    unit, _, receipt = (part.strip(" ,，。:：") for part in outside.partition("回执"))
    before, heard = row, triage.own_way(tx, actor, row, reason=reason.strip(" ,，。:："), now=now)
    row = steps.take(tx, actor, row, Act.TRANSFER, now=now,
                     facts=Facts(outside=f"{unit} {receipt}" if unit and receipt else "", own_way=heard),
                     note=f"{unit} {receipt}", keep={"unit": unit, "receipt": receipt, "party": row.party_id}, party_id=None)
    if before.party_id is not None:
        telling.persons(tx, row, "taken_away", parties.members(tx, before.party_id, now=now), now, unit=unit)
    telling.followers(tx, row, "transferred", now, unit=unit, receipt=receipt)
    return row


@timers.on(Timer.FOLLOW)
def _follow(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Time to ask the unit outside what became of it; again after as long."""
    assert row is not None
    last = tx.first(select(issue_event.c.text).where(issue_event.c.issue_id == row.id, issue_event.c.act == Act.TRANSFER)
                    .order_by(issue_event.c.id.desc()).limit(1))
    steps.event(tx, row.id, "follow", SYSTEM, now=now, inner=True)
    telling.staff(tx, row, "follow", now, unit=last.text if last else "")
    timers.again(tx, clock, now, after=timers.due_at(tx, row.community_id, Timer.FOLLOW, now) - now)


def _name(tx: Tx, row: Row[Any]) -> str:
    return str(parties.by_id(tx, row.party_id).name) if row.party_id is not None else ""


def _tell_members(tx: Tx, row: Row[Any], news: str, now: datetime, *, notify: bool = False, **facts: Any) -> int:
    """Tells everybody who acts for the party that has it."""
    who = parties.members(tx, row.party_id, now=now) if row.party_id is not None else []
    return telling.persons(tx, row, f"{news}.party", who, now, notify=notify, **facts)
