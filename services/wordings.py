"""What a community says in its own words; and what every one says so that has no words of its own, set by who answers for all."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.settings import wording
from services import audit, settings, voices
from texts import say as catalogue
from texts import wording as words


def own(tx: Tx, community_id: int | None) -> dict[str, Row[Any]]:
    """Every sentence that was given other words for this community alone, by its key; None: for all of them."""
    return {row.name: row for row in tx.all(select(wording).where(wording.c.community_id.is_not_distinct_from(community_id)))}


def put(tx: Tx, actor: Actor, *, community_id: int | None, key: str, source: str, now: datetime) -> None:
    """Says a sentence in these words from now on; a Refusal says what is wrong with them."""
    check(key, source)
    source = source.replace("\r\n", "\n").strip("\n")
    _keep(tx, actor, community_id, key, None if source == default(tx, community_id, key) else source, now)


def take_back(tx: Tx, actor: Actor, *, community_id: int | None, key: str, now: datetime) -> None:
    """Says a sentence as it is said without words of one's own."""
    _keep(tx, actor, community_id, key, None, now)


def _keep(tx: Tx, actor: Actor, community_id: int | None, key: str, after: str | None, now: datetime) -> None:
    settings.admin(actor)
    if community_id is None:
        settings.everywhere(tx, actor)
    here = (wording.c.name == key, wording.c.community_id.is_not_distinct_from(community_id))
    before = tx.scalar(select(wording.c.source).where(*here))
    if before == after:
        return
    tx.execute(delete(wording).where(*here))
    if after is not None:
        tx.add(wording, community_id=community_id, name=key, source=after, changed_at=now)
    voices.changed(tx, community_id)
    about = f"wording:{key}" if community_id is None else f"community:{community_id}"
    audit.note(tx, actor, "wording.set", about[:40], now=now, community_id=community_id, key=key, before=before, after=after)


def default(tx: Tx, community_id: int | None, key: str) -> str:
    """What is said where these words are taken back: in a community what holds for all, and for all ours."""
    everywhere = own(tx, None).get(key) if community_id is not None else None
    return str(everywhere.source) if everywhere is not None else catalogue.source_of(key).strip("\n")


def check(key: str, source: str) -> None:
    """Refuses words that cannot be said."""
    if key not in words.known():
        raise Refusal("wording.key")
    found = words.problem(key, source.replace("\r\n", "\n"))
    if found is not None:
        raise Refusal(found[0], **found[1])
