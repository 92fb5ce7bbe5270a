"""Groups of a community: entering one, so that polls and news reach it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import building, chat, chat_member, community, identity, person
from services import audit
from services.outbox import HAND

NAME_MOST, LEAST, MOST = 50, 2, 2000  # characters of a name; members of an appchat


def check(tx: Tx, *, name: str, owner: str, members: Collection[str], community_code: str, building_name: str) -> None:
    """Refuses what the platform would not make, or what this community has no place for."""
    if not name.strip() or len(name) > NAME_MOST:
        raise Refusal("group.name", most=NAME_MOST)
    if not LEAST <= len(set(members)) <= MOST:
        raise Refusal("group.members", least=LEAST, most=MOST, given=len(set(members)))
    if owner not in members:
        raise Refusal("group.owner", owner=owner)
    where = _community(tx, community_code)
    if building_name and _building(tx, where, building_name) is None:
        raise Refusal("group.building", building=building_name)
    if tx.scalar(select(chat.c.id).where(chat.c.community_id == where, chat.c.name == name)) is not None:
        raise Refusal("group.name_taken", name=name)


def enter(tx: Tx, actor: Actor, *, name: str, chatid: str, members: Collection[str], account: str, community_code: str,
          building_name: str, now: datetime) -> int:
    """Notes the group and those of its members who are known; returns how many are."""
    where = _community(tx, community_code)
    chat_id = tx.add(chat, community_id=where, channel=account, external_id=chatid, name=name,
                     building_id=_building(tx, where, building_name) if building_name else None,
                     post_channel=account, post_address=chatid)
    known = list(tx.connection.scalars(select(identity.c.person_id).where(
        identity.c.channel == account, identity.c.external_id.in_(list(members))).distinct()))
    if known:
        tx.execute(insert(chat_member), [{"chat_id": chat_id, "person_id": person_id} for person_id in known])
    audit.note(tx, actor, "chat.create", f"chat:{chat_id}", now=now, community_id=where, members=len(set(members)),
               known=len(known))
    return len(known)


def add(tx: Tx, actor: Actor, *, name: str, road: str, keeper: str, chatid: str, community_code: str, building_name: str,
        now: datetime) -> int:
    """Enters a group in which no bot sits: an ordinary one (road "hand") or a 客户群 (the account's name), and who looks after it.

    `keeper` is the userid of a person who is known; of a 客户群 it is the owner's.
    """
    where = _community(tx, community_code)
    if not name.strip() or len(name) > NAME_MOST:
        raise Refusal("group.name", most=NAME_MOST)
    if building_name and _building(tx, where, building_name) is None:
        raise Refusal("group.building", building=building_name)
    if tx.scalar(select(chat.c.id).where(chat.c.community_id == where, chat.c.name == name)) is not None:
        raise Refusal("group.name_taken", name=name)
    person_id = tx.scalar(select(identity.c.person_id).join_from(identity, person, identity.c.person_id == person.c.id).where(
        identity.c.external_id == keeper, person.c.community_id == where).limit(1))
    if person_id is None:
        raise Refusal("group.keeper", keeper=keeper)
    hand = road == HAND
    chat_id = tx.add(chat, community_id=where, channel=road, external_id=name if hand else chatid, name=name,
                     building_id=_building(tx, where, building_name) if building_name else None, post_channel=road,
                     post_address=name if hand else f"{keeper}|{chatid}", keeper_id=person_id)
    audit.note(tx, actor, "chat.create", f"chat:{chat_id}", now=now, community_id=where, road=road)
    return int(chat_id)


def _community(tx: Tx, code: str) -> int:
    found = tx.scalar(select(community.c.id).where(community.c.code == code))
    if found is None:
        raise Refusal("group.community", code=code)
    return int(found)


def _building(tx: Tx, community_id: int, name: str) -> int | None:
    found: int | None = tx.scalar(select(building.c.id).where(building.c.community_id == community_id, building.c.name == name))
    return found
