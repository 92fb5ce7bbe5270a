"""Those who were against or had a condition: listed to the host under a number, answered in private by the name of the office."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Forbidden, Refusal
from domain.lifecycle import Who
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import dissent, person
from services import audit, deliberation, issues, opinions, people, steps, telling
from services.people import Speaker


def open_to(tx: Tx, actor: Actor, number: int, *, now: datetime) -> tuple[Row[Any], Row[Any]]:
    """The issue and its newest deliberation, also one that is over, for its host and for staff."""
    row = issues.by_number(tx, actor.community_id, number, lock=True)
    held = deliberation.last(tx, row.id)
    if held is None:
        raise Refusal("talk.none", number=row.number)
    if actor.person_id != held.host_id and Who.STAFF not in steps.hands_of(tx, actor, row, now=now):
        raise Forbidden("talk.not_host", number=row.number)
    return row, held


def listed(tx: Tx, actor: Actor, held: Row[Any]) -> list[dict[str, Any]]:
    """Who disagrees now: number, position, words, answer; the name only for those who work for the community."""
    now_unwilling = {r.person_id: r for r in opinions.latest(tx, held.id) if r.stance in opinions.UNWILLING}
    rows = tx.all(select(dissent.c.number, dissent.c.answer, opinions.WHOSE.label("person_id"), person.c.name).join_from(
        dissent, person, person.c.id == dissent.c.person_id).where(dissent.c.deliberation_id == held.id).order_by(dissent.c.number))
    names = actor.role.covers(Role.GRID_WORKER)
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        said = now_unwilling.get(row.person_id)
        if said is not None:
            found.setdefault(row.person_id, {
                "number": row.number, "stance": said.stance, "text": said.text, "condition": said.condition, "answer": row.answer,
                "name": row.name if names else None, "person_id": row.person_id})
    return list(found.values())


def unanswered(tx: Tx, held: Row[Any], actor: Actor) -> int:
    """How many of them still wait for an answer."""
    return sum(each["answer"] is None for each in listed(tx, actor, held))


def answer(tx: Tx, actor: Speaker, *, number: int, whom: int, text: str, now: datetime) -> tuple[int, bool]:
    """Answers one of them in private; returns how many still wait, and whether it could be sent at once.

    Who cannot be reached finds the answer when they next look at the matter.
    """
    row, held = open_to(tx, actor, number, now=now)
    found = next((each for each in listed(tx, actor, held) if each["number"] == whom), None)
    if found is None:
        raise Refusal("talk.no_such_dissent", number=row.number, whom=whom)
    if found["answer"] is not None:
        raise Refusal("talk.dissent_answered", number=row.number, whom=whom)
    tx.execute(update(dissent).where(dissent.c.deliberation_id == held.id, dissent.c.number == whom).values(
        answer=text, answered_by=actor.id, answered_at=now))
    audit.note(tx, actor, "talk.answer", f"issue:{row.id}", now=now, whom=whom, words=audit.digest(text))
    sent = telling.persons(tx, row, "dissent_answer", [found["person_id"]], now, key=f"{held.id}:{whom}", answer=text,
                    host=held.course["host"] or "")
    return unanswered(tx, held, actor), bool(sent)


def mine(tx: Tx, speaker: Speaker, held: Row[Any]) -> str:
    """What was answered to this person; '' when nothing was."""
    return tx.scalar(select(dissent.c.answer).where(
        dissent.c.deliberation_id == held.id, dissent.c.person_id.in_(people.behind(tx, speaker.id)),
        dissent.c.answer.is_not(None)).order_by(dissent.c.id).limit(1)) or ""
