"""The open issues of a community as a board: in columns by state or by deadline, what is most pressing on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, false, func, select

from domain.clock import SHANGHAI
from domain.lifecycle import OPEN
from domain.roles import Where
from domain.states import State
from domain.timers import Timer
from models.base import Tx
from models.tables import issue, party, poll, timer, warning
from services import browse
from services.browse import holds
from services.paging import within

STATES: dict[str, tuple[State, ...]] = {
    "new": (State.SUBMITTED,), "accepted": (State.ACCEPTED,), "talk": (State.CONSULTING, State.VOTING, State.PUBLICITY),
    "assigned": (State.ASSIGNED,), "work": (State.IN_PROGRESS,), "aside": (State.SUSPENDED, State.TRANSFERRED),
    "resolved": (State.RESOLVED,)}
DUES = ("overdue", "today", "soon", "later", "none")
SOON = timedelta(days=3)
MOST, SHOWN = 600, 60  # issues that are looked at; cards of one column
_CLOCKS = [Timer.ANSWER, Timer.NOTICE, Timer.DISCUSSION, Timer.PUBLICITY, Timer.SIGN, Timer.CONTACT, Timer.WORK, Timer.REVIEW,
           Timer.FOLLOW, Timer.CONFIRM, Timer.WHISTLE]
_OPEN = [str(s) for s in OPEN]


@dataclass(frozen=True, slots=True)
class Card:
    """An issue on the board: by when something has to happen, and whether that has passed."""

    row: Row[Any]
    due: datetime | None
    late: bool
    party: str
    level: str  # of the early warning; '' is none


@dataclass(frozen=True, slots=True)
class Column:
    """One column with its cards, the most pressing first; more there may be than are shown."""

    name: str
    cards: list[Card]
    count: int


def columns(tx: Tx, where: Where, *, by: str, now: datetime, category: str = "", party_id: int | None = None,
            words: str = "", private: bool = True, only: Sequence[ColumnElement[bool]] = ()) -> list[Column]:
    """The board, by "state" or by "due"; private tickets and words of residents only for who may see them, `only` some issues."""
    chosen = [*only, within(issue.c.community_id, where), issue.c.state.in_(_OPEN), issue.c.number.is_not(None)]
    chosen += [] if private else [~issue.c.private]
    chosen += [issue.c.category == category] if category else []
    chosen += [issue.c.party_id == party_id] if party_id is not None else []
    chosen += [holds(issue.c.title, words) | (holds(issue.c.text, words) if private else false())] if words else []
    cards = _cards(tx, chosen, now)
    names = tuple(STATES) if by == "state" else DUES
    place = {state: name for name, states in STATES.items() for state in states}
    held: dict[str, list[Card]] = {name: [] for name in names}
    for card in cards:
        held[place[State(card.row.state)] if by == "state" else _when(card, now)].append(card)
    counts = {name: len(cards) for name, cards in held.items()}
    if by == "state" and sum(counts.values()) == MOST:  # there are more than were looked at
        all_of = {row.state: row.n for row in tx.all(select(issue.c.state, func.count().label("n")).where(*chosen).group_by(
            issue.c.state))}
        counts = {name: sum(all_of.get(state, 0) for state in STATES[name]) for name in names}
    return [Column(name, held[name][:SHOWN], counts[name]) for name in names]


def open_polls(tx: Tx, where: Where) -> list[tuple[Row[Any], int]]:
    """The polls that are announced or open, the first to end first, and how many ballots each has."""
    rows = tx.all(select(poll, browse.CAST.label("ballots")).where(
        within(poll.c.community_id, where), poll.c.state.in_(["notice", "open"])).order_by(poll.c.closes_at, poll.c.id).limit(MOST))
    return [(row, row.ballots) for row in rows]


def _cards(tx: Tx, chosen: list[Any], now: datetime) -> list[Card]:
    next_due = select(timer.c.issue_id, func.min(timer.c.due_at).label("due")).where(
        timer.c.fired_at.is_(None), timer.c.ended_at.is_(None), timer.c.about == "", timer.c.kind.in_(_CLOCKS)
    ).group_by(timer.c.issue_id).subquery()
    promised = case((issue.c.state.in_([State.ASSIGNED, State.IN_PROGRESS]), issue.c.due_at))
    due = func.coalesce(promised, next_due.c.due)
    rows = tx.all(select(issue, party.c.name.label("party"), promised.label("promised"), next_due.c.due.label("next"))
                  .join_from(issue, next_due, next_due.c.issue_id == issue.c.id, isouter=True)
                  .join(party, party.c.id == issue.c.party_id, isouter=True).where(*chosen)
                  .order_by(due.is_(None), due, issue.c.id).limit(MOST))
    levels = _levels(tx, [row.id for row in rows])
    return [Card(row, at := row.promised or row.next, at is not None and at <= now, row.party or "", levels.get(row.id, ""))
            for row in rows]


def _levels(tx: Tx, ids: list[int]) -> dict[int, str]:
    """The early warning of each, as far as there is one: the newest line holds."""
    newest = select(func.max(warning.c.id)).where(warning.c.issue_id.in_(ids)).group_by(warning.c.issue_id)
    return {row.issue_id: row.level for row in tx.all(select(warning.c.issue_id, warning.c.level).where(
        warning.c.id.in_(newest), warning.c.level != "none"))} if ids else {}


def _when(card: Card, now: datetime) -> str:
    if card.due is None:
        return "none"
    if card.late:
        return "overdue"
    midnight = datetime.combine(now.astimezone(SHANGHAI).date() + timedelta(days=1), datetime.min.time(), SHANGHAI)
    return "today" if card.due <= midnight else "soon" if card.due <= midnight + SOON else "later"
