"""Several posts become one where a road has few places left, or a group has heard enough of a matter for today.

The parts stay in the outbox as rows of their own, merged into the one that goes out: each key is still there only once, and
what was said can be shown piece by piece.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, update

from domain.clock import SHANGHAI
from models.base import Tx
from models.tables import identity, outbox
from texts.say import say

NEWS_A_DAY = 2  # posts about one matter in one group; and of all matters, private news to one person
SHORT = 200  # characters; longer words are no item of a list
_NEVER = 0  # never tried so far: nobody knows about it yet
_KEY = "digest:"


def can_merge(tx: Tx, target: str) -> bool:
    """True when words wait for this target that nobody has tried to send yet."""
    return tx.first(_waiting(target).limit(1)) is not None


def merge(tx: Tx, target: str, *, text_bytes: int, now: datetime, held_until: datetime | None = None) -> None:
    """Makes one post of the words that wait for this target, or of those held until a moment; the most important first."""
    held = [outbox.c.next_at == held_until] if held_until is not None else []
    waiting = tx.all(_waiting(target).where(*held).order_by(outbox.c.id).with_for_update())
    single = [row for row in waiting if not row.key.startswith(_KEY)]
    if len(waiting) < 2:
        return
    first = waiting[0]
    digest = next((row.id for row in waiting if row.key.startswith(_KEY)), None)
    if digest is None:
        digest = tx.add(
            outbox, key=f"{_KEY}{first.id}", community_id=first.community_id, channel=first.channel, target=target,
            address=first.address, kind="text", text="", facts=None, weight=first.weight, state="waiting", attempts=_NEVER,
            next_at=first.next_at, doubtful=False, quiet=True, created_at=now)
    tx.execute(update(outbox).where(outbox.c.id.in_([row.id for row in single])).values(state="merged", merged_into=digest))
    compose(tx, digest, text_bytes=text_bytes)


def compose(tx: Tx, digest_id: int, *, text_bytes: int) -> None:
    """Writes the words of a digest from its parts; when they are too many, the first line of each, and how many are left."""
    made_of = parts(tx, digest_id)
    words = [row.text for row in made_of]
    text = _page(words)
    if len(text.encode()) > text_bytes:
        words = [each.split("\n")[0] for each in words]
        shown = len(words)
        while shown > 1 and len(_page(words, shown).encode()) > text_bytes:
            shown -= 1
        text = _page(words, shown)
    tx.execute(update(outbox).where(outbox.c.id == digest_id).values(
        text=text, weight=made_of[0].weight, quiet=all(row.quiet for row in made_of), next_at=min(row.next_at for row in made_of),
        facts=next((row.facts for row in made_of if row.facts), None)))


def parts(tx: Tx, digest_id: int) -> list[Row[Any]]:
    """The posts that a digest is made of."""
    return tx.all(select(outbox).where(outbox.c.merged_into == digest_id).order_by(outbox.c.weight, outbox.c.id))


def enough_today(tx: Tx, target: str, key: str, *, now: datetime) -> bool:
    """True when this group has had its posts about the key's matter (its first two parts) since midnight."""
    about = ":".join(key.split(":")[:2]) + ":"
    day = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    had = tx.scalar(select(func.count()).select_from(outbox).where(
        outbox.c.target == target, outbox.c.key.startswith(about, autoescape=True), outbox.c.kind != "chart",
        outbox.c.created_at >= day, outbox.c.state.in_(("waiting", "sending", "sent"))))
    return int(had) >= NEWS_A_DAY


def heard_enough(tx: Tx, person_id: int, key: str, *, day: datetime) -> bool:
    """True when news of issues reach this person twice on that day, at whichever account; a digest is one."""
    begins = day.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = begins + timedelta(days=1)
    targets = [f"identity:{i}" for i in tx.connection.scalars(select(identity.c.id).where(identity.c.person_id == person_id))]
    goes = or_(and_(outbox.c.state == "sent", outbox.c.sent_at >= begins, outbox.c.sent_at < ends),
               and_(outbox.c.state.in_(("waiting", "sending")), outbox.c.next_at >= begins, outbox.c.next_at < ends))
    news = or_(and_(outbox.c.key.startswith("issue:"), outbox.c.key.contains(":person:")), outbox.c.key.startswith(_KEY))
    had = tx.scalar(select(func.count()).select_from(outbox).where(
        outbox.c.target.in_(targets), outbox.c.kind != "chart", outbox.c.key != key, ~outbox.c.key.endswith(":card"), news, goes))
    return int(had) >= NEWS_A_DAY


def tomorrow(now: datetime) -> datetime:
    """The first moment of the next day, where quiet hours then hold the post until the morning."""
    local = now.astimezone(SHANGHAI)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _waiting(target: str) -> Select[Any]:
    return select(outbox).where(outbox.c.target == target, outbox.c.state == "waiting", outbox.c.kind == "text",
                                outbox.c.attempts == _NEVER, ~outbox.c.key.contains(":anonymous:"),  # it would name whom
                                or_(outbox.c.key.startswith(_KEY), func.length(outbox.c.text) <= SHORT))


def _page(words: list[str], shown: int | None = None) -> str:
    shown = len(words) if shown is None else shown
    return say("digest", count=len(words), items=words[:shown], left=len(words) - shown)
