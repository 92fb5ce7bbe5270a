"""What was given to the parties an account acts for: their orders with deadlines, and their promises; no names, nothing private."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from domain.lifecycle import OPEN
from domain.roles import Actor
from domain.states import State
from models.base import Tx
from models.tables import issue, party, promise
from services import board, promises

DONE = 10  # orders that are over, of which the page reminds
_OPEN = [str(s) for s in OPEN]
_PROMISED = ["open", "asked"]


def theirs(actor: Actor) -> ColumnElement[bool]:
    """The issues that are the parties' to do, or of which they have promised something."""
    promised = select(promise.c.issue_id).where(promise.c.party_id.in_(actor.parties))
    return and_(issue.c.community_id == actor.community_id, issue.c.number.is_not(None), ~issue.c.private,
                or_(issue.c.party_id.in_(actor.parties), issue.c.id.in_(promised)))


def one(tx: Tx, actor: Actor, key: int) -> Row[Any] | None:
    """One of them; None for every other issue."""
    return tx.first(select(issue).where(issue.c.id == key, theirs(actor)))


def waiting(tx: Tx, actor: Actor, *, now: datetime) -> list[board.Column]:
    """What is open, in columns by deadline, the most pressing first."""
    mine = issue.c.party_id.in_(actor.parties)
    return board.columns(tx, actor.community_id or 0, by="due", now=now, private=False, only=[mine])


def unseen(tx: Tx, actor: Actor) -> int:
    """How many private tickets they have to do, of which they are told in chat alone."""
    return int(tx.scalar(select(func.count()).select_from(issue).where(
        issue.c.party_id.in_(actor.parties), issue.c.private, issue.c.state.in_(_OPEN))))


def done(tx: Tx, actor: Actor) -> list[Row[Any]]:
    """What is over, the newest first."""
    return tx.all(select(issue).where(theirs(actor), issue.c.party_id.in_(actor.parties), issue.c.state == State.CLOSED)
                  .order_by(issue.c.closed_at.desc(), issue.c.id.desc()).limit(DONE))


def promised(tx: Tx, actor: Actor, issue_id: int | None = None) -> list[Row[Any]]:
    """What they have promised and is not judged yet, what is due first on top; of one issue, when it is said which."""
    of_one = [] if issue_id is None else [issue.c.id == issue_id]
    return tx.all(promises.query().where(promise.c.party_id.in_(actor.parties), promise.c.state.in_(_PROMISED), *of_one)
                  .order_by(promise.c.due_at, promise.c.id))


def names(tx: Tx, actor: Actor) -> list[Row[Any]]:
    """The parties (id, name) the account acts for."""
    return tx.all(select(party.c.id, party.c.name).where(party.c.id.in_(actor.parties)).order_by(party.c.id))
