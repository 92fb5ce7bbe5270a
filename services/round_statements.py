"""Statements of a round: said, found to be alike, joined and taken apart again, moderated with reasons. Authors are never shown."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from domain.clock import SHANGHAI
from domain.errors import Forbidden, Refusal
from domain.opinions import LONGEST, SHORTEST, several_points
from domain.roles import Role
from models.base import Tx
from models.rounds import opinion, opinion_round
from models.tables import issue
from services import audit, outbox, people, round_order, round_votes, rounds
from services.people import Speaker
from texts.mask import public
from texts.points import same_point
from texts.say import say
from texts.stances import attacks

A_DAY, EACH = 3, 10  # statements of one person: on one day, and in one round
SHOWN, WAITING, HIDDEN, JOINED = "shown", "waiting", "hidden", "joined"
OWN_WISH = "own"  # taken back by who said it


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a statement: the row, another that may say the same, and whether something personal was hidden."""

    row: Row[Any]
    round: Row[Any]
    like: Row[Any] | None
    masked: bool
    again: bool = False  # they had said the very same before


# --- saying ---------------------------------------------------------------------------------------------------
def put(tx: Tx, speaker: Speaker, *, round_id: int, text: str, source: str = "chat", message_id: int | None, now: datetime) -> Said:
    """Puts a statement on record, with the agreement of who says it."""
    text = " ".join(text.split())
    speaker = people.present(tx, speaker)
    row = rounds.running(tx, round_id, now=now)
    number = rounds.number_of(tx, row)
    if row.community_id != speaker.community_id:
        raise Refusal("round.none", number=number)
    shown = _checked(text, number)
    mine = people.behind(tx, speaker.id)
    before = tx.first(select(opinion).where(opinion.c.round_id == row.id, opinion.c.person_id.in_(mine), opinion.c.text == shown,
                                            opinion.c.state != HIDDEN))
    if before is not None:
        return Said(before, row, None, False, again=True)
    _not_too_many(tx, row, mine, number, now)
    like = alike(tx, row.id, shown)
    last = tx.scalar(select(func.max(opinion.c.number)).where(opinion.c.round_id == row.id)) or 0
    first_waiting = row.moderation == "before" and not any_waiting(tx, row.id)
    state = WAITING if row.moderation == "before" else SHOWN
    added = tx.add(opinion, round_id=row.id, number=last + 1, person_id=speaker.id, text=shown, source=source, at=now,
                   message_id=message_id, state=state, seq=round_order.bump(tx, row.id, now))
    round_votes.put(tx, row, opinion_id=added, person_id=speaker.id, value=1, now=now)
    audit.note(tx, speaker, "round.statement", f"round:{row.id}", now=now, number=last + 1, words=audit.digest(shown))
    if first_waiting:
        outbox.to_person(tx, person_id=row.host_id, key=f"round:{row.id}:waiting:{added}", now=now,
                         text=say("round.waiting_host", number=number))
    return Said(by_id(tx, added), row, like, shown != text)


def _checked(text: str, number: int) -> str:
    """The words as neighbours will see them; a Refusal says what does not fit."""
    if len(text) > LONGEST:
        raise Refusal("round.too_long", number=number, most=LONGEST, length=len(text))
    if len(text) < SHORTEST:
        raise Refusal("round.too_short", number=number)
    if several_points(text):
        raise Refusal("round.one_point", number=number)
    if attacks(text):
        raise Forbidden("talk.attack", number=number)
    return public(text)


def _not_too_many(tx: Tx, row: Row[Any], mine: list[int], number: int, now: datetime) -> None:
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    said = list(tx.connection.scalars(select(opinion.c.at).where(
        opinion.c.round_id == row.id, opinion.c.person_id.in_(mine), opinion.c.source != "ballot")))
    if len(said) >= EACH:
        raise Forbidden("round.enough", number=number, most=EACH)
    if sum(midnight <= at < midnight + timedelta(days=1) for at in said) >= A_DAY:
        raise Forbidden("round.often", number=number, most=A_DAY)


def reason(tx: Tx, speaker: Speaker, matter: Row[Any], text: str, *, message_id: int | None,
           now: datetime) -> Said | None:
    """Attaches the reason somebody gave with a position to the open round on the same matter; None if it is no statement."""
    found, text = rounds.open_on(tx, matter.id), " ".join(text.split())
    if found is None or not SHORTEST <= len(text) <= LONGEST:
        return None
    try:
        with tx.savepoint():
            return put(tx, speaker, round_id=found.id, text=text, source="ballot", message_id=message_id, now=now)
    except Refusal:
        return None


# --- alike ----------------------------------------------------------------------------------------------------
def alike(tx: Tx, round_id: int, text: str) -> Row[Any] | None:
    """The shown statement that seems to make the same point; never one that takes the other side."""
    near = [(same_point(text, row.text), row) for row in shown(tx, round_id)]
    best = max(near, key=lambda one: one[0], default=(0.0, None))
    return best[1] if best[0] else None


def join(tx: Tx, actor: Speaker, *, round_id: int, which: int, to: int, now: datetime) -> Row[Any]:
    """Counts a statement as another one: an edge, by its author or who leads the round; both stay with author and votes."""
    row = rounds.held(tx, round_id)
    one, other = find(tx, row, which), find(tx, row, to)
    _theirs(tx, actor, row, one, now)
    if other.state == JOINED:
        other = by_id(tx, round_votes.roots(tx, row.id)[other.id])
    if one.id == other.id or one.state in (HIDDEN, JOINED) or other.state != SHOWN:
        raise Refusal("round.no_join", number=rounds.number_of(tx, row), which=which, to=to)
    _set(tx, one, now, state=JOINED, joined_to=other.id)
    audit.note(tx, actor, "round.join", f"round:{row.id}", now=now, number=which, to=other.number)
    return other


def part(tx: Tx, actor: Speaker, *, round_id: int, which: int, now: datetime) -> Row[Any]:
    """Takes the edge away: the statement stands by itself again, with the votes cast on it."""
    row = rounds.held(tx, round_id)
    one = find(tx, row, which)
    _theirs(tx, actor, row, one, now)
    if one.state != JOINED:
        raise Refusal("round.not_joined", number=rounds.number_of(tx, row), which=which)
    unread = row.moderation == "before" and one.moderated_at is None
    _set(tx, one, now, state=WAITING if unread else SHOWN, joined_to=None)
    audit.note(tx, actor, "round.part", f"round:{row.id}", now=now, number=which)
    return row


# --- moderation -------------------------------------------------------------------------------------------------
def approve(tx: Tx, actor: Speaker, *, number: int, which: list[int], now: datetime) -> Row[Any]:
    """Lets statements be shown: those that waited, and those that were hidden by mistake."""
    row = rounds.led(tx, actor, number, now=now)
    for each in which:
        one = find(tx, row, each)
        if one.state not in (WAITING, HIDDEN) or one.reason == OWN_WISH:
            raise Refusal("round.nothing_to_do", number=number, which=each, state=one.state)
        _set(tx, one, now, state=SHOWN, reason=None, moderated_at=now, moderated_by=actor.id)
        audit.note(tx, actor, "round.approve", f"round:{row.id}", now=now, number=each)
    return row


def hide(tx: Tx, actor: Speaker, *, number: int, which: int, why: str, now: datetime) -> Row[Any]:
    """Takes a statement out, with a reason that its author is told; its votes stay on record and count for nothing."""
    row = rounds.led(tx, actor, number, now=now)
    one = find(tx, row, which)
    if one.state == HIDDEN:
        raise Refusal("round.nothing_to_do", number=number, which=which, state=one.state)
    _set(tx, one, now, state=HIDDEN, joined_to=None, reason=why, moderated_at=now, moderated_by=actor.id)
    _let_go(tx, row, one, now)
    audit.note(tx, actor, "round.hide", f"round:{row.id}", now=now, number=which, words=audit.digest(why))
    if one.person_id is not None:
        outbox.to_person(tx, person_id=one.person_id, key=f"round:{row.id}:hidden:{one.id}:{one.seq}", now=now,
                         weight=outbox.RESULT, text=say("round.hidden_you", number=number, which=which, text=one.text, why=why))
    return row


def take_back(tx: Tx, speaker: Speaker, *, round_id: int, which: int, now: datetime) -> Row[Any]:
    """Takes one's own statement out of a round that is open."""
    row = rounds.running(tx, round_id, now=now)
    one = find(tx, row, which)
    if one.person_id not in people.behind(tx, speaker.id):
        raise Forbidden("round.not_yours", number=rounds.number_of(tx, row), which=which)
    if one.state != HIDDEN:
        _set(tx, one, now, state=HIDDEN, joined_to=None, reason=OWN_WISH, moderated_at=now)
        _let_go(tx, row, one, now)
        audit.note(tx, speaker, "round.take_back", f"round:{row.id}", now=now, number=which)
    return row


def _let_go(tx: Tx, row: Row[Any], one: Row[Any], now: datetime) -> None:
    """What was counted as a statement that is gone stands by itself again."""
    for each in tx.all(select(opinion).where(opinion.c.joined_to == one.id)):
        unread = row.moderation == "before" and each.moderated_at is None
        _set(tx, each, now, state=WAITING if unread else SHOWN, joined_to=None)


# --- reading --------------------------------------------------------------------------------------------------
def by_id(tx: Tx, opinion_id: int) -> Row[Any]:
    """The statement with this id."""
    return tx.execute(select(opinion).where(opinion.c.id == opinion_id)).one()


def find(tx: Tx, row: Row[Any], which: int) -> Row[Any]:
    """The statement of a round with this number; a Refusal when there is none."""
    found = tx.first(select(opinion).where(opinion.c.round_id == row.id, opinion.c.number == which))
    if found is None:
        raise Refusal("round.no_statement", number=rounds.number_of(tx, row), which=which)
    return found


def shown(tx: Tx, round_id: int) -> list[Row[Any]]:
    """The statements people are asked about, in their order."""
    return tx.all(select(opinion).where(opinion.c.round_id == round_id, opinion.c.state == SHOWN).order_by(opinion.c.number))


def any_waiting(tx: Tx, round_id: int) -> bool:
    """True when a statement waits to be read."""
    return tx.first(select(opinion.c.id).where(opinion.c.round_id == round_id, opinion.c.state == WAITING).limit(1)) is not None


def waiting(tx: Tx, actor: Speaker, most: int = 10) -> tuple[list[Row[Any]], int]:
    """What waits in the rounds somebody leads, the oldest first, with the matter's number; and how many there are."""
    theirs = [] if actor.role.covers(Role.GRID_WORKER) else [or_(opinion_round.c.host_id == actor.id, issue.c.host_id == actor.id)]
    query = (select(opinion, issue.c.number.label("issue_number")).join_from(opinion, opinion_round,
             opinion_round.c.id == opinion.c.round_id).join(issue, issue.c.id == opinion_round.c.issue_id).where(
             opinion_round.c.community_id == actor.community_id, opinion.c.state == WAITING, *theirs))
    count = tx.scalar(select(func.count()).select_from(query.subquery()))
    return tx.all(query.order_by(opinion.c.id).limit(most)), int(count)


def _theirs(tx: Tx, actor: Speaker, row: Row[Any], one: Row[Any], now: datetime) -> None:
    if one.person_id is None or one.person_id not in people.behind(tx, actor.id):
        rounds.led(tx, actor, rounds.number_of(tx, row), now=now)


def _set(tx: Tx, one: Row[Any], now: datetime, **values: Any) -> None:
    tx.execute(update(opinion).where(opinion.c.id == one.id).values(seq=round_order.bump(tx, one.round_id, now), **values))
