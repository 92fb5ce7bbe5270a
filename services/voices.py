"""How each community speaks: made from its rows, kept in memory, and made anew after any change, in whichever process.

Every change gives the community another mark; one look at the mark says whether what is kept still holds.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row, bindparam, or_, select, update

from models.base import Tx
from models.hot import Hot
from models.settings import own_category, wording
from models.tables import community
from texts import say as catalogue
from texts import voice
from texts import wording as words
from texts.categories import Categories, Own
from texts.voice import Voice

MOST = 1000  # voices kept; a mark is never used twice, so that one which is kept never goes stale
_MARK = Hot(select(community.c.voice).where(community.c.id == bindparam("community_id")))
_kept: dict[tuple[int, str], Voice] = {}


@contextmanager
def speaking(tx: Tx, community_id: int | None) -> Iterator[None]:
    """Inside the block it is said and heard as in this community."""
    with voice.speaking(of(tx, community_id)):
        yield


def of(tx: Tx, community_id: int | None) -> Voice | None:
    """How a community speaks; None where it has nothing of its own. Without a community, what all of them have in common."""
    if community_id is None:
        every = list(tx.connection.scalars(select(community.c.id).limit(2)))
        if len(every) != 1:
            return _everywhere(tx)
        community_id = every[0]
    row = tx.first(_MARK, {"community_id": community_id})
    mark = row.voice if row is not None else None
    if mark is None:
        return None
    known = _kept.get((community_id, mark))
    if known is None:
        known = _make(tx, community_id)
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[community_id, mark] = known
    return known


def changed(tx: Tx, community_id: int | None) -> None:
    """Marks that a community, or (None) all of them, will speak otherwise after this transaction."""
    which = [community.c.id == community_id] if community_id is not None else []
    tx.execute(update(community).where(*which).values(voice=secrets.token_hex(8)))


def owned(tx: Tx, community_id: int) -> list[Own]:
    """What the community has made of kinds of matters, the oldest first."""
    return [_own(row) for row in tx.all(select(own_category).where(own_category.c.community_id == community_id)
                                        .order_by(own_category.c.id))]


def _make(tx: Tx, community_id: int) -> Voice:
    said = tx.all(select(wording).where(or_(wording.c.community_id.is_(None), wording.c.community_id == community_id))
                  .order_by(wording.c.community_id.is_not(None)))
    return _voice([(row.name, row.source) for row in said], owned(tx, community_id))


def _everywhere(tx: Tx) -> Voice:
    """For what shows several communities at once: own kinds by their name and community, ours as we call them."""
    rows = tx.all(select(own_category, community.c.name.label("place")).join_from(own_category, community).where(
        own_category.c.resembles.is_not(None)).order_by(own_category.c.id))
    said = tx.all(select(wording).where(wording.c.community_id.is_(None)))
    return _voice([(row.name, row.source) for row in said],
                  [Own(row.code, f"{row.name}（{row.place}）", row.resembles, retired=row.retired_at is not None) for row in rows])


def _voice(said: list[tuple[str, str]], own: list[Own]) -> Voice:
    good = {name: source for name, source in said if name in words.known() and words.problem(name, source) is None}
    return Voice(catalogue.made(good), Categories(own))


def _own(row: Row[Any]) -> Own:
    return Own(row.code, row.name, row.resembles, tuple(row.sure), tuple(row.hints), tuple(row.off),
               row.retired_at is not None)
