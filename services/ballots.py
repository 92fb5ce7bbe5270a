"""Casting, changing and withdrawing a ballot while the poll is open; one per person or per household.

One rule of order: the ballot that was sent last counts. A message that arrives late but was sent earlier than
the ballot on record changes nothing. The poll's deadline is compared with the server's clock.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from domain import receipts
from domain.errors import Refusal
from domain.kinds import kind
from domain.roles import Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, ballot_log, chat_member, poll, poll_chat
from services import audit, secrecy, standing
from services.electorate import rights
from services.people import Speaker, homes_of, present
from texts.kinds import spoken

LISTED = "jielong"  # the act of a ballot that staff entered from a list
BEFORE = timedelta(days=1)
_VALUES = ("person_id", "choice", "sent_at", "cast_at", "message_id", "receipt", "salt", "link")
draw: Callable[[int], int] = secrets.randbits  # of receipts and salts; tests put a reproducible one here
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
    "poll_id", "voter", "person_id", "act", "choice", "at", "message_id", "seal")}))
_REPLACE = Hot(update(ballot).where(ballot.c.id == bindparam("ballot_id")).values({n: bindparam(n) for n in _VALUES}))


@dataclass(frozen=True, slots=True)
class Cast:
    """What became of a ballot."""

    poll: Row[Any]
    choice: str  # canonical
    said: tuple[str, ...]  # the same in words
    receipt: str
    votes: int  # households voted for; 1 when persons vote
    changed: bool  # an earlier ballot was replaced
    by_family: bool  # the earlier ballot came from somebody else of the household
    waiting: int = 0  # the place on the waiting list of a sign-up; 0 when there is room


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


def cast(tx: Tx, speaker: Speaker, *, poll_id: int, choice: str, sent_at: datetime, message_id: int | None,
         now: datetime) -> Cast:
    """Records or replaces the speaker's ballot, which is in the spelling of domain/kinds."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    text = kind(row.kind).read(choice, len(row.options), row.rules)
    mine = rights(tx, row, speaker)
    changed = by_family = False
    puts = []
    for right in mine:
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        before = _choice(tx, row, old)
        puts.append(_put(tx, speaker, row, right.voter, right.home_id, old, text, sent_at, message_id, now))
        changed = changed or before not in ("", text)
        by_family = by_family or (before != "" and old is not None and old.person_id != speaker.id)
    audit.note(tx, speaker, "ballot.cast", f"poll:{row.id}", now=now, votes=len(mine), message=message_id,
               seals=[seal for _, seal in puts])
    return Cast(row, text, spoken(text, row.kind, row.options), puts[0][0], len(mine), changed, by_family,
                _waiting(tx, row, puts[0][0]))


def withdraw(tx: Tx, speaker: Speaker, *, poll_id: int, sent_at: datetime, message_id: int | None, now: datetime) -> Row[Any]:
    """Takes the speaker's ballot back; they may vote again until the deadline."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    seals = []
    for right in rights(tx, row, speaker):
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        if old is not None and old.choice:
            seals.append(_put(tx, speaker, row, right.voter, right.home_id, old, "", sent_at, message_id, now)[1])
    if not seals:
        raise Refusal("vote.none_yet", number=row.number)
    audit.note(tx, speaker, "ballot.withdraw", f"poll:{row.id}", now=now, votes=len(seals), message=message_id, seals=seals)
    return row


def take_all_back(tx: Tx, person_id: int, *, now: datetime) -> None:
    """Withdraws what somebody who wants to be forgotten has cast in polls that are still open."""
    mine = select(ballot.c.id, ballot.c.poll_id).join_from(ballot, poll).where(
        ballot.c.person_id == person_id, ballot.c.choice != "", poll.c.state == "open").order_by(poll.c.id)
    for each in tx.all(mine):
        row = tx.first(_ONE, {"poll_id": each.poll_id})
        old = tx.first(select(ballot).where(ballot.c.id == each.id).with_for_update())
        assert row is not None and old is not None
        speaker = Speaker(f"person:{person_id}", Role.RESIDENT, row.community_id, person_id)
        seal = _put(tx, speaker, row, old.voter, old.home_id, old, "", max(now, old.sent_at), None, now)[1]
        audit.note(tx, speaker, "ballot.withdraw", f"poll:{row.id}", now=now, votes=1, message=None, seals=[seal])


def own_hand(tx: Tx, poll_id: int, voter: str) -> bool:
    """True when the vote's last act was not a list's: who cast, changed or took back a ballot themselves decides alone."""
    act = tx.scalar(select(ballot_log.c.act).where(ballot_log.c.poll_id == poll_id, ballot_log.c.voter == voter)
                    .order_by(ballot_log.c.id.desc()).limit(1))
    return act not in (None, LISTED)


def enter(tx: Tx, actor: Actor, resident: Speaker, *, poll_id: int, home_id: int, choice: str, message_id: int | None,
          now: datetime) -> bool:
    """Records what a resident wrote in a list; False when they have voted by their own hand, or nothing is new.

    It is dated before the poll, so that whatever the resident does themselves, however late it arrives, comes after it.
    """
    row = _still_open(tx, poll_id, now)
    resident = present(tx, resident)
    text = kind(row.kind).read(choice, len(row.options), row.rules)
    seals = []
    for right in rights(tx, row, resident):
        if row.household and right.home_id != home_id:
            continue
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})  # held before it is asked whose hand wrote it
        if own_hand(tx, row.id, right.voter):
            continue
        if old is None or old.choice != text:
            seals.append(_put(tx, resident, row, right.voter, right.home_id, old, text, row.opens_at - BEFORE, message_id, now,
                              act=LISTED)[1])
    if seals:
        audit.note(tx, actor, "ballot.enter", f"poll:{row.id}", now=now, person=resident.id, message=message_id, seals=seals)
    return bool(seals)


def mine(tx: Tx, speaker: Speaker, row: Row[Any]) -> tuple[str, ...] | None:
    """The speaker's ballot as it counts now, in words; None when there is none or nobody can know it any more."""
    found = own(tx, speaker, row)
    choice = _choice(tx, row, found)
    return spoken(choice, row.kind, row.options) if choice else None


def _waiting(tx: Tx, row: Row[Any], receipt: str) -> int:
    if row.kind != "signup":
        return 0
    queue = standing.counted(tx, row)["waiting"]
    return queue.index(receipt) + 1 if receipt in queue else 0


def own(tx: Tx, speaker: Speaker, row: Row[Any]) -> Row[Any] | None:
    """The speaker's ballot as it counts now."""
    voters = [speaker.who, *(f"home:{home_id}" for home_id, _, _ in homes_of(tx, speaker.id))]
    return tx.first(select(ballot).where(ballot.c.poll_id == row.id, ballot.c.voter.in_(voters), ballot.c.choice != ""))


def choice_of(tx: Tx, speaker: Speaker, row: Row[Any]) -> str:
    """The speaker's ballot in the spelling of domain/kinds; '' when there is none."""
    return _choice(tx, row, own(tx, speaker, row))


def _choice(tx: Tx, row: Row[Any], old: Row[Any] | None) -> str:
    if old is None or not old.choice:
        return ""
    return secrecy.look(tx, row.id, old.link) if row.secret else str(old.choice)


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
         sent_at: datetime, message_id: int | None, now: datetime, *, act: str = "") -> tuple[str, str]:
    """Writes the ballot and its line in the log; gives its receipt and what the audit chain shall hold of it."""
    if old is not None and old.sent_at > sent_at:
        raise Refusal("vote.older", number=row.number)
    receipt, salt, link, shown = (old.receipt, old.salt, old.link, choice) if old is not None else (None, None, None, choice)
    if row.secret:
        receipt = link.split()[0] if link else receipts.code(draw(receipts.BITS))
        link, seal = secrecy.keep(tx, row.id, link, receipt, choice, blind=f"{draw(128):032x}")
        shown, kept = secrecy.CAST if choice else "", None
    else:
        receipt, salt = receipt or receipts.code(draw(receipts.BITS)), salt or f"{draw(128):032x}"
        seal, kept = receipts.commitment(receipt, choice, salt if row.anonymous else ""), receipt
    values = {"person_id": speaker.id, "choice": shown, "sent_at": sent_at, "cast_at": now, "message_id": message_id,
              "receipt": kept, "salt": salt, "link": link}
    if old is None:
        tx.execute(_CAST, {"poll_id": row.id, "voter": voter, "home_id": home_id, **values})
    else:
        tx.execute(_REPLACE, {"ballot_id": old.id, **values})
    act = act or ("withdraw" if not choice else "cast" if old is None or not old.choice else "change")
    tx.execute(_LOG, {"poll_id": row.id, "voter": voter, "person_id": speaker.id, "act": act, "choice": shown,
                      "at": now, "message_id": message_id, "seal": seal})
    return receipt, seal
