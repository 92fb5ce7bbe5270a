"""What people say on a matter that is talked about, and where they stand: of one person the latest position counts."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from domain.clock import SHANGHAI
from domain.errors import Forbidden, Refusal
from domain.procedures import Deed, Part, Phase, course
from domain.states import State
from models.base import Tx
from models.tables import deliberation, dissent, issue, person, statement
from services import audit, issues, participants, people
from services import deliberation as talks
from services.people import Speaker
from texts.stances import attacks

A_DAY = 2  # statements of one person on one matter
LONGEST = 300  # characters of one
POSITIONS = ("for", "against", "neutral", "conditional")
RATINGS = ("good", "fair", "bad")
UNWILLING = ("against", "conditional")
WHOSE = func.coalesce(person.c.joined_into, person.c.id)  # two accounts of one person are one


def state(tx: Tx, speaker: Speaker, *, number: int, text: str, stance: str | None, condition: str | None, deed: Deed,
          now: datetime) -> Row[Any]:
    """Puts a statement on record, with the position that it takes; returns it."""
    row = issues.by_number(tx, speaker.community_id, number, lock=True)
    named = issues.asked(tx, speaker.community_id, number)
    speaker = people.present(tx, speaker)
    held = talks.needed(tx, row)
    phase = talks.phase_of(held)
    if phase is None:
        raise Forbidden("talk.not_begun", number=row.number, at=held.starts_at)
    if row.state == State.VOTING or held.talk_over:
        raise Forbidden("talk.too_late", number=row.number, voting=row.state == State.VOTING)
    deed = Deed.STANCE if stance is not None and deed is Deed.SPEAK else deed
    _may(tx, speaker, row, held, phase, deed, now)
    if deed is Deed.STANCE and speaker.id == held.host_id:
        raise Forbidden("talk.host_neutral", number=row.number)
    check_words(text, number=row.number)
    _not_too_often(tx, speaker, held, now)
    added = tx.add(statement, deliberation_id=held.id, issue_id=named.id, person_id=speaker.id, phase=held.phase, deed=deed,
                   stance=stance if deed is Deed.STANCE else None, text=text, condition=condition, at=now)
    if deed is Deed.STANCE and stance in UNWILLING:
        _number(tx, held.id, speaker.id)
    audit.note(tx, speaker, "talk.statement", f"issue:{row.id}", now=now, deed=deed, stance=stance, words=audit.digest(text))
    return tx.execute(select(statement).where(statement.c.id == added)).one()


def check_words(text: str, *, number: int) -> None:
    """Refuses what is too long, and what is aimed at a person."""
    if len(text) > LONGEST:
        raise Refusal("talk.too_long", most=LONGEST, length=len(text))
    if attacks(text):
        raise Forbidden("talk.attack", number=number)


def _may(tx: Tx, speaker: Speaker, row: Row[Any], held: Row[Any], phase: Phase, deed: Deed, now: datetime) -> None:
    if deed not in phase.may and not (deed is Deed.SPEAK and Deed.STANCE in phase.may):
        done = [p.name for p in course(held.course).talks()[:held.phase] if deed in p.may]
        if done and not any(deed in p.may for p in course(held.course).talks()[held.phase:]):
            raise Forbidden("talk.past", number=row.number, deed=deed, done=done[-1], phase=phase.name)
        raise Forbidden("talk.not_now", number=row.number, deed=deed, phase=phase.name, may=list(phase.may))
    if speaker.id != held.host_id and not participants.belongs(tx, row.id, held.id, speaker.id, now=now):
        raise Forbidden("talk.not_invited", number=row.number, who=participants.shown(participants.of(tx, held.id)))


def _not_too_often(tx: Tx, speaker: Speaker, held: Row[Any], now: datetime) -> None:
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    said = tx.scalar(select(func.count()).select_from(statement).where(
        statement.c.deliberation_id == held.id, statement.c.person_id.in_(people.behind(tx, speaker.id)),
        statement.c.at >= midnight, statement.c.at < midnight + timedelta(days=1)))
    if said >= A_DAY:
        raise Forbidden("talk.often", most=A_DAY)


def _number(tx: Tx, held_id: int, person_id: int) -> None:
    """Gives who disagrees a number, under which they are answered; it stays theirs."""
    mine = people.behind(tx, person_id)
    if tx.first(select(dissent.c.id).where(dissent.c.deliberation_id == held_id, dissent.c.person_id.in_(mine))) is None:
        highest = tx.scalar(select(func.max(dissent.c.number)).where(dissent.c.deliberation_id == held_id)) or 0
        tx.add(dissent, deliberation_id=held_id, number=highest + 1, person_id=person_id)


# --- counting -------------------------------------------------------------------------------------------------
def latest(tx: Tx, held_id: int, kinds: tuple[str, ...] = POSITIONS) -> list[Row[Any]]:
    """The latest position of each person: (person, stance, text, condition), in the order in which they were taken."""
    newest = (select(func.max(statement.c.id).label("id")).join_from(statement, person, person.c.id == statement.c.person_id)
              .where(statement.c.deliberation_id == held_id, statement.c.stance.in_(kinds)).group_by(WHOSE).subquery())
    return tx.all(select(WHOSE.label("person_id"), statement.c.stance, statement.c.text, statement.c.condition)
                  .join_from(statement, newest, newest.c.id == statement.c.id).join(person, person.c.id == statement.c.person_id)
                  .order_by(statement.c.id))


def counts(tx: Tx, held_id: int, kinds: tuple[str, ...] = POSITIONS) -> dict[str, int]:
    """How many persons stand where."""
    found = Counter(row.stance for row in latest(tx, held_id, kinds))
    return {kind: found[kind] for kind in kinds}


def said(tx: Tx, held_id: int, most: int = 5) -> list[str]:
    """What was said last, without names, the oldest first."""
    rows = tx.all(select(statement.c.text).where(statement.c.deliberation_id == held_id, statement.c.text != "",
                                                        statement.c.deed != Deed.RATE).order_by(statement.c.id.desc()).limit(most))
    return [row.text for row in reversed(rows)]


def rate(tx: Tx, speaker: Speaker, *, number: int, rating: str, text: str, now: datetime) -> tuple[Row[Any], dict[str, int]]:
    """公众评事: anybody who takes part judges what came of it, once it is reported done; the latest counts."""
    row = issues.by_number(tx, speaker.community_id, number, lock=True)
    held = talks.last(tx, row.id)
    if held is None or not any(p.part is Part.RATE for p in course(held.course).phases):
        raise Refusal("talk.no_rating", number=row.number)
    if row.state not in (State.RESOLVED, State.CLOSED):
        raise Forbidden("talk.rate_later", number=row.number, state=row.state)
    if not participants.belongs(tx, row.id, held.id, speaker.id, now=now):
        raise Forbidden("talk.not_invited", number=row.number, who=participants.shown(participants.of(tx, held.id)))
    check_words(text, number=row.number)
    tx.add(statement, deliberation_id=held.id, issue_id=row.id, person_id=speaker.id, phase=len(course(held.course).phases) - 1,
           deed=Deed.RATE, stance=rating, text=text, at=now)
    audit.note(tx, speaker, "talk.rating", f"issue:{row.id}", now=now, rating=rating, words=audit.digest(text))
    return row, counts(tx, held.id, RATINGS)


def open_now(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """The matters that can be talked about now: (number, title)."""
    held = deliberation
    return tx.all(select(issue.c.number, issue.c.title).join_from(held, issue, issue.c.id == held.c.issue_id).where(
        issue.c.community_id == community_id, issue.c.state == State.CONSULTING, held.c.ended_at.is_(None), held.c.phase >= 0,
        ~held.c.talk_over).order_by(held.c.id))
