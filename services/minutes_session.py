"""The minutes of a session as a document: who came, every question with what became of it, the tasks with their dates; no names."""

from typing import Any

from sqlalchemy import Row, func, select

from domain.errors import Refusal
from models.base import Tx
from models.tables import community, issue, party, question, session, turn
from services import questions, sessions
from services.minutes import FORMATS
from services.minutes_model import Document, Heading, Paragraph, Table
from texts.mask import public
from texts.say import dated, due, say


def listed(tx: Tx, community_id: int | None, *, most: int) -> list[Row[Any]]:
    """The sessions of a community, or of all, the newest first, with how many questions each has."""
    count = select(func.count()).where(question.c.session_id == session.c.id).scalar_subquery()
    where = [session.c.community_id == community_id] if community_id is not None else []
    return tx.all(select(session, count.label("questions")).where(*where).order_by(session.c.id.desc()).limit(most))


def written(tx: Tx, row: Row[Any], kind: str) -> bytes:
    """The document of a session that is over, as docx or PDF, the same bytes each time."""
    if row.state != "ended":
        raise Refusal("session.end_first", number=row.number)
    return FORMATS[kind](document(tx, row))


def document(tx: Tx, row: Row[Any]) -> Document:
    """The document's content."""
    place = tx.scalar(select(community.c.name).where(community.c.id == row.community_id))
    asked = sorted(questions.listed(tx, row.id), key=lambda q: q.number)
    parts = [*_facts(tx, row, len(asked)), *_questions(asked), *_tasks(tx, asked), *_signatures()]
    return Document(say("session.doc.title", session=row, place=place), say("session.doc.note"), row.ended_at, parts)


def _facts(tx: Tx, row: Row[Any], asked: int) -> list[Any]:
    spoken = tx.scalar(select(func.count()).where(turn.c.session_id == row.id, turn.c.called_at.is_not(None)))
    about = tx.first(select(issue.c.number, issue.c.title).where(issue.c.id == row.issue_id)) if row.issue_id else None
    lines = [
        (say("session.doc.title_word"), public(row.title)),
        *([(say("session.doc.about"), f"I{about.number} {public(about.title)}")] if about is not None else []),
        (say("session.doc.time"), say("session.doc.from_to", since=dated(row.starts_at), until=dated(row.ended_at))),
        (say("session.doc.came"), say("session.doc.people", came=sessions.persons(tx, row.id),
                                      late=sessions.persons(tx, row.id, late=True), said=sessions.persons(tx, row.id, said=True))),
        (say("session.doc.spoken"), say("session.doc.turns", turns=spoken, questions=asked))]
    return [Heading(say("session.doc.head_facts")), Table((), lines)]


def _questions(asked: list[Row[Any]]) -> list[Any]:
    if not asked:
        return [Heading(say("session.doc.head_questions")), Paragraph(say("session.doc.none"))]
    rows = [(str(q.number), say("session.doc.personal") if q.state == "private" else public(q.text), str(q.behind), _became(q))
            for q in asked]
    head = tuple(say(f"session.doc.{word}") for word in ("which", "question", "behind", "became"))
    return [Heading(say("session.doc.head_questions")), Table(head, rows)]


def _became(q: Row[Any]) -> str:
    if q.state == "task":
        return say("session.doc.task", task=q.task, due=due(q.due_at))
    return public(q.answer) if q.state == "answered" and q.answer else say(f"terms.question.{q.state}")


def _tasks(tx: Tx, asked: list[Row[Any]]) -> list[Any]:
    """What was promised to be done, by whom and until when, as the matter stands now."""
    promised = {q.issue_id: q for q in asked if q.state == "task"}
    rows = tx.all(select(issue, party.c.name.label("party")).join_from(issue, party, party.c.id == issue.c.party_id, isouter=True)
                  .where(issue.c.id.in_(promised)).order_by(issue.c.number)) if promised else []
    if not rows:
        return []
    head = tuple(say(f"session.doc.{word}") for word in ("task_word", "matter", "doer", "until", "state"))
    return [Heading(say("session.doc.head_tasks")), Table(head, [
        (f"I{r.number}", public(r.title), r.party or "", due(promised[r.id].due_at), say(f"terms.state.{r.state}")) for r in rows])]


def _signatures() -> list[Any]:
    return [Heading(say("session.doc.head_sign")), Table((), [
        (say(f"session.doc.{who}"), "＿＿＿＿＿＿＿＿", say("minutes.sign.date")) for who in ("host", "writer")])]
