"""The community's own words: what people here call things and places, kept by its admins and heard at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Tx
from models.hot import Hot
from models.tables import community_word
from services import audit
from texts.normal import plain
from texts.words import categories

PLACE = "place"  # the word names a spot in the community; any other kind is a category's code
LONGEST, MOST = 20, 500
_WORDS = Hot(select(community_word.c.word, community_word.c.kind).where(community_word.c.community_id == bindparam("community_id")))


def words_of(tx: Tx, community_id: int | None) -> Mapping[str, str]:
    """Every word of the community with its kind."""
    return {r.word: r.kind for r in tx.all(_WORDS, {"community_id": community_id})} if community_id is not None else {}


def heard(tx: Tx, community_id: int | None) -> Mapping[str, str]:
    """The words that are listened for: those of a kind that is no longer given say nothing."""
    return {word: kind for word, kind in words_of(tx, community_id).items() if kind == PLACE or kind in categories()}


def listed(tx: Tx, community_id: int) -> list[Row[Any]]:
    """The words as the console shows them."""
    return tx.all(select(community_word).where(community_word.c.community_id == community_id).order_by(community_word.c.word))


def add(tx: Tx, actor: Actor, *, community_id: int, word: str, kind: str, now: datetime) -> str:
    """Adds a word, or gives it another kind; returns it as it is kept."""
    said = plain(word).replace(" ", "")
    if not 2 <= len(said) <= LONGEST or said.isdigit():
        raise Refusal("word.length", most=LONGEST)
    if kind != PLACE and kind not in categories():
        raise Refusal("word.kind")
    before = words_of(tx, community_id)
    if len(before) >= MOST and said not in before:
        raise Refusal("word.too_many", most=MOST)
    tx.execute(delete(community_word).where(community_word.c.community_id == community_id, community_word.c.word == said))
    tx.add(community_word, community_id=community_id, word=said, kind=kind, created_at=now)
    audit.note(tx, actor, "word.add", f"community:{community_id}", now=now, community_id=community_id, word=said, kind=kind,
               before=before.get(said))
    return said


def remove(tx: Tx, actor: Actor, *, community_id: int, word: str, now: datetime) -> None:
    """Takes a word out."""
    tx.execute(delete(community_word).where(community_word.c.community_id == community_id, community_word.c.word == word))
    audit.note(tx, actor, "word.remove", f"community:{community_id}", now=now, community_id=community_id, word=word)
