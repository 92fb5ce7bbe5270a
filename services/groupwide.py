"""A notice of the staff for the groups of the community, or of some buildings; without personal data, never at night."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, cast, literal, select

from domain.errors import Refusal
from domain.roles import Role
from models.base import Tx
from models.tables import building, chat
from models.tables import outbox as outbox_table
from services import audit, outbox
from services.browse import holds
from services.paging import Filter, Page, begins, short
from services.people import Speaker
from texts.mask import public
from texts.normal import plain
from texts.places import building as read_building
from texts.say import say

LEAST, LONGEST = 4, 500  # characters
_EVERYBODY = re.compile(r"^(?:全体(?:业主|居民|住户)?|全小区|全社区|大家|各位(?:业主|居民|邻居)?)[\s:：,，、]*")
_BLOCK = r"\d{1,3}(?:幢|栋|号楼)"
_BUILDINGS = re.compile(rf"^(?P<list>{_BLOCK}(?:[、,，和\s]*{_BLOCK})*)(?:的?(?:人|居民|业主|住户|邻居))?[\s:：,，、]*")


@dataclass(frozen=True, slots=True)
class Notice:
    """As it will be posted, and where."""

    text: str
    chats: list[Row[Any]]

    @property
    def names(self) -> list[str]:
        """The groups, as people call them."""
        return [row.name for row in self.chats]


def posted(tx: Tx, chosen: Filter) -> Page:
    """The notices that were given out, once for each group, the newest first."""
    query = select(outbox_table, chat.c.name.label("group")).join_from(
        outbox_table, chat, outbox_table.c.target == literal("chat:") + cast(chat.c.id, String)).where(
            begins(tx, outbox_table.c.key, "notice:"))
    if chosen.kind:
        query = query.where(outbox_table.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(outbox_table.c.text, chosen.text) | holds(chat.c.name, chosen.text))
    return short(tx, query, chosen, community=outbox_table.c.community_id, at=outbox_table.c.created_at, key=outbox_table.c.id)


def prepare(tx: Tx, actor: Speaker, words: str) -> Notice:
    """Reads for whom it is and what it says; a Refusal when there is nothing to say or nobody to hear it."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    said = words.strip()
    where = _BUILDINGS.match(plain(said))
    said = said[len(where[0]):] if where else _EVERYBODY.sub("", said, count=1)
    if not LEAST <= len(said.strip()) <= LONGEST:
        raise Refusal("notice.how", most=LONGEST)
    wanted = [chat.c.community_id == actor.home_community, chat.c.post_channel.is_not(None)]
    if where:
        names = [read_building(n) for n in re.findall(_BLOCK, where["list"])]
        wanted.append(chat.c.building_id.in_(select(building.c.id).where(
            building.c.community_id == actor.home_community, building.c.name.in_(names))))
    rows = tx.all(select(chat.c.id, chat.c.name).where(*wanted).order_by(chat.c.id))
    if not rows:
        raise Refusal("notice.nowhere", buildings=where["list"] if where else "")
    return Notice(say("notice.text", words=public(said.strip())), rows)


def post(tx: Tx, actor: Speaker, notice: Notice, *, key: str, now: datetime) -> int:
    """Queues it for each group; returns for how many."""
    reached = sum(outbox.to_chat(tx, chat_id=row.id, key=f"{key}:chat:{row.id}", text=notice.text, now=now, weight=outbox.RESULT)
                  for row in notice.chats)
    audit.note(tx, actor, "notice.post", f"community:{actor.home_community}", now=now, groups=[row.id for row in notice.chats],
               words=audit.digest(notice.text))
    return reached
