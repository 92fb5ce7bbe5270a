"""People who work for a community: entered in the console before they have said a word, and in whose name an account acts."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.settings import account_person
from models.tables import identity, person
from services import audit, people, settings
from services.people import Speaker

LONGEST, LONGEST_ID = 32, 128


def listed(tx: Tx, community_id: int) -> list[Row[Any]]:
    """Everybody who works for the community, with how many accounts reach them and when they were heard last."""
    heard = select(func.count(identity.c.id).label("ways"), func.max(identity.c.heard_at).label("heard_at"),
                   identity.c.person_id).group_by(identity.c.person_id).subquery()
    return tx.all(select(person.c.id, person.c.name, person.c.role, person.c.created_at, heard.c.ways, heard.c.heard_at).join_from(
        person, heard, heard.c.person_id == person.c.id, isouter=True).where(
            person.c.id.in_(people.staff_of(tx, community_id))).order_by(person.c.id))


def add(tx: Tx, actor: Actor, *, community_id: int, name: str, role: str, channel: str = "", external_id: str = "",
        now: datetime) -> int:
    """Enters somebody who works here; who is known by this account of a channel already is given the name and the role.

    They have agreed to nothing by it: the privacy notice comes with their first message, as for everybody.
    """
    settings.admin(actor)
    name, external_id = " ".join(name.split())[:LONGEST], external_id.strip()[:LONGEST_ID]
    if not name:
        raise Refusal("setup.staff_name")
    if role not in (Role.GRID_WORKER, Role.ADMIN):
        raise Refusal("setup.staff_role")
    known = _behind(tx, channel, external_id) if external_id else None
    if known is not None and known.community_id != community_id:
        raise Refusal("setup.staff_elsewhere")
    if known is None:
        person_id = tx.add(person, community_id=community_id, name=name, role=Role.RESIDENT, told_version=0, consent_version=0,
                           created_at=now)
        if external_id:
            tx.add(identity, person_id=person_id, channel=channel, external_id=external_id)
    else:
        person_id = known.id
        tx.execute(update(person).where(person.c.id == person_id).values(name=name))
    audit.note(tx, actor, "person.enter", f"person:{person_id}", now=now, community_id=community_id, new=known is None,
               channel=channel if external_id else "")
    people.set_role(tx, replace(actor, community_id=community_id), person_id=person_id, role=role, now=now)
    return person_id


def speaker(tx: Tx, actor: Actor, *, community_id: int, person_id: int | None, now: datetime) -> Speaker:
    """The account acting in the name of one of the staff: who did it is the account, who answers for it is the person.

    Without a person the one used last; a Refusal when nobody was chosen or who was chosen does not work here.
    """
    mine = account_person.c.account_id == _account(actor)
    chosen = person_id or used(tx, actor, community_id=community_id)
    if chosen not in people.staff_of(tx, community_id):
        raise Refusal("setup.in_whose_name")
    before = tx.first(select(account_person.c.id).where(mine, account_person.c.person_id == chosen))
    if before is None:
        tx.add(account_person, account_id=_account(actor), person_id=chosen, used_at=now)
        audit.note(tx, actor, "account.acts_as", f"person:{chosen}", now=now, community_id=community_id)
    else:
        tx.execute(update(account_person).where(account_person.c.id == before.id).values(used_at=now))
    return Speaker(actor.who, actor.role, community_id, chosen, told=True, consented=True)


def used(tx: Tx, actor: Actor, *, community_id: int) -> int | None:
    """In whose name this account acted last in this community."""
    found: int | None = tx.scalar(select(account_person.c.person_id).join_from(
        account_person, person, person.c.id == account_person.c.person_id).where(
            account_person.c.account_id == _account(actor), person.c.community_id == community_id)
        .order_by(account_person.c.used_at.desc(), account_person.c.id.desc()).limit(1))
    return found


def _behind(tx: Tx, channel: str, external_id: str) -> Row[Any] | None:
    """Whom this account of a channel belongs to."""
    return tx.first(select(person.c.id, person.c.community_id).join_from(
        identity, person, identity.c.person_id == person.c.id).where(
            identity.c.channel == channel, identity.c.external_id == external_id))


def _account(actor: Actor) -> int:
    kind, _, number = actor.who.partition(":")
    return int(number) if kind == "account" else 0
