"""What admins look at: lists that page by key and never by offset, so that a million rows stay fast."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Select, case, func, select

from models.base import Tx
from models.tables import (
    audit,
    ballot,
    ballot_log,
    bind_code,
    chat,
    heartbeat,
    home,
    identity,
    issue,
    issue_event,
    message,
    outbox,
    person,
    poll,
    residence,
    supporter,
)
from texts.say import clock

PAGE = 50
SECRET_INTENTS = ("vote.secret", "vote.which")  # messages that tell a choice nobody else shall see


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty fields do not narrow."""

    community_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    person: str = ""
    kind: str = ""
    text: str = ""
    before: int | None = None  # the key the page ends before
    limit: int = PAGE


def messages(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """The message log, newest first; words stand there only where they were kept, and never tell a choice that is not public."""
    columns = [c for c in message.c if c.name not in ("reply", "payload")]
    reply = case((message.c.intent.in_(SECRET_INTENTS), None), else_=message.c.reply).label("reply")
    query: Select[Any] = select(*columns, reply, chat.c.name.label("chat_name")).join_from(
        message, chat, message.c.chat_id == chat.c.id, isouter=True)
    query = _narrow(query, chosen, message.c.community_id, message.c.received_at, message.c.id)
    if chosen.person:
        query = query.where(message.c.person_id.in_(people_called(tx, chosen)))
    if chosen.kind:
        query = query.where(message.c.intent.like(f"{_plain(chosen.kind)}%", escape="\\"))
    if chosen.text:
        words = f"%{_plain(chosen.text)}%"
        query = query.where(message.c.text.like(words, escape="\\") | reply.like(words, escape="\\"))
    return tx.all(query)


def audits(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """The audit chain, newest first."""
    query = _narrow(select(audit), chosen, audit.c.community_id, audit.c.at, audit.c.seq)
    if chosen.person:
        query = query.where(audit.c.actor.in_([f"person:{i}" for i in people_called(tx, chosen)] + [chosen.person]))
    if chosen.kind:
        query = query.where(audit.c.action.like(f"{_plain(chosen.kind)}%", escape="\\"))
    if chosen.text:
        query = query.where(audit.c.object == chosen.text)
    return tx.all(query)


def issues(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """Issues with a number, newest first."""
    behind = select(func.count()).where(supporter.c.issue_id == issue.c.id).scalar_subquery()
    query = _narrow(select(issue, behind.label("behind")), chosen, issue.c.community_id, issue.c.created_at, issue.c.id)
    query = query.where(issue.c.number.is_not(None))
    if chosen.person:
        query = query.where(issue.c.submitter_id.in_(people_called(tx, chosen)))
    if chosen.kind:
        query = query.where((issue.c.state == chosen.kind) | (issue.c.category == chosen.kind))
    if chosen.text:
        words = f"%{_plain(chosen.text)}%"
        query = query.where(issue.c.title.like(words, escape="\\") | issue.c.text.like(words, escape="\\"))
    return tx.all(query)


def polls(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """Polls, newest first, with how many ballots they have."""
    cast = select(func.count()).where(ballot.c.poll_id == poll.c.id, ballot.c.choice != "").scalar_subquery()
    query = _narrow(select(poll, cast.label("ballots")), chosen, poll.c.community_id, poll.c.opens_at, poll.c.id)
    if chosen.kind:
        query = query.where(poll.c.state == chosen.kind)
    if chosen.text:
        query = query.where(poll.c.title.like(f"%{_plain(chosen.text)}%", escape="\\"))
    return tx.all(query)


def posts(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """The outbox, newest first; addresses are credentials and are not shown."""
    query = _narrow(select(*[c for c in outbox.c if c.name != "address"]), chosen, outbox.c.community_id,
                    outbox.c.created_at, outbox.c.id)
    if chosen.kind:
        query = query.where(outbox.c.state == chosen.kind)
    if chosen.text:
        words = f"%{_plain(chosen.text)}%"
        query = query.where(outbox.c.text.like(words, escape="\\") | outbox.c.key.like(words, escape="\\"))
    return tx.all(query)


def people(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """The people who are known, newest first."""
    query = _narrow(select(person).where(person.c.erased_at.is_(None)), chosen, person.c.community_id,
                    person.c.created_at, person.c.id)
    if chosen.person:
        query = query.where(person.c.id.in_(people_called(tx, chosen)))
    if chosen.kind:
        query = query.where(person.c.role == chosen.kind)
    return tx.all(query)


def homes(tx: Tx, chosen: Filter) -> list[Row[Any]]:
    """Homes with how many people are bound and whether a code is out."""
    bound = select(func.count()).where(residence.c.home_id == home.c.id, residence.c.until.is_(None)).scalar_subquery()
    code = select(func.max(bind_code.c.expires_at)).where(
        bind_code.c.home_id == home.c.id, bind_code.c.used_at.is_(None)).scalar_subquery()
    query = _narrow(select(home, bound.label("bound"), code.label("code_until")), chosen, home.c.community_id, None, home.c.id)
    if chosen.text:
        query = query.where(home.c.label.like(f"%{_plain(chosen.text)}%", escape="\\"))
    return tx.all(query)


def ballots(tx: Tx, poll_row: Row[Any], chosen: Filter) -> list[Row[Any]]:
    """Who voted: with the choice in a named poll; without choice and time, by person, in one that is not public."""
    if poll_row.anonymous:
        return tx.all(select(ballot.c.person_id, ballot.c.id).where(ballot.c.poll_id == poll_row.id, ballot.c.choice != "")
                      .order_by(ballot.c.person_id).limit(chosen.limit))
    query = select(ballot_log.c.id, ballot_log.c.person_id, ballot_log.c.voter, ballot_log.c.act, ballot_log.c.choice,
                   ballot_log.c.at).where(ballot_log.c.poll_id == poll_row.id)
    if chosen.before is not None:
        query = query.where(ballot_log.c.id < chosen.before)
    return tx.all(query.order_by(ballot_log.c.id.desc()).limit(chosen.limit))


def timeline(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """Everything that happened to an issue, oldest first."""
    return tx.all(select(issue_event).where(issue_event.c.issue_id == issue_id).order_by(issue_event.c.id).limit(500))


def one(tx: Tx, table: Any, key: int, community_id: int | None) -> Row[Any] | None:
    """One row, if it belongs to the community."""
    query = select(table).where(table.c.id == key)
    return tx.first(query if community_id is None else query.where(table.c.community_id == community_id))


def overview(tx: Tx, community_id: int | None) -> dict[str, Any]:
    """The figures of the first page."""
    def how_many(table: Any, *conditions: Any) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(tx.scalar(query if community_id is None else query.where(table.c.community_id == community_id)))

    return {
        "open_issues": how_many(issue, issue.c.state.in_(["submitted", "accepted", "consulting", "in_progress", "resolved"])),
        "new_issues": how_many(issue, issue.c.state == "submitted"),
        "open_polls": how_many(poll, poll.c.state == "open"),
        "people": how_many(person, person.c.erased_at.is_(None)),
        "waiting": how_many(outbox, outbox.c.state.in_(["waiting", "sending"])),
        "dead": how_many(outbox, outbox.c.state == "dead"),
        "heartbeat": tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == "scheduler")),
    }


def labels(tx: Tx, ids: set[int]) -> dict[int, str]:
    """How admins see people: home and name as far as known, else the number."""
    if not ids:
        return {}
    found = {row.id: row.name for row in tx.all(select(person.c.id, person.c.name).where(person.c.id.in_(ids)))}
    where: dict[int, list[str]] = {}
    for row in tx.all(select(residence.c.person_id, home.c.label).join_from(residence, home).where(
            residence.c.person_id.in_(ids), residence.c.until.is_(None)).order_by(home.c.id)):
        where.setdefault(row.person_id, []).append(row.label)
    return {i: " ".join(x for x in ("、".join(where.get(i, [])), found.get(i)) if x) or f"居民#{i}" for i in ids}


def targets(tx: Tx, found: set[str]) -> dict[str, str]:
    """Where posts go, in words: the group's name, or the person behind an identity."""
    ids = {t: int(t.partition(":")[2]) for t in found}
    chats = {t: i for t, i in ids.items() if t.startswith("chat:")}
    persons = {t: i for t, i in ids.items() if t.startswith("identity:")}
    groups = {row.id: row.name for row in tx.all(select(chat.c.id, chat.c.name).where(chat.c.id.in_(chats.values())))}
    owner = {row.id: row.person_id for row in tx.all(
        select(identity.c.id, identity.c.person_id).where(identity.c.id.in_(persons.values())))}
    called = labels(tx, set(owner.values()))
    return ({t: groups.get(i) or t for t, i in chats.items()}
            | {t: called.get(owner.get(i, 0), t) for t, i in persons.items()})


def people_called(tx: Tx, chosen: Filter) -> list[int]:
    """People by number, name or home; names are sealed, so they are compared here and not in the database."""
    wanted = chosen.person.strip().lstrip("#").removeprefix("居民#")
    query = select(person.c.id, person.c.name)
    where = select(residence.c.person_id).join_from(residence, home).where(home.c.label.like(f"%{_plain(wanted)}%", escape="\\"))
    if chosen.community_id is not None:
        query = query.where(person.c.community_id == chosen.community_id)
        where = where.where(home.c.community_id == chosen.community_id)
    called = [row.id for row in tx.all(query) if (row.name and wanted in row.name) or str(row.id) == wanted]
    return called + list(tx.connection.scalars(where))


def log_lines(tx: Tx, *, community_id: int | None, since: datetime, person: str, kind: str, text: str, limit: int) -> list[str]:
    """The message log as lines for a terminal, the newest last."""
    rows = messages(tx, Filter(community_id, since, None, person, kind, text, limit=limit))
    names = labels(tx, {row.person_id for row in rows if row.person_id})
    return [f"{clock(row.received_at)} [{row.chat_name or '私聊'}] {names.get(row.person_id, '—')} {row.intent or '—'}"
            f"：{_printable(row.text or '（未保存）')} → {_printable(row.reply or '（无）')}" for row in reversed(rows)]


def _narrow(query: Select[Any], chosen: Filter, community: Column, at: Column | None, key: Column) -> Select[Any]:
    if chosen.community_id is not None:
        query = query.where(community == chosen.community_id)
    if at is not None and chosen.since is not None:
        query = query.where(at >= chosen.since)
    if at is not None and chosen.until is not None:
        query = query.where(at < chosen.until)
    if chosen.before is not None:
        query = query.where(key < chosen.before)
    return query.order_by(key.desc()).limit(chosen.limit)


def _plain(words: str) -> str:
    """Words for LIKE, in which % and _ mean themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _printable(words: str) -> str:
    """One line for a terminal: control characters shown, not obeyed."""
    return "".join(c if c.isprintable() else " " for c in words)
