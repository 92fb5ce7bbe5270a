"""What the console lists beside messages and posts: how words were understood, what platforms answered, sweeps, logins, reveals."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, select

from domain.roles import Where
from models.base import Tx
from models.logs import delivery, sweep_run
from models.tables import outbox, poll
from services import anchors, browse, finding
from services.paging import Filter, Page, long, newest_of, short

LOGINS = ("account",)
REVEALS = (".reveal",)
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
    """The audit chain as it stands, and which head of it a group was told last."""

    rows: int
    head: str
    indexed: int  # up to which row its lines are found at once
    posted: Row[Any] | None = None  # as services/anchors.py gives what arrived


def chain(tx: Tx, where: Where) -> Chain:
    """Its length and end; the head that came into a group last, with a result or a weekly bulletin, sent or carried by hand."""
    head = anchors.committed(tx)
    upto = min(head.seq or 0, finding.indexed(tx, finding.AUDIT))
    return Chain(head.seq or 0, head.hash, upto, next(iter(anchors.arrived(tx, where)), None))


def _all_but(chosen: Filter, *names: str) -> dict[str, Any]:
    """The fields of a filter, those named left at what narrows nothing."""
    return {n: getattr(chosen, n) for n in Filter.__dataclass_fields__ if n not in names}

