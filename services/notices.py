"""One-time notices: somebody allows one message of a kind, and it may reach them at any time, once.

How a 服务号 gets the permission (订阅通知): the person touches a `wx-open-subscribe` button on one of our pages, or the
subscription in an article; the platform then tells us by `subscribe_msg_popup_event`, one entry for each template with
accept or reject. Only that event counts as a permission: a page could be made to claim anything.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.clock import SHANGHAI
from models.base import Tx
from models.tables import identity, permission
from services import pages
from services.roads import Road
from texts.say import has, say

ASK_EVERY = timedelta(days=14)
REMIND, RESULT = "remind", "result"  # the notices an account may have templates for


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says; which of its facts a template shows, and where, is the account's business."""

    template: str
    title: str
    note: str
    until: str
    url: str = ""

    def pack(self) -> dict[str, Any]:
        """The notice as JSON."""
        return asdict(self)


def reminder(row: Row[Any], *, url: str) -> Notice:
    """A poll waits for somebody's ballot."""
    return Notice(REMIND, f"P{row.number} {row.title}", say("notices.remind"), _moment(row.closes_at), url)


def news(number: int, title: str, what: str, *, url: str, now: datetime) -> Notice:
    """Something happened to an issue."""
    key = f"notices.news.{what}"
    return Notice(RESULT, f"I{number} {title}", say(key if has(key) else "notices.news.other"), _moment(now), url)


def alarm(category: str, place: str | None, *, now: datetime) -> Notice:
    """A danger, for staff who have been silent for days."""
    return Notice(RESULT, say("notices.alarm", category=category, place=place), say("notices.check"), _moment(now))


def call(who: str, *, now: datetime) -> Notice:
    """Somebody asks for a human, and the staff have been silent for days."""
    return Notice(RESULT, say("notices.call", who=who), say("notices.contact"), _moment(now))


def grant(tx: Tx, *, identity_id: int, template: str, event_id: str, now: datetime) -> bool:
    """Keeps one permission; the same event again is the same permission."""
    insert = insert_postgres if tx.postgres else insert_sqlite
    return tx.scalar(insert(permission).values(identity_id=identity_id, template=template, event_id=event_id, at=now)
                     .on_conflict_do_nothing(index_elements=["event_id"]).returning(permission.c.id)) is not None


def unused(tx: Tx, identity_id: int, template: str = "") -> int:
    """How many notices may still be sent."""
    kind = [permission.c.template == template] if template else []
    return int(tx.scalar(select(func.count()).select_from(permission).where(
        permission.c.identity_id == identity_id, permission.c.used_at.is_(None), *kind)))


def use(tx: Tx, *, identity_id: int, template: str, now: datetime) -> bool:
    """Uses up one permission, the oldest first; of two who want the last one, one gets it."""
    while True:
        oldest = tx.scalar(select(func.min(permission.c.id)).where(
            permission.c.identity_id == identity_id, permission.c.template == template, permission.c.used_at.is_(None)))
        if oldest is None:
            return False
        mine = tx.execute(update(permission).where(permission.c.id == oldest, permission.c.used_at.is_(None)).values(used_at=now))
        if mine.rowcount == 1:
            return True


def void(tx: Tx, *, identity_id: int, template: str, now: datetime) -> None:
    """Forgets permissions that the person took back, or that the platform does not know."""
    tx.execute(update(permission).where(permission.c.identity_id == identity_id, permission.c.template == template,
                                        permission.c.used_at.is_(None)).values(used_at=now))


def may_ask(tx: Tx, who: Row[Any], road: Road, *, now: datetime) -> bool:
    """True when the person can be offered notices: not lately asked, and nothing allowed that is still unused."""
    if not road.asks or (who.asked_at is not None and now - who.asked_at < ASK_EVERY):
        return False
    return not any(unused(tx, who.id, name) for name in road.asks)


def offer(tx: Tx, who: Row[Any], road: Road, *, community_id: int, now: datetime) -> str:
    """The sentence that offers notices, with the page where one is allowed; '' when it is not the moment."""
    url = pages.notices_url(tx, community_id)
    if not url or not may_ask(tx, who, road, now=now):
        return ""
    tx.execute(update(identity).where(identity.c.id == who.id).values(asked_at=now))
    return say("notices.offer", url=url)


def _moment(at: datetime) -> str:
    return say("notices.moment", at=at.astimezone(SHANGHAI))
