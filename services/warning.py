"""Early warning: a matter's score is kept, its level is told to those who may know, and a person's word stands above it.

Scored in the transaction in which something is said, so that an alert is as early as the words. No resident ever sees it: it
stands in a table of its own, never in the issue that answers and pages are made of. Nothing of it is attached to a person.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from domain.errors import Refusal
from domain.roles import SYSTEM, Actor, Role
from domain.warning import URGENT, Held, Level, Told, level_of, score, signs_of, standing
from models.base import Tx
from models.hot import Hot
from models.tables import issue, issue_event, party, person, warning
from services import audit, joined, outbox, parties, people, roster, telling
from texts.say import say
from understanding import dispute

SAID = ("supplement", "dispute", "reopen", "propose", "opinion")  # lines of an issue's course that hold somebody's words
WATCHED = frozenset({"submit", "merged_from", "parted_from", "unmerge", *SAID})
SHORTEST = 2  # characters of a reason
_BY_ID = Hot(select(issue).where(issue.c.id == bindparam("issue_id")))


def watch(tx: Tx, issue_id: int, act: str, *, now: datetime) -> None:
    """Scores the matter anew; a new score is kept, a higher level is told to those who may know."""
    row = tx.first(_BY_ID, {"issue_id": issue_id})
    assert row is not None  # issues are never deleted
    if act == "submit" and not dispute.signs(row.text):
        return  # nothing else is there yet: most reports end here
    if row.root_id is not None:
        return watch(tx, row.root_id, act, now=now)
    told, times, reopened = _told(tx, row)
    signs = signs_of(told, times=times, reopened=reopened)
    before = current(tx, row.id)
    if (sorted(signs) == sorted(before.signs)) if before is not None else not signs:
        return
    held = _held(before)
    level = standing(level_of(score(signs)), held)
    kept = _keep(tx, row, SYSTEM, signs, level, held, None, now)
    fresh = signs - set(before.signs if before is not None else ())
    if level.rank > max(Level.BLUE.rank, _level(before).rank) or fresh & URGENT:  # a new threat is told at any level
        _alert(tx, row, kept, level, signs, now)


def decide(tx: Tx, actor: Actor, row: Row[Any], *, level: Level | None, reason: str, now: datetime) -> tuple[Level, Level]:
    """Staff set the level themselves, or leave it to the score again (None); returns the level before and now."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    if len(reason.strip()) < SHORTEST:
        raise Refusal("warning.reason", number=row.number)
    before = current(tx, row.id)
    signs = frozenset(before.signs) if before is not None else frozenset()
    by_score = level_of(score(signs))
    held = None if level is None else Held(level, by_score)
    after = standing(by_score, held)
    kept = _keep(tx, row, actor, signs, after, held, reason.strip(), now)
    if after.rank > max(Level.BLUE.rank, _level(before).rank):
        _alert(tx, row, kept, after, signs, now, but=actor.person_id)
    return _level(before), after


def current(tx: Tx, issue_id: int) -> Row[Any] | None:
    """How the matter stands: score, signs, level; None when nothing was ever seen in it."""
    return tx.first(select(warning).where(warning.c.issue_id == issue_id).order_by(warning.c.id.desc()).limit(1))


def history(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """Every change, with who, when and why, the newest first."""
    return tx.all(select(warning).where(warning.c.issue_id == issue_id).order_by(warning.c.id.desc()).limit(100))


def in_words(row: Row[Any] | None) -> str:
    """The level with its reasons, for staff in private; '' when there is nothing to say."""
    return "" if row is None else say("warning.line", level=row.level, score=row.score, signs=row.signs, held=row.held,
                                      reason=row.reason)


def _told(tx: Tx, row: Row[Any]) -> tuple[list[Told], int, int]:
    """What was said of the matter and what is joined into it; how often who raised it did; how often it was reopened."""
    whole = tx.all(select(issue).where(issue.c.id.in_(joined.members(tx, row.id)), issue.c.number.is_not(None)))
    told = [Told(each.created_at, dispute.signs(each.text), each.submitter_id) for each in whole]
    lines = tx.all(select(issue_event).where(issue_event.c.issue_id.in_([each.id for each in whole]),
                                             issue_event.c.act.in_(SAID)).order_by(issue_event.c.id.desc()).limit(300))
    told += [Told(line.at, dispute.signs(line.text or ""), line.actor_id) for line in lines]
    times = sum(each.submitter_id == row.submitter_id for each in whole) + sum(line.act == "dispute" for line in lines)
    return told, times, row.reopened + sum(line.act == "reopen" for line in lines)


def _keep(tx: Tx, row: Row[Any], actor: Actor, signs: frozenset[str], level: Level, held: Held | None, reason: str | None,
          now: datetime) -> int:
    audit.note(tx, actor, "issue.warning", f"issue:{row.id}", now=now, community_id=row.community_id, level=level,
               score=score(signs))
    return int(tx.add(warning, issue_id=row.id, at=now, score=score(signs), signs=sorted(signs), level=level,
                      held=held.level if held else None, seen=held.seen if held else None, made_by=actor.who, reason=reason))


def _alert(tx: Tx, row: Row[Any], kept: int, level: Level, signs: frozenset[str], now: datetime, *, but: int | None = None) -> None:
    """Tells those who may know; the group a neutral word, once.

    What is red or threatens violence goes out at once, at any hour, as a danger does (services/alarm.py): to who is on duty, and to
    everybody who may know when that reaches nobody; those who are not on duty are not woken, they hear of it in the morning.
    """
    urgent = level is Level.RED or bool(signs & URGENT)
    who = [i for i in _authorised(tx, row, level, now) if i != but]

    def told(whom: list[int], *, at_once: bool) -> int:
        weight = outbox.DANGER if at_once else outbox.NEWS
        return telling.persons(tx, row, "warned", whom, now, key=f"warning:{kept}", weight=weight, quiet=not at_once, notify=True,
                               level=level, signs=sorted(signs))

    may_know = {*who, *people.staff_of(tx, row.community_id)} - {but}
    duty = [i for i in roster.on_duty(tx, row.community_id, now=now) if i in may_know] if urgent else []
    reached = told(duty, at_once=True)
    told([i for i in who if i not in duty], at_once=urgent and not reached)
    if row.chat_id is not None and not row.private:
        outbox.to_chat(tx, chat_id=row.chat_id, key=f"issue:{row.id}:calm:chat:{row.chat_id}", now=now,
                       text=say("issue.calm", number=row.number))


def _authorised(tx: Tx, row: Row[Any], level: Level, now: datetime) -> list[int]:
    """The grid workers; of red also the admins and the street."""
    everybody = people.staff_of(tx, row.community_id)
    grid = list(tx.connection.scalars(select(person.c.id).where(person.c.id.in_(everybody), person.c.role == Role.GRID_WORKER)
                                      .order_by(person.c.id)))
    if level is not Level.RED:
        return grid or everybody
    street = tx.connection.scalars(select(party.c.id).where(
        party.c.community_id == row.community_id, party.c.kind == "street", party.c.closed_at.is_(None)).order_by(party.c.id))
    return list(dict.fromkeys([*everybody, *(i for p in street.all() for i in parties.members(tx, p, now=now))]))


def _held(row: Row[Any] | None) -> Held | None:
    return Held(Level(row.held), Level(row.seen)) if row is not None and row.held else None


def _level(row: Row[Any] | None) -> Level:
    return Level.NONE if row is None else Level(row.level)
