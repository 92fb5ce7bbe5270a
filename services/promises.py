"""What a decision promised: by whom, until when, on a list everybody may read; and whether it was kept, by those it concerns.

A promise is never silent: a working day before, when it is due, and each day after that somebody hears of it until it is
answered for.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, select, update

from domain import promises as rules
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.guards import Facts
from domain.lifecycle import OPEN, Act
from domain.promises import Answers, Rule
from domain.roles import SYSTEM, Actor, Role
from domain.states import State
from domain.timers import Timer
from domain.workdays import last_before
from models.base import Tx
from models.tables import issue, party, person, promise, promise_answer
from services import audit, cards, issues, joined, notices, outbox, pages, parties, people, steps, telling, timers, workcalendar
from services.people import Speaker
from texts.say import say

RULE = Rule()
ASKED_FOR = timedelta(days=3)  # how long answers are awaited before the promise counts as kept
KINDS = {"物业": "property", "业委会": "committee", "居委会": "neighbourhood", "社区": "neighbourhood", "街道": "street"}
_MORNING = 9  # the hour of a reminder
_ANSWERS = ":answers"
_NUMBERED = select(promise, issue.c.number, issue.c.title).join_from(promise, issue, issue.c.id == promise.c.issue_id)


def configure(rule: Rule) -> None:
    """Tells from which share of dissatisfied answers on a promise is open again; called once at start."""
    global RULE
    RULE = rule


# --- making it ------------------------------------------------------------------------------------------------------
def make(tx: Tx, actor: Actor, *, number: int, owner: str, due_at: datetime, text: str, now: datetime) -> Row[Any]:
    """Puts a promise on the public list, and starts the clock that lets nobody forget it."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    who = _party(tx, row.community_id, owner)
    if not _may(tx, actor, row, who.id if who is not None else None, now):
        raise Refusal("promise.not_yours")
    if row.state not in [*OPEN, State.CLOSED]:
        raise Refusal("issue.over", number=row.number, state=row.state)
    if due_at <= now:
        raise Refusal("promise.past", number=row.number)
    kept = tx.add(promise, community_id=row.community_id, issue_id=row.id, party_id=who.id if who is not None else None,
                  owner=who.name if who is not None else owner, text=text, due_at=due_at, state="open", made_by=actor.person_id,
                  made_at=now)
    told = by_id(tx, kept)
    _start(tx, told, now)
    due = due_at.isoformat()
    steps.event(tx, row.id, "promise", actor, now=now, text=say("promise.line", it=told), facts={"promise": kept, "due": due})
    audit.note(tx, actor, "promise.make", f"issue:{row.id}", now=now, words=audit.digest(text), promise=kept, due=due)
    telling.followers(tx, row, "promised", now, promise=told)
    telling.group(tx, row, "promised", now, promise=told)
    return told


def _party(tx: Tx, community_id: int, owner: str) -> Row[Any] | None:
    """The organisation that is meant, by its name, or by its kind where there is one of it."""
    known = tx.all(select(party).where(party.c.community_id == community_id, party.c.closed_at.is_(None)).order_by(party.c.id))
    exact = [p for p in known if p.name == owner]
    alike = [p for p in known if owner in p.name or p.kind == KINDS.get(owner)]
    return exact[0] if exact else alike[0] if len(alike) == 1 else None


def _may(tx: Tx, actor: Actor, row: Row[Any], party_id: int | None, now: datetime) -> bool:
    return (actor.role.covers(Role.GRID_WORKER) or (actor.person_id is not None and actor.person_id == row.host_id)
            or (party_id is not None and parties.acts_for(tx, actor, party_id, now=now)))


def _start(tx: Tx, it: Row[Any], now: datetime) -> None:
    """The first word is on the morning of the working day before; where that is gone, when it is due."""
    last = (it.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    worked = last_before(last, workcalendar.of(tx, it.community_id))
    before = datetime.combine(worked, datetime.min.time(), SHANGHAI) + timedelta(hours=_MORNING)
    timers.start(tx, Timer.PROMISE, it.issue_id, before if before > now else it.due_at, about=_about(it))


# --- not forgetting it ------------------------------------------------------------------------------------------------
@timers.on(Timer.PROMISE)
def _due(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Reminds whoever promised, and the staff once it is late; or closes the time for answers."""
    assert row is not None
    it = by_id(tx, int(clock.about.split(":")[1]))
    if clock.about.endswith(_ANSWERS):
        if it.state == "asked":
            _end(tx, it, "kept", now)
        return
    if it.state != "open":
        return
    late = days_late(it, now)
    who = parties.members(tx, it.party_id, now=now) if it.party_id is not None else []
    who = list(dict.fromkeys([*who, *(people.staff_of(tx, row.community_id) if late or not who else [])]))
    telling.persons(tx, row, "promise_late" if late else "promise_soon", who, now, key=f"promise:{it.id}:{clock.round}:{late}",
                    notify=late > 0, weight=outbox.REMINDER, promise=it, late=late)
    timers.again(tx, clock, now, after=timedelta(days=1) if late else it.due_at - now)


def days_late(it: Row[Any], now: datetime) -> int:
    """How many days a promise is late that nobody has answered for: the day it is due is none."""
    if it.state != "open" or now < it.due_at:
        return 0
    return (now.astimezone(SHANGHAI).date() - (it.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()).days or 1


# --- answering for it -------------------------------------------------------------------------------------------------
def report(tx: Tx, actor: Actor, *, number: int, result: str, now: datetime) -> tuple[int, int]:
    """Says what became of the promise that is due first, and asks those behind the matter: (how many, how many are reached)."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    it = tx.first(select(promise).where(promise.c.issue_id.in_(joined.members(tx, row.id)), promise.c.state == "open")
                  .order_by(promise.c.due_at, promise.c.id).limit(1).with_for_update())
    if it is None:
        raise Refusal("promise.none", number=row.number)
    if not _may(tx, actor, row, it.party_id, now):
        raise Refusal("promise.not_yours")
    if len(result.strip()) < 4:
        raise Refusal("promise.what", number=row.number)
    tx.execute(update(promise).where(promise.c.id == it.id).values(state="asked", result=result, answered_at=now))
    tx.execute(delete(promise_answer).where(promise_answer.c.promise_id == it.id))
    timers.end(tx, it.issue_id, Timer.PROMISE, now=now, about=_about(it))
    timers.start(tx, Timer.PROMISE, it.issue_id, now + ASKED_FOR, about=_about(it) + _ANSWERS)
    it = by_id(tx, it.id)
    steps.event(tx, row.id, "promise_report", actor, now=now, text=result, party_id=it.party_id, facts={"promise": it.id})
    audit.note(tx, actor, "promise.report", f"issue:{row.id}", now=now, promise=it.id, words=audit.digest(result))
    return _ask(tx, row, it, now)


def _ask(tx: Tx, row: Row[Any], it: Row[Any], now: datetime) -> tuple[int, int]:
    """Asks everybody who raised or backs the matter and is here, once each."""
    round_, asked = telling.last_event(tx, row.id), joined.followers(tx, row.id)
    here = set(tx.connection.scalars(select(person.c.id).where(person.c.id.in_([i for i, _ in asked]), person.c.left_at.is_(None))))
    notice = notices.news(row.number, row.title, "promised", url=pages.url_of(tx, "issue", row.community_id, row.number), now=now)
    reached = 0
    for person_id, number in asked:
        if person_id in here:
            tx.add(promise_answer, promise_id=it.id, person_id=person_id, answer=rules.SILENT, at=now)
            key = f"issue:{row.id}:promise:{it.id}:{round_}:person:{person_id}"
            reached += outbox.to_person(tx, person_id=person_id, key=key, now=now, notice=notice,
                                        text=say("promise.ask", number=number, title=row.title, promise=it),
                                        card=cards.promise(tx, row, number, it))
    return len(here), reached


def waiting_for(tx: Tx, person_id: int, number: int | None = None) -> Row[Any] | None:
    """The promise this person was asked about and has said nothing of yet; with a number, that of this issue, said or not."""
    asked = select(promise).join_from(promise_answer, promise).where(
        promise_answer.c.person_id == person_id, promise.c.state == "asked").order_by(
        promise.c.answered_at.desc(), promise.c.id.desc())
    if number is None:
        return tx.first(asked.where(promise_answer.c.answer == rules.SILENT).limit(1))
    root = tx.first(select(issue.c.id, issue.c.root_id).join(person, person.c.community_id == issue.c.community_id).where(
        issue.c.number == number, person.c.id == person_id))
    whole = [] if root is None else joined.members(tx, root.root_id or root.id)
    return tx.first(asked.where(promise.c.issue_id.in_(whole)).limit(1))


def answer(tx: Tx, speaker: Speaker, said: int, *, now: datetime, number: int | None = None) -> tuple[Row[Any], Answers]:
    """Takes down whether it was kept, the last word counting; where too many say no, the promise and the issue are open again."""
    it = waiting_for(tx, speaker.id, number)
    if it is None:
        raise Refusal("promise.not_asked")
    row = tx.first(select(issue).where(issue.c.id == it.issue_id).with_for_update())
    assert row is not None  # issues are never deleted
    tx.execute(select(promise.c.id).where(promise.c.id == it.id).with_for_update())
    tx.execute(update(promise_answer).where(promise_answer.c.promise_id == it.id, promise_answer.c.person_id == speaker.id)
               .values(answer=said, at=now))
    audit.note(tx, speaker, "promise.answer", f"issue:{row.id}", now=now, promise=it.id, answer=said)
    counted = answers(tx, it.id)
    if rules.broken(counted, RULE):
        _open_again(tx, it, counted, now)
    elif counted.given == counted.asked:
        _end(tx, it, "kept", now)
    return by_id(tx, it.id), counted


def answers(tx: Tx, promise_id: int) -> Answers:
    """What was said, once for each person: who was found to be somebody else counts as that one."""
    return rules.count(tx.connection.scalars(select(promise_answer.c.answer).join_from(promise_answer, person).where(
        promise_answer.c.promise_id == promise_id, person.c.joined_into.is_(None))).all())


def _end(tx: Tx, it: Row[Any], state: str, now: datetime) -> None:
    tx.execute(update(promise).where(promise.c.id == it.id).values(state=state, ended_at=now))
    timers.end(tx, it.issue_id, Timer.PROMISE, now=now, about=_about(it) + _ANSWERS)
    _note(tx, it, f"promise_{state}", now)


def _open_again(tx: Tx, it: Row[Any], counted: Answers, now: datetime) -> None:
    """It is due once more, the closed issue is being dealt with again, and whoever promised and the staff hear of it."""
    due = timers.due_at(tx, it.community_id, Timer.PROMISE, now)
    _end(tx, it, "broken", now)
    again = tx.add(promise, community_id=it.community_id, issue_id=it.issue_id, party_id=it.party_id, owner=it.owner, text=it.text,
                   due_at=due, state="open", made_by=it.made_by, made_at=now)
    _start(tx, by_id(tx, again), now)
    row = steps.by_id(tx, steps.by_id(tx, it.issue_id).root_id or it.issue_id)
    if row.state == State.CLOSED:
        row = steps.take(tx, SYSTEM, row, Act.REOPEN, now=now, facts=Facts(promised=True), due_at=due, note=say("promise.reopened"))
    who = parties.members(tx, it.party_id, now=now) if it.party_id is not None else []
    telling.persons(tx, row, "promise_broken", list(dict.fromkeys([*who, *people.staff_of(tx, row.community_id)])), now,
                    key=f"promise:{again}", promise=by_id(tx, again), answers=counted)


def _note(tx: Tx, it: Row[Any], act: str, now: datetime) -> None:
    counted = answers(tx, it.id)
    steps.event(tx, it.issue_id, act, SYSTEM, now=now, text=say("promise.answers", answers=counted),
                facts={"promise": it.id, "answers": asdict(counted)})


# --- reading it -------------------------------------------------------------------------------------------------------
def by_id(tx: Tx, promise_id: int) -> Row[Any]:
    """The promise with this id, and the number of its issue."""
    row = tx.first(_NUMBERED.where(promise.c.id == promise_id))
    assert row is not None  # promises are never deleted
    return row


def query() -> Select[Any]:
    """Promises with the number of the issue each is of; none of a private matter."""
    return _NUMBERED.where(~issue.c.private)


def public(tx: Tx, community_id: int | None, *, now: datetime, most: int = 20) -> list[tuple[Row[Any], int, Answers]]:
    """The public list: (promise, days late, what was said of it), what is still due first and what ended last after it."""
    mine = query().where(promise.c.community_id == community_id)
    rows = tx.all(mine.where(promise.c.state.in_(["open", "asked"])).order_by(promise.c.due_at, promise.c.id).limit(most))
    rows += tx.all(mine.where(promise.c.state.in_(["kept", "broken"])).order_by(promise.c.ended_at.desc(), promise.c.id.desc())
                   .limit(max(0, most - len(rows))))
    return [(row, days_late(row, now), answers(tx, row.id)) for row in rows]


def _about(it: Row[Any]) -> str:
    return f"promise:{it.id}"
