"""Whom a poll is for: what the words 全小区, 本群, 3幢 and 3幢2单元 mean here, and which groups hear of it."""

from dataclasses import dataclass

from sqlalchemy import select

from domain.errors import Refusal
from models.base import Tx
from models.tables import building, chat, community
from services.people import Speaker
from texts.places import stairwell
from texts.say import say


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a poll is for: its kind, id and name, the groups that hear of it, and of a building perhaps one entrance."""

    scope: str
    id: int | None
    name: str
    chats: list[int]
    entrance: str | None = None


def scope_of(tx: Tx, actor: Speaker, words: str | None, chat_id: int | None, *, stairwells: bool) -> Scope:
    """What the scope's words mean."""
    here = tx.first(select(chat.c.id, chat.c.name).where(chat.c.id == chat_id)) if chat_id is not None else None
    everywhere = select(chat.c.id).where(chat.c.community_id == actor.community_id).order_by(chat.c.id)
    if words == "本群" and here is None:
        raise Refusal("poll.scope_no_group")
    if words == "本群" or (words is None and here is not None and not stairwells):
        assert here is not None
        return Scope("chat", here.id, here.name or say("poll.this_group"), [here.id])
    if words in (None, "全小区"):
        name = tx.scalar(select(community.c.name).where(community.c.id == actor.community_id))
        return Scope("community", None, name, list(tx.connection.scalars(everywhere)))
    stair = stairwell(words) if stairwells and words else None
    block = tx.first(select(building.c.id, building.c.name).where(
        building.c.community_id == actor.community_id, building.c.name == (stair[0] if stair else words)))
    if block is None:
        raise Refusal("poll.scope_unknown", scope=words)
    own = list(tx.connection.scalars(everywhere.where(chat.c.building_id == block.id)))
    chats = own or list(tx.connection.scalars(everywhere))
    return Scope("building", block.id, f"{block.name}{stair[1]}单元" if stair else block.name, chats, stair[1] if stair else None)
