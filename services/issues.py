"""The verbs of an issue: register, stand behind, add to, withdraw, accept, reject, merge, resolve."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Refusal
from domain.lifecycle import OPEN, Act, State, Who, step
from domain.roles import SYSTEM, Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import community, issue, issue_event, person, supporter
from services import audit, cards, notices, outbox, pages, people, similar
from services.people import Speaker
from texts.same import Matter
from texts.say import say
from texts.words import building

DRAFT_LIFE = timedelta(hours=24)
CONFIRM_AFTER = timedelta(days=3)  # a resolved issue closes by itself when nobody objects
_OPEN = [str(s) for s in OPEN]
_BUMP = Hot(update(community).where(community.c.id == bindparam("community_id")).values(last_issue=community.c.last_issue + 1)
            .returning(community.c.last_issue))
_SET_NUMBER = Hot(update(issue).where(issue.c.id == bindparam("issue_id")).values(number=bindparam("number")))
_BY_NUMBER = Hot(select(issue).where(issue.c.community_id == bindparam("community_id"), issue.c.number == bindparam("number")))
_LOCKED = Hot(select(issue).where(issue.c.id == bindparam("issue_id")).with_for_update())
_BY_ID = Hot(select(issue).where(issue.c.id == bindparam("issue_id")))
_PENDING = Hot(select(issue).where(issue.c.submitter_id == bindparam("person_id"), issue.c.state == State.DRAFT,
                                   issue.c.created_at > bindparam("since")).order_by(issue.c.id.desc()).limit(1))
_REDRAFT = Hot(update(issue).where(issue.c.submitter_id == bindparam("person_id"), issue.c.state == State.DRAFT).values(
    {n: bindparam(n) for n in ("category", "place", "title", "text", "chat_id", "merged_into", "due_at")}
    | {"created_at": bindparam("now"), "changed_at": bindparam("now")}).returning(issue.c.id))
_BEHIND = Hot(select(func.count()).select_from(supporter).where(supporter.c.issue_id == bindparam("issue_id")))
_INSERT = Hot(insert(issue).values({n: bindparam(n) for n in (
    "community_id", "state", "category", "place", "title", "text", "submitter_id", "chat_id", "created_at", "changed_at")})
    .returning(issue.c.id))
_EVENT = Hot(insert(issue_event).values({n: bindparam(n) for n in (
    "issue_id", "at", "act", "from_state", "to_state", "actor_id", "text")}))


@dataclass(frozen=True, slots=True)
class Report:
    """What a resident's sentence says: the words, and what was understood of them."""

    text: str
    title: str
    category: str
    place: str | None


def register(tx: Tx, speaker: Speaker, report: Report, *, chat_id: int | None, now: datetime) -> Row[Any]:
    """Puts the report on record under a number of its own."""
    issue_id = _insert(tx, speaker, report, State.SUBMITTED, chat_id, now)
    return _number(tx, speaker, issue_id, None, now)


def draft(tx: Tx, speaker: Speaker, report: Report, *, chat_id: int | None, same_as: int | None, now: datetime) -> int:
    """Keeps the report for a day, until the resident says that it shall be registered; it takes an older draft's place."""
    values = {"person_id": speaker.id, "category": report.category, "place": report.place, "title": report.title,
              "text": report.text, "chat_id": chat_id, "merged_into": same_as, "now": now, "due_at": now + DRAFT_LIFE}
    replaced = tx.scalar(_REDRAFT, values)
    if replaced is not None:
        return int(replaced)
    issue_id = _insert(tx, speaker, report, State.DRAFT, chat_id, now)
    tx.execute(_REDRAFT, values)
    return issue_id


def pending(tx: Tx, speaker: Speaker, *, since: datetime) -> Row[Any] | None:
    """The resident's draft that waits for a yes, if it is young enough to be meant."""
    return tx.first(_PENDING, {"person_id": speaker.id, "since": since})


def submit(tx: Tx, speaker: Speaker, *, issue_id: int, now: datetime) -> Row[Any]:
    """Turns the draft into an issue with a number."""
    _move(tx, speaker, by_id(tx, issue_id), Act.SUBMIT, Who.SUBMITTER, now=now)
    tx.execute(update(issue).where(issue.c.id == issue_id).values(merged_into=None, due_at=None))
    return _number(tx, speaker, issue_id, State.DRAFT, now)


def drop(tx: Tx, speaker: Speaker, *, issue_id: int, now: datetime) -> None:
    """Forgets a draft and its words."""
    _move(tx, speaker, by_id(tx, issue_id), Act.WITHDRAW, Who.SUBMITTER, now=now)
    forget(tx, issue_id)


def same_open(tx: Tx, community_id: int, report: Report) -> Row[Any] | None:
    """An open issue that says the same."""
    same = similar.same_open(tx, community_id, Matter(report.text, report.category, report.place))
    return None if same is None else by_id(tx, same)


def by_number(tx: Tx, community_id: int | None, number: int, *, lock: bool = False) -> Row[Any]:
    """The issue people call I12, held if asked for; one that was merged leads to where it went."""
    row = tx.first(_BY_NUMBER, {"community_id": community_id, "number": number})
    if row is None:
        raise Refusal("issue.unknown", number=number)
    while True:
        if lock:
            row = tx.first(_LOCKED, {"issue_id": row.id})
            assert row is not None  # issues are never deleted
        if row.state != State.MERGED or row.merged_into is None:
            return row
        row = by_id(tx, row.merged_into)


def by_id(tx: Tx, issue_id: int) -> Row[Any]:
    """The issue with this id."""
    row = tx.first(_BY_ID, {"issue_id": issue_id})
    assert row is not None  # issues are never deleted
    return row


def support(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], int, bool]:
    """Stands behind an issue: the issue, how many now do, and whether this person is new among them."""
    row = by_number(tx, speaker.community_id, number, lock=True)
    speaker = people.present(tx, speaker)
    if row.submitter_id == speaker.id:
        raise Refusal("issue.own", number=row.number)
    if row.state not in _OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    fresh = _support(tx, row.id, speaker.id, now)
    if fresh:
        _event(tx, row.id, now, "support", speaker)
        audit.note(tx, speaker, "issue.support", f"issue:{row.id}", now=now)
    return row, supporters(tx, row.id), fresh


def alert(tx: Tx, speaker: Speaker, *, key: str, category: str, place: str | None, hotline: str, now: datetime) -> int:
    """Tells every grid worker of the community about a danger, at any hour; returns how many can be reached."""
    staff = people.staff_of(tx, speaker.community_id)
    text = say("issue.alert", category=category, place=place, hotline=hotline)
    reached = sum(outbox.to_person(tx, person_id=i, key=f"{key}:alert:person:{i}",
        text=text, notice=notices.alarm(category, place, now=now), now=now, quiet=False, weight=outbox.DANGER) for i in staff)
    audit.note(tx, speaker, "issue.alert", key, now=now, reached=reached)
    return reached


def supporters(tx: Tx, issue_id: int) -> int:
    """How many stand behind the issue, besides who raised it."""
    return int(tx.scalar(_BEHIND, {"issue_id": issue_id}))


def supplement(tx: Tx, speaker: Speaker, *, number: int, text: str, now: datetime) -> Row[Any]:
    """Adds a fact to an open issue."""
    row = by_number(tx, speaker.community_id, number, lock=True)
    if row.state not in _OPEN:
        raise Refusal("issue.over", number=row.number, state=row.state)
    _event(tx, row.id, now, "supplement", speaker, text=text)
    audit.note(tx, speaker, "issue.supplement", f"issue:{row.id}", now=now, words=audit.digest(text))
    return row


def withdraw(tx: Tx, speaker: Speaker, *, number: int, now: datetime) -> tuple[Row[Any], bool]:
    """Takes an issue back; when neighbours stand behind it, it passes to the first of them instead (True)."""
    row = by_number(tx, speaker.community_id, number, lock=True)
    if row.submitter_id != speaker.id:
        raise Refusal("issue.not_own", number=row.number)
    step(State(row.state), Act.WITHDRAW, Who.SUBMITTER, number=row.number)
    heir = tx.first(select(supporter.c.id, supporter.c.person_id).join_from(supporter, person).where(
        supporter.c.issue_id == row.id, person.c.left_at.is_(None)).order_by(supporter.c.id).limit(1))
    if heir is None:
        _move(tx, speaker, row, Act.WITHDRAW, Who.SUBMITTER, now=now)
        return row, False
    tx.execute(supporter.delete().where(supporter.c.id == heir.id))
    tx.execute(update(issue).where(issue.c.id == row.id).values(submitter_id=heir.person_id, changed_at=now))
    _event(tx, row.id, now, "inherit", speaker)
    audit.note(tx, speaker, "issue.inherit", f"issue:{row.id}", now=now, heir=heir.person_id)
    return row, True


def accept(tx: Tx, actor: Actor, *, number: int, now: datetime) -> Row[Any]:
    """The grid worker takes the issue on record as one to be dealt with."""
    row = _for_staff(tx, actor, number)
    _move(tx, actor, row, Act.ACCEPT, Who.STAFF, now=now)
    _tell_followers(tx, row, "accepted", now)
    return row


def reject(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """Declines an issue, with the reason and where to go instead."""
    row = _for_staff(tx, actor, number)
    if not reason:
        raise Refusal("issue.reason_needed", number=row.number)
    _move(tx, actor, row, Act.REJECT, Who.STAFF, now=now, reason=reason)
    _tell_followers(tx, row, "rejected", now, reason=reason)
    return row


def merge(tx: Tx, actor: Actor, *, number: int, into: int, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """Joins an issue into another that says the same; everybody behind either now stands behind the one."""
    first, second = (_for_staff(tx, actor, n) for n in sorted((number, into)))  # in one order, so that two merges never cross
    source, target = (first, second) if number <= into else (second, first)
    if source.id == target.id:
        raise Refusal("issue.merge_self", number=source.number)
    if target.state not in _OPEN:
        raise Refusal("issue.over", number=target.number, state=target.state)
    _tell_followers(tx, source, "merged", now, into=target.number)
    behind = [source.submitter_id, *tx.connection.scalars(
        select(supporter.c.person_id).where(supporter.c.issue_id == source.id).order_by(supporter.c.id))]
    for person_id in behind:
        if person_id != target.submitter_id:
            _support(tx, target.id, person_id, now)
    _move(tx, actor, source, Act.MERGE, Who.STAFF, now=now, merged_into=target.id)
    _event(tx, target.id, now, "merged_from", actor, text=f"I{source.number}")
    return source, target


def resolve(tx: Tx, actor: Actor, *, number: int, result: str, now: datetime) -> Row[Any]:
    """Reports what was done; the submitter is asked, and silence for three days counts as yes."""
    row = _for_staff(tx, actor, number)
    if not result:
        raise Refusal("issue.result_needed", number=row.number)
    _move(tx, actor, row, Act.RESOLVE, Who.STAFF, now=now, result=result,
          due_at=now + CONFIRM_AFTER)
    _tell_followers(tx, row, "resolved", now, result=result)
    if row.chat_id is not None:
        outbox.to_chat(tx, chat_id=row.chat_id, key=f"issue:{row.id}:resolved:{_last_event(tx, row.id)}:chat:{row.chat_id}",
                       text=say("issue.resolved.group", number=row.number, title=row.title, result=result), now=now,
                       url=pages.url_of(tx, "issue", row.community_id, row.number))
    return row


def answer(tx: Tx, speaker: Speaker, *, number: int, solved: bool, words: str, now: datetime) -> Row[Any]:
    """The submitter says whether it is really solved."""
    row = by_number(tx, speaker.community_id, number, lock=True)
    if row.submitter_id != speaker.id:
        raise Refusal("issue.not_own", number=row.number)
    _move(tx, speaker, row, Act.CONFIRM if solved else Act.DISPUTE, Who.SUBMITTER, now=now,
          note=words or None, due_at=None)
    return row


def consult(tx: Tx, actor: Actor, row: Row[Any], *, poll_number: int, now: datetime) -> None:
    """Notes that an opinion poll was opened on the issue; a fresh issue is accepted by it."""
    if row.state == State.SUBMITTED:
        _move(tx, actor, row, Act.ACCEPT, Who.STAFF, now=now)
        row = by_id(tx, row.id)
    _move(tx, actor, row, Act.CONSULT, Who.STAFF, now=now, note=f"P{poll_number}")


def expire(tx: Tx, *, now: datetime, limit: int = 50) -> int:
    """Ends what ends by itself: drafts after a day, resolved issues after three days without objection."""
    rows = tx.all(select(issue).where(
        issue.c.state.in_([State.DRAFT, State.RESOLVED]), issue.c.due_at <= now)
        .order_by(issue.c.id).limit(limit).with_for_update(skip_locked=True))
    for row in rows:
        if row.state == State.DRAFT:
            _move(tx, SYSTEM, row, Act.EXPIRE, Who.CLOCK, now=now)
            forget(tx, row.id)
        else:
            _move(tx, SYSTEM, row, Act.CONFIRM, Who.CLOCK, now=now, due_at=None)
    return len(rows)


def _for_staff(tx: Tx, actor: Actor, number: int) -> Row[Any]:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    return by_number(tx, actor.community_id, number, lock=True)


def _insert(tx: Tx, speaker: Speaker, report: Report, state: State, chat_id: int | None, now: datetime) -> int:
    return int(tx.scalar(_INSERT, {
        "community_id": speaker.community_id, "state": state, "category": report.category, "place": report.place,
        "title": report.title, "text": report.text, "submitter_id": speaker.id, "chat_id": chat_id,
        "created_at": now, "changed_at": now}))


def _number(tx: Tx, speaker: Speaker, issue_id: int, before: State | None, now: datetime) -> Row[Any]:
    number = tx.scalar(_BUMP, {"community_id": speaker.community_id})
    tx.execute(_SET_NUMBER, {"issue_id": issue_id, "number": number})
    row = by_id(tx, issue_id)
    if before is None:
        similar.enter(tx, row)
        _event(tx, issue_id, now, Act.SUBMIT, speaker, after=State.SUBMITTED)
    audit.note(tx, speaker, "issue.register", f"issue:{issue_id}", now=now, number=number, category=row.category,
               words=audit.digest(row.text))
    return row


def _move(tx: Tx, actor: Actor, row: Row[Any], act: Act, who: Who, *, now: datetime, note: str | None = None,
          **values: Any) -> None:
    """Takes one step of the table; of two people who act at once, the second is told."""
    issue_id, state = row.id, State(row.state)
    to = step(state, act, who, number=row.number).to
    moved = tx.execute(update(issue).where(issue.c.id == issue_id, issue.c.state == state)
                       .values(state=to, changed_at=now, **values))
    if moved.rowcount != 1:
        raise Refusal("issue.changed_meanwhile")
    if (to in OPEN) != (state in OPEN):
        (similar.enter if to in OPEN else similar.leave)(tx, by_id(tx, issue_id))
    words = note or values.get("reason") or values.get("result")
    _event(tx, issue_id, now, act, actor, before=state, after=to, text=words)
    audit.note(tx, actor, f"issue.{act}", f"issue:{issue_id}", now=now, before=state, after=to,
               words=audit.digest(words) if words else None)


def _event(tx: Tx, issue_id: int, now: datetime, act: str, actor: Actor, *, before: str | None = None,
           after: str | None = None, text: str | None = None) -> None:
    tx.execute(_EVENT, {"issue_id": issue_id, "at": now, "act": act, "from_state": before, "to_state": after,
                        "actor_id": actor.person_id, "text": text})


def _last_event(tx: Tx, issue_id: int) -> int:
    return int(tx.scalar(select(func.max(issue_event.c.id)).where(issue_event.c.issue_id == issue_id)))


def _support(tx: Tx, issue_id: int, person_id: int, now: datetime) -> bool:
    insert = insert_postgres if tx.postgres else insert_sqlite
    return tx.scalar(insert(supporter).values(issue_id=issue_id, person_id=person_id, at=now)
                     .on_conflict_do_nothing().returning(supporter.c.id)) is not None


def _tell_followers(tx: Tx, row: Row[Any], news: str, now: datetime, **facts: Any) -> None:
    """Tells who raised the issue and who stands behind it, privately."""
    event, url = _last_event(tx, row.id), pages.url_of(tx, "issue", row.community_id, row.number)
    behind = tx.connection.scalars(select(supporter.c.person_id).where(supporter.c.issue_id == row.id))
    for person_id in [row.submitter_id, *behind]:
        mine = person_id == row.submitter_id
        outbox.to_person(tx, person_id=person_id, key=f"issue:{row.id}:{news}:{event}:person:{person_id}", now=now,
                         text=say(f"issue.{news}.notice", number=row.number, title=row.title, mine=mine, **facts),
                         card=cards.rate(tx, row) if mine and news == "resolved" else None,
                         notice=notices.news(row.number, row.title, news, url=url, now=now))


def forget(tx: Tx, issue_id: int) -> None:
    """Removes the words of an issue; what kind of matter it was, and where, stays."""
    row = by_id(tx, issue_id)
    where = building(row.place) if row.place else None
    similar.leave(tx, row)
    tx.execute(update(issue).where(issue.c.id == issue_id).values(
        text="", title=say("issue.forgotten", category=row.category, place=where), place=where))
