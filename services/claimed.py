"""Who has taken an issue on: rows only, for the step that moves the issue and for the verbs in services/claims.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.states import State
from models.base import Tx
from models.deeds import claim

_GOES_ON = frozenset({State.ACCEPTED, State.IN_PROGRESS, State.RESOLVED})


def of(tx: Tx, issue_id: int) -> Row[Any] | None:
    """The claim that goes on."""
    return tx.first(select(claim).where(claim.c.issue_id == issue_id, claim.c.state == "open"))


def is_theirs(tx: Tx, row: Row[Any], person_id: int) -> bool:
    """True when this person has taken the issue on, and nobody was sent since."""
    if row.state not in _GOES_ON or row.party_id is not None:
        return False
    found = of(tx, row.id)
    return found is not None and found.person_id == person_id


def end(tx: Tx, issue_id: int, state: str, *, now: datetime) -> None:
    """The claim is done, or dropped."""
    tx.execute(update(claim).where(claim.c.issue_id == issue_id, claim.c.state == "open").values(state=state, ended_at=now))


def follow(tx: Tx, before: State, row: Row[Any], *, now: datetime) -> None:
    """After a step: what was confirmed is done; what somebody else was sent for, or ended otherwise, nobody has to do any more."""
    if before not in _GOES_ON:
        return
    if row.state == State.CLOSED:
        end(tx, row.id, "done", now=now)
    elif row.state not in _GOES_ON or row.party_id is not None:
        end(tx, row.id, "dropped", now=now)
