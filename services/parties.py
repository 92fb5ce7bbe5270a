"""Who has to do it: parties, their members, and who acts for whom. Who gets which matter where: services/directory.py."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, or_, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role, Where
from models.base import Tx
from models.secret import fingerprint
from models.tables import directory, issue, join_code, message, party, party_member, person, stand_in
from services import audit, joining
from services.paging import within
from services.people import Speaker
from texts.normal import plain
from texts.parties import kind_of

CODE_LIFE = timedelta(days=3)
WRONG_PER_HOUR = 5
WRONG_CODE = "party.wrong"  # the intent under which a wrong code stands in the message log
LONGEST = 32


# --- finding ----------------------------------------------------------------------------------------------------
def listed(tx: Tx, community_id: Where) -> list[Row[Any]]:
    """Every party of the community, or of some, that still exists, in the order in which they were entered."""
    return tx.all(select(party).where(within(party.c.community_id, community_id), party.c.closed_at.is_(None)).order_by(party.c.id))


def by_id(tx: Tx, party_id: int) -> Row[Any]:
    """The party with this id."""
    row = tx.first(select(party).where(party.c.id == party_id))
    assert row is not None  # parties are closed, never deleted
    return row


def leading(tx: Tx, community_id: int | None, words: str) -> tuple[Row[Any] | None, str]:
    """The party that the words begin with, and what they say after it: its name, or the only one of its kind."""
    known, said = listed(tx, community_id), plain(words).strip()
    for row in sorted(known, key=lambda r: -len(r.name)):
        if said.startswith(plain(row.name)):
            return row, said[len(plain(row.name)):].strip(" ,，。:：")
    first, _, rest = said.partition(" ")
    fit = [r for r in known if len(first) > 1 and first in plain(r.name)]
    fit = fit or [r for r in known if r.kind == kind_of(first)]
    return (fit[0], rest.strip()) if len(fit) == 1 else (None, said)


def named(tx: Tx, community_id: int | None, words: str) -> tuple[Row[Any], str]:
    """The same, where a party must be named."""
    row, rest = leading(tx, community_id, words)
    if row is None:
        raise Refusal("party.unknown", said=re.split(r"[\s,，。]", words.strip())[0][:LONGEST],
                      names=[r.name for r in listed(tx, community_id)])
    return row, rest


def of_kind(tx: Tx, community_id: int, kind: str) -> list[Row[Any]]:
    """The parties of one kind."""
    return [row for row in listed(tx, community_id) if row.kind == kind]


# --- who acts ---------------------------------------------------------------------------------------------------
def members(tx: Tx, party_id: int, *, now: datetime) -> list[int]:
    """Everybody who acts for a party now: its members, who lead first, and who stands in for them."""
    own = list(tx.connection.scalars(
        select(party_member.c.person_id).join_from(party_member, person).where(
            party_member.c.party_id == party_id, person.c.left_at.is_(None), person.c.joined_into.is_(None))
        .order_by(party_member.c.leads.desc(), party_member.c.id)))
    others = tx.connection.scalars(
        select(stand_in.c.person_id).join_from(stand_in, party_member, party_member.c.person_id == stand_in.c.for_id).where(
            party_member.c.party_id == party_id, stand_in.c.starts_at <= now, stand_in.c.ends_at > now).order_by(stand_in.c.id))
    return list(dict.fromkeys([*own, *others]))


def acts_for(tx: Tx, actor: Actor, party_id: int, *, now: datetime) -> bool:
    """True when somebody acts for the party; for one that nobody here belongs to, the staff do."""
    if party_id in actor.parties:
        return True
    found = members(tx, party_id, now=now)
    return actor.person_id in found if found else actor.role.covers(Role.GRID_WORKER)


def acts_for_any(tx: Tx, actor: Actor, *, now: datetime) -> bool:
    """True when somebody acts for some party, or works for the community: whom orders in plain words are heard from."""
    if actor.role.covers(Role.GRID_WORKER):
        return True
    away = select(stand_in.c.for_id).where(stand_in.c.person_id == actor.person_id, stand_in.c.starts_at <= now,
                                           stand_in.c.ends_at > now)
    return tx.first(select(party_member.c.id).join_from(party_member, party).where(
        party.c.community_id == actor.community_id, party.c.closed_at.is_(None),
        or_(party_member.c.person_id == actor.person_id, party_member.c.person_id.in_(away))).limit(1)) is not None


# --- keeping the list ---------------------------------------------------------------------------------------------
def create(tx: Tx, actor: Actor, *, name: str, kind: str, now: datetime) -> Row[Any]:
    """Enters a party; one that was closed under this name is there again."""
    _staff(actor)
    name = " ".join(name.split())[:LONGEST]
    old = tx.first(select(party).where(party.c.community_id == actor.community_id, party.c.name == name))
    if old is not None and old.closed_at is None:
        raise Refusal("party.exists", name=name)
    if old is None:
        party_id = tx.add(party, community_id=actor.community_id, name=name, kind=kind)
    else:
        party_id = old.id
        tx.execute(update(party).where(party.c.id == old.id).values(kind=kind, closed_at=None))
    audit.note(tx, actor, "party.create", f"party:{party_id}", now=now, kind=kind)
    return by_id(tx, party_id)


def close(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> None:
    """Takes a party off the list; what it still has to do must be done or given to another first."""
    _staff(actor)
    open_ones = list(tx.connection.scalars(select(issue.c.number).where(
        issue.c.party_id == row.id, issue.c.state.in_(["assigned", "in_progress", "suspended"])).order_by(issue.c.id).limit(5)))
    if open_ones:
        raise Refusal("party.busy", name=row.name, numbers=open_ones)
    tx.execute(delete(directory).where(directory.c.party_id == row.id))
    tx.execute(update(party).where(party.c.id == row.id).values(closed_at=now))
    audit.note(tx, actor, "party.close", f"party:{row.id}", now=now)


def add_member(tx: Tx, actor: Actor, row: Row[Any], *, person_id: int, leads: bool = False, now: datetime) -> bool:
    """Lets somebody act for a party; False when they did already."""
    _staff(actor)
    return _join(tx, actor, row, person_id, leads, now)


def remove_member(tx: Tx, actor: Actor, row: Row[Any], *, person_id: int, now: datetime) -> bool:
    """Somebody no longer acts for a party; False when they did not."""
    _staff(actor)
    gone = tx.execute(delete(party_member).where(party_member.c.party_id == row.id, party_member.c.person_id == person_id))
    audit.note(tx, actor, "party.remove", f"party:{row.id}", now=now, person=person_id)
    return gone.rowcount > 0


def make_code(tx: Tx, actor: Speaker, row: Row[Any], *, now: datetime) -> str:
    """Makes a one-time code: who says it joins the party. It opens nothing else: its fingerprint names the party."""
    _staff(actor)
    code = f"{secrets.randbelow(10**6):06d}"
    tx.add(join_code, person_id=actor.id, code_hash=_hash(row.id, code), failures=0, expires_at=now + CODE_LIFE, created_at=now)
    audit.note(tx, actor, "party.code", f"party:{row.id}", now=now)
    return code


def join_by_code(tx: Tx, speaker: Speaker, row: Row[Any], code: str, *, now: datetime) -> bool:
    """Joins the party by a code; False when it is wrong, used or late. Guessing is limited by person and by code."""
    wrong = tx.scalar(select(func.count()).select_from(message).where(
        message.c.person_id == speaker.id, message.c.intent == WRONG_CODE, message.c.received_at > now - timedelta(hours=1)))
    if wrong >= WRONG_PER_HOUR:
        raise Refusal("bind.too_often")
    used = tx.execute(update(join_code).where(join_code.c.code_hash == _hash(row.id, code), join_code.c.used_at.is_(None),
                                              join_code.c.expires_at > now).values(used_at=now))
    if used.rowcount != 1:
        joining.count_wrong(tx, speaker, now=now)
        return False
    _join(tx, speaker, row, speaker.id, False, now)
    return True


def _hash(party_id: int, code: str) -> str:
    return fingerprint("party", str(party_id), code)


def _join(tx: Tx, actor: Actor, row: Row[Any], person_id: int, leads: bool, now: datetime) -> bool:
    there = exists().where(party_member.c.party_id == row.id, party_member.c.person_id == person_id)
    if tx.scalar(select(there)):
        return False
    tx.execute(insert(party_member).values(party_id=row.id, person_id=person_id, leads=leads))
    audit.note(tx, actor, "party.join", f"party:{row.id}", now=now, person=person_id)
    return True


def _staff(actor: Actor) -> None:
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
