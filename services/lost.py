"""What becomes of a private post that did not arrive: another road, or somebody of the staff is told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.clock import SHANGHAI
from domain.roles import SYSTEM
from models.base import Tx
from models.tables import chat, identity, issue, message, outbox, poll
from services import audit, digest, notices, people
from services import outbox as queue
from texts.say import say

_AGAIN = ":again"  # at the end of the key of a post that is tried on another road


def divert(tx: Tx, row: Row[Any], *, gone: bool = False, shut: bool = False, now: datetime) -> None:
    """Draws the conclusions of a dead post: what is known of the person's account now, and what else can be done.

    `gone`: this account reaches the person no more; `shut`: not until they speak again.
    """
    if row.target.startswith("chat:"):
        _tell_of_group(tx, row, now)
    if not row.target.startswith("identity:"):
        return
    identity_id = int(row.target[9:])
    if row.kind == "notice" and (gone or shut):
        notices.void(tx, identity_id=identity_id, template=row.facts["template"], now=now)
    if gone:
        tx.execute(update(identity).where(identity.c.id == identity_id).values(unreachable_at=now))
    elif shut and row.kind != "notice":
        tx.execute(update(identity).where(identity.c.id == identity_id).values(shut_at=now))
    person_id = tx.scalar(select(identity.c.person_id).where(identity.c.id == identity_id))
    if person_id is None or row.kind not in ("text", "notice", "card") or row.key.endswith((_AGAIN * 2, ":card")):
        return  # what stands under words went with them
    had = row.facts if row.kind != "card" else None
    told = notices.Notice(**had) if had and (row.kind == "text" or gone or shut) else None
    other = None if gone or shut else identity_id  # what simply failed is not tried on the same road once more
    if not queue.to_person(tx, person_id=person_id, key=row.key + _AGAIN, text=row.text, notice=told, now=now, quiet=row.quiet,
                           weight=row.weight, but=other):
        for part in digest.parts(tx, row.id) or [row]:
            (_tell_caller if ":handoff:person:" in part.key else _tell_staff)(tx, part, now)


def unspoken(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Staff hear once for a post that waits until somebody speaks to the bot in its group."""
    name = tx.scalar(select(chat.c.name).where(chat.c.id == int(row.target[5:])))
    for person_id in people.staff_of(tx, row.community_id):
        queue.to_person(tx, person_id=person_id, key=f"lost:outbox:{row.id}:person:{person_id}",
                        text=say("lost.unspoken", name=name or row.target), now=now)


def missed(tx: Tx, *, channel: str, identity_id: int, what: str, now: datetime) -> bool:
    """The platform had accepted a post and now says that it never arrived: by its number, or the last notice of this name."""
    last = select(outbox).where(outbox.c.channel == channel, outbox.c.target == f"identity:{identity_id}",
                                outbox.c.state == "sent", outbox.c.kind == "notice").order_by(outbox.c.id.desc()).limit(5)
    row = next((r for r in tx.all(last) if what in (r.platform_id, r.facts["template"])), None)
    if row is None:
        return False
    tx.execute(update(outbox).where(outbox.c.id == row.id).values(state="dead", error="accepted, but not delivered"))
    audit.note(tx, SYSTEM, "outbox.dead", f"outbox:{row.id}", now=now, community_id=row.community_id, key=row.key)
    divert(tx, row, now=now)
    return True


def _tell_of_group(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Staff hear once a day and group that nothing arrives there, and what to do."""
    name = tx.scalar(select(chat.c.name).where(chat.c.id == int(row.target[5:])))
    for person_id in people.staff_of(tx, row.community_id):
        queue.to_person(tx, person_id=person_id, key=f"lost:{row.target}:{now.astimezone(SHANGHAI):%Y-%m-%d}:person:{person_id}",
                        text=say("lost.group", name=name or row.target), now=now)


def _tell_caller(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Who asked for a human was told that somebody would come: once nobody has heard of it, they are told that too."""
    call = row.key.partition(":person:")[0]
    other = select(outbox.c.id).where(outbox.c.key.startswith(f"{call}:person:", autoescape=True), outbox.c.state != "dead")
    caller = tx.scalar(select(message.c.person_id).where(message.c.id == int(call.split(":")[1])))
    if caller is not None and tx.first(other.limit(1)) is None:
        queue.to_person(tx, person_id=caller, key=f"lost:{call}", text=say("handoff.lost"), now=now)


def _tell_staff(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Once for each round of reminders and each piece of news, however many it did not reach."""
    parts: list[str] = [*row.key.split(":"), ""]
    kind, number, rest = parts[0], parts[1], parts[2:]
    if kind == "poll" and rest[:1] == ["remind"]:
        about = tx.first(select(poll.c.number, poll.c.opened_by).where(poll.c.id == int(number)))
        whom = [about.opened_by] if about is not None else []
    elif kind == "issue" and len(rest) > 2:
        about = tx.first(select(issue.c.number).where(issue.c.id == int(number)))
        whom = people.staff_of(tx, row.community_id)
    else:
        return
    for person_id in whom:
        queue.to_person(tx, person_id=person_id, key=f"lost:{kind}:{number}:{rest[0]}:{rest[1]}:person:{person_id}", now=now,
                        text=say(f"lost.{kind}", number=about.number if about is not None else 0))
