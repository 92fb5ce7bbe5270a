"""What the console lists of news that only people bring on: the forward kit, and tasks that an owner must confirm."""

from typing import Any

from sqlalchemy import Row, select

from models.base import Tx
from models.tables import chat, forward, group_task, identity, outbox
from services.browse import holds, labels
from services.paging import Filter, Page, short


def forwards(tx: Tx, chosen: Filter) -> Page:
    """News for groups that no API reaches, with who keeps the group."""
    query = select(forward, chat.c.name.label("group"), chat.c.keeper_id).join_from(forward, chat, forward.c.chat_id == chat.c.id)
    if chosen.kind:
        query = query.where(forward.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(forward.c.text, chosen.text) | holds(chat.c.name, chosen.text))
    return short(tx, query, chosen, community=forward.c.community_id, at=forward.c.created_at, key=forward.c.id)


def tasks(tx: Tx, chosen: Filter) -> Page:
    """Posts for 客户群 that no resident sees before the owner confirms them."""
    query = select(group_task, chat.c.name.label("group"), chat.c.keeper_id, outbox.c.text).join_from(
        group_task, chat, group_task.c.chat_id == chat.c.id).join(outbox, outbox.c.id == group_task.c.outbox_id)
    if chosen.kind:
        query = query.where(group_task.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(outbox.c.text, chosen.text) | holds(chat.c.name, chosen.text))
    return short(tx, query, chosen, community=group_task.c.community_id, at=group_task.c.created_at, key=group_task.c.id)


def carriers(tx: Tx, rows: list[Row[Any]]) -> dict[int, str]:
    """Those who keep the groups of these rows, and those who carried, as admins call them."""
    return labels(tx, {i for row in rows for i in (row.keeper_id, row.done_by) if i is not None})


def owners(tx: Tx, rows: list[Row[Any]]) -> dict[int, str]:
    """The owner of each task by the task's id: the keeper of the group, or whoever has the owner's account."""
    known = {row.external_id: row.person_id for row in tx.all(
        select(identity.c.external_id, identity.c.person_id).where(identity.c.external_id.in_({row.owner for row in rows})))}
    persons = {row.id: row.keeper_id or known.get(row.owner) for row in rows}
    called = labels(tx, {i for i in persons.values() if i is not None})
    return {row.id: called.get(persons[row.id] or 0, row.owner) for row in rows}
