"""The course of a decision around its vote: notice before it, objections and publication after it, proof that people heard.

物业管理条例 第14条: fifteen days' notice; nothing may be decided that was not announced. What is announced (text, options,
electorate) is never edited: a change is a new poll.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, String, and_, cast, func, literal, or_, select, update

from domain.classes import BY_AREA, STRAW
from domain.clock import QuietHours
from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from models.base import Tx
from models.tables import ballot, home, objection, outbox, owner, poll, poll_chat, poll_owner, poll_unit
from services import audit, cards, owner_votes, pages, quiet
from services import outbox as posting
from services.people import Speaker
from texts.say import say

notice_days, publication_days = 0, 0  # of votes of owners, unless the poll says otherwise; set from config.yaml
LONGEST_NOTICE = 60
OBJECTIONS_EACH = 3  # of one person about one poll
BY_HAND = ("door", "public")  # ways of reaching somebody that staff enter


def configure(notice: int, publication: int) -> None:
    """What config.yaml says."""
    global notice_days, publication_days
    notice_days, publication_days = notice, publication


def begins(poll_class: str, asked_days: int | None, now: datetime, hours: QuietHours) -> datetime:
    """When a poll announced now may be voted in: at once, or after its notice period, in the morning and not at night."""
    days = asked_days if asked_days is not None else notice_days if poll_class in BY_AREA else 0
    if days > LONGEST_NOTICE:
        raise Refusal("procedure.notice_long", days=LONGEST_NOTICE)
    return hours.next_allowed(now + timedelta(days=days)) if days else now


def final(row: Row[Any], now: datetime) -> datetime | None:
    """When the result of a decision that ends now has been published long enough; None for an opinion poll."""
    return now + timedelta(days=publication_days) if row.poll_class in BY_AREA and publication_days else None


# --- objections -------------------------------------------------------------------------------------------------
def object_to(tx: Tx, speaker: Speaker, row: Row[Any], text: str, *, now: datetime) -> int:
    """Registers what somebody has against a poll or its result; gives its number. Staff hear of it at once."""
    over = row.state == "void" or row.archived_at is not None or (row.state == "closed" and row.final_at is None)
    if over or row.poll_class == STRAW:
        raise Refusal("procedure.no_objection", number=row.number)
    mine = tx.scalar(select(func.count()).select_from(objection).where(
        objection.c.poll_id == row.id, objection.c.person_id == speaker.id))
    if mine >= OBJECTIONS_EACH:
        raise Refusal("procedure.objections_each", number=row.number, most=OBJECTIONS_EACH)
    last = tx.scalar(select(func.max(objection.c.number)).where(objection.c.poll_id == row.id)) or 0
    tx.add(objection, poll_id=row.id, number=last + 1, person_id=speaker.id, text=text, at=now)
    audit.note(tx, speaker, "poll.objection", f"poll:{row.id}", now=now, number=last + 1, text=audit.digest(text))
    posting.to_person(tx, person_id=row.opened_by, key=f"poll:{row.id}:objection:{last + 1}", now=now, weight=posting.RESULT,
                      text=say("procedure.objection_for_staff", poll=row, number=last + 1, text=text))
    return int(last) + 1


def open_to_objections(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """The decisions that can be objected to now, the newest first."""
    heard = or_(poll.c.state.in_(["notice", "open"]), and_(poll.c.state == "closed", poll.c.final_at.is_not(None)))
    return tx.all(select(poll).where(poll.c.community_id == community_id, poll.c.poll_class != STRAW, poll.c.archived_at.is_(None),
                                     heard).order_by(poll.c.id.desc()).limit(8))


def answer(tx: Tx, actor: Speaker, row: Row[Any], number: int, text: str, *, now: datetime) -> None:
    """Answers an objection; who made it is told."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    found = tx.first(select(objection).where(objection.c.poll_id == row.id, objection.c.number == number).with_for_update())
    if found is None or found.answer is not None:
        raise Refusal("procedure.answered" if found is not None else "procedure.no_such", poll=row.number, number=number)
    tx.execute(update(objection).where(objection.c.id == found.id).values(answer=text, answered_by=actor.id, answered_at=now))
    audit.note(tx, actor, "poll.answer", f"poll:{row.id}", now=now, number=number, text=audit.digest(text))
    if found.person_id is not None:
        posting.to_person(tx, person_id=found.person_id, key=f"poll:{row.id}:answer:{number}", now=now, weight=posting.RESULT,
                          text=say("procedure.answer", poll=row, number=number, text=text))


def objections(tx: Tx, poll_id: int) -> list[Row[Any]]:
    """All objections (number, text, at, answer, answered_at), the oldest first."""
    return tx.all(select(objection.c.number, objection.c.text, objection.c.at, objection.c.answer, objection.c.answered_at).where(
        objection.c.poll_id == poll_id).order_by(objection.c.number))


def finish_due(tx: Tx, *, now: datetime) -> int:
    """Results that have been published long enough are closed for good; with an objection open it waits, and staff hear why."""
    up = quiet.awake(tx, poll.c.community_id, now)
    rows = tx.all(select(poll).where(poll.c.state == "closed", poll.c.final_at <= now, poll.c.archived_at.is_(None),
                                     *([] if up is None else [up])).with_for_update(skip_locked=True))
    for row in rows:
        found = objections(tx, row.id)
        unanswered = [o.number for o in found if o.answer is None]
        if unanswered:
            tx.execute(update(poll).where(poll.c.id == row.id).values(final_at=now + timedelta(days=1)))
            posting.to_person(tx, person_id=row.opened_by, key=f"poll:{row.id}:unanswered:{now:%Y%m%d}", now=now,
                              text=say("procedure.unanswered", poll=row, numbers=unanswered))
            continue
        tx.execute(update(poll).where(poll.c.id == row.id).values(archived_at=now))
        audit.note(tx, SYSTEM, "poll.archive", f"poll:{row.id}", now=now, community_id=row.community_id, objections=len(found))
        for chat_id in tx.connection.scalars(select(poll_chat.c.chat_id).where(poll_chat.c.poll_id == row.id)).all():
            posting.to_chat(tx, chat_id=chat_id, key=f"poll:{row.id}:final:chat:{chat_id}", now=now, weight=posting.RESULT,
                            url=pages.url_of(tx, "poll", row.community_id, row.number),
                            text=say("procedure.final", poll=row, objections=len(found)))
    return len(rows)


# --- who has been reached -----------------------------------------------------------------------------------------
def tell_owners(tx: Tx, row: Row[Any], *, now: datetime) -> int:
    """Brings the announcement to every owner who has proved to be one; that it was sent is the proof of delivery."""
    if row.poll_class not in BY_AREA:
        return 0
    people = tx.connection.scalars(owner_votes.proved(row.id)).all()
    url, text = pages.url_of(tx, "poll", row.community_id, row.number), say("poll.card", poll=row)
    touch = cards.poll(tx, row) if row.state == "open" else None
    return sum(posting.to_person(tx, person_id=each, key=f"poll:{row.id}:notice:person:{each}", text=text, card=touch, url=url,
                                 now=now, weight=posting.RESULT) for each in sorted(people))


def reached(tx: Tx, row: Row[Any]) -> dict[int, str]:
    """How each home of a vote of owners was reached: voted, sent, door, scan, public; homes that were not are missing."""
    found: dict[int, str] = {}
    sent = select(poll_owner.c.home_id).join_from(poll_owner, owner).join(
        outbox, outbox.c.key == literal(f"poll:{row.id}:notice:person:") + cast(owner.c.person_id, String)).where(
        poll_owner.c.poll_id == row.id, outbox.c.state == "sent")
    found |= dict.fromkeys(tx.connection.scalars(sent), "sent")
    found |= {r.home_id: r.reached_how for r in tx.all(select(poll_unit.c.home_id, poll_unit.c.reached_how).where(
        poll_unit.c.poll_id == row.id, poll_unit.c.reached_at.is_not(None)))}
    voted = select(ballot.c.home_id).where(ballot.c.poll_id == row.id, ballot.c.choice != "", ballot.c.home_id.is_not(None))
    return found | dict.fromkeys(tx.connection.scalars(voted), "voted")


def note_reached(tx: Tx, actor: Actor, row: Row[Any], home_ids: Sequence[int], how: str, *, now: datetime) -> int:
    """Puts down that homes have been given the notice; what was put down first stays."""
    done = tx.execute(update(poll_unit).where(
        poll_unit.c.poll_id == row.id, poll_unit.c.home_id.in_(home_ids), poll_unit.c.reached_at.is_(None)).values(
        reached_at=now, reached_how=how))
    if done.rowcount:
        audit.note(tx, actor, "poll.reached", f"poll:{row.id}", now=now, community_id=row.community_id, how=how,
                   homes=done.rowcount)
    return int(done.rowcount)


def doors(tx: Tx, row: Row[Any]) -> list[tuple[Row[Any], str]]:
    """The homes to knock at, in the order in which one walks: (home_id, label, entrance, room; how it was reached or '')."""
    how = reached(tx, row)
    rows = tx.all(select(poll_unit.c.home_id, poll_unit.c.label, home.c.entrance, home.c.room, home.c.building_id).join_from(
        poll_unit, home).where(poll_unit.c.poll_id == row.id).order_by(home.c.building_id, home.c.entrance, home.c.room))
    return [(each, how.get(each.home_id, "")) for each in rows if how.get(each.home_id) != "voted"]
