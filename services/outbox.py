"""What shall be sent, written in the transaction that decided it; bot/delivery.py sends it after the commit."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.card import Card
from domain.clock import QuietHours
from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import chat, forward, identity, outbox, person
from services import audit
from texts.say import say

TEXT_BYTES = 2048  # the smallest limit among the channels that push
QUIET = QuietHours()
HAND = "hand"  # the road of a group that no API reaches: somebody carries the news there, services/forward.py
DANGER, RESULT, NEWS, REMINDER = 0, 1, 2, 3  # what goes first when not everything may be sent


@dataclass(frozen=True, slots=True)
class Road:
    """What must be known of an account before something is queued for it."""

    push_person: bool = False
    push_group: bool = False
    cards: bool = False
    links: bool = False
    text_bytes: int = TEXT_BYTES
    window: timedelta | None = None  # a person can be written to only so long after they were heard
    heard_once: bool = False  # and only if they were ever heard


_roads: dict[str, Road] = {}


def configure(roads: dict[str, Road], quiet: QuietHours) -> None:
    """Tells what each account can do, and when nobody is disturbed; called once at start."""
    global QUIET
    QUIET = quiet
    _roads.clear()
    _roads.update(roads)


def to_chat(tx: Tx, *, chat_id: int, key: str, text: str = "", facts: dict[str, Any] | None = None, card: Card | None = None,
            url: str = "", now: datetime, quiet: bool = True, weight: int = NEWS) -> bool:
    """Queues a post to a group; False when the group has no posting address yet.

    Where the road draws cards, the card goes out; elsewhere the words, with the address of the page at their end.
    """
    row = tx.first(select(chat.c.community_id, chat.c.post_channel, chat.c.post_address).where(chat.c.id == chat_id))
    if row is None or not row.post_channel or not row.post_address:
        return False
    if row.post_channel == HAND:
        _carry(tx, chat_id=chat_id, community_id=row.community_id, key=key, facts=facts, now=now,
               text=f"{text}\n{say('page.link', url=url)}" if url else text)
        return True
    put(tx, key=key, community_id=row.community_id, channel=row.post_channel, target=f"chat:{chat_id}",
        address=row.post_address, text=text, facts=facts, card=card, url=url, at=now, now=now, quiet=quiet, weight=weight)
    return True


def _carry(tx: Tx, *, chat_id: int, community_id: int, key: str, text: str, facts: dict[str, Any] | None, now: datetime) -> None:
    """Keeps news for a group until somebody carries them there; a picture joins the words it belongs to."""
    if facts is not None:
        tx.execute(update(forward).where(forward.c.key == key.removesuffix(":chart")).values(facts=facts))
        return
    insert = insert_postgres if tx.postgres else insert_sqlite
    tx.execute(insert(forward).values(key=key, community_id=community_id, chat_id=chat_id, text=text, state="waiting",
                                      created_at=now, reminders=0).on_conflict_do_nothing(index_elements=["key"]))


def to_person(tx: Tx, *, person_id: int, key: str, text: str, card: Card | None = None, url: str = "", now: datetime,
              quiet: bool = True, weight: int = NEWS) -> bool:
    """Queues a private message; False when no channel can reach this person or they have left."""
    row = _way_to(tx, person_id, now)
    if row is None:
        return False
    put(tx, key=key, community_id=row.community_id, channel=row.channel, target=f"identity:{row.id}",
        address=row.external_id, text=text, card=card, url=url, at=now, now=now, quiet=quiet, weight=weight)
    return True


def reaches(tx: Tx, person_id: int, now: datetime) -> bool:
    """True when some channel can push to this person now."""
    return _way_to(tx, person_id, now) is not None


def _way_to(tx: Tx, person_id: int, now: datetime) -> Row[Any] | None:
    """The identity that was heard last among those a channel can push to.

    A 公众号 may write to a person only within 48 hours of their last message (customer-service messages); of somebody
    who was never heard here (just loaded, or a follower) the platform knows better, so they are tried.
    """
    ways = [and_(identity.c.channel == name, *_heard(road, now)) for name, road in _roads.items() if road.push_person]
    return None if not ways else tx.first(
        select(person.c.community_id, identity.c.id, identity.c.channel, identity.c.external_id)
        .join_from(person, identity, identity.c.person_id == person.c.id)
        .where(person.c.id == person_id, person.c.left_at.is_(None), identity.c.unreachable_at.is_(None), or_(*ways))
        .order_by(identity.c.heard_at.desc().nulls_last(), identity.c.id).limit(1))


def _heard(road: Road, now: datetime) -> list[Any]:
    never = [] if road.heard_once else [identity.c.heard_at.is_(None)]
    return [or_(*never, identity.c.heard_at > (now - road.window if road.window else datetime(2000, 1, 1, tzinfo=UTC)))]


def put(tx: Tx, *, key: str, community_id: int | None, channel: str, target: str, address: str, text: str = "",
        facts: dict[str, Any] | None = None, card: Card | None = None, url: str = "", at: datetime, now: datetime,
        quiet: bool = True, most: int | None = None, weight: int = NEWS) -> None:
    """Queues one post under its key, in pieces its road can carry; the same key again is the same news and changes nothing.

    `facts` are those of a result's picture.
    """
    road = _roads.get(channel, Road())
    kind = "chart" if facts is not None else "text"
    if card is not None and road.cards and card.options:
        kind, facts = "card", card.pack()
    elif card is not None and road.cards:  # the words say more than the buttons under them
        put(tx, key=key, community_id=community_id, channel=channel, target=target, address=address, text=text, url=url, at=at,
            now=now, quiet=quiet, weight=weight)
        key, kind, facts, text = f"{key}:card", "card", card.pack(), card.title
    elif url:
        text = f"{text}\n{say('page.link', url=url)}"
    parts = split(text, most or road.text_bytes) if kind == "text" else [text]
    insert = insert_postgres if tx.postgres else insert_sqlite
    rows = [{
        "key": key if n == 0 else f"{key}:{n + 1}", "community_id": community_id, "channel": channel, "target": target,
        "address": address, "kind": kind, "text": part, "facts": facts, "weight": weight,
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


