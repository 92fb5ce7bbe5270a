"""The questions of a session: asked, stood behind, and each ended as an answer, a task with a date, or a private matter."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Forbidden, Refusal
from domain.roles import Role
from models.base import Tx
from models.tables import issue, question, question_backer
from services import audit, dispatch, issues, opinions, outbox, people, sessions, similar, steps
from services.issues import Report
from services.people import Speaker
from texts.mask import mask
from texts.say import say
from texts.words import category, title

EACH = 3  # questions of one person that wait


def ask(tx: Tx, speaker: Speaker, *, number: int, text: str, now: datetime) -> Row[Any]:
    """Puts a question into the queue."""
    row = sessions.by_number(tx, speaker.community_id, number, lock=True)
    if row.state == "ended":
        raise Refusal("session.over", number=number)
    speaker = people.present(tx, speaker)
    opinions.check_words(text, number=number)
    waiting = tx.scalar(select(func.count()).select_from(question).where(
        question.c.session_id == row.id, question.c.person_id == speaker.id, question.c.state == "open"))
    if waiting >= EACH:
        raise Refusal("session.questions_each", most=EACH)
    last = tx.scalar(select(func.max(question.c.number)).where(question.c.session_id == row.id)) or 0
    added = tx.add(question, session_id=row.id, number=last + 1, person_id=speaker.id, text=text, at=now, state="open")
    audit.note(tx, speaker, "session.question", f"session:{row.id}", now=now, number=last + 1, words=audit.digest(text))
    return _get(tx, added)


def back(tx: Tx, speaker: Speaker, *, number: int, which: int, now: datetime) -> tuple[Row[Any], int]:
    """Stands behind somebody's question, once."""
    row = sessions.by_number(tx, speaker.community_id, number, lock=True)
    found = _open(tx, row, which)
    speaker = people.present(tx, speaker)
    if found.person_id == speaker.id:
        raise Refusal("session.own_question", number=number)
    insert = insert_postgres if tx.postgres else insert_sqlite
    tx.execute(insert(question_backer).values(question_id=found.id, person_id=speaker.id).on_conflict_do_nothing())
    return found, int(tx.scalar(select(func.count()).where(question_backer.c.question_id == found.id)))


def listed(tx: Tx, session_id: int) -> list[Row[Any]]:
    """The questions, those with most people behind them first, with the number of the task that one became."""
    behind = select(func.count()).where(question_backer.c.question_id == question.c.id).scalar_subquery()
    return tx.all(select(question, behind.label("behind"), issue.c.number.label("task")).join_from(
        question, issue, issue.c.id == question.c.issue_id, isouter=True).where(
        question.c.session_id == session_id).order_by(behind.desc(), question.c.number))


def answer(tx: Tx, actor: Speaker, *, number: int, which: int, text: str, now: datetime) -> Row[Any]:
    """Binds an answer to the question, for all to see; who asked is told."""
    row = sessions.led(tx, actor, number)
    found = _open(tx, row, which)
    _close(tx, actor, row, found, "answered", now, answer=text)
    sessions.post(tx, row, f"answer:{which}", say("session.answer_card", session=row, question=found, text=text), now, quiet=False)
    _tell(tx, row, found, say("session.answered_you", session=row, question=found, text=text), now)
    return found


def to_task(tx: Tx, actor: Speaker, *, number: int, which: int, doer: Row[Any] | None, due_at: datetime | None,
            now: datetime) -> Row[Any]:
    """Turns a question that cannot be answered now into an issue with somebody who does it and a date."""
    row = sessions.led(tx, actor, number)
    found = _open(tx, row, which)
    if not actor.role.covers(Role.GRID_WORKER):
        raise Forbidden("session.task_staff", number=number)
    if doer is None or due_at is None or due_at <= now:
        raise Refusal("session.task_how", number=number, which=which)
    task = _register(tx, actor, row, found, private=False, now=now)
    task = dispatch.assign(tx, actor, number=task.number, party=doer, now=now, due_at=due_at, tell_followers=False,
                           reason=say("session.task_reason", session=row, question=found))
    _close(tx, actor, row, found, "task", now, issue_id=task.id, due_at=due_at)
    sessions.post(tx, row, f"task:{which}", say("session.task_card", session=row, question=found, task=task, doer=doer.name), now,
                  quiet=False)
    _tell(tx, row, found, say("session.task_you", session=row, question=found, task=task, doer=doer.name), now)
    return task


def to_private(tx: Tx, actor: Speaker, *, number: int, which: int, now: datetime) -> Row[Any]:
    """Takes a personal matter out of the session: it becomes a ticket between two, and only who asked is told."""
    row = sessions.led(tx, actor, number)
    found = _open(tx, row, which)
    ticket = _register(tx, actor, row, found, private=True, now=now)
    _close(tx, actor, row, found, "private", now, issue_id=ticket.id)
    _tell(tx, row, found, say("session.private_you", session=row, question=found, ticket=ticket), now)
    return ticket


def _register(tx: Tx, actor: Speaker, row: Row[Any], found: Row[Any], *, private: bool, now: datetime) -> Row[Any]:
    """Puts the question on record as an issue of who asked it."""
    asker = people.as_person(tx, found.person_id) if found.person_id is not None else actor
    report = Report(found.text, title(mask(found.text)), category(found.text) or "other", None)
    ticket = issues.register(tx, asker, report, chat_id=None if private else row.chat_id, now=now)
    if private:
        similar.leave(tx, ticket)
        tx.execute(update(issue).where(issue.c.id == ticket.id).values(private=True))
    return steps.by_id(tx, ticket.id)


def _open(tx: Tx, row: Row[Any], which: int) -> Row[Any]:
    found = tx.first(select(question).where(question.c.session_id == row.id, question.c.number == which).with_for_update())
    if found is None or found.state != "open":
        raise Refusal("session.no_question" if found is None else "session.question_done", number=row.number, which=which)
    return found


def _close(tx: Tx, actor: Speaker, row: Row[Any], found: Row[Any], state: str, now: datetime, **values: Any) -> None:
    tx.execute(update(question).where(question.c.id == found.id).values(state=state, closed_by=actor.id, closed_at=now, **values))
    audit.note(tx, actor, f"session.{state}", f"session:{row.id}", now=now, number=found.number)


def _tell(tx: Tx, row: Row[Any], found: Row[Any], text: str, now: datetime) -> None:
    if found.person_id is not None:
        outbox.to_person(tx, person_id=found.person_id, key=f"session:{row.id}:question:{found.number}", text=text, now=now,
                         weight=outbox.RESULT)


def _get(tx: Tx, question_id: int) -> Row[Any]:
    return tx.execute(select(question).where(question.c.id == question_id)).one()
