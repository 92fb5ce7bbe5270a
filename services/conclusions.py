"""How a deliberation ends: summed up by its host, decided by a meeting, in agreement, or by the residents' assembly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Forbidden, Refusal
from domain.procedures import ASSEMBLY, Ending, Meeting, MeetingRule, course
from domain.states import State
from models.base import Tx
from models.tables import deliberation, meeting
from services import audit, dissents, opinions, outbox, participants, steps, telling
from services import deliberation as talks
from services.people import Speaker


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the result card holds."""

    text: str
    adopted: str = "yes"  # yes | partly | no
    why: str = ""
    doer: str = ""
    do_by: datetime | None = None


def sum_up(tx: Tx, actor: Speaker, *, number: int, text: str, now: datetime) -> Row[Any]:
    """Posts the summary that its host has just confirmed."""
    row, held = talks.leads(tx, actor, number, now=now)
    may_sum_up(row, held, text)
    tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(summary=text, summed_at=now))
    steps.event(tx, row.id, "summary", actor, now=now, text=text)
    audit.note(tx, actor, "talk.summary", f"issue:{row.id}", now=now, words=audit.digest(text))
    telling.groups(tx, row, "summary", now, weight=outbox.NEWS, text=text, counts=opinions.counts(tx, held.id))
    return row


def may_sum_up(row: Row[Any], held: Row[Any], text: str) -> None:
    """Refuses a summary before anybody could speak, and one that attacks somebody."""
    if held.phase < 0:
        raise Forbidden("talk.not_begun", number=row.number, at=held.starts_at)
    opinions.check_words(text, number=row.number)


def conclude(tx: Tx, actor: Speaker, found: Conclusion, *, number: int, now: datetime) -> tuple[Row[Any], int]:
    """Puts the agreement on record and posts the result card; returns how many who disagreed still wait for an answer."""
    row, held = talks.leads(tx, actor, number, now=now)
    how = Ending.ASSEMBLY if held.assembly_at is not None else Ending.CONSENSUS
    talks.deciding(row, held, how)
    if row.state != State.CONSULTING:
        raise Forbidden("talk.voting", number=row.number)
    if held.summary is None:
        raise Refusal("talk.sum_up_first", number=row.number)
    if how is Ending.ASSEMBLY and not _assembled(tx, held):
        raise Forbidden("talk.assembly_first", number=row.number)
    if how is Ending.ASSEMBLY and found.adopted != "no" and not _passed(tx, held):
        raise Forbidden("talk.assembly_refused", number=row.number)
    if found.adopted != "yes" and not found.why:
        raise Refusal("talk.why", number=row.number, adopted=found.adopted)
    held = talks.decided(tx, row, held, how, now, conclusion=found.text, adopted=found.adopted, why=found.why or None,
                         doer=found.doer or None, do_by=found.do_by)
    talks.agree(tx, row, now)
    steps.event(tx, row.id, "agreed", actor, now=now, text=found.text, facts={"adopted": found.adopted, "how": str(how)})
    audit.note(tx, actor, "talk.conclusion", f"issue:{row.id}", now=now, adopted=found.adopted, words=audit.digest(found.text))
    publish(tx, row, held, now)
    return row, dissents.unanswered(tx, held, actor)


def publish(tx: Tx, row: Row[Any], held: Row[Any], now: datetime) -> None:
    """Posts the result card to the group and to all who took part; staff hear what is to be done next."""
    facts = card(tx, held)
    telling.groups(tx, row, "concluded", now, **facts)
    telling.persons(tx, row, "concluded", participants.persons(tx, row.id, held.id, now=now), now, **facts)
    if held.adopted != "no":
        telling.staff(tx, row, "to_dispatch", now, doer=held.doer, do_by=held.do_by, notify=True)


def card(tx: Tx, held: Row[Any]) -> dict[str, Any]:
    """What everybody may read of the result."""
    return {"text": held.conclusion, "adopted": held.adopted, "why": held.why, "doer": held.doer, "do_by": held.do_by,
            "counts": opinions.counts(tx, held.id)}


# --- meetings -------------------------------------------------------------------------------------------------
def assembly(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> Row[Any]:
    """Hands the matter up to the residents' assembly, because it is in dispute or has to be decided there."""
    row, held = talks.leads(tx, actor, number, now=now)
    talks.deciding(row, held, Ending.ASSEMBLY)
    if row.state != State.CONSULTING or held.assembly_at is not None:
        raise Refusal("talk.assembly_already", number=row.number, voting=row.state != State.CONSULTING)
    tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(assembly_at=now))
    steps.event(tx, row.id, "assembly", actor, now=now)
    audit.note(tx, actor, "talk.assembly", f"issue:{row.id}", now=now, community_id=row.community_id)
    telling.groups(tx, row, "to_assembly", now, counts=opinions.counts(tx, held.id))
    telling.persons(tx, row, "to_assembly", participants.persons(tx, row.id, held.id, now=now), now)
    return row


@dataclass(frozen=True, slots=True)
class Held:
    """What a meeting has brought about."""

    row: Row[Any]
    phase: str
    rule: MeetingRule
    met: Meeting
    further: str  # the phase that has begun by it


def enter_meeting(tx: Tx, actor: Speaker, met: Meeting, *, number: int, now: datetime) -> Held:
    """Puts down how a meeting went; one that passes begins the next phase, one that does not can be held again."""
    row, held = talks.leads(tx, actor, number, now=now)
    phase = talks.phase_of(held)
    rule = ASSEMBLY if held.assembly_at is not None else phase.meeting if phase is not None else None
    if rule is None or phase is None:
        raise Refusal("talk.no_meeting", number=row.number, phase=phase.name if phase else "")
    if not met.possible():
        raise Refusal("talk.meeting_numbers", number=row.number)
    if _passed(tx, held):
        raise Refusal("talk.meeting_held", number=row.number)
    passed = met.passes(rule)
    tx.add(meeting, deliberation_id=held.id, phase=held.phase, members=met.members, present=met.present, agreed=met.agreed,
           passed=passed, at=now, entered_by=actor.id)
    steps.event(tx, row.id, "meeting", actor, now=now, text=f"{met.present}/{met.members}, {met.agreed}", inner=True)
    audit.note(tx, actor, "talk.meeting", f"issue:{row.id}", now=now, members=met.members, present=met.present, agreed=met.agreed,
               passed=passed)
    telling.groups(tx, row, "meeting", now, weight=outbox.NEWS, phase=phase.name, met=met, quorate=met.quorate(rule), passed=passed,
                   assembly=held.assembly_at is not None)
    further = ""
    if passed and not phase.ends:
        talks.enter(tx, actor, row, held, held.phase + 1, now)
        further = course(held.course).talks()[held.phase + 1].name
    return Held(row, phase.name, rule, met, further)


def _passed(tx: Tx, held: Row[Any]) -> bool:
    return tx.first(select(meeting.c.id).where(meeting.c.deliberation_id == held.id, meeting.c.phase == held.phase,
                                               meeting.c.passed)) is not None


def _assembled(tx: Tx, held: Row[Any]) -> bool:
    """True when the assembly met with enough members, whatever it decided."""
    rows = tx.all(select(meeting).where(meeting.c.deliberation_id == held.id, meeting.c.phase == held.phase))
    return any(Meeting(r.members, r.present, r.agreed).quorate(ASSEMBLY) for r in rows)
