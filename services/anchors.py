"""The heads of the audit chain that groups are told with results and weekly bulletins, so that no later change goes unseen.

A post carries the head that was committed when it was queued: one that is being written in the same transaction could still be
undone, and to wait for it would hold up everybody. What the post itself tells stands in the poll's two fingerprints beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select

from domain.roles import Where
from models.base import Tx
from models.logs import anchor
from models.tables import audit, audit_head, chat, forward, outbox, poll
from services.paging import within
from texts.say import say

LOOKED_AT = 200  # posts, for the one that arrived last
_PASTED = re.compile(r"(?:留痕)?\s*(?:(\d{1,18})\s*[号:：]\s*)?([0-9a-f]{16,64})(?:…|\.\.\.)?")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stood: so many entries, and the hash of the last. The hash may be its first digits, 16 at least."""

    seq: int | None  # None: not said
    hash: str

    def __str__(self) -> str:
        return f"{'' if self.seq is None else f'{self.seq} 号 '}{self.hash[:16]}"


def committed(tx: Tx) -> Head:
    """The head everybody can rely on now."""
    row = tx.first(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1))
    return Head(0, "") if row is None else Head(row.seq, row.hash)


def under(words: str, head: Head) -> str:
    """The words with the head in a line of its own; apart from them, so that who says them otherwise cannot drop it."""
    return f"{words}\n{say('anchor', head=head)}"


def keep(tx: Tx, head: Head, *, key: str, chat_id: int, community_id: int, poll_id: int | None = None) -> None:
    """Notes that the post with this key carries the head."""
    tx.add(anchor, key=key, seq=head.seq, hash=head.hash, chat_id=chat_id, community_id=community_id, poll_id=poll_id)


def of_poll(tx: Tx, poll_id: int) -> Head | None:
    """The head that stood in a poll's result."""
    row = tx.first(select(anchor.c.seq, anchor.c.hash).where(anchor.c.poll_id == poll_id).order_by(anchor.c.id).limit(1))
    return None if row is None else Head(row.seq, row.hash)


def arrived(tx: Tx, where: Where, *, since: int = 0, most: int = LOOKED_AT) -> list[Row[Any]]:
    """What really came into groups, sent or carried by hand, the last first: seq, hash, group, at, number and title of its poll.

    Only of heads from `since` on, and of the posts queued last.
    """
    mine = within(anchor.c.community_id, where)
    newest = select(anchor).where(anchor.c.seq >= since, mine).order_by(anchor.c.id.desc()).limit(most).subquery()
    whole = outbox.alias()  # what several posts became
    at = func.coalesce(case((outbox.c.state == "sent", outbox.c.sent_at)), case((whole.c.state == "sent", whole.c.sent_at)),
                       case((forward.c.state == "done", forward.c.done_at)))
    found = select(newest.c.key, newest.c.seq, newest.c.hash, newest.c.poll_id, chat.c.name.label("group"), at.label("at"),
                   poll.c.number, poll.c.title).join_from(newest, chat, chat.c.id == newest.c.chat_id)
    for table, how in ((outbox, outbox.c.key == newest.c.key), (forward, forward.c.key == newest.c.key),
                       (whole, and_(outbox.c.state == "merged", whole.c.id == outbox.c.merged_into)),
                       (poll, poll.c.id == newest.c.poll_id)):
        found = found.outerjoin(table, how)
    return tx.all(found.where(at.is_not(None)).order_by(at.desc(), newest.c.id.desc()))


def lost(tx: Tx) -> Iterator[str]:
    """Heads that were put into a post and that the chain does not hold any more; nothing when all are where they were."""
    wrong = or_(audit.c.hash.is_(None), audit.c.hash != anchor.c.hash)
    joined = select(func.min(anchor.c.seq).label("first"), func.count(anchor.c.seq.distinct()).label("many")).join_from(
        anchor, audit, audit.c.seq == anchor.c.seq, isouter=True).where(wrong, anchor.c.seq > 0)
    found = tx.execute(joined).one()
    first, count = found.first, found.many
    if first is None:
        return
    row = tx.execute(select(anchor.c.hash).where(anchor.c.seq == first).limit(1)).one()
    good = tx.scalar(select(func.max(anchor.c.seq)).where(anchor.c.seq < first)) or 0
    yield (f"群里公布过的留痕 {Head(first, row.hash)} 链上没有"
           f"{f'（公布过而没有的共 {count} 个）' if count > 1 else ''}：第 {good + 1} 条到第 {first} 条之间被改过、删过或换过")


def read(words: str) -> Head | None:
    """A head as people copy it out of a group (留痕 123 号 3f2a…) or out of an export; None when it is none."""
    found = _PASTED.fullmatch(words.strip().lower())
    return None if found is None else Head(int(found[1]) if found[1] else None, found[2])


def fits(tx: Tx, head: Head) -> bool:
    """Whether the chain once ended in this head: what stood before it is still there, as it was."""
    here = audit.c.hash.startswith(head.hash, autoescape=True)
    if head.seq is not None:
        here = and_(here, audit.c.seq == head.seq)
    return tx.first(select(audit.c.seq).where(here).limit(1)) is not None



def restored(tx: Tx) -> datetime | None:
    """When a backup was put back last: heads told between its making and then are not on this chain."""
    at: datetime | None = tx.scalar(select(func.max(audit.c.at)).where(audit.c.action == "backup.restored"))
    return at
