"""Persons as channels know them: found or first met, told about privacy, consenting, leaving, erased."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.errors import Refusal
from domain.roles import PERSON_ROLES, Actor, Role
from models.base import Tx
from models.hot import Hot
from models.tables import (
    chat,
    chat_member,
    community,
    home,
    identity,
    outbox,
    person,
    residence,
)
from services import audit

NOTICE_VERSION = 2  # of texts zh.yaml privacy.notice and what privacy.renewed says is new, raised when its meaning changes; 2 names
# photos and opinions
_HEARD_EVERY = timedelta(minutes=10)

_BY_IDENTITY = Hot(
    select(identity.c.id, identity.c.heard_at, identity.c.unreachable_at, identity.c.shut_at, person.c.id.label("person_id"),
           person.c.community_id, person.c.role, person.c.told_version, person.c.consent_version, person.c.left_at)
    .join_from(identity, person, identity.c.person_id == person.c.id)
    .where(identity.c.channel == bindparam("channel"), identity.c.external_id == bindparam("sender")))
_CHAT = Hot(
    select(chat.c.id, chat.c.community_id, chat.c.name, chat_member.c.id.label("member"))
    .join_from(chat, chat_member, and_(chat_member.c.chat_id == chat.c.id,
                                       chat_member.c.person_id == bindparam("person_id")), isouter=True)
    .where(chat.c.channel == bindparam("channel"), chat.c.external_id == bindparam("external_id")))

_HEARD = Hot(update(identity).where(identity.c.id == bindparam("identity_id")).values(
    heard_at=bindparam("heard_at"), unreachable_at=None, shut_at=None))
_TOUCHED = Hot(update(identity).where(identity.c.id == bindparam("identity_id")).values(
    touched_at=bindparam("touched_at"), unreachable_at=None, shut_at=None))
_NOW = Hot(select(person.c.joined_into).where(person.c.id == bindparam("person_id")).with_for_update(read=True, key_share=True))
_AS = Hot(select(person.c.id, person.c.role, person.c.community_id, person.c.told_version, person.c.consent_version,
                 person.c.left_at).where(person.c.id == bindparam("person_id")))
_kin: dict[str, tuple[str, ...]] = {}

_HOMES = Hot(select(home.c.id, home.c.building_id, home.c.label).join_from(residence, home).where(
    residence.c.person_id == bindparam("person_id"), residence.c.until.is_(None)).order_by(home.c.id))


@dataclass(frozen=True, slots=True)
class Speaker(Actor):
    """The person behind a message, and where they stand with the privacy notice."""

    told: bool = False
    consented: bool = False
    renews: bool = False  # agreed to an older notice, which does not cover what this one says (个人信息保护法 第14条)

    @property
    def id(self) -> int:
        """The person's id."""
        assert self.person_id is not None
        return self.person_id

    @property
    def home_community(self) -> int:
        """The community the person belongs to."""
        assert self.community_id is not None
        return self.community_id


@dataclass(frozen=True, slots=True)
class Place:
    """The group a message came from."""

    id: int
    community_id: int
    name: str


def configure(realms: Mapping[str, str]) -> None:
    """Tells which accounts know people under the same ids: account -> realm (a corp); called once at start."""
    _kin.clear()
    for name, realm in realms.items():
        _kin[name] = tuple(sorted(n for n, r in realms.items() if r == realm and n != name))


def resolve(tx: Tx, *, channel: str, sender: str, community_code: str, now: datetime, spoken: bool = True,
            touched: bool = False, exact: bool = False) -> Speaker:
    """The person with this identity; a stranger becomes a resident of the account's community.

    What they said or touched opens the time in which they can be written to; `exact` where every minute of it counts.
    """
    row = tx.first(_BY_IDENTITY, {"channel": channel, "sender": sender})
    if row is None:
        if _kin.get(channel) and _known_as(tx, channel, sender, community_code, now):
            return resolve(tx, channel=channel, sender=sender, community_code=community_code, now=now, spoken=spoken,
                           touched=touched, exact=exact)
        return _meet(tx, channel, sender, community_code, now, spoken, touched)
    every = timedelta(0) if exact else _HEARD_EVERY
    closed = row.unreachable_at is not None or row.shut_at is not None
    if spoken and (row.heard_at is None or closed or now - row.heard_at > every):
        tx.execute(_HEARD, {"identity_id": row.id, "heard_at": now})
    elif touched:
        tx.execute(_TOUCHED, {"identity_id": row.id, "touched_at": now})
    return _speaker(row.person_id, row)


def _known_as(tx: Tx, channel: str, sender: str, community_code: str, now: datetime) -> bool:
    """Gives the account to the person whom another account of the same corp knows by this userid: the platform is the proof.

    Never across corps (a userid means nothing there) and never across communities.
    """
    accounts = (channel, *_kin[channel])
    if tx.postgres:  # two accounts that hear a new userid at once meet one person, not two
        name = hashlib.sha256(f"{min(accounts)}\x1f{sender}".encode()).digest()[:8]
        tx.execute(select(func.pg_advisory_xact_lock(int.from_bytes(name, signed=True))))
    known = tx.first(
        select(identity.c.person_id, identity.c.channel).join_from(identity, person, identity.c.person_id == person.c.id)
        .join(community, community.c.id == person.c.community_id)
        .where(identity.c.channel.in_(accounts), identity.c.external_id == sender, community.c.code == community_code)
        .order_by(person.c.created_at, person.c.id).limit(1))
    if known is None:
        return False
    if known.channel != channel:
        tx.add(identity, person_id=known.person_id, channel=channel, external_id=sender)
    return True


def present(tx: Tx, speaker: Speaker) -> Speaker:
    """The speaker as they are now: who was joined to another person since the message was begun acts as that person.

    Holds the person against being joined until the transaction ends. SQLite has one writer, so nothing can happen between.
    """
    into = tx.scalar(_NOW, {"person_id": speaker.id}) if tx.postgres else None
    return speaker if into is None else as_person(tx, into)


def as_person(tx: Tx, person_id: int) -> Speaker:
    """Somebody on whose behalf something is written down."""
    row = tx.first(_AS, {"person_id": person_id})
    assert row is not None  # persons are never deleted
    return _speaker(row.id, row)


def behind(tx: Tx, person_id: int) -> list[int]:
    """The person and everybody who was joined into them."""
    return list(tx.connection.scalars(select(person.c.id).where(
        or_(person.c.id == person_id, person.c.joined_into == person_id)).order_by(person.c.id)))


def accounts(tx: Tx, person_id: int) -> int:
    """How many accounts the person has."""
    return int(tx.scalar(select(func.count()).where(identity.c.person_id == person_id)))


def _speaker(person_id: int, row: Any) -> Speaker:
    left = row.left_at is not None
    return Speaker(f"person:{person_id}", Role(row.role), row.community_id, person_id,
                   told=row.told_version >= NOTICE_VERSION and not left,
                   consented=row.consent_version >= NOTICE_VERSION and not left,
                   renews=0 < row.consent_version < NOTICE_VERSION and not left)


def _meet(tx: Tx, channel: str, sender: str, community_code: str, now: datetime, spoken: bool, touched: bool) -> Speaker:
    where = tx.scalar(select(community.c.id).where(community.c.code == community_code))
    if where is None:
        raise LookupError(f"channel {channel} names the unknown community {community_code!r}")
    person_id = tx.add(person, community_id=where, role=Role.RESIDENT, told_version=0, consent_version=0, created_at=now)
    tx.add(identity, person_id=person_id, channel=channel, external_id=sender, heard_at=now if spoken else None,
           touched_at=now if touched else None)
    return Speaker(f"person:{person_id}", Role.RESIDENT, where, person_id)


def account_of(tx: Tx, *, channel: str, sender: str) -> Row[Any]:
    """The account somebody spoke from, as far as it is known by now."""
    return tx.execute(select(identity).where(identity.c.channel == channel, identity.c.external_id == sender)).one()


def lose(tx: Tx, *, channel: str, sender: str, now: datetime) -> None:
    """Somebody stopped following: nothing is sent there until they are back."""
    tx.execute(update(identity).where(identity.c.channel == channel, identity.c.external_id == sender).values(unreachable_at=now))


def place_of(tx: Tx, speaker: Speaker, *, channel: str, external_id: str) -> Place:
    """The group with this id, remembered with the speaker as a member; a new group joins the speaker's community."""
    row = tx.first(_CHAT, {"person_id": speaker.id, "channel": channel, "external_id": external_id})
    if row is None:
        chat_id = tx.add(chat, community_id=speaker.community_id, channel=channel, external_id=external_id, name="")
        found = Place(chat_id, speaker.home_community, "")
    else:
        found = Place(row.id, row.community_id, row.name)
    if row is None or row.member is None:
        insert = insert_postgres if tx.postgres else insert_sqlite
        tx.execute(insert(chat_member).values(chat_id=found.id, person_id=speaker.id).on_conflict_do_nothing())
    return found


def tell(tx: Tx, speaker: Speaker) -> None:
    """Remembers that the privacy notice was shown; who had left and speaks again is back."""
    tx.execute(update(person).where(person.c.id == speaker.id).values(told_version=NOTICE_VERSION, left_at=None))


def consent(tx: Tx, speaker: Speaker, *, now: datetime) -> Speaker:
    """Records the consent to the present notice."""
    tx.execute(update(person).where(person.c.id == speaker.id).values(
        told_version=NOTICE_VERSION, consent_version=NOTICE_VERSION, consented_at=now, left_at=None))
    audit.note(tx, speaker, "person.consent", speaker.who, now=now, version=NOTICE_VERSION)
    return Speaker(speaker.who, speaker.role, speaker.community_id, speaker.person_id, told=True, consented=True)


def leave(tx: Tx, speaker: Speaker, *, now: datetime, by: Actor | None = None) -> None:
    """Withdraws consent: nothing more is sent or kept; what is on record stays. `by` others, who were asked to."""
    tx.execute(update(person).where(person.c.id == speaker.id).values(
        left_at=now, consent_version=0, consented_at=None, told_version=NOTICE_VERSION))
    drop_waiting(tx, speaker)
    audit.note(tx, by or speaker, "person.leave", speaker.who, now=now, community_id=speaker.home_community)


def drop_waiting(tx: Tx, speaker: Speaker) -> None:
    """Takes back private messages that have not gone out, and forgets those that have."""
    mine = [f"identity:{i}" for i in tx.connection.scalars(select(identity.c.id).where(identity.c.person_id == speaker.id))]
    tx.execute(delete(outbox).where(outbox.c.target.in_(mine), outbox.c.state != "sending"))


def staff_of(tx: Tx, community_id: int | None) -> list[int]:
    """Everybody who works for the community and is here."""
    return list(tx.connection.scalars(select(person.c.id).where(
        person.c.community_id == community_id, person.c.role != Role.RESIDENT, person.c.left_at.is_(None),
        person.c.joined_into.is_(None)).order_by(person.c.id)))


def set_role(tx: Tx, actor: Actor, *, person_id: int, role: str, now: datetime) -> None:
    """Gives a person a role; only an admin does, and only in their own community."""
    row = tx.first(select(person.c.role, person.c.community_id).where(person.c.id == person_id, person.c.joined_into.is_(None)))
    if row is None or (actor.community_id is not None and row.community_id != actor.community_id):
        raise Refusal("person.unknown")
    if not actor.role.covers(Role.ADMIN) or role not in PERSON_ROLES:
        raise Refusal("role.too_low")
    tx.execute(update(person).where(person.c.id == person_id).values(role=Role(role)))
    audit.note(tx, actor, "person.role", f"person:{person_id}", now=now, community_id=row.community_id,
               before=row.role, after=role)


def homes_of(tx: Tx, person_id: int) -> list[tuple[int, int, str]]:
    """The homes the person is bound to now: (home id, building id, label)."""
    return [(r.id, r.building_id, r.label) for r in tx.all(_HOMES, {"person_id": person_id})]
