"""What a community makes of kinds of matters: its own beside ours, another name, other words, given up and brought back.

Ours stand in texts/categories.yaml and stay as they are; here are the rows that say what is otherwise in one community.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, update

from domain.errors import Refusal
from domain.lifecycle import OPEN
from domain.roles import Actor
from models.base import Tx
from models.settings import own_category
from models.tables import directory, issue, party
from services import audit, settings, voices
from texts.categories import KEPT, Categories, Category, Own, rows
from texts.normal import plain

NAME, WORD, MOST, KINDS = 10, 20, 60, 60  # characters of a name and a word, words of a kind, kinds of a community's own
_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+(?:[·、/（）\-][\u4e00-\u9fffA-Za-z0-9（）]+)*")
_WORD = re.compile(r"[\u4e00-\u9fffa-z0-9]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of matter as the console shows it."""

    it: Category
    ours: str  # what we call it; '' for one of the community's own
    own: Own
    parties: tuple[str, ...] = ()  # who gets such matters
    issues: int = 0  # ever registered
    open: int = 0

    @property
    def fixed(self) -> bool:
        """True when it cannot be given up."""
        return self.it.code in KEPT


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form says of a kind."""

    name: str
    sure: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    like: str | None = None
    off: tuple[str, ...] = field(default=())


def listed(tx: Tx, community_id: int) -> list[Kind]:
    """Every kind that can be given here and every one that was given up, with who gets it."""
    own = {each.code: each for each in voices.owned(tx, community_id)}
    count = {row.category: (row.all, row.open) for row in tx.all(select(
        issue.c.category, func.count().label("all"), func.sum(case((issue.c.state.in_(OPEN), 1), else_=0)).label("open")).where(
            issue.c.community_id == community_id, issue.c.number.is_not(None)).group_by(issue.c.category))}
    gets: dict[str, list[str]] = {}
    for row in tx.all(select(directory.c.category, party.c.name).join_from(directory, party).where(
            directory.c.community_id == community_id, party.c.closed_at.is_(None)).order_by(directory.c.place, directory.c.id)):
        gets.setdefault(row.category, []).append(row.name)
    return [Kind(it, rows()[code]["name"] if code in rows() else "", own.get(code, Own(code)),
                 tuple(dict.fromkeys(gets.get(code, ()))), *map(int, count.get(code, (0, 0))))
            for code, it in Categories(own.values()).every.items()]


def create(tx: Tx, actor: Actor, *, community_id: int, wanted: Wanted, now: datetime) -> str:
    """A kind of the community's own; returns its code."""
    settings.admin(actor)
    own = voices.owned(tx, community_id)
    if sum(each.like is not None for each in own) >= KINDS:
        raise Refusal("category.too_many", most=KINDS)
    new = _checked(own, Own("", like=wanted.like), wanted)
    if not new.sure and len(new.hints) < 2:
        raise Refusal("category.no_words")
    row = tx.add(own_category, community_id=community_id, code="", changed_at=now, **_columns(new))
    code = f"own{row}"  # no two communities of one database have the same
    tx.execute(update(own_category).where(own_category.c.id == row).values(code=code))
    _note(tx, actor, "add", community_id, None, replace(new, code=code), now)
    return code


def change(tx: Tx, actor: Actor, *, community_id: int, code: str, wanted: Wanted, now: datetime) -> bool:
    """Another name or other words; False when it was so already."""
    settings.admin(actor)
    own = voices.owned(tx, community_id)
    before = _known(own, code)
    after = _checked(own, before, wanted)
    if after.like is not None and not after.sure and len(after.hints) < 2:
        raise Refusal("category.no_words")
    if after == before:
        return False
    _keep(tx, community_id, after, now)
    _note(tx, actor, "change", community_id, before, after, now)
    return True


def retire(tx: Tx, actor: Actor, *, community_id: int, code: str, now: datetime) -> None:
    """No longer offered nor recognised; what has it keeps it, and who got such matters stays noted, should it come back."""
    _turn(tx, actor, community_id, code, True, now)


def restore(tx: Tx, actor: Actor, *, community_id: int, code: str, now: datetime) -> None:
    """Offered and recognised again; its name and words must still be free."""
    _turn(tx, actor, community_id, code, False, now)


def _turn(tx: Tx, actor: Actor, community_id: int, code: str, retired: bool, now: datetime) -> None:
    settings.admin(actor)
    own = voices.owned(tx, community_id)
    before = _known(own, code)
    if retired and code in KEPT:
        raise Refusal("category.kept", name=Categories(own).called(code).name)
    if before.retired == retired:
        return
    after = replace(before, retired=retired)
    if not retired:
        _free(own, after)
    _keep(tx, community_id, after, now)
    _note(tx, actor, "retire" if retired else "restore", community_id, before, after, now)


# --- what may be entered ------------------------------------------------------------------------------------------------
def _checked(own: list[Own], before: Own, wanted: Wanted) -> Own:
    """What is asked for, as it will be kept; a Refusal says what is wrong with it."""
    name, ours = " ".join(wanted.name.split()), rows().get(before.code)
    if ours is not None and name in ("", ours["name"]):
        name = ""
    elif not name:
        raise Refusal("category.empty")
    elif not 2 <= len(name) <= NAME or not _NAME.fullmatch(name) or name.isdigit():
        raise Refusal("category.name", most=NAME)
    like = wanted.like if before.like is not None or not before.code else None
    if ours is None and like not in rows():
        raise Refusal("category.like")
    sure, hints = _words(wanted.sure), _words(wanted.hints)
    off = tuple(w for w in (*(ours or {}).get("sure", ()), *(ours or {}).get("words", ())) if w in wanted.off)
    after = replace(before, name=name or None, like=like, sure=sure, hints=tuple(w for w in hints if w not in sure), off=off)
    _free(own, after)
    return after


def _free(own: list[Own], after: Own) -> None:
    """Refuses a name that another kind has, and a word that decides another."""
    others = Categories(each for each in own if each.code != after.code)
    for other in others.every.values():
        if other.code != after.code and after.name and other.name == after.name:
            raise Refusal("category.taken" if other.code in others.offered else "category.taken_retired", name=after.name)
    for word in after.sure:
        decides = next((code for code in others.naming(word) if code != after.code), None)
        if decides is not None:
            raise Refusal("category.word_taken", word=word, name=others.called(decides).name, ours=decides in rows())


def _words(said: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, (plain(word).replace(" ", "").lower() for word in said))))
    wrong = next((word for word in found if not 2 <= len(word) <= WORD or not _WORD.fullmatch(word) or word.isdigit()), None)
    if wrong is not None:
        raise Refusal("category.word", word=wrong[:WORD], most=WORD)
    if len(found) > MOST:
        raise Refusal("category.many_words", most=MOST)
    return found


def _known(own: list[Own], code: str) -> Own:
    known = next((each for each in own if each.code == code), Own(code) if code in rows() else None)
    if known is None:
        raise Refusal("setup.not_here")
    return known


# --- rows and record ----------------------------------------------------------------------------------------------------
def _columns(own: Own) -> dict[str, Any]:
    return {"name": own.name, "resembles": own.like, "sure": list(own.sure), "hints": list(own.hints), "off": list(own.off)}


def _keep(tx: Tx, community_id: int, own: Own, now: datetime) -> None:
    values = _columns(own) | {"retired_at": now if own.retired else None, "changed_at": now}
    here = (own_category.c.community_id == community_id, own_category.c.code == own.code)
    if tx.execute(update(own_category).where(*here).values(**values)).rowcount == 0:
        tx.add(own_category, community_id=community_id, code=own.code, **values)


def _note(tx: Tx, actor: Actor, deed: str, community_id: int, before: Own | None, after: Own, now: datetime) -> None:
    voices.changed(tx, community_id)
    told = [None if each is None else _columns(each) | {"retired": each.retired} for each in (before, after)]
    audit.note(tx, actor, f"category.{deed}", f"category:{after.code}", now=now, community_id=community_id, before=told[0],
               after=told[1])
