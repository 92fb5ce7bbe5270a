"""What goes over when two persons become one, and what goes back: one record says which rows moved.

Over to the older person: accounts, groups, present homes, issues with a number, support, reminders, the care for a
group, what they do for parties and on duty, and ballots of open polls, of which the one sent last counts. What stays:
messages and events of issues (they say who acted then), drafts (they end by themselves in a day), earlier homes, and
all that closed polls have counted.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, and_, delete, exists, insert, or_, select, update

from domain.receipts import commitment
from models.base import Tx
from models.deeds import claim, point
from models.tables import (
    ballot,
    ballot_log,
    chat,
    chat_member,
    duty,
    identity,
    issue,
    objection,
    party_member,
    person,
    photo,
    poll,
    promise_answer,
    reminder,
    residence,
    stand_in,
    supporter,
)
from models.tables import owner as register
from services import secrecy

_VALUES = ("choice", "sent_at", "cast_at", "message_id")
_CARE = ("role", "told_version", "consent_version")
Record = dict[str, Any]


def open_polls(tx: Tx, community_id: int | None, *, now: datetime) -> list[Row[Any]]:
    """The open polls of the community, held against ballots and closing, in the order in which everybody holds them."""
    return tx.all(select(poll.c.id, poll.c.household, poll.c.secret, poll.c.anonymous).where(
        poll.c.community_id == community_id, poll.c.state == "open", poll.c.closes_at > now).order_by(poll.c.id).with_for_update())


def owner(tx: Tx, channel: str, sender: str) -> int | None:
    """The person this account belongs to now."""
    found = tx.scalar(select(identity.c.person_id).where(identity.c.channel == channel, identity.c.external_id == sender))
    return None if found is None else int(found)


# --- over -----------------------------------------------------------------------------------------------------
def over(tx: Tx, old: Row[Any], new: Row[Any], polls: list[Row[Any]], *, role: str, now: datetime) -> Record:
    """Moves what is the newer person's to the older one; returns what `back` needs."""
    moved: Record = {"before": {name: getattr(old, name) for name in _CARE} | {"consented_at": _text(old.consented_at)},
                     "named": old.name is None and new.name is not None}
    for name, table, column in (("identity", identity, identity.c.person_id), ("joined", person, person.c.joined_into),
                                ("keeper", chat, chat.c.keeper_id), ("owner", register, register.c.person_id),
                                ("objection", objection, objection.c.person_id), ("photo", photo, photo.c.person_id),
                                ("claim", claim, claim.c.person_id), ("point", point, point.c.person_id)):
        moved[name] = _all(tx, table, column, new.id, old.id)
    moved["issue"] = _all(tx, issue, issue.c.submitter_id, new.id, old.id, issue.c.number.is_not(None))
    moved["support"] = _support(tx, old.id, new.id)
    moved["chat_member"] = _missing(tx, chat_member, ("chat_id",), old.id, new.id)
    moved["party_member"] = _missing(tx, party_member, ("party_id",), old.id, new.id)
    moved["duty"] = _all(tx, duty, duty.c.person_id, new.id, old.id)
    moved["stands"] = _all(tx, stand_in, stand_in.c.person_id, new.id, old.id)
    moved["away"] = _all(tx, stand_in, stand_in.c.for_id, new.id, old.id)
    moved["promise_answer"] = _missing(tx, promise_answer, ("promise_id",), old.id, new.id)
    moved["reminder"] = _missing(tx, reminder, ("poll_id", "how"), old.id, new.id)
    moved["residence"] = _missing(tx, residence, ("home_id",), old.id, new.id, until=True)
    moved["ended"] = list(tx.connection.scalars(update(residence).where(
        residence.c.person_id == new.id, residence.c.until.is_(None)).values(until=now).returning(residence.c.id)))
    moved["ballot"] = [kept for row in polls if (kept := _ballots(tx, row, old.id, new.id, now)) is not None]
    both = old.consent_version > 0 and new.consent_version > 0
    tx.execute(update(person).where(person.c.id == old.id).values(
        role=role, name=old.name or new.name, told_version=min(old.told_version, new.told_version),
        consent_version=min(old.consent_version, new.consent_version),
        consented_at=max(old.consented_at, new.consented_at) if both and old.consented_at and new.consented_at else None))
    tx.execute(update(person).where(person.c.id == new.id).values(joined_into=old.id))
    return moved


def _all(tx: Tx, table: Table, column: Any, before: int, after: int, *conditions: Any) -> list[int]:
    return list(tx.connection.scalars(update(table).where(column == before, *conditions).values({column.name: after})
                                      .returning(table.c.id)))


def _missing(tx: Tx, table: Table, key: tuple[str, ...], old: int, new: int, *, until: bool = False) -> list[int]:
    """Moves the rows that the older person does not have themselves."""
    has = table.alias()
    current = [has.c.until.is_(None)] if until else []
    same = exists().where(has.c.person_id == old, *current, *(has.c[k] == table.c[k] for k in key))
    mine = [table.c.until.is_(None)] if until else []
    ids = list(tx.connection.scalars(select(table.c.id).where(table.c.person_id == new, ~same, *mine)))
    tx.execute(update(table).where(table.c.id.in_(ids)).values(person_id=old))
    return ids


def _support(tx: Tx, old: int, new: int) -> Record:
    """Nobody stands behind an issue twice, or behind their own."""
    own = select(issue.c.id).where(issue.c.submitter_id == old)
    twin = supporter.alias()
    double = and_(supporter.c.person_id == new, exists().where(twin.c.person_id == old, twin.c.issue_id == supporter.c.issue_id))
    both = supporter.c.person_id.in_([old, new])
    gone = tx.all(select(supporter).where(both, or_(supporter.c.issue_id.in_(own), double)))
    tx.execute(delete(supporter).where(supporter.c.id.in_([r.id for r in gone])))
    return {"moved": _all(tx, supporter, supporter.c.person_id, new, old),
            "gone": [[r.issue_id, r.person_id, _text(r.at)] for r in gone]}


def _ballots(tx: Tx, row: Row[Any], old: int, new: int, now: datetime) -> Record | None:
    """One ballot of two: that which was sent last. A household's stays as it is, and is its caster's, by whichever account."""
    if row.household:
        ids = _all(tx, ballot, ballot.c.person_id, new, old, ballot.c.poll_id == row.id)
        return {"poll": row.id, "household": ids} if ids else None
    found = {r.voter: r for r in tx.all(select(ballot).where(
        ballot.c.poll_id == row.id, ballot.c.voter.in_([_voter(old), _voter(new)])).order_by(ballot.c.id).with_for_update())}
    theirs, mine = found.get(_voter(new)), found.get(_voter(old))
    if theirs is None:
        return None
    last = max((r for r in (mine, theirs) if r is not None), key=lambda r: (r.sent_at, r.cast_at, r.id))
    kept = {"poll": row.id, "theirs": _pack(theirs), "mine": _pack(mine), "sent_at": _text(last.sent_at), "choice": last.choice}
    if last is theirs:
        _name(tx, {theirs.id: old} | ({mine.id: new} if mine is not None else {}))
    _log(tx, row, old, "join", last, now)
    other = mine if last is theirs else theirs
    if other is not None and other.choice:  # it stays as one that was taken back: its receipt remains good
        link, seal = secrecy.keep(tx, row.id, other.link, "", "") if row.secret else (None, _seal(row, other, ""))
        tx.execute(update(ballot).where(ballot.c.id == other.id).values(choice="", link=link))
        _write(tx, row.id, new, "withdraw", "", other.message_id, seal, now)
    return kept


# --- and back ---------------------------------------------------------------------------------------------------
def back(tx: Tx, row: Row[Any], polls: list[Row[Any]], *, now: datetime) -> None:
    """Gives the newer person back what came from them."""
    moved, old, new = row.moved, row.survivor_id, row.joined_id
    for name, table, column in (("identity", identity, identity.c.person_id), ("joined", person, person.c.joined_into),
                                ("keeper", chat, chat.c.keeper_id), ("owner", register, register.c.person_id),
                                ("objection", objection, objection.c.person_id), ("photo", photo, photo.c.person_id),
                                ("claim", claim, claim.c.person_id), ("point", point, point.c.person_id),
                                ("issue", issue, issue.c.submitter_id),
                                ("chat_member", chat_member, chat_member.c.person_id),
                                ("party_member", party_member, party_member.c.person_id), ("duty", duty, duty.c.person_id),
                                ("stands", stand_in, stand_in.c.person_id), ("away", stand_in, stand_in.c.for_id),
                                ("reminder", reminder, reminder.c.person_id),
                                ("promise_answer", promise_answer, promise_answer.c.person_id),
                                ("residence", residence, residence.c.person_id)):
        tx.execute(update(table).where(table.c.id.in_(moved.get(name, [])), column == old).values({column.name: new}))
    tx.execute(update(residence).where(residence.c.id.in_(moved["ended"])).values(until=None))
    tx.execute(update(supporter).where(supporter.c.id.in_(moved["support"]["moved"])).values(person_id=new))
    for issue_id, person_id, at in moved["support"]["gone"]:
        if tx.first(select(supporter.c.id).where(supporter.c.issue_id == issue_id, supporter.c.person_id == person_id)) is None:
            tx.add(supporter, issue_id=issue_id, person_id=person_id, at=_time(at))
    still_open = {p.id for p in polls}
    for kept in moved["ballot"]:
        if kept["poll"] in still_open:
            _ballots_back(tx, kept, old, new, now)
    _person_back(tx, moved, old, new)


def _person_back(tx: Tx, moved: Record, old: int, new: int) -> None:
    """Who left meanwhile left with both accounts; a consent given meanwhile is the older person's."""
    row = tx.execute(select(person).where(person.c.id == old)).one()
    before = moved["before"]
    values: Record = {"role": before["role"], "name": None if moved["named"] else row.name}
    if row.left_at is None and row.consent_version <= before["consent_version"]:
        values |= {"consent_version": before["consent_version"], "told_version": before["told_version"],
                   "consented_at": _time(before["consented_at"])}
    tx.execute(update(person).where(person.c.id == old).values(**values))
    left = {"left_at": row.left_at, "consent_version": 0, "consented_at": None} if row.left_at is not None else {}
    tx.execute(update(person).where(person.c.id == new).values(joined_into=None, **left))


def _ballots_back(tx: Tx, kept: Record, old: int, new: int, now: datetime) -> None:
    if "household" in kept:
        tx.execute(update(ballot).where(ballot.c.id.in_(kept["household"]), ballot.c.person_id == old).values(person_id=new))
        return
    row = tx.execute(select(poll.c.id, poll.c.secret, poll.c.anonymous).where(poll.c.id == kept["poll"])).one()
    now_is = tx.first(select(ballot).where(ballot.c.poll_id == row.id, ballot.c.voter == _voter(old)).with_for_update())
    if row.secret or now_is is None:
        return  # what was chosen in secret is kept nowhere else: the other votes anew
    if (_text(now_is.sent_at), now_is.choice) != (kept["sent_at"], kept["choice"]):  # voted since: that is the older person's
        given_up = tx.first(select(ballot).where(ballot.c.poll_id == row.id, ballot.c.voter == _voter(new)))
        if given_up is not None:
            values = {name: value for name, value in _unpack(kept["theirs"]).items() if name in _VALUES}
            tx.execute(update(ballot).where(ballot.c.id == given_up.id).values(values))
            _log(tx, row, new, "split", tx.execute(select(ballot).where(ballot.c.id == given_up.id)).one(), now)
        return
    was_of = {person_id: _unpack(was) for person_id, was in ((new, kept["theirs"]), (old, kept["mine"])) if was is not None}
    _name(tx, {was["id"]: person_id for person_id, was in was_of.items()})
    for person_id, was in was_of.items():
        tx.execute(update(ballot).where(ballot.c.id == was["id"]).values({name: was[name] for name in _VALUES}))
        _log(tx, row, person_id, "split", tx.execute(select(ballot).where(ballot.c.id == was["id"])).one(), now)


def _name(tx: Tx, persons: dict[int, int]) -> None:
    """Gives ballots to persons; two may change places."""
    for ballot_id in persons:
        tx.execute(update(ballot).where(ballot.c.id == ballot_id).values(voter=f"moving:{ballot_id}"))
    for ballot_id, person_id in persons.items():
        tx.execute(update(ballot).where(ballot.c.id == ballot_id).values(voter=_voter(person_id), person_id=person_id))


def _log(tx: Tx, row: Row[Any], person_id: int, act: str, cast: Row[Any], now: datetime) -> None:
    """A ballot as it now stands goes on under this person, with the seal it has."""
    seal = _seal(row, cast, cast.choice)
    if row.secret:
        seal = tx.scalar(select(ballot_log.c.seal).where(ballot_log.c.poll_id == row.id, ballot_log.c.person_id == cast.person_id)
                         .order_by(ballot_log.c.id.desc()).limit(1))
    _write(tx, row.id, person_id, act, cast.choice, cast.message_id, seal, now)


def _seal(row: Row[Any], cast: Row[Any], choice: str) -> str:
    return commitment(cast.receipt or "", choice, cast.salt if row.anonymous else "")


def _write(tx: Tx, poll_id: int, person_id: int, act: str, choice: str, message_id: int | None, seal: str | None,
           now: datetime) -> None:
    tx.execute(insert(ballot_log).values(poll_id=poll_id, voter=_voter(person_id), person_id=person_id, act=act, choice=choice,
                                         at=now, message_id=message_id, seal=seal))


def _pack(row: Row[Any] | None) -> Record | None:
    if row is None:
        return None
    return {name: getattr(row, name) for name in ("id", *_VALUES)} | {"sent_at": _text(row.sent_at), "cast_at": _text(row.cast_at)}


def _unpack(kept: Record) -> Record:
    return kept | {"sent_at": _time(kept["sent_at"]), "cast_at": _time(kept["cast_at"])}


def _voter(person_id: int) -> str:
    return f"person:{person_id}"


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(at: str | None) -> datetime | None:
    return None if at is None else datetime.fromisoformat(at)
