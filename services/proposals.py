"""What staff are shown: issues that seem to be one matter, and what is talked about this week. Decides and merges nothing."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from domain.lifecycle import OPEN
from domain.roles import Where
from domain.states import State
from models.base import Tx
from models.tables import community, issue, issue_group
from services import joined
from services.paging import within
from texts.keywords import Told, hot_words

WEEK = timedelta(days=7)
THIS_WEEK, HISTORY = 300, 600  # titles that are looked at: the newest of the week, and before it
_UNCONFIRMED = [str(s) for s in (State.DRAFT, State.WITHDRAWN, State.REJECTED, State.MERGED)]


@dataclass(frozen=True, slots=True)
class Group:
    """Open issues that may be one matter; the others would be merged into the first."""

    first: Row[Any]
    others: list[Row[Any]]


@dataclass(frozen=True, slots=True)
class Topic:
    """A word of the week, the issues that speak of it, and how many neighbours stand behind them."""

    word: str
    issues: list[Row[Any]]
    people: int


def groups(tx: Tx, community_id: int, *, most: int = 50) -> list[Group]:
    """The groups of which at least two issues are still open, the largest first."""
    rows = tx.all(select(issue_group.c.first_id, *_shown()).join_from(issue_group, issue, issue.c.id == issue_group.c.issue_id)
                  .where(issue.c.state.in_([str(s) for s in OPEN]), issue.c.text != "", ~issue.c.private,
                         issue.c.community_id == community_id)
                  .order_by(issue.c.id))
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.first_id].append(row)
    kept = sorted((g for g in found.values() if len(g) > 1), key=lambda g: (-len(g), -g[-1].id))
    return [Group(first, others) for first, *others in kept[:most]]


def topics(tx: Tx, community_id: int, *, now: datetime, most: int = 5) -> list[Topic]:
    """What several people of the last seven days speak of, measured against what is said here anyway."""
    name = tx.scalar(select(community.c.name).where(community.c.id == community_id)) or ""
    confirmed = (issue.c.community_id == community_id, issue.c.number.is_not(None), issue.c.text != "",
                 ~issue.c.private, issue.c.state.not_in(_UNCONFIRMED))
    week = tx.all(select(*_shown(), issue.c.submitter_id, joined.behind_column().label("behind")).where(
        *confirmed, issue.c.created_at > now - WEEK, issue.c.created_at <= now).order_by(issue.c.id.desc()).limit(THIS_WEEK))
    before = tx.all(select(issue.c.title).where(*confirmed, issue.c.created_at <= now - WEEK)
                    .order_by(issue.c.id.desc()).limit(HISTORY))
    by_number = {row.number: row for row in week}
    told = [Told(row.number, row.title, row.submitter_id, row.behind) for row in week]
    found = hot_words(told, [row.title for row in before], most=most + 1)
    return [Topic(word, [by_number[n] for n in numbers], people) for word, numbers, people in found if word not in name][:most]


def communities(tx: Tx, where: Where) -> list[Row[Any]]:
    """The communities an account sees."""
    query = select(community.c.id, community.c.name).order_by(community.c.id)
    return tx.all(query.where(within(community.c.id, where)))


def _shown() -> tuple[Any, ...]:
    return issue.c.id, issue.c.number, issue.c.title, issue.c.state, issue.c.category, issue.c.place

