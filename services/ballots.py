"""Casting, changing and withdrawing a ballot while the poll is open; one per person or per household.

One rule of order: the ballot that was sent last counts. A message that arrives late but was sent earlier than
the ballot on record changes nothing. The poll's deadline is compared with the server's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from domain.errors import Refusal
from domain.polls import check_choice
from domain.roles import Actor
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, ballot_log, chat_member, poll, poll_chat
from services import audit
from services.electorate import rights
from services.people import Speaker, homes_of, present

LISTED = "jielong"  # the act of a ballot that staff entered from a list
BEFORE = timedelta(days=1)
_VALUES = ("person_id", "choice", "sent_at", "cast_at", "message_id")
_OPEN_HERE = Hot(select(poll).join_from(poll, poll_chat, poll_chat.c.poll_id == poll.c.id)
                 .where(poll_chat.c.chat_id == bindparam("chat_id"), poll.c.state == "open", poll.c.closes_at > bindparam("now"))
                 .order_by(poll.c.id))
_OPEN_ALL = Hot(select(poll).where(poll.c.community_id == bindparam("community_id"), poll.c.state == "open",
                                   poll.c.closes_at > bindparam("now")).order_by(poll.c.id))
_ONE = Hot(select(poll).where(poll.c.id == bindparam("poll_id")).with_for_update(read=True))  # SQLite ignores it
_CHATS = Hot(select(chat_member.c.chat_id).where(chat_member.c.person_id == bindparam("person_id")))
_MINE = Hot(select(ballot).where(ballot.c.poll_id == bindparam("poll_id"), ballot.c.voter == bindparam("voter"))
            .with_for_update())  # of two at once the second must see the first, or the older one could win
_CAST = Hot(insert(ballot).values({n: bindparam(n) for n in ("poll_id", "voter", "home_id", *_VALUES)}))
_LOG = Hot(insert(ballot_log).values({n: bindparam(n) for n in (
    "poll_id", "voter", "person_id", "act", "choice", "at", "message_id")}))
_REPLACE = Hot(update(ballot).where(ballot.c.id == bindparam("ballot_id")).values({n: bindparam(n) for n in _VALUES}))


@dataclass(frozen=True, slots=True)
class Cast:
    """What became of a ballot."""

    poll: Row[Any]
    options: tuple[str, ...]
    votes: int  # households voted for; 1 when persons vote
    changed: bool  # an earlier ballot was replaced
    by_family: bool  # the earlier ballot came from somebody else of the household


def open_here(tx: Tx, speaker: Speaker, chat_id: int | None, *, now: datetime) -> list[Row[Any]]:
    """The open polls a vote in this chat can mean: those of the group, or in private all that ask this person."""
    if chat_id is not None:
        return tx.all(_OPEN_HERE, {"chat_id": chat_id, "now": now})
    rows = tx.all(_OPEN_ALL, {"community_id": speaker.community_id, "now": now})
    if all(r.scope == "community" for r in rows):
        return rows
    scopes = {r.scope for r in rows}
    mine = {r.chat_id for r in tx.all(_CHATS, {"person_id": speaker.id})} if "chat" in scopes else set()
    blocks = {building for _, building, _ in homes_of(tx, speaker.id)} if "building" in scopes else set()
    reach = {"community": lambda _: True, "chat": mine.__contains__, "building": blocks.__contains__}
    return [r for r in rows if reach[r.scope](r.scope_id)]


def cast(tx: Tx, speaker: Speaker, *, poll_id: int, choice: frozenset[int], sent_at: datetime, message_id: int | None,
         now: datetime) -> Cast:
    """Records or replaces the speaker's ballot."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    check_choice(choice, options=len(row.options), most=row.most)
    mine = rights(tx, row, speaker)
    text = ",".join(str(i) for i in sorted(choice))
    changed = by_family = False
    for right in mine:
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        _put(tx, speaker, row, right.voter, right.home_id, old, text, sent_at, message_id, now)
        changed = changed or (old is not None and old.choice not in ("", text))
        by_family = by_family or (old is not None and old.choice != "" and old.person_id != speaker.id)
    audit.note(tx, speaker, "ballot.cast", f"poll:{row.id}", now=now, votes=len(mine), message=message_id)
    return Cast(row, tuple(row.options[i] for i in sorted(choice)), len(mine), changed, by_family)


def withdraw(tx: Tx, speaker: Speaker, *, poll_id: int, sent_at: datetime, message_id: int | None, now: datetime) -> Row[Any]:
    """Takes the speaker's ballot back; they may vote again until the deadline."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    taken = 0
    for right in rights(tx, row, speaker):
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        if old is not None and old.choice:
            _put(tx, speaker, row, right.voter, right.home_id, old, "", sent_at, message_id, now)
            taken += 1
    if not taken:
        raise Refusal("vote.none_yet", number=row.number)
    audit.note(tx, speaker, "ballot.withdraw", f"poll:{row.id}", now=now, votes=taken, message=message_id)
    return row


def own_hand(tx: Tx, poll_id: int, voter: str) -> bool:
    """True when the vote's last act was not a list's: who cast, changed or took back a ballot themselves decides alone."""
    act = tx.scalar(select(ballot_log.c.act).where(ballot_log.c.poll_id == poll_id, ballot_log.c.voter == voter)
                    .order_by(ballot_log.c.id.desc()).limit(1))
    return act not in (None, LISTED)


def enter(tx: Tx, actor: Actor, resident: Speaker, *, poll_id: int, home_id: int, choice: frozenset[int], message_id: int | None,
          now: datetime) -> bool:
    """Records what a resident wrote in a list; False when they have voted by their own hand, or nothing is new.

    It is dated before the poll, so that whatever the resident does themselves, however late it arrives, comes after it.
    """
    row = _still_open(tx, poll_id, now)
    resident = present(tx, resident)
    check_choice(choice, options=len(row.options), most=row.most)
    text = ",".join(str(i) for i in sorted(choice))
    done = False
    for right in rights(tx, row, resident):
        if row.household and right.home_id != home_id:
            continue
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})  # held before it is asked whose hand wrote it
        if own_hand(tx, row.id, right.voter):
            continue
        if old is None or old.choice != text:
            _put(tx, resident, row, right.voter, right.home_id, old, text, row.opens_at - BEFORE, message_id, now, act=LISTED)
            done = True
    if done:
        audit.note(tx, actor, "ballot.enter", f"poll:{row.id}", now=now, person=resident.id, message=message_id)
    return done


def mine(tx: Tx, speaker: Speaker, row: Row[Any]) -> tuple[str, ...] | None:
    """The speaker's ballot as it counts now, in words; None when there is none."""
    voters = [speaker.who, *(f"home:{home_id}" for home_id, _, _ in homes_of(tx, speaker.id))]
    found = tx.scalar(select(ballot.c.choice).where(ballot.c.poll_id == row.id, ballot.c.voter.in_(voters),
                                                    ballot.c.choice != ""))
    return tuple(row.options[int(i)] for i in found.split(",")) if found else None


def _still_open(tx: Tx, poll_id: int, now: datetime) -> Row[Any]:
    """The poll, held against closing until the ballot is in."""
    row = tx.first(_ONE, {"poll_id": poll_id})
    assert row is not None  # polls are never deleted
    if row.state == "void":
        raise Refusal("vote.voided", number=row.number, reason=row.reason)
    if row.state != "open" or row.closes_at <= now:
        raise Refusal("vote.closed", number=row.number, at=min(row.closed_at or row.closes_at, row.closes_at))
    return row


def _put(tx: Tx, speaker: Speaker, row: Row[Any], voter: str, home_id: int | None, old: Row[Any] | None, choice: str,
         sent_at: datetime, message_id: int | None, now: datetime, *, act: str = "") -> None:
    if old is not None and old.sent_at > sent_at:
        raise Refusal("vote.older", number=row.number)
    values = {"person_id": speaker.id, "choice": choice, "sent_at": sent_at, "cast_at": now, "message_id": message_id}
    if old is None:
        tx.execute(_CAST, {"poll_id": row.id, "voter": voter, "home_id": home_id, **values})
    else:
        tx.execute(_REPLACE, {"ballot_id": old.id, **values})
    act = act or ("withdraw" if not choice else "cast" if old is None or not old.choice else "change")
    tx.execute(_LOG, {"poll_id": row.id, "voter": voter, "person_id": speaker.id, "act": act, "choice": choice,
                      "at": now, "message_id": message_id})
