"""What residents do with an issue: register, stand behind, add to, withdraw, say whether it is solved; and finding one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Refusal
from domain.lifecycle import OPEN, Act, Who, step
from domain.roles import SYSTEM
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.hot import Hot
from models.tables import community, issue, person, supporter
from services import audit, evidence, joined, people, ring, sight, similar, steps, timers, triage, voices
from services.people import Speaker
from services.steps import by_id
from texts.same import Matter
from texts.say import say
from texts.words import building

_OPEN = [str(s) for s in OPEN]
_WORDS = ("category", "place", "title", "text", "urgency", "anonymous", "track", "track_why", "private", "chat_id")
_BUMP = Hot(update(community).where(community.c.id == bindparam("community_id")).values(last_issue=community.c.last_issue + 1)
            .returning(community.c.last_issue))
_SET_NUMBER = Hot(update(issue).where(issue.c.id == bindparam("issue_id")).values(number=bindparam("number")))
_BY_NUMBER = Hot(select(issue).where(issue.c.community_id == bindparam("community_id"), issue.c.number == bindparam("number")))
_LOCKED = Hot(select(issue).where(issue.c.id == bindparam("issue_id")).with_for_update())
_PENDING = Hot(select(issue).where(issue.c.submitter_id == bindparam("person_id"), issue.c.state == State.DRAFT,
                                   issue.c.created_at > bindparam("since")).order_by(issue.c.id.desc()).limit(1))
_REDRAFT = Hot(update(issue).where(issue.c.submitter_id == bindparam("person_id"), issue.c.state == State.DRAFT).values(
    {n: bindparam(n) for n in (*_WORDS, "merged_into")} | {"created_at": bindparam("now"), "changed_at": bindparam("now")})
    .returning(issue.c.id))
_INSERT = Hot(insert(issue).values({n: bindparam(n) for n in (
    "community_id", "state", *_WORDS, "merged_into", "submitter_id", "created_at", "changed_at")}).returning(issue.c.id))


@dataclass(frozen=True, slots=True)
class Report:
    """What a resident's sentence says: the words, and what was understood of them."""

    text: str
    title: str
    category: str
    place: str | None
    urgency: str = "normal"
    anonymous: bool = False

    def values(self, chat_id: int | None) -> dict[str, Any]:
        """As it is kept, with whose affair it is first."""
        return {"category": self.category, "place": self.place, "title": self.title, "text": self.text, "urgency": self.urgency,
                "anonymous": self.anonymous, "chat_id": chat_id} | triage.values(self.text, self.category)


# --- registering ----------------------------------------------------------------------------------------------
def register(tx: Tx, speaker: Speaker, report: Report, *, chat_id: int | None, now: datetime) -> Row[Any]:
    """Puts the report on record under a number of its own."""
    issue_id = _insert(tx, speaker, report, State.SUBMITTED, chat_id, None, now)
    row = _number(tx, speaker, issue_id, now)
    similar.enter(tx, row)
    steps.event(tx, issue_id, Act.SUBMIT, sight.hidden(speaker, row), now=now, after=State.SUBMITTED)
    timers.start(tx, Timer.ANSWER, issue_id, timers.due_at(tx, row.community_id, Timer.ANSWER, now, urgency=row.urgency))
    evidence.take_up(tx, speaker, row, now=now)
    return row


def draft(tx: Tx, speaker: Speaker, report: Report, *, chat_id: int | None, same_as: int | None, now: datetime) -> int:
    """Keeps the report for a day, until the resident says that it shall be registered; it takes an older draft's place."""
    values = report.values(chat_id) | {"person_id": speaker.id, "merged_into": same_as, "now": now}
    kept = tx.scalar(_REDRAFT, values)
    if kept is None:
        kept = _insert(tx, speaker, report, State.DRAFT, chat_id, same_as, now)
    else:
        timers.end(tx, kept, Timer.DRAFT, now=now)
    timers.start(tx, Timer.DRAFT, kept, timers.due_at(tx, speaker.community_id, Timer.DRAFT, now))
    return int(kept)


def pending(tx: Tx, speaker: Speaker, *, since: datetime) -> Row[Any] | None:
    """The resident's draft that waits for a yes, if it is young enough to be meant."""
    return tx.first(_PENDING, {"person_id": speaker.id, "since": since})


def submit(tx: Tx, speaker: Speaker, *, issue_id: int, now: datetime) -> Row[Any]:
    """Turns the draft into an issue with a number."""
    row = _number(tx, speaker, issue_id, now)  # first, because an alert names it
    row = steps.take(tx, speaker, row, Act.SUBMIT, now=now, merged_into=None)
    evidence.take_up(tx, speaker, row, now=now)
    return row


def drop(tx: Tx, speaker: Speaker, *, issue_id: int, now: datetime) -> None:
    """Forgets a draft and its words."""
    steps.take(tx, speaker, by_id(tx, issue_id), Act.WITHDRAW, now=now)
    forget(tx, issue_id)


@timers.on(Timer.DRAFT)
def _expire(tx: Tx, _clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """Forgets a draft that nobody confirmed."""
    assert row is not None
    steps.take(tx, SYSTEM, row, Act.EXPIRE, now=now)
    forget(tx, row.id)


def forget(tx: Tx, issue_id: int) -> None:
    """Removes the words of an issue; what kind of matter it was, and where, stays."""
    row = by_id(tx, issue_id)
    where = building(row.place) if row.place else None
    similar.leave(tx, row)
    with voices.speaking(tx, row.community_id):
        title = say("issue.forgotten", category=row.category, place=where)
    tx.execute(update(issue).where(issue.c.id == issue_id).values(text="", title=title, place=where, proposal=None))


# --- finding --------------------------------------------------------------------------------------------------
def same_open(tx: Tx, community_id: int, report: Report) -> Row[Any] | None:
    """An open issue that says the same."""
    same = similar.same_open(tx, community_id, Matter(report.text, report.category, report.place))
    return None if same is None else by_id(tx, same)


def asked(tx: Tx, community_id: int | None, number: int) -> Row[Any]:
    """The issue people call I12, itself, wherever it is dealt with."""
    row = tx.first(_BY_NUMBER, {"community_id": community_id, "number": number})
    if row is None:
        raise Refusal("issue.unknown", number=number)
    return row


def by_number(tx: Tx, community_id: int | None, number: int, *, lock: bool = False) -> Row[Any]:
    """The issue people call I12, held if asked for; one that was joined into another leads there."""
    row = asked(tx, community_id, number)
    found = row.root_id or row.id
    if lock:
        held = tx.first(_LOCKED, {"issue_id": found})
        assert held is not None  # issues are never deleted
        return held
    return row if found == row.id else by_id(tx, found)


def people_of(tx: Tx, issue_id: int) -> set[int]:
    """Who raised the issue or what was joined into it, and who stands behind it."""
    return {person_id for person_id, _ in joined.followers(tx, issue_id)}


def supporters(tx: Tx, issue_id: int) -> int:
    """How many stand behind the issue and what was joined into it, besides who raised it."""
    return joined.behind(tx, issue_id)


# --- standing behind, adding, taking back -----------------------------------------------------------------------
def support(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], int, bool]:
    """Stands behind an issue: the issue, how many now do, and whether this person is new among them.

    Of an issue that was joined into another, the one that was named keeps the support, so that it has it when they part.
    """
    row = by_number(tx, speaker.community_id, number, lock=True)
    named = asked(tx, speaker.community_id, number)
    speaker = people.present(tx, speaker)
    if speaker.id in (row.submitter_id, named.submitter_id):
        raise Refusal("issue.own", number=row.number)
    if row.private:
        raise Refusal("issue.unknown", number=number)
    if row.state not in _OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    before = joined.behind(tx, row.id)
    if not _support(tx, named.id, speaker.id, now):
        return row, before, False
    steps.event(tx, named.id, "support", speaker, now=now)
    audit.note(tx, speaker, "issue.support", f"issue:{named.id}", now=now)
    behind = joined.behind(tx, row.id)
    ring.heard(tx, row, now=now)
    return row, behind, behind > before


def supplement(tx: Tx, speaker: Speaker, *, number: int, text: str, now: datetime) -> Row[Any]:
    """Adds a fact to an open issue."""
    row = sight.check(tx, speaker, by_number(tx, speaker.community_id, number, lock=True), now=now)
    if row.state not in _OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    signed = sight.hidden(speaker, row)
    steps.event(tx, row.id, "supplement", signed, now=now, text=text)
    audit.note(tx, signed, "issue.supplement", f"issue:{row.id}", now=now, words=audit.digest(text))
    return row


def withdraw(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], bool]:
    """Takes an issue back; when neighbours stand behind it, it passes to the first of them instead (True)."""
    row = by_number(tx, speaker.community_id, number, lock=True)
    if row.submitter_id != speaker.id:
        raise Refusal("issue.not_own", number=row.number)
    step(State(row.state), Act.WITHDRAW, {Who.SUBMITTER}, number=row.number)
    heirs = [person_id for person_id, _ in joined.followers(tx, row.id)[1:]]
    heir = tx.scalar(select(person.c.id).where(person.c.id.in_(heirs), person.c.left_at.is_(None)).order_by(
        person.c.id != next(iter(heirs), 0), person.c.id).limit(1))
    if heir is None:
        return steps.take(tx, speaker, row, Act.WITHDRAW, now=now), False
    tx.execute(delete(supporter).where(supporter.c.issue_id == row.id, supporter.c.person_id == heir))
    tx.execute(update(issue).where(issue.c.id == row.id).values(
        submitter_id=heir, anonymous=False, changed_at=now, version=row.version + 1))
    signed = sight.hidden(speaker, row)
    steps.event(tx, row.id, "inherit", signed, now=now)
    audit.note(tx, signed, "issue.inherit", f"issue:{row.id}", now=now, heir=heir)
    return row, True


def _insert(tx: Tx, speaker: Speaker, report: Report, state: State, chat_id: int | None, same_as: int | None, now: datetime) -> int:
    return int(tx.scalar(_INSERT, report.values(chat_id) | {
        "community_id": speaker.community_id, "state": state, "merged_into": same_as, "submitter_id": speaker.id,
        "created_at": now, "changed_at": now}))


def _number(tx: Tx, speaker: Speaker, issue_id: int, now: datetime) -> Row[Any]:
    number = tx.scalar(_BUMP, {"community_id": speaker.community_id})
    tx.execute(_SET_NUMBER, {"issue_id": issue_id, "number": number})
    row = by_id(tx, issue_id)
    audit.note(tx, sight.hidden(speaker, row), "issue.register", f"issue:{issue_id}", now=now, number=number, category=row.category,
               words=audit.digest(row.text))
    return row


def _support(tx: Tx, issue_id: int, person_id: int, now: datetime) -> bool:
    insert = insert_postgres if tx.postgres else insert_sqlite
    return tx.scalar(insert(supporter).values(issue_id=issue_id, person_id=person_id, at=now)
                     .on_conflict_do_nothing().returning(supporter.c.id)) is not None
