"""Where an issue stands on the way that all issues go: which stages are behind it, which it is in, which it passed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.states import State


class Stage(StrEnum):
    """A stretch of the way, in order."""

    RAISED = "raised"
    ACCEPTED = "accepted"
    DISCUSSED = "discussed"
    DECIDED = "decided"
    WORKED = "worked"
    PUBLISHED = "published"
    RATED = "rated"


S = State
STAGE_OF: dict[State, Stage] = {
    S.SUBMITTED: Stage.RAISED, S.ACCEPTED: Stage.ACCEPTED, S.CONSULTING: Stage.DISCUSSED, S.VOTING: Stage.DECIDED,
    S.PUBLICITY: Stage.DECIDED, S.ASSIGNED: Stage.WORKED, S.IN_PROGRESS: Stage.WORKED, S.SUSPENDED: Stage.WORKED,
    S.TRANSFERRED: Stage.WORKED, S.RESOLVED: Stage.RATED, S.CLOSED: Stage.RATED,
}
_ORDER = list(Stage)


@dataclass(frozen=True, slots=True)
class Mark:
    """One stage as it is drawn: done, now, skipped, or ahead; with the day it was reached."""

    stage: Stage
    how: str
    at: datetime | None = None


def marks(state: State, reached: Mapping[State, datetime]) -> list[Mark]:
    """Every stage in order; `reached` says when each state was entered last.

    What was reported done is published and waits for its rating. An issue that ended on the way has no present stage.
    """
    dates: dict[Stage, datetime] = {}
    for each, at in reached.items():
        stage = Stage.PUBLISHED if each is S.RESOLVED else STAGE_OF.get(each)
        if stage is not None and (stage not in dates or at < dates[stage]):
            dates[stage] = at
    present = STAGE_OF.get(state)
    last = max((_ORDER.index(stage) for stage in dates), default=0) if present is None else _ORDER.index(present)
    found = []
    for place, stage in enumerate(_ORDER):
        if stage is present and state is not S.CLOSED:
            how = "now"
        elif place > last:
            how = "ahead"
        else:
            how = "done" if stage in dates else "skipped"
        found.append(Mark(stage, how, dates.get(stage) if how in ("done", "now") else None))
    return found
