"""What shall be sent, written in the transaction that decided it; bot/delivery.py sends it after the commit."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.clock import QuietHours
from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import chat, identity, outbox, person
from services import audit

PUSH_WINDOW = timedelta(hours=48)
TEXT_BYTES = 2048  # the smallest limit among the channels that push
_push_channels: list[str] = []  # accounts that can push to a person
QUIET = QuietHours()


def configure(push_channels: list[str], quiet: QuietHours) -> None:
    """Tells which accounts can push to a person, and when nobody is disturbed; called once at start."""
    global QUIET
    QUIET = quiet
    _push_channels[:] = push_channels


def to_chat(tx: Tx, *, chat_id: int, key: str, text: str = "", facts: dict[str, Any] | None = None, now: datetime,
            quiet: bool = True) -> bool:
    """Queues a post to a group; False when the group has no posting address yet."""
    row = tx.first(select(chat.c.community_id, chat.c.post_channel, chat.c.post_address).where(chat.c.id == chat_id))
    if row is None or not row.post_channel or not row.post_address:
        return False
    put(tx, key=key, community_id=row.community_id, channel=row.post_channel, target=f"chat:{chat_id}",
        address=row.post_address, text=text, facts=facts, at=now, now=now, quiet=quiet)
    return True


def to_person(tx: Tx, *, person_id: int, key: str, text: str, now: datetime, quiet: bool = True) -> bool:
    """Queues a private message; False when no channel can reach this person or they have left."""
    row = _way_to(tx, person_id, now)
    if row is None:
        return False
    put(tx, key=key, community_id=row.community_id, channel=row.channel, target=f"identity:{row.id}",
        address=row.external_id, text=text, at=now, now=now, quiet=quiet)
    return True


def reaches(tx: Tx, person_id: int, now: datetime) -> bool:
    """True when some channel can push to this person now."""
    return _way_to(tx, person_id, now) is not None


def _way_to(tx: Tx, person_id: int, now: datetime) -> Row[Any] | None:
    """The identity that was heard last among those a channel can push to.

    A 公众号 may write to a person only within 48 hours of their last message (customer-service messages); of somebody
    who was never heard here (just loaded, or a follower) the platform knows better, so they are tried.
    """
    heard = or_(identity.c.heard_at.is_(None), identity.c.heard_at > now - PUSH_WINDOW)
    return tx.first(
        select(person.c.community_id, identity.c.id, identity.c.channel, identity.c.external_id)
        .join_from(person, identity, identity.c.person_id == person.c.id)
        .where(person.c.id == person_id, person.c.left_at.is_(None), identity.c.channel.in_(_push_channels), heard)
        .order_by(identity.c.heard_at.desc().nulls_last(), identity.c.id).limit(1))


def put(tx: Tx, *, key: str, community_id: int | None, channel: str, target: str, address: str, text: str = "",
        facts: dict[str, Any] | None = None, at: datetime, now: datetime, quiet: bool = True, most: int = TEXT_BYTES) -> None:
    """Queues one post under its key, in pieces of `most` bytes; the same key again is the same news and changes nothing."""
    parts = split(text, most) if facts is None else [text]
    insert = insert_postgres if tx.postgres else insert_sqlite
    rows = [{
        "key": key if n == 0 else f"{key}:{n + 1}", "community_id": community_id, "channel": channel, "target": target,
        "address": address, "kind": "text" if facts is None else "chart", "text": part, "facts": facts,
        "state": "waiting", "attempts": 0, "next_at": at, "doubtful": False, "quiet": quiet, "created_at": now,
    } for n, part in enumerate(parts)]
    tx.execute(insert(outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


def split(text: str, most: int) -> list[str]:
    """Cuts a text into pieces of at most `most` UTF-8 bytes, at line ends where possible, never inside a character."""
    pieces, rest = [], text
    while len(rest.encode()) > most:
        head = rest.encode()[:most].decode(errors="ignore")
        cut = head.rfind("\n")
        cut = cut if cut > len(head) // 2 else len(head)
        pieces.append(rest[:cut].rstrip("\n"))
        rest = rest[cut:].lstrip("\n")
    return [*pieces, rest]


def retry(tx: Tx, actor: Actor, *, outbox_id: int, now: datetime) -> None:
    """Gives a dead post another full round of attempts."""
    statement = select(outbox.c.key, outbox.c.community_id).where(outbox.c.id == outbox_id, outbox.c.state == "dead")
    if actor.community_id is not None:
        statement = statement.where(outbox.c.community_id == actor.community_id)
    row = tx.first(statement)
    if row is None:
        raise Refusal("outbox.not_dead")
    tx.execute(update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == "dead").values(
        state="waiting", attempts=0, next_at=now, lease_until=None, error=None))
    audit.note(tx, actor, "outbox.retry", f"outbox:{outbox_id}", now=now, community_id=row.community_id, key=row.key)


