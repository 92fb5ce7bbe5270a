"""Every message is remembered in the transaction of what it caused; a repeat gets the same words."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot.message import Media, Message, Tap
from models.base import Tx
from models.hot import Hot
from models.tables import identity, message, person
from services.people import NOTICE_VERSION

_VALUES = ("channel", "external_id", "kind", "state", "sent_at", "received_at", "payload")
_FACTS = ("community_id", "person_id", "chat_id", "intent", "text", "reply", "card", "state", "payload", "how", "sure")
_STORED = Hot(select(message.c.id, message.c.reply, message.c.card, message.c.state, message.c.payload).where(
    message.c.channel == bindparam("channel"), message.c.external_id == bindparam("external_id")))
_FINISH = Hot(update(message).where(message.c.id == bindparam("message_id")).values({n: bindparam(n) for n in _FACTS}))

_CONSENTED = Hot(select(person.c.id).join_from(identity, person).where(
    identity.c.channel == bindparam("channel"), identity.c.external_id == bindparam("sender"), person.c.left_at.is_(None),
    person.c.consent_version >= NOTICE_VERSION))


_LAST = Hot(select(message.c.id, message.c.intent, message.c.chat_id).where(
    message.c.person_id == bindparam("person_id"), message.c.id < bindparam("before")).order_by(message.c.id.desc()).limit(1))


_ASKED = Hot(select(message.c.id, message.c.intent, message.c.chat_id).where(
    message.c.person_id == bindparam("person_id"), message.c.id < bindparam("before"),
    func.coalesce(message.c.intent, "") != bindparam("gone")).order_by(message.c.id.desc()).limit(1))
GONE = "card.gone"  # the intent of a touch on a card whose question is over


def _first(insert: Any) -> Hot:
    return Hot(insert(message).values({name: bindparam(name) for name in _VALUES}).on_conflict_do_nothing(
        index_elements=["channel", "external_id"]).returning(message.c.id))


_FIRST_SQLITE, _FIRST_POSTGRES = _first(insert_sqlite), _first(insert_postgres)


@dataclass(frozen=True, slots=True)
class Sight:
    """A message on its first sight, or the words it was answered with before."""

    message_id: int
    repeat: bool
    reply: str = ""
    card: dict[str, Any] | None = None


def first_sight(tx: Tx, heard: Message, *, now: datetime, payload: str | None = None) -> Sight:
    """Remembers the message; a repeat comes back with the stored reply. With a payload it is parked for later."""
    values = {"channel": heard.channel, "external_id": heard.external_id, "kind": heard.kind,
              "state": "parked" if payload else "done", "sent_at": heard.sent_at, "received_at": now, "payload": payload}
    new = tx.scalar(_FIRST_POSTGRES if tx.postgres else _FIRST_SQLITE, values)
    if new is not None:
        return Sight(new, False)
    row = tx.first(_STORED, {"channel": heard.channel, "external_id": heard.external_id})
    assert row is not None  # the insert met it
    return Sight(row.id, True, row.reply or (row.payload if row.state == "done" else "") or "", row.card)


def answered(tx: Tx, channel: str, external_id: str, *, person_id: int) -> Sight | None:
    """What this person was answered to their message; None when it was not theirs or has no answer yet."""
    row = tx.first(select(message.c.id, message.c.reply, message.c.card, message.c.state, message.c.payload).where(
        message.c.channel == channel, message.c.external_id == external_id, or_(
            message.c.person_id == person_id, message.c.person_id.is_(None))))
    said = "" if row is None else row.reply or (row.payload if row.state == "done" else "") or ""
    return None if row is None else Sight(row.id, True, said, row.card)


def finish(tx: Tx, message_id: int, **facts: Any) -> None:
    """Writes down who said it, what it was understood as (an order and a form need no understanding), and what was answered."""
    tx.execute(_FINISH, {"message_id": message_id, "how": None, "sure": None, **facts})


def give_up(tx: Tx, message_id: int) -> None:
    """Marks a parked message as failed and forgets its words."""
    tx.execute(update(message).where(message.c.id == message_id).values(state="failed", payload=None))


def community_of(tx: Tx, message_id: int) -> int | None:
    """Where the message belongs."""
    return cast(int | None, tx.scalar(select(message.c.community_id).where(message.c.id == message_id)))


def last_intent(tx: Tx, person_id: int, *, before: int, chat_id: int | None) -> str | None:
    """What the person's message before this one was understood as, if it was in the same chat; `?` ends a question."""
    row = tx.first(_LAST, {"person_id": person_id, "before": before})
    return row.intent if row is not None and row.chat_id == chat_id else None


def last_heard(tx: Tx, person_id: int, *, before: int) -> datetime | None:
    """When the person's message before this one came."""
    return cast(datetime | None, tx.scalar(select(message.c.received_at).where(
        message.c.person_id == person_id, message.c.id < before).order_by(message.c.id.desc()).limit(1)))


def still_asks(tx: Tx, person_id: int, question: int, *, before: int, chat_id: int | None) -> bool:
    """True when nothing was said in this chat since the question that answered this message."""
    row = tx.first(_ASKED, {"person_id": person_id, "before": before, "gone": GONE})
    return row is not None and row.id == question and row.chat_id == chat_id and (row.intent or "").endswith("?")


def may_park(tx: Tx, heard: Message) -> bool:
    """Words of somebody who has not consented, or only to an older notice, must not wait in the database."""
    return bool(tx.scalar(_CONSENTED, {"channel": heard.channel, "sender": heard.sender}))


def pack(heard: Message) -> str:
    """A message as text, to be parked."""
    return json.dumps(asdict(heard) | {"sent_at": heard.sent_at.isoformat()}, ensure_ascii=False)


def unpack(payload: str) -> Message:
    """The parked message again."""
    facts = json.loads(payload)
    tap = Tap(**facts["tap"]) if facts.get("tap") else None
    lists = {name: tuple(facts.get(name, ())) for name in ("granted", "refused", "failed")}
    media = tuple(Media(**each) for each in facts.get("media", ()))
    return Message(**facts | lists | {"media": media, "sent_at": datetime.fromisoformat(facts["sent_at"]), "tap": tap})


def next_parked(tx: Tx) -> Row[Any] | None:
    """The parked message that has waited longest, held so that nobody else takes it."""
    return tx.first(select(message.c.id, message.c.payload, message.c.received_at).where(message.c.state == "parked")
                    .order_by(message.c.id).limit(1).with_for_update(skip_locked=True))
