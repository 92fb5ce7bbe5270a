"""Casting, changing and withdrawing a ballot while the poll is open; one per person, per household or per owner.

One rule of order: the ballot that was sent last counts. A message that arrives late but was sent earlier than
the ballot on record changes nothing. The poll's deadline is compared with the server's clock. Co-owners have one vote of
which each is a hand (services/coowners.py).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, exists, func, insert, or_, select, update

from domain import receipts
from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.kinds import kind
from domain.roles import Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, ballot_log, chat_member, poll, poll_chat
from services import audit, coowners, owner_votes, secrecy, waiting
from services.electorate import rights
from services.people import Speaker, homes_of, present
from texts.kinds import spoken
from texts.say import say

LISTED = "jielong"  # the act of a ballot that staff entered from a list
BEFORE = timedelta(days=1)
_VALUES = ("person_id", "choice", "sent_at", "cast_at", "message_id", "receipt", "salt", "link", "state")
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
    held: bool = False  # another owner of the same home said something else
    waiting: int = 0  # the place on the waiting list of a sign-up; 0 when there is room


def open_here(tx: Tx, speaker: Speaker, chat_id: int | None, *, now: datetime) -> list[Row[Any]]:
    """The open polls a vote in this chat can mean: those of the group, or in private all that ask this person."""
    if chat_id is not None:
        return tx.all(_OPEN_HERE, {"chat_id": chat_id, "now": now})
    rows = tx.all(_OPEN_ALL, {"community_id": speaker.community_id, "now": now})
    if all(r.scope == "community" and r.poll_class not in BY_AREA for r in rows):
        return rows
    scopes = {r.scope for r in rows}
    mine = {r.chat_id for r in tx.all(_CHATS, {"person_id": speaker.id})} if "chat" in scopes else set()
    blocks = {building for _, building, _ in homes_of(tx, speaker.id)} if "building" in scopes else set()
    reach = {"community": lambda _: True, "chat": mine.__contains__, "building": blocks.__contains__}
    return [r for r in rows if (bool(owner_votes.spoken_for(tx, r.id, speaker.id)) if r.poll_class in BY_AREA else
                                reach[r.scope](r.scope_id))]


def announced(tx: Tx, speaker: Speaker) -> list[Row[Any]]:
    """The votes of owners that this person is asked in and that have not begun."""
    rows = tx.all(select(poll).where(poll.c.community_id == speaker.community_id, poll.c.state == "notice").order_by(poll.c.id))
    return [r for r in rows if owner_votes.spoken_for(tx, r.id, speaker.id)]


def running(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """All polls that run or were announced, each with `took_part`: how many ballots there are."""
    some = select(func.count()).where(ballot.c.poll_id == poll.c.id, ballot.c.choice != "").scalar_subquery()
    return tx.all(select(poll, some.label("took_part")).where(
        poll.c.community_id == community_id, poll.c.state.in_(("open", "notice"))).order_by(poll.c.closes_at, poll.c.id))


def cast(tx: Tx, speaker: Speaker, *, poll_id: int, choice: str, sent_at: datetime, message_id: int | None,
         now: datetime) -> Cast:
    """Records or replaces the speaker's ballot, which is in the spelling of domain/kinds."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    text = kind(row.kind).read(choice, len(row.options), row.rules)
    mine = rights(tx, row, speaker)
    changed = by_family = was_held = False
    puts, queue = [], waiting.queued(tx, row)
    for right in mine:
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        before = _choice(tx, row, old)
        puts.append(_put(tx, speaker.id, row, right.voter, right.home_id, old, text, sent_at, message_id, now))
        changed = changed or before not in ("", text)
        by_family = by_family or (before != "" and old is not None and old.person_id != speaker.id)
        was_held = was_held or (old is not None and old.state == coowners.HELD)
    audit.note(tx, speaker, "ballot.cast", f"poll:{row.id}", now=now, votes=len(mine), message=message_id,
               seals=[seal for put in puts for seal in put.seals])
    held = any(put.held for put in puts)
    if held != was_held:
        news = "held" if held else "agreed"
        coowners.tell(tx, row, [right.voter for right in mine], speaker, news, mark=f"m{message_id}", now=now)
    waiting.tell(tx, row, [receipt for receipt in queue if receipt != puts[0].receipt], mark=f"m{message_id}", now=now)
    return Cast(row, text, spoken(text, row.kind, row.options), puts[0].receipt, len(mine), changed and not held,
                by_family and row.poll_class not in BY_AREA, held, waiting.place(tx, row, puts[0].receipt))


def withdraw(tx: Tx, speaker: Speaker, *, poll_id: int, sent_at: datetime, message_id: int | None, now: datetime) -> Row[Any]:
    """Takes the speaker's ballot back; they may vote again until the deadline."""
    row = _still_open(tx, poll_id, now)
    speaker = present(tx, speaker)
    seals, queue = [], waiting.queued(tx, row)
    for right in rights(tx, row, speaker):
        old = tx.first(_MINE, {"poll_id": row.id, "voter": right.voter})
        if old is not None and old.choice:
            seals += _put(tx, speaker.id, row, right.voter, right.home_id, old, "", sent_at, message_id, now).seals
    if not seals:
        raise Refusal("vote.none_yet", number=row.number)
    audit.note(tx, speaker, "ballot.withdraw", f"poll:{row.id}", now=now, votes=len(seals), message=message_id, seals=seals)
    waiting.tell(tx, row, queue, mark=f"m{message_id}", now=now)
    return row


def take_all_back(tx: Tx, person_id: int, *, now: datetime) -> None:
    """Withdraws what somebody who wants to be forgotten has cast in polls that are still open."""
    a_hand = exists().where(ballot_log.c.poll_id == ballot.c.poll_id, ballot_log.c.voter == ballot.c.voter,
                            ballot_log.c.person_id == person_id, poll.c.poll_class.in_(BY_AREA))
    mine = select(ballot.c.id, ballot.c.poll_id).join_from(ballot, poll).where(
        or_(ballot.c.person_id == person_id, a_hand), ballot.c.choice != "", poll.c.state == "open").order_by(poll.c.id)
    for each in tx.all(mine):
        row = tx.first(_ONE, {"poll_id": each.poll_id})
        old = tx.first(select(ballot).where(ballot.c.id == each.id).with_for_update())
        assert row is not None and old is not None
        queue = waiting.queued(tx, row)
        speaker = Speaker(f"person:{person_id}", Role.RESIDENT, row.community_id, person_id)
        put = _put(tx, person_id, row, old.voter, old.home_id, old, "", max(now, old.sent_at), None, now)
        audit.note(tx, speaker, "ballot.withdraw", f"poll:{row.id}", now=now, votes=1, message=None, seals=put.seals)
        waiting.tell(tx, row, queue, mark=f"gone{person_id}", now=now)


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
    if row.poll_class in BY_AREA:
        raise Refusal("vote.no_list", number=row.number)
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
            seals += _put(tx, resident.id, row, right.voter, right.home_id, old, text, row.opens_at - BEFORE, message_id, now,
                          act=LISTED).seals
    if seals:
        audit.note(tx, actor, "ballot.enter", f"poll:{row.id}", now=now, person=resident.id, message=message_id, seals=seals)
    return bool(seals)


def settle(tx: Tx, actor: Speaker, row: Row[Any], *, home_id: int, choice: str, reason: str, message_id: int | None,
           now: datetime) -> int:
    """Ends a difference between co-owners on their written statement; gives the number of homes whose vote counts again."""
    row = _still_open(tx, row.id, now)
    text, puts = kind(row.kind).read(choice, len(row.options), row.rules), []
    homes = [f"home:{r.home_id}" for r in owner_votes.one_head(tx, row.id, home_id)]
    for voter in homes:
        old = tx.first(_MINE, {"poll_id": row.id, "voter": voter})
        if old is None or old.state != coowners.HELD:
            raise Refusal("vote.not_held", number=row.number)
        puts.append(_put(tx, actor.id, row, voter, old.home_id, old, text, max(now, old.sent_at), message_id, now,
                         act=coowners.SETTLE))
    audit.note(tx, actor, "ballot.settle", f"poll:{row.id}", now=now, votes=len(puts), message=message_id,
               reason=audit.digest(reason), seals=[seal for put in puts for seal in put.seals])
    coowners.tell(tx, row, homes, actor, "settled", mark=f"m{message_id}", now=now)
    return len(puts)


def homes_with(tx: Tx, row: Row[Any], home_id: int) -> list[int]:
    """The homes that have one opinion with this one: in a vote of owners all of the same owners, else only itself."""
    return [r.home_id for r in owner_votes.one_head(tx, row.id, home_id)] if row.poll_class in BY_AREA else [home_id]


def on_paper(tx: Tx, actor: Actor, row: Row[Any], *, home_id: int, choice: str, paper: int, now: datetime) -> bool:
    """Counts what a household or an owner signed on paper; True when it is held, because somebody of theirs voted otherwise.

    Of a household the ballot cast by its own hand stands, and paper that differs from it is refused.
    """
    row = _still_open(tx, row.id, now)
    text, puts = kind(row.kind).read(choice, len(row.options), row.rules), []
    homes = homes_with(tx, row, home_id)
    for each in homes:
        old = tx.first(_MINE, {"poll_id": row.id, "voter": f"home:{each}"})
        if row.poll_class not in BY_AREA and old is not None and old.person_id is not None and old.choice not in ("", text):
            raise Refusal("paper.voted_already", number=row.number)
        puts.append(_put(tx, None, row, f"home:{each}", each, old, text, max(now, old.sent_at) if old else now, None, now,
                         act=coowners.PAPER))
    audit.note(tx, actor, "ballot.paper", f"poll:{row.id}", now=now, votes=len(puts), paper=paper,
               seals=[seal for put in puts for seal in put.seals])
    held = any(put.held for put in puts)
    if held:
        coowners.tell(tx, row, [f"home:{each}" for each in homes], None, "held", mark=f"paper{paper}", now=now)
    return held


def mine(tx: Tx, speaker: Speaker, row: Row[Any]) -> tuple[str, ...] | None:
    """The speaker's ballot as it counts now, in words; None when there is none or nobody can know it any more."""
    found = own(tx, speaker, row)
    if found is not None and found.state == coowners.HELD:
        return (say("vote.is_held"),)
    choice = _choice(tx, row, found)
    if not choice:
        return None
    behind = waiting.place(tx, row, (found.receipt or "")) if found is not None and row.kind == "signup" else 0
    return (*spoken(choice, row.kind, row.options), *([say("ballot.waiting", place=behind)] if behind else []))


def own(tx: Tx, speaker: Speaker, row: Row[Any]) -> Row[Any] | None:
    """The speaker's ballot as it counts now."""
    homes = (owner_votes.spoken_for(tx, row.id, speaker.id) if row.poll_class in BY_AREA
             else [home_id for home_id, _, _ in homes_of(tx, speaker.id)])
    voters = [speaker.who, *(f"home:{home_id}" for home_id in homes)]
    return tx.first(select(ballot).where(ballot.c.poll_id == row.id, ballot.c.voter.in_(voters), ballot.c.choice != ""))


def choice_of(tx: Tx, speaker: Speaker, row: Row[Any]) -> str:
    """The speaker's ballot in the spelling of domain/kinds; '' when there is none."""
    found = own(tx, speaker, row)
    return "" if found is not None and found.state == coowners.HELD else _choice(tx, row, found)


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
    if row.state == "notice":
        raise Refusal("vote.not_begun", number=row.number, at=row.opens_at)
    if row.state != "open" or row.closes_at <= now:
        raise Refusal("vote.closed", number=row.number, at=min(row.closed_at or row.closes_at, row.closes_at))
    return row


class _Put(NamedTuple):
    receipt: str
    seals: list[str]  # what the audit chain shall hold of it
    held: bool


def _put(tx: Tx, by: int | None, row: Row[Any], voter: str, home_id: int | None, old: Row[Any] | None, choice: str,
         sent_at: datetime, message_id: int | None, now: datetime, *, act: str = "") -> _Put:
    """Writes the ballot and its lines in the log; of a home with several owners what they say together."""
    if old is not None and old.sent_at > sent_at:
        raise Refusal("vote.older", number=row.number)
    receipt, salt, link, shown = (old.receipt, old.salt, old.link, choice) if old is not None else (None, None, None, choice)
    if row.secret:
        receipt = link.split()[0] if link else receipts.code(draw(receipts.BITS))
        link, seal = secrecy.keep(tx, row.id, link, receipt, choice, blind=f"{draw(128):032x}")
        shown, kept = secrecy.CAST if choice else "", None
    else:
        receipt, salt = receipt or receipts.code(draw(receipts.BITS)), salt or f"{draw(128):032x}"
        seal, kept = _seal(row, receipt, choice, salt), receipt
    act = act or ("withdraw" if not choice else "cast" if old is None or not old.choice else "change")
    log = {"poll_id": row.id, "voter": voter, "person_id": by, "at": now, "message_id": message_id}
    tx.execute(_LOG, log | {"act": act, "choice": shown, "seal": seal})
    seals, state = [seal], coowners.COUNTED
    if row.poll_class in BY_AREA:
        together = coowners.word(tx, row.id, voter)
        if (together.choice, together.state) != (choice, coowners.COUNTED):
            shown, state = together.choice, together.state
            seals.append(_seal(row, receipt, shown, salt or ""))
            tx.execute(_LOG, log | {"act": coowners.HOLD if state == coowners.HELD else coowners.STAND, "choice": shown,
                                    "seal": seals[-1]})
    own = old if old is not None and act == coowners.SETTLE else None  # it stays the owner's vote; who settled it is in the log
    values = {"person_id": own.person_id if own else by, "choice": shown, "sent_at": sent_at, "cast_at": now,
              "message_id": own.message_id if own else message_id, "receipt": kept, "salt": salt, "link": link, "state": state}
    if old is None:
        tx.execute(_CAST, {"poll_id": row.id, "voter": voter, "home_id": home_id, **values})
    else:
        tx.execute(_REPLACE, {"ballot_id": old.id, **values})
    return _Put(receipt, seals, state == coowners.HELD)


def _seal(row: Row[Any], receipt: str, choice: str, salt: str) -> str:
    return receipts.commitment(receipt, choice, salt if row.anonymous else "")
