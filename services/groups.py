"""Groups of a community: entering one, so that polls and news reach it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import building, chat, chat_member, community, identity, person
from services import audit, settings
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


def set_up(tx: Tx, actor: Actor, *, community_id: int, name: str, road: str, address: str, building_id: int | None,
           keeper_id: int | None, now: datetime) -> int:
    """Enters a group by its name in the console: one that a robot posts to (its key), a 客户群 (owner|chat_id), or one by hand."""
    settings.admin(actor)
    name = _free(tx, community_id, name, None)
    by_hand = road == HAND
    if by_hand and keeper_id is None:
        raise Refusal("setup.group_needs_keeper")
    if not by_hand and not address.strip():
        raise Refusal("setup.group_needs_address")
    _own(tx, community_id, building_id, keeper_id)
    taken = select(chat.c.id).where(chat.c.channel == road, chat.c.external_id == name)
    if tx.scalar(taken) is not None:
        raise Refusal("group.name_taken", name=name)
    chat_id = tx.add(chat, community_id=community_id, channel=road, external_id=name, name=name, building_id=building_id,
                     post_channel=road, post_address=name if by_hand else address.strip(), keeper_id=keeper_id)
    audit.note(tx, actor, "chat.create", f"chat:{chat_id}", now=now, community_id=community_id, road=road, building=building_id,
               keeper=keeper_id)
    return chat_id


def change(tx: Tx, actor: Actor, *, community_id: int, chat_id: int, name: str, building_id: int | None, keeper_id: int | None,
           road: str = "", address: str = "", now: datetime) -> None:
    """Names a group, says whose it is and who looks after it; a new address only when one is given, and never on record."""
    settings.admin(actor)
    row = tx.first(select(chat).where(chat.c.id == chat_id, chat.c.community_id == community_id))
    if row is None:
        raise Refusal("setup.group_unknown")
    _own(tx, community_id, building_id, keeper_id)
    wanted = {"name": _free(tx, community_id, name, chat_id), "building_id": building_id, "keeper_id": keeper_id}
    if address.strip():
        wanted |= {"post_channel": road or row.post_channel or row.channel, "post_address": address.strip()}
    changed = {key: value for key, value in wanted.items() if getattr(row, key) != value}
    if changed:
        tx.execute(update(chat).where(chat.c.id == chat_id).values(**changed))
        shown = [key for key in changed if key != "post_address"]
        audit.note(tx, actor, "chat.change", f"chat:{chat_id}", now=now, community_id=community_id,
                   before={key: getattr(row, key) for key in shown}, after={key: changed[key] for key in shown},
                   new_address="post_address" in changed)


def listed(tx: Tx, community_id: int) -> list[Row[Any]]:
    """Every group of the community, with how many of its members are known."""
    members = select(func.count()).where(chat_member.c.chat_id == chat.c.id).scalar_subquery().label("members")
    return tx.all(select(chat, members).where(chat.c.community_id == community_id).order_by(chat.c.id))


def _free(tx: Tx, community_id: int, name: str, but: int | None) -> str:
    """The name without needless spaces; a Refusal when it is none, too long, or another group's."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_MOST:
        raise Refusal("group.name", most=NAME_MOST)
    twin = tx.scalar(select(chat.c.id).where(chat.c.community_id == community_id, chat.c.name == name).limit(1))
    if twin not in (None, but):
        raise Refusal("group.name_taken", name=name)
    return name


def _own(tx: Tx, community_id: int, building_id: int | None, keeper_id: int | None) -> None:
    """Refuses a building or a person of another community."""
    for table, key in ((building, building_id), (person, keeper_id)):
        if key is not None and tx.scalar(select(table.c.id).where(table.c.id == key, table.c.community_id == community_id)) is None:
            raise Refusal("setup.not_here")
