"""News of an issue to those it concerns: who raised it and who stands behind it, in private; the group, without names.

Nobody hears more than two of them a day, of all issues together: the third and further ones wait for the next morning and
come as one. A question that waits for an answer goes at once, and counts.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from domain.card import Card
from models.base import Tx
from models.tables import chat, issue_event
from services import joined, notices, outbox, pages, people
from texts.mask import public
from texts.say import say


def followers(tx: Tx, row: Row[Any], news: str, now: datetime, *, card: Card | None = None, but: int | None = None,
              **facts: Any) -> None:
    """Tells who raised the issue and who stands behind it, `but` who did it themselves; the card is for who has to answer.

    Of a private ticket nobody hears but who raised it; where the name is kept back, no key of a post holds it.
    """
    event, url = last_event(tx, row.id), _url(tx, row)
    for person_id, number in joined.followers(tx, row.id):
        mine = person_id == row.submitter_id
        if (row.private and not mine) or person_id == but:
            continue
        whom = f"anonymous:{number}" if mine and row.anonymous else f"person:{person_id}"
        outbox.to_person(tx, person_id=person_id, key=f"issue:{row.id}:{news}:{event}:{whom}", now=now,
                         text=say(f"issue.{news}.notice", number=number, title=row.title, mine=mine, **_public(facts)),
                         card=card if mine else None, rationed=card is None or not mine,
                         notice=notices.news(row.number, row.title, news, url=url, now=now))


def persons(tx: Tx, row: Row[Any], news: str, who: list[int], now: datetime, *, weight: int = outbox.NEWS, quiet: bool = True,
            key: str = "", notify: bool = False, card: Card | None = None, **facts: Any) -> int:
    """Tells certain people in private, staff or members of a party; returns how many can be reached.

    `notify`: worth a one-time notice, of which each may be the last that somebody allowed.
    """
    event = key or str(last_event(tx, row.id))
    whom = {i: f"anonymous:{row.number}" if row.anonymous and i == row.submitter_id else f"to:{i}" for i in who}
    return sum(outbox.to_person(tx, person_id=i, key=f"issue:{row.id}:{news}:{event}:{whom[i]}", now=now, weight=weight, card=card,
                                quiet=quiet, text=say(f"issue.{news}", number=row.number, title=row.title, **facts),
                                notice=notices.news(row.number, row.title, news, url=_url(tx, row), now=now) if notify else None)
               for i in who)


def staff(tx: Tx, row: Row[Any], news: str, now: datetime, **facts: Any) -> int:
    """Tells everybody who works for the community."""
    return persons(tx, row, news, people.staff_of(tx, row.community_id), now, **facts)


def group(tx: Tx, row: Row[Any], news: str, now: datetime, *, weight: int = outbox.NEWS, **facts: Any) -> bool:
    """Tells the group in which the issue was raised, without names; never of a private matter."""
    if row.chat_id is None or row.private:
        return False
    return outbox.to_chat(tx, chat_id=row.chat_id, key=f"issue:{row.id}:{news}:{last_event(tx, row.id)}:chat:{row.chat_id}",
                          text=say(f"issue.{news}.group", number=row.number, title=row.title, **_public(facts)),
                          now=now, url=_url(tx, row), weight=weight)


def groups(tx: Tx, row: Row[Any], news: str, now: datetime, *, weight: int = outbox.RESULT, **facts: Any) -> int:
    """Tells the group in which the issue was raised; of one raised in private, every group: it concerns everybody."""
    if row.private:
        return 0
    if row.chat_id is not None:
        return int(group(tx, row, news, now, weight=weight, **facts))
    text = say(f"issue.{news}.group", number=row.number, title=row.title, **_public(facts))
    event, url = last_event(tx, row.id), _url(tx, row)
    chats = tx.connection.scalars(select(chat.c.id).where(chat.c.community_id == row.community_id).order_by(chat.c.id)).all()
    return sum(outbox.to_chat(tx, chat_id=i, key=f"issue:{row.id}:{news}:{event}:chat:{i}", text=text, now=now, url=url,
                              weight=weight) for i in chats)


def last_event(tx: Tx, issue_id: int) -> int:
    """The newest line of the issue's course: news of one line go out once."""
    return int(tx.scalar(select(func.max(issue_event.c.id)).where(issue_event.c.issue_id == issue_id)))


def _public(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as neighbours may read them."""
    return {name: public(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


def _url(tx: Tx, row: Row[Any]) -> str:
    return pages.url_of(tx, "issue", row.community_id, row.number)
