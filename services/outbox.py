"""What shall be sent, written in the transaction that decided it; bot/delivery.py sends it after the commit."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.card import Card
from domain.clock import QuietHours
from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.tables import chat, forward, identity, outbox, person
from services import audit, digest, notices, quota
from services import quiet as hours
from services.notices import Notice
from services.people import account_of
from services.roads import Road
from texts.say import say

QUIET = QuietHours()  # where a community has not set its own: services/quiet.py
HAND = "hand"  # the road of a group that no API reaches: somebody carries the news there, services/forward.py
MORNING_S = 300
RESTORED = "restored from a backup: it may have gone out already"
DANGER, RESULT, NEWS, REMINDER = 0, 1, 2, 3  # what goes first when not everything may be sent

_as_known = person.alias()
_ACCOUNTS = (
    select(identity, person.c.community_id).join_from(person, identity, identity.c.person_id == person.c.id)
    .where(person.c.id == func.coalesce(
        select(_as_known.c.joined_into).where(_as_known.c.id == bindparam("person_id")).scalar_subquery(), bindparam("person_id")),
        person.c.left_at.is_(None), identity.c.unreachable_at.is_(None),
        identity.c.channel.in_(bindparam("pushing", expanding=True)))
    .order_by(identity.c.heard_at.desc().nulls_last(), identity.c.id))
_roads: dict[str, Road] = {}
hours.fall_back(lambda: QUIET)


class Way(NamedTuple):
    """How a private message reaches somebody."""

    who: Row[Any]  # the account
    joins: bool  # in one post with what already waits there


def configure(roads: dict[str, Road], quiet: QuietHours) -> None:
    """Tells what each account can do, and when nobody is disturbed; called once at start."""
    global QUIET
    QUIET = quiet
    _roads.clear()
    _roads.update(roads)


def roads() -> dict[str, Road]:
    """The accounts as they were told."""
    return dict(_roads)


def to_chat(tx: Tx, *, chat_id: int, key: str, text: str = "", facts: dict[str, Any] | None = None, card: Card | None = None,
            url: str = "", page_text: str = "", now: datetime, quiet: bool = True, weight: int = NEWS) -> bool:
    """Queues a post to a group; False when the group has no posting address yet.

    Where the road draws cards, the card goes out; elsewhere the words, with the address of the page at their end; where no
    bot hears the group, `page_text` instead, which says to open the page.
    """
    row = tx.first(select(chat.c.community_id, chat.c.post_channel, chat.c.post_address).where(chat.c.id == chat_id))
    if row is None or not row.post_channel or not row.post_address:
        return False
    road = _roads.get(row.post_channel, Road())
    text = page_text if page_text and url and (row.post_channel == HAND or road.by_hand) else text
    if row.post_channel == HAND or (road.by_hand and quota.tasks_used_up(tx, chat_id, now)):
        carry(tx, chat_id=chat_id, community_id=row.community_id, key=key, facts=facts, now=now,
               text=f"{text}\n{say('page.link', url=url)}" if url else text)
        return True
    if facts is not None and not road.images:
        return True  # the words of the result say it all
    target = f"chat:{chat_id}"
    held = digest.tomorrow(now) if weight >= NEWS and card is None and digest.enough_today(tx, target, key, now=now) else None
    put(tx, key=key, community_id=row.community_id, channel=row.post_channel, target=target,
        address=row.post_address, text=text, facts=facts, card=card, url=url, at=held or now, now=now, quiet=quiet, weight=weight)
    if held is not None:
        digest.merge(tx, target, text_bytes=road.text_bytes, now=now, held_until=held)
    return True


def carry(tx: Tx, *, chat_id: int, community_id: int, key: str, text: str, facts: dict[str, Any] | None, now: datetime) -> None:
    """Keeps news for a group until somebody carries them there; a picture joins the words it belongs to."""
    if facts is not None:
        tx.execute(update(forward).where(forward.c.key == key.removesuffix(":chart")).values(facts=facts))
        return
    insert = insert_postgres if tx.postgres else insert_sqlite
    tx.execute(insert(forward).values(key=key, community_id=community_id, chat_id=chat_id, text=text, state="waiting",
                                      created_at=now, reminders=0).on_conflict_do_nothing(index_elements=["key"]))


def to_person(tx: Tx, *, person_id: int, key: str, text: str = "", facts: dict[str, Any] | None = None, card: Card | None = None,
              url: str = "", notice: Notice | None = None, now: datetime, quiet: bool = True, weight: int = NEWS,
              but: int | None = None, rationed: bool = False) -> bool:
    """Queues a private message; False when no channel can reach this person or they have left.

    With a `notice` it may become a one-time notice where ordinary messages are no longer allowed. `but` is an account
    that is left out, because it has just failed. `facts` are those of a result's picture, which not every road shows.
    `rationed` news beyond a person's share of the day wait for the next morning, together.
    """
    way = _way_to(tx, person_id, now, text=text, url=url, quiet=quiet, but=but)
    if way is None:
        return notice is not None and _notify(tx, person_id, key, text, notice, now, quiet, weight)
    who = way.who
    road, target = _roads[who.channel], f"identity:{who.id}"
    if facts is not None and not road.images:
        return False
    if notice is not None and road.asks and weight == REMINDER:  # the moment to ask for the next one
        text = "\n".join(filter(None, (text, notices.offer(tx, who, road, community_id=who.community_id, now=now))))
    held = _held(tx, person_id, key, who, now) if rationed else None
    put(tx, key=key, community_id=who.community_id, channel=who.channel, target=target, address=who.external_id,
        text=text, facts=facts, card=card, url=url, notice=notice if road.templates else None, at=held or now, now=now, quiet=quiet,
        weight=weight)
    if way.joins or held is not None:
        digest.merge(tx, target, text_bytes=road.text_bytes, now=now, held_until=held)
    return True


def _held(tx: Tx, person_id: int, key: str, who: Row[Any], now: datetime) -> datetime | None:
    """The next morning, for who has had their share of the day's news; None when this may go now."""
    here = hours.of(tx, who.community_id)
    goes = here.next_allowed(now)
    if not digest.heard_enough(tx, person_id, key, day=goes):
        return None
    morning = goes if goes > now else here.next_allowed(digest.tomorrow(now))
    return morning + _a_little_later(f"identity:{who.id}")


def reaches(tx: Tx, person_id: int, now: datetime, *, notice: str = "") -> bool:
    """True when some channel can push to this person now, be it by a notice of this name."""
    if _way_to(tx, person_id, now) is not None:
        return True
    return bool(notice) and any(not _roads[who.channel].templates[notice] or notices.unused(tx, who.id, notice)
                                for who in _notifiable(tx, person_id, notice))


def shows_pictures(tx: Tx, person_id: int, now: datetime) -> bool:
    """True when what is pushed to this person now goes a road that shows pictures."""
    way = _way_to(tx, person_id, now)
    return way is not None and _roads[way.who.channel].images


def offer(tx: Tx, *, channel: str, sender: str, community_id: int, now: datetime) -> str:
    """The sentence that offers one-time notices to who has just spoken; '' when their account has none or it is not the moment."""
    road = _roads.get(channel, Road())
    return notices.offer(tx, account_of(tx, channel=channel, sender=sender), road, community_id=community_id,
                         now=now) if road.asks else ""


def shut(tx: Tx, row: Row[Any], *, now: datetime) -> bool:
    """True when the platform would only refuse this due post: the person has been silent too long, or got too much."""
    return quota.shut(tx, row, _roads.get(row.channel, Road()), now=now)


def told_since(tx: Tx, person_id: int, at: datetime) -> bool:
    """True when something was sent to this person in private since then that was no answer to them."""
    mine = [f"identity:{i}" for i in tx.connection.scalars(select(identity.c.id).where(identity.c.person_id == person_id))]
    return tx.first(select(outbox.c.id).where(outbox.c.target.in_(mine), outbox.c.created_at > at, outbox.c.state != "dead",
                                              ~outbox.c.key.startswith("message:")).limit(1)) is not None


def _way_to(tx: Tx, person_id: int, now: datetime, *, text: str = "", url: str = "", quiet: bool = True,
            but: int | None = None) -> Way | None:
    """The account that was heard last among those a channel can write to at the hour when it would.

    A 公众号 may write to a person only within 48 hours of their last message and a few times (customer-service messages);
    of somebody who was never heard here (just loaded) the platform knows better, so they are tried. When all places are taken
    by what still waits, that and this become one post.
    """
    full = None
    for who in _accounts(tx, person_id):
        if who.id == but:
            continue
        road, at = _roads[who.channel], hours.of(tx, who.community_id).next_allowed(now) if quiet else now
        size = len(text.encode()) + (len(say("page.link", url=url).encode()) + 1 if url else 0)
        if quota.left(tx, who, road, at=at) >= -(-max(1, size) // road.text_bytes):
            return Way(who, False)
        short = quiet and 0 < len(text) <= digest.SHORT
        if full is None and short and quota.left(tx, who, road, at=at, but=0) > 0 and digest.can_merge(tx, f"identity:{who.id}"):
            full = Way(who, True)
    return full


def _accounts(tx: Tx, person_id: int) -> list[Row[Any]]:
    pushing = [name for name, road in _roads.items() if road.push_person]
    return tx.all(_ACCOUNTS, {"person_id": person_id, "pushing": pushing}) if pushing else []


def _notifiable(tx: Tx, person_id: int, template: str) -> list[Row[Any]]:
    return [who for who in _accounts(tx, person_id) if template in _roads[who.channel].templates]


def _notify(tx: Tx, person_id: int, key: str, text: str, notice: Notice, now: datetime, quiet: bool, weight: int) -> bool:
    """Queues a notice and uses up the permission for it; what is queued already takes no second one."""
    if tx.first(select(outbox.c.id).where(outbox.c.key == key)) is not None:
        return True
    for who in _notifiable(tx, person_id, notice.template):
        if not _roads[who.channel].templates[notice.template] or notices.use(
                tx, identity_id=who.id, template=notice.template, now=now):
            put(tx, key=key, community_id=who.community_id, channel=who.channel, target=f"identity:{who.id}",
                address=who.external_id, text=text, notice=notice, as_notice=True, at=now, now=now, quiet=quiet, weight=weight)
            return True
    return False


def put(tx: Tx, *, key: str, community_id: int | None, channel: str, target: str, address: str, text: str = "",
        facts: dict[str, Any] | None = None, card: Card | None = None, url: str = "", notice: Notice | None = None,
        as_notice: bool = False, at: datetime, now: datetime, quiet: bool = True, most: int | None = None,
        weight: int = NEWS) -> None:
    """Queues one post under its key, in pieces its road can carry; the same key again is the same news and changes nothing.

    `facts` are those of a result's picture. A text keeps its `notice`, in case it must become one later.
    """
    road = _roads.get(channel, Road())
    kind = "notice" if as_notice else "chart" if facts is not None else "text"
    facts = notice.pack() if notice is not None else facts
    draws = road.cards and (road.group_cards or not target.startswith("chat:"))
    if card is not None and draws and card.options:
        kind, facts = "card", card.pack()
    elif card is not None and draws:  # the words say more than the buttons under them
        put(tx, key=key, community_id=community_id, channel=channel, target=target, address=address, text=text, url=url,
            notice=notice, at=at, now=now, quiet=quiet, weight=weight)
        key, kind, facts, text = f"{key}:card", "card", card.pack(), card.title
    elif url and kind == "text" and road.link_beside:
        kind, facts = "link", {"url": url, "title": text.split("\n")[0]}
    elif url and kind == "text":
        text = f"{text}\n{say('page.link', url=url)}"
    parts = split(text, most or road.text_bytes) if kind == "text" else [text]
    if quiet and weight >= NEWS and target.startswith("identity:") and (here := hours.of(tx, community_id)).cover(at):
        at = here.next_allowed(at) + _a_little_later(target)
    insert = insert_postgres if tx.postgres else insert_sqlite
    rows = [{
        "key": key if n == 0 else f"{key}:{n + 1}", "community_id": community_id, "channel": channel, "target": target,
        "address": address, "kind": kind, "text": part, "facts": facts, "weight": weight,
        "state": "waiting", "attempts": 0, "next_at": at, "doubtful": False, "quiet": quiet, "created_at": now,
    } for n, part in enumerate(parts)]
    tx.execute(insert(outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


def _a_little_later(target: str) -> timedelta:
    """Spreads what waited for the morning over its first minutes; one person hears everything in its order."""
    return timedelta(seconds=int.from_bytes(hashlib.sha256(target.encode()).digest()[:4]) % MORNING_S)


def answer(tx: Tx, *, message_id: int, community_id: int | None, channel: str, address: str, text: str, card: Card | None,
           secret: bool, now: datetime) -> None:
    """Queues the answer to a message of a channel whose own process sends; goes at once, before other posts.

    What must not lie open in the database is sealed together with the address.
    """
    if secret:
        address = f"{address}\n{json.dumps({'text': text, 'card': card.pack() if card else None}, ensure_ascii=False)}"
        text, card = "", None
    tx.add(outbox, key=f"message:{message_id}:reply", community_id=community_id, channel=channel, target=f"late:{message_id}",
           address=address, kind="card" if card else "text", text=text, facts=card.pack() if card else None, weight=RESULT,
           state="waiting", attempts=0, next_at=now, doubtful=False, quiet=False, created_at=now, message_id=message_id)


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


def wake(tx: Tx, *, channel: str, external_id: str, now: datetime) -> None:
    """What waits for a group goes at once: somebody has just spoken there."""
    where = tx.scalar(select(chat.c.id).where(chat.c.channel == channel, chat.c.external_id == external_id))
    tx.execute(update(outbox).where(outbox.c.target == f"chat:{where}", outbox.c.state == "waiting").values(next_at=now))


def hold(tx: Tx, about: str) -> None:
    """Keeps what was just queued about something until somebody decides: it may have gone out before a backup was put back."""
    tx.execute(update(outbox).where(outbox.c.key.startswith(about, autoescape=True), outbox.c.state == "waiting").values(
        state="dead", error=RESTORED))


def retry(tx: Tx, actor: Actor, *, outbox_id: int, now: datetime) -> None:
    """Gives a dead post another full round of attempts."""
    nothing = [say("rights.gone"), say("issue.struck")]  # is left to send
    statement = select(outbox.c.key, outbox.c.community_id).where(outbox.c.id == outbox_id, outbox.c.state == "dead",
                                                                  outbox.c.text.not_in(nothing))
    if actor.community_id is not None:
        statement = statement.where(outbox.c.community_id == actor.community_id)
    row = tx.first(statement)
    if row is None:
        raise Refusal("outbox.not_dead")
    tx.execute(update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == "dead").values(
        state="waiting", attempts=0, next_at=now, lease_until=None, error=None))
    audit.note(tx, actor, "outbox.retry", f"outbox:{outbox_id}", now=now, community_id=row.community_id, key=row.key)


