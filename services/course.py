"""The picture of where an issue stands: its stages with their days, who has it, and until when; nothing for staff only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from domain.clock import SHANGHAI
from domain.course import Mark, marks
from domain.states import State
from models.base import Tx
from models.tables import issue_event, party

_WORK = (State.ASSIGNED, State.IN_PROGRESS, State.SUSPENDED, State.TRANSFERRED)


@dataclass(frozen=True, slots=True)
class Course:
    """What the picture shows."""

    marks: list[Mark]
    state: str
    party: str = ""  # who has to do it
    due_at: datetime | None = None  # only while it is being done
    late_days: int = 0  # begun days since then


def of(tx: Tx, row: Row[Any], *, now: datetime) -> Course:
    """Where the issue stands now."""
    reached = {State(r.to_state): r.at for r in tx.all(
        select(issue_event.c.to_state, func.max(issue_event.c.at).label("at")).where(
            issue_event.c.issue_id == row.id, issue_event.c.to_state.is_not(None),
            issue_event.c.to_state != func.coalesce(issue_event.c.from_state, "")).group_by(issue_event.c.to_state))}
    name = tx.scalar(select(party.c.name).where(party.c.id == row.party_id)) if row.party_id else None
    due = row.due_at if row.state in _WORK else None
    late = -(-(now - due) // timedelta(days=1)) if due is not None and now > due else 0
    return Course(marks(State(row.state), {State.SUBMITTED: row.created_at} | reached), row.state,
                  str(name or "") if row.state in (*_WORK, State.RESOLVED, State.CLOSED) else "", due, late)


def day_of(at: datetime) -> str:
    """A day as short as it stands under a stage: 3-2."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}-{local.day}"
