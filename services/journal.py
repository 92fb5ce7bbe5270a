"""What the console lists beside messages and posts: how words were understood, what platforms answered, sweeps, logins, reveals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select, union_all

from domain.roles import Where
from models.base import Tx
from models.logs import delivery, sweep_run
from models.tables import audit_head, chat, forward, outbox, poll, poll_chat
from services import browse, finding
from services.paging import Filter, Page, long, newest_of, short, within

LOGINS = ("account",)
REVEALS = (".reveal",)
LOOKED_AT = 50  # closed polls, for the one that was made known last
SWEEPS = ("answer_parked", "begin_polls", "close_polls", "finish_polls", "remind", "fire_timers", "forget_joinings", "forget_lists",
          "forget_photos", "tell_bulletins", "group_issues", "index_logs")


def readings(tx: Tx, chosen: Filter) -> Page:
    """What messages were understood as, by which step and how surely; the kind is the step, or what was in doubt."""
    if chosen.kind:
        return browse.messages(tx, Filter(**_all_but(chosen, "kind")), how=chosen.kind)
    return browse.messages(tx, chosen)


def deliveries(tx: Tx, chosen: Filter) -> Page:
    """Each try to send a post, with the platform's answer; addresses are credentials, and answers stand in the message log."""
    text = case((outbox.c.key.like("message:%"), None), else_=outbox.c.text).label("text")
    target = case((browse.unnamed_post(), None), else_=outbox.c.target).label("target")
    query = select(*delivery.c, outbox.c.id.label("post_id"), target, text).join_from(
        delivery, outbox, outbox.c.id == delivery.c.outbox_id, isouter=True)
    where = {"community": delivery.c.community_id, "at": delivery.c.at, "key": delivery.c.id}
    if chosen.text:
        query = query.where(browse.holds(text, chosen.text) | browse.holds(delivery.c.reason, chosen.text)
                            | (delivery.c.platform_id == chosen.text) | (delivery.c.channel == chosen.text))
        if chosen.kind:
            query = query.where(delivery.c.result == chosen.kind)
        return long(tx, query, chosen, **where, words=True)
    if chosen.kind:
        return newest_of(tx, query, [delivery.c.result == chosen.kind], chosen, **where)
    return long(tx, query, chosen, **where, words=False)


def sweeps(tx: Tx, chosen: Filter) -> Page:
    """What sweeps did or what broke them, of the whole installation."""
    query = select(sweep_run)
    if chosen.kind == "failed":
        query = query.where(sweep_run.c.error.is_not(None))
    elif chosen.kind:
        query = query.where(sweep_run.c.name == chosen.kind)
    return short(tx, query, Filter(**_all_but(chosen, "community_id")), community=poll.c.community_id, at=sweep_run.c.at,
                 key=sweep_run.c.id)


def logins(tx: Tx, chosen: Filter) -> Page:
    """What became of accounts: signed in, tried in vain, signed out, password changed."""
    return browse.audits(tx, chosen, within=LOGINS)


def reveals(tx: Tx, chosen: Filter) -> Page:
    """Who looked at what is kept back: every deed whose name ends in `.reveal`."""
    return browse.audits(tx, chosen, within=REVEALS)


@dataclass(frozen=True, slots=True)
class Chain:
    """The audit chain as it stands, and what of the record was last made known outside of this database."""

    rows: int
    head: str
    indexed: int  # up to which row its lines are found at once
    posted: Row[Any] | None = None  # the poll whose two fingerprints a group was told last
    group: str = ""
    told_at: datetime | None = None


def chain(tx: Tx, community_id: Where) -> Chain:
    """Its length and end; the fingerprints (of ballots and course) that a group got with a result, sent or carried by hand."""
    head = tx.first(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1))
    rows, end = (head.seq, head.hash) if head is not None else (0, "")
    closed = select(poll).where(poll.c.log_head.is_not(None), poll.c.state == "closed",
                               within(poll.c.community_id, community_id))
    polls = {row.id: row for row in tx.all(closed.order_by(poll.c.closed_at.desc()).limit(LOOKED_AT))}
    groups = tx.all(select(poll_chat.c.poll_id, chat.c.id, chat.c.name).join_from(poll_chat, chat, poll_chat.c.chat_id == chat.c.id)
                    .where(poll_chat.c.poll_id.in_(polls)))
    keys = {f"poll:{each.poll_id}:result:chat:{each.id}": each for each in groups}
    told = [(row.at, keys[row.key]) for row in tx.all(union_all(
        select(outbox.c.key, outbox.c.sent_at.label("at")).where(outbox.c.key.in_(keys), outbox.c.state == "sent"),
        select(forward.c.key, forward.c.done_at.label("at")).where(forward.c.key.in_(keys), forward.c.state == "done"))) if row.at]
    upto = min(rows, finding.indexed(tx, finding.AUDIT))
    if not told:
        return Chain(rows, end, upto)
    at, where = max(told, key=lambda each: each[0])
    return Chain(rows, end, upto, polls[where.poll_id], where.name, at)


def _all_but(chosen: Filter, *names: str) -> dict[str, Any]:
    """The fields of a filter, those named left at what narrows nothing."""
    return {n: getattr(chosen, n) for n in Filter.__dataclass_fields__ if n not in names}

