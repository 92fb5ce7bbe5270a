"""The verbs of a poll: open, remind, extend, close, void."""

import json
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, literal_column, or_, select, update

from domain.classes import BY_AREA, STRAW
from domain.clock import QuietHours
from domain.errors import Refusal
from domain.kinds import kind
from domain.roles import SYSTEM, Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, ballot_log, chat, community, issue, message, poll, poll_chat, reminder
from services import (
    anchors,
    audit,
    card_updates,
    cards,
    closing,
    decisions,
    electorate,
    fairness,
    health,
    issues,
    notices,
    outbox,
    pages,
    pictures,
    procedure,
    proving,
    published,
    quiet,
    secrecy,
    standing,
    triage,
    voices,
    voting,
)
from services.people import Speaker
from services.scopes import scope_of
from texts.say import say

OPTIONS_MIN, OPTIONS_MAX = 2, 20
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=60)
REMIND_BEFORE = timedelta(hours=24)  # at most; a short poll reminds when a third of its time is left
_BY_NUMBER = Hot(select(poll).where(poll.c.community_id == bindparam("community_id"), poll.c.number == bindparam("number")))
_LOCKED = Hot(select(poll).where(poll.c.community_id == bindparam("community_id"), poll.c.number == bindparam("number"))
              .with_for_update())
RANDOM: random.Random = secrets.SystemRandom()  # of the lots that are drawn; tests put a reproducible one here
_BUMP = update(community).values(last_poll=community.c.last_poll + 1).returning(community.c.last_poll)


@dataclass(frozen=True, slots=True)
class Draft:
    """A poll as the grid worker described it."""

    title: str
    options: tuple[str, ...]
    closes_at: datetime
    most: int = 1
    household: bool = False
    anonymous: bool = False
    scope: str | None = None  # 全小区 | 本群 | a building's name | None
    kind: str = "single"
    rules: dict[str, Any] = field(default_factory=dict)
    poll_class: str = "straw"
    secret: bool = False
    hides: bool = False
    notice_days: int | None = None  # None: as the settings say for this class


@dataclass(frozen=True, slots=True)
class Opened:
    """A poll that has just gone out."""

    row: Row[Any]
    posted: int  # groups it was posted to, besides the one it was opened in
    moved: bool  # the deadline was moved out of the quiet hours


def check(draft: Draft, hours: QuietHours, *, now: datetime) -> None:
    """Refuses a draft that could not be a poll, or that would put danger or wrong to a vote."""
    triage.check_votable(draft.title, draft.options)
    if draft.kind != "signup" and not OPTIONS_MIN <= len(draft.options) <= OPTIONS_MAX:
        raise Refusal("poll.options_count", least=OPTIONS_MIN, most=OPTIONS_MAX)
    if draft.secret and draft.kind == "signup":
        raise Refusal("kind.secret_signup")
    if (draft.secret or draft.anonymous) and draft.poll_class in BY_AREA:
        raise Refusal("decision.not_secret")
    if draft.closes_at < now + SHORTEST:
        raise Refusal("poll.deadline_past", at=draft.closes_at)
    if draft.closes_at > now + LONGEST:
        raise Refusal("poll.deadline_far", days=LONGEST.days)
    begins = procedure.begins(draft.poll_class, draft.notice_days, now, hours)
    if draft.closes_at < begins + SHORTEST:
        raise Refusal("procedure.closes_in_notice", begins=begins)


def open_poll(tx: Tx, actor: Speaker, draft: Draft, *, chat_id: int | None, issue_number: int | None = None,
              preview_id: int | None = None, review: str = "", now: datetime) -> Opened:
    """Opens a poll, tells the groups it concerns, and sets its two clocks; the same preview opens it once."""
    _staff(actor)
    twin = tx.scalar(select(poll.c.id).where(poll.c.preview_id == preview_id)) if preview_id is not None else None
    if twin is not None:
        return Opened(_get(tx, twin), 0, False)
    here = quiet.of(tx, actor.community_id)
    check(draft, here, now=now)
    concerned = issues.by_number(tx, actor.community_id, issue_number, lock=True) if issue_number is not None else None
    owners = draft.poll_class in BY_AREA
    where = scope_of(tx, actor, draft.scope, chat_id, stairwells=owners)
    closes_at, begins = here.closing(draft.closes_at), procedure.begins(draft.poll_class, draft.notice_days, now, here)
    rules, preset = _rules(draft), decisions.preset(draft.poll_class, draft.kind, now)
    number = tx.scalar(_BUMP.where(community.c.id == actor.community_id))
    poll_id = tx.add(
        poll, community_id=actor.community_id, number=number, issue_id=concerned.id if concerned else None,
        title=draft.title, options=list(draft.options), most=_most(draft, rules), kind=draft.kind, rules=rules,
        poll_class=draft.poll_class, preset=preset, secret=draft.secret, hides=draft.hides or draft.secret,
        household=draft.household or owners or draft.poll_class == "household", anonymous=draft.anonymous or draft.secret,
        scope=where.scope, scope_id=where.id, scope_name=where.name, recognised=decisions.recognised_by or None if owners else None,
        state="open" if begins == now else "notice", opens_at=begins, noticed_at=None if begins == now else now,
        closes_at=closes_at, remind_at=_remind_at(begins, closes_at, here), opened_by=actor.id,
        preview_id=preview_id)
    if where.chats:
        tx.execute(poll_chat.insert(), [{"poll_id": poll_id, "chat_id": c} for c in where.chats])
    row = _freeze(tx, _get(tx, poll_id), entrance=where.entrance)
    if concerned is not None:
        voting.opened(tx, actor, concerned, row, review=review, now=now)
    audit.note(tx, actor, "poll.open", f"poll:{poll_id}", now=now, number=number, options=len(draft.options),
               closes_at=closes_at.isoformat(), scope=where.scope, household=draft.household, anonymous=draft.anonymous,
               kind=draft.kind, poll_class=draft.poll_class, secret=draft.secret, hides=draft.hides,
               frozen=proving.fingerprint(row), electorate=proving.electorate(tx, row))
    procedure.tell_owners(tx, row, now=now)
    return Opened(row, _announce(tx, row, "open", but=chat_id, now=now), closes_at != draft.closes_at)


def _announce(tx: Tx, row: Row[Any], news: str, *, but: int | None = None, now: datetime) -> int:
    """Posts the poll to its groups: to be voted in, or to be read during its notice period."""
    touch = cards.poll(tx, row) if row.state == "open" else None
    url, page_text = pages.url_of(tx, "poll", row.community_id, row.number), say("poll.card_page", poll=row)
    chats = tx.connection.scalars(select(poll_chat.c.chat_id).where(poll_chat.c.poll_id == row.id).order_by(poll_chat.c.chat_id))
    return sum(outbox.to_chat(tx, chat_id=c, key=f"poll:{row.id}:{news}:chat:{c}", text=card(row), card=touch, url=url,
                              page_text=page_text, now=now) for c in chats.all() if c != but)


def begin_due(tx: Tx, *, now: datetime) -> int:
    """Polls whose notice period is over: they open, and their groups hear of it."""
    rows = tx.all(select(poll.c.id).where(poll.c.state == "notice", poll.c.opens_at <= now, *_awake(tx, now))
                  .with_for_update(skip_locked=True))
    for each in rows:
        tx.execute(update(poll).where(poll.c.id == each.id).values(state="open"))
        row = _get(tx, each.id)
        audit.note(tx, SYSTEM, "poll.begin", f"poll:{row.id}", now=now, community_id=row.community_id)
        with voices.speaking(tx, row.community_id):
            _announce(tx, row, "begin", now=now)
    return len(rows)


def _freeze(tx: Tx, row: Row[Any], *, entrance: str | None) -> Row[Any]:
    """A decision asks those who are here now, and nobody who comes later."""
    if row.poll_class == STRAW:
        return row
    decisions.freeze(tx, row, entrance=entrance, chance=RANDOM)
    tx.execute(update(poll).where(poll.c.id == row.id).values(asked=electorate.count(tx, row)))
    return _get(tx, row.id)


def _rules(draft: Draft) -> dict[str, Any]:
    """The rules of the poll's kind, checked, with the order in which it breaks ties drawn now and for all to see."""
    rules = dict(draft.rules)
    if draft.kind in ("ranked", "budget"):
        lot = list(range(len(draft.options)))
        RANDOM.shuffle(lot)
        rules["lot"] = lot
    return kind(draft.kind).check_rules(rules, len(draft.options))


def _most(draft: Draft, rules: dict[str, Any]) -> int:
    """How many options a touch on the card may mark."""
    return 1 if draft.kind in ("single", "stance", "signup") else int(rules.get("most") or len(draft.options))


def card(row: Row[Any]) -> str:
    """The announcement of a poll, as it stands in a group."""
    return say("poll.card", poll=row)


def by_number(tx: Tx, community_id: int | None, number: int, *, lock: bool = False) -> Row[Any]:
    """The poll people call P5."""
    row = tx.first(_LOCKED if lock else _BY_NUMBER, {"community_id": community_id, "number": number})
    if row is None:
        raise Refusal("poll.unknown", number=number)
    return row


def remind(tx: Tx, actor: Actor, *, number: int, now: datetime) -> tuple[int, int, int]:
    """Reminds privately whoever has not voted, by hand once each: (reminded now, already reminded, out of reach)."""
    _staff(actor)
    row = _open(tx, actor, number, now)
    here = quiet.of(tx, row.community_id)
    done = _remind(tx, row, "hand", now, only_count=here.cover(now))
    if here.cover(now):  # those who vote meanwhile need no reminder in the morning
        tx.execute(update(poll).where(poll.c.id == row.id).values(hand_remind_at=here.next_allowed(now)))
    audit.note(tx, actor, "poll.remind", f"poll:{row.id}", now=now, sent=done[0])
    return done


def remind_due(tx: Tx, *, now: datetime) -> int:
    """The reminders whose hour has come, by the clock or held overnight; never in quiet hours, late rather than lost."""
    by_clock = and_(poll.c.remind_at <= now, poll.c.reminded_at.is_(None))
    rows = tx.all(select(poll).where(poll.c.state == "open", poll.c.closes_at > now, *_awake(tx, now),
                                     or_(by_clock, poll.c.hand_remind_at <= now)).with_for_update(skip_locked=True))
    for row in rows:
        by_hand = row.hand_remind_at is not None and row.hand_remind_at <= now
        with voices.speaking(tx, row.community_id):
            sent, _, out = _remind(tx, row, "hand" if by_hand else "clock", now)
        done = {"hand_remind_at": None} if by_hand else {"reminded_at": now}
        tx.execute(update(poll).where(poll.c.id == row.id).values(**done))
        audit.note(tx, SYSTEM, "poll.remind", f"poll:{row.id}", now=now, community_id=row.community_id, sent=sent, out=out)
    return len(rows)


def extend(tx: Tx, actor: Actor, *, number: int, closes_at: datetime, reason: str, now: datetime) -> Row[Any]:
    """Moves the deadline of an open poll and says so in its groups."""
    _staff(actor)
    row = _open(tx, actor, number, now)
    here = quiet.of(tx, row.community_id)
    closes_at = here.closing(closes_at)
    if closes_at <= row.closes_at:
        raise Refusal("poll.not_later", number=number, at=row.closes_at)
    if closes_at > row.opens_at + LONGEST:
        raise Refusal("poll.deadline_far", days=LONGEST.days)
    remind_at = row.remind_at if row.reminded_at else _remind_at(now, closes_at, here)
    tx.execute(update(poll).where(poll.c.id == row.id).values(closes_at=closes_at, remind_at=remind_at))
    row = _get(tx, row.id)
    audit.note(tx, actor, "poll.extend", f"poll:{row.id}", now=now, closes_at=closes_at.isoformat(), reason=audit.digest(reason))
    _post(tx, row, f"extend:{int(closes_at.timestamp())}", say("poll.extended.group", poll=row, reason=reason), now)
    return row


def close_early(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """Closes a poll before its deadline; the reason goes with the result."""
    _staff(actor)
    row = _open(tx, actor, number, now)
    if not reason:
        raise Refusal("poll.reason_needed", number=number, word="结束")
    return close(tx, actor, row, reason=reason, now=now)


def void(tx: Tx, actor: Actor, *, number: int, reason: str, now: datetime) -> Row[Any]:
    """Calls a poll off: nothing is counted, and the groups are told why; what was announced is changed by a new poll only."""
    _staff(actor)
    row = by_number(tx, actor.community_id, number, lock=True)
    if row.state != "notice":
        row = _open(tx, actor, number, now)
    if not reason:
        raise Refusal("poll.reason_needed", number=number, word="作废")
    tx.execute(update(poll).where(poll.c.id == row.id).values(state="void", closed_at=now, reason=reason))
    if row.secret:
        secrecy.destroy(tx, row)
    audit.note(tx, actor, "poll.void", f"poll:{row.id}", now=now, reason=audit.digest(reason))
    row = _get(tx, row.id)
    card_updates.replace(tx, cards.poll(tx, row), community_id=row.community_id, now=now)
    _post(tx, row, "void", say("poll.voided.group", poll=row), now)
    voting.voided(tx, actor, row, now)
    return row


def close_due(tx: Tx, *, now: datetime, limit: int = 20) -> int:
    """Closes every poll whose deadline has passed, each exactly once; not while a message that came before it still waits."""
    waiting = exists().where(message.c.state == literal_column("'parked'"), message.c.received_at <= poll.c.closes_at)
    rows = tx.all(select(poll).where(poll.c.state == "open", poll.c.closes_at <= now, ~waiting).order_by(poll.c.closes_at)
                  .limit(limit).with_for_update(skip_locked=True))
    for row in rows:
        with voices.speaking(tx, row.community_id):
            until = voting.longer(tx, row, now)
            if until is None:
                close(tx, SYSTEM, row, reason=None, now=now)
            else:
                _prolong(tx, row, until, now)
    return len(rows)


def _prolong(tx: Tx, row: Row[Any], until: datetime, now: datetime) -> None:
    """Gives a vote more time, once: too few have taken part."""
    tx.execute(update(poll).where(poll.c.id == row.id).values(
        closes_at=until, prolonged_at=now, remind_at=_remind_at(now, until, quiet.of(tx, row.community_id)), reminded_at=None))
    audit.note(tx, SYSTEM, "poll.extend", f"poll:{row.id}", now=now, community_id=row.community_id, closes_at=until.isoformat())
    row = _get(tx, row.id)
    _post(tx, row, "prolong", say("poll.prolonged.group", poll=row), now)


@published.many_rows()
def close(tx: Tx, actor: Actor, row: Row[Any], *, reason: str | None, now: datetime) -> Row[Any]:
    """Freezes the count and posts it, in words and as a picture, to each group of the poll."""
    result, root = closing.freeze(tx, row, asked=electorate.size(tx, row))
    moved = tx.execute(update(poll).where(poll.c.id == row.id, poll.c.state == "open").values(
        state="closed", closed_at=now, result=result, reason=reason, root=root, final_at=voting.final(tx, row, result, now)))
    if moved.rowcount != 1:
        raise Refusal("poll.over", number=row.number)
    audit.note(tx, actor, "poll.close", f"poll:{row.id}", now=now, community_id=row.community_id, root=root,
               result=audit.digest(json.dumps(result, sort_keys=True)))
    row = _get(tx, row.id)
    head = published.log_head(tx, row)
    tx.execute(update(poll).where(poll.c.id == row.id).values(log_head=head))
    row = _get(tx, row.id)
    counted = count(tx, row)
    card_updates.replace(tx, cards.poll(tx, row), community_id=row.community_id, now=now)
    stood = anchors.committed(tx)
    text = anchors.under(say("poll.result", poll=row, tally=counted), stood)
    told = _post(tx, row, "result", text, now, chart=pictures.facts(row, counted), head=stood)
    for person_id in sorted({*_voted_privately(tx, row), *([] if told else [row.opened_by])}):
        outbox.to_person(tx, person_id=person_id, key=f"poll:{row.id}:result:person:{person_id}", text=text, now=now,
                         url=pages.url_of(tx, "poll", row.community_id, row.number), weight=outbox.RESULT)
    if health.restored_after(tx, row.closes_at):
        outbox.hold(tx, f"poll:{row.id}:result:")
    voting.closed(tx, actor, row, now)
    return row


def _voted_privately(tx: Tx, row: Row[Any]) -> list[int]:
    """Those who voted in a private chat or on a page: the result reaches them where they were asked."""
    if row.poll_class in BY_AREA:  # every co-owner who had a hand in it
        by_hand = select(ballot_log.c.person_id).join_from(ballot_log, message, ballot_log.c.message_id == message.c.id)
        return list(tx.connection.scalars(by_hand.where(
            ballot_log.c.poll_id == row.id, ballot_log.c.act.in_(("cast", "change")), message.c.chat_id.is_(None)).distinct()))
    by_message = select(ballot.c.person_id).join_from(ballot, message, ballot.c.message_id == message.c.id)
    return list(tx.connection.scalars(by_message.where(
        ballot.c.poll_id == row.id, ballot.c.choice != "", message.c.chat_id.is_(None)).distinct()))


def told(tx: Tx, row: Row[Any]) -> int:
    """How many groups hear of the poll."""
    return int(tx.scalar(select(func.count()).select_from(poll_chat).join(chat, chat.c.id == poll_chat.c.chat_id).where(
        poll_chat.c.poll_id == row.id, chat.c.post_address.is_not(None))))


def count(tx: Tx, row: Row[Any]) -> standing.Standing:
    """The count of a poll as it stands."""
    return standing.of(tx, row)


def _post(tx: Tx, row: Row[Any], news: str, text: str, now: datetime, *, chart: dict[str, Any] | None = None,
          head: anchors.Head | None = None) -> int:
    """Queues the news for each group of the poll, the picture after the words; returns how many groups it reaches."""
    reached = 0
    for chat_id in tx.connection.scalars(select(poll_chat.c.chat_id).where(poll_chat.c.poll_id == row.id)).all():
        key = f"poll:{row.id}:{news}:chat:{chat_id}"
        sent = outbox.to_chat(tx, chat_id=chat_id, key=key, text=text, now=now, weight=outbox.RESULT,
                              url=pages.url_of(tx, "poll", row.community_id, row.number))
        if sent and head is not None:
            anchors.keep(tx, head, key=key, chat_id=chat_id, community_id=row.community_id, poll_id=row.id)
        if sent and chart is not None:
            outbox.to_chat(tx, chat_id=chat_id, key=f"{key}:chart", facts=chart, now=now, weight=outbox.RESULT)
        reached += sent
    return reached


def _remind(tx: Tx, row: Row[Any], how: str, now: datetime, *, only_count: bool = False) -> tuple[int, int, int]:
    """Reminds those who have not voted: (sent, had been reminded before, cannot be reached)."""
    had = set(tx.connection.scalars(select(reminder.c.person_id).where(reminder.c.poll_id == row.id, reminder.c.how == how)))
    sent, again, out = 0, 0, 0
    url = pages.url_of(tx, "poll", row.community_id, row.number)
    for person_id in fairness.first(tx, row, [person.id for person in electorate.missing(tx, row)]):
        if person_id in had:
            again += 1
        elif only_count:
            sent, out = (sent + 1, out) if outbox.reaches(tx, person_id, now, notice=notices.REMIND) else (sent, out + 1)
        elif outbox.to_person(tx, person_id=person_id, key=f"poll:{row.id}:remind:{how}:person:{person_id}",
                              text=say("poll.reminder", poll=row), card=cards.poll(tx, row),
                              url=url, notice=notices.reminder(row, url=url), now=now, weight=outbox.REMINDER):
            tx.add(reminder, poll_id=row.id, person_id=person_id, how=how, at=now)
            sent += 1
        else:
            out += 1
    return sent, again, out


def _awake(tx: Tx, now: datetime) -> list[ColumnElement[bool]]:
    """That a poll's community is not quiet now."""
    up = quiet.awake(tx, poll.c.community_id, now)
    return [] if up is None else [up]


def _remind_at(now: datetime, closes_at: datetime, hours: QuietHours) -> datetime | None:
    """When to remind by the clock: a third of the time before the end, a day at most, never in quiet hours."""
    at = hours.next_allowed(closes_at - min(REMIND_BEFORE, (closes_at - now) / 3))
    return at if at < closes_at else None


def _open(tx: Tx, actor: Actor, number: int, now: datetime) -> Row[Any]:
    row = by_number(tx, actor.community_id, number, lock=True)
    if row.state == "notice":
        raise Refusal("poll.not_begun", number=number, at=row.opens_at)
    if row.state != "open" or row.closes_at <= now:
        raise Refusal("poll.over", number=number)
    return row


def _get(tx: Tx, poll_id: int) -> Row[Any]:
    return tx.execute(select(poll, issue.c.number.label("issue_number")).join_from(
        poll, issue, poll.c.issue_id == issue.c.id, isouter=True).where(poll.c.id == poll_id)).one()


def _staff(actor: Actor) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
