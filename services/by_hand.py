"""What the console lists of what only people bring on: the forward kit, tasks that an owner must confirm, promises."""

from typing import Any

from sqlalchemy import Row, select

from models.base import Tx
from models.tables import chat, forward, group_task, identity, outbox, promise
from services import promises as promised
from services.browse import holds, labels
from services.paging import Filter, Page, short
from texts.say import say


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


def promises(tx: Tx, chosen: Filter) -> Page:
    """What was promised, by whom and until when."""
    query = promised.query()
    if chosen.kind:
        query = query.where(promise.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(promise.c.text, chosen.text) | holds(promise.c.owner, chosen.text))
    return short(tx, query, chosen, community=promise.c.community_id, at=promise.c.made_at, key=promise.c.id)


def judged(tx: Tx, rows: list[Row[Any]]) -> dict[int, str]:
    """What those whom they concern said of promises that were answered for."""
    return {row.id: say("promise.answers", answers=promised.answers(tx, row.id)) for row in rows if row.state != "open"}


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
