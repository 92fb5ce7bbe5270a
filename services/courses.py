"""The procedures of deliberation a community can use: ours, those of the installation's folder, and its own out of the console."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from domain.errors import Refusal
from domain.procedures import Course
from domain.roles import Actor
from models.base import Tx
from models.settings import own_course
from services import audit, settings
from texts import procedures

MOST = 50


def own(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """What the community has written itself."""
    return tx.all(select(own_course).where(own_course.c.community_id == community_id).order_by(own_course.c.name))


def known(tx: Tx, community_id: int | None) -> list[Course]:
    """Every procedure the community can use, the plain one first; its own stand before others of that name."""
    found = {course.name: course for course in procedures.known()}
    found |= {row.name: procedures.read_text(row.source, row.name) for row in own(tx, community_id)}
    return sorted(found.values(), key=lambda c: (c.name != procedures.PLAIN, c.name))


def called(tx: Tx, community_id: int | None, words: str) -> Course | None:
    """The procedure of this name, by whichever of its names; without words the plain one."""
    wanted = words or procedures.PLAIN
    return next((c for c in known(tx, community_id) if wanted == c.name or wanted in c.words), None)


def check(source: str, where: str = "YAML") -> Course:
    """The procedure a text describes; a Refusal says where it is wrong and what to write instead, `where` names the text."""
    try:
        return procedures.read_text(source, where)
    except procedures.Wrong as wrong:
        raise Refusal("setup.course_wrong", why=str(wrong), short=wrong.why, kind=wrong.kind, place=wrong.place,
                      item=wrong.item) from None


def keep(tx: Tx, actor: Actor, *, community_id: int, source: str, now: datetime, was: str | None = None) -> Course:
    """Keeps a procedure under its name; a deliberation that has begun goes on by the one it began with.

    `was` is the name it had, '' for a new one: one's own is renamed, and no other is written over. None: its name alone counts.
    """
    settings.admin(actor)
    course, source = check(source), source.replace("\r\n", "\n")
    if was is not None and course.name != was and course.name in {c.name for c in known(tx, community_id)}:
        raise Refusal("setup.course_taken", name=course.name, place=0, item="名称")
    rows = {row.name: row.source for row in own(tx, community_id)}
    if was and was in rows and was != course.name:
        remove(tx, actor, community_id=community_id, name=was, now=now)
        del rows[was]
    if len(rows) >= MOST and course.name not in rows:
        raise Refusal("setup.course_many", most=MOST)
    before = rows.get(course.name)
    if before != source:
        tx.execute(delete(own_course).where(own_course.c.community_id == community_id, own_course.c.name == course.name))
        tx.add(own_course, community_id=community_id, name=course.name, source=source, changed_at=now)
        audit.note(tx, actor, "course.set", f"community:{community_id}", now=now, community_id=community_id, name=course.name,
                   before=before, after=source)
    return course


def remove(tx: Tx, actor: Actor, *, community_id: int, name: str, now: datetime) -> None:
    """Takes a procedure of one's own away; one of ours of that name holds again."""
    settings.admin(actor)
    rows = {row.name: row.source for row in own(tx, community_id)}
    if name not in rows:
        raise Refusal("setup.not_here")
    tx.execute(delete(own_course).where(own_course.c.community_id == community_id, own_course.c.name == name))
    audit.note(tx, actor, "course.remove", f"community:{community_id}", now=now, community_id=community_id, name=name,
               before=rows[name], after=None)
