"""The life of an issue: one table of states and acts, and one function that reads it.

Every row says who may do it. What is not in the table is refused. Acts whose verbs come later (dispatch,
deliberation, publication) are already rows here, so that every road an issue can take is in one place.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Refusal


class State(StrEnum):
    """Where an issue stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    CONSULTING = "consulting"
    VOTING = "voting"
    PUBLICITY = "publicity"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What can be done to an issue."""

    SUBMIT = "submit"
    EXPIRE = "expire"
    ACCEPT = "accept"
    REJECT = "reject"
    MERGE = "merge"
    WITHDRAW = "withdraw"
    CONSULT = "consult"  # deliberation, or an opinion poll, which is part of it
    START_VOTE = "start_vote"
    END_VOTE = "end_vote"
    NO_DECISION = "no_decision"
    REVIEW_VOTE = "review_vote"
    ASSIGN = "assign"
    CLOSE_FAILED = "close_failed"
    TRANSFER = "transfer"
    RETURN = "return"
    TAKE_ON = "take_on"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESOLVE = "resolve"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    REOPEN = "reopen"


class Who(StrEnum):
    """Whose hand an act needs."""

    SUBMITTER = "submitter"
    STAFF = "staff"
    ASSIGNEE = "assignee"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Step:
    """Where an act leads and who may do it."""

    to: State
    who: frozenset[Who]


def _step(to: State, *who: Who) -> Step:
    return Step(to, frozenset(who))


S, A = State, Act
_STAFF, _OWN, _CLOCK, _ASSIGNEE = Who.STAFF, Who.SUBMITTER, Who.CLOCK, Who.ASSIGNEE

TABLE: dict[tuple[State, Act], Step] = {
    (S.DRAFT, A.SUBMIT): _step(S.SUBMITTED, _OWN),
    (S.DRAFT, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.DRAFT, A.EXPIRE): _step(S.WITHDRAWN, _CLOCK),
    (S.SUBMITTED, A.ACCEPT): _step(S.ACCEPTED, _STAFF),
    (S.SUBMITTED, A.REJECT): _step(S.REJECTED, _STAFF),
    (S.SUBMITTED, A.MERGE): _step(S.MERGED, _STAFF),
    (S.SUBMITTED, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.ACCEPTED, A.MERGE): _step(S.MERGED, _STAFF),
    (S.ACCEPTED, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.ACCEPTED, A.CONSULT): _step(S.CONSULTING, _STAFF),
    (S.ACCEPTED, A.ASSIGN): _step(S.ASSIGNED, _STAFF),
    (S.ACCEPTED, A.TRANSFER): _step(S.TRANSFERRED, _STAFF),
    (S.ACCEPTED, A.RESOLVE): _step(S.RESOLVED, _STAFF),  # done by the grid worker in person, without dispatch
    (S.CONSULTING, A.CONSULT): _step(S.CONSULTING, _STAFF),
    (S.CONSULTING, A.START_VOTE): _step(S.VOTING, _STAFF),
    (S.CONSULTING, A.ASSIGN): _step(S.ASSIGNED, _STAFF),
    (S.CONSULTING, A.RESOLVE): _step(S.RESOLVED, _STAFF),
    (S.VOTING, A.END_VOTE): _step(S.PUBLICITY, _CLOCK, _STAFF),
    (S.VOTING, A.NO_DECISION): _step(S.CONSULTING, _CLOCK),
    (S.PUBLICITY, A.ASSIGN): _step(S.ASSIGNED, _CLOCK, _STAFF),
    (S.PUBLICITY, A.CLOSE_FAILED): _step(S.CLOSED, _CLOCK, _STAFF),
    (S.PUBLICITY, A.REVIEW_VOTE): _step(S.VOTING, _STAFF),
    (S.ASSIGNED, A.RETURN): _step(S.ACCEPTED, _ASSIGNEE),
    (S.ASSIGNED, A.TAKE_ON): _step(S.IN_PROGRESS, _ASSIGNEE),
    (S.ASSIGNED, A.TRANSFER): _step(S.TRANSFERRED, _STAFF),
    (S.IN_PROGRESS, A.EXTEND): _step(S.IN_PROGRESS, _ASSIGNEE, _STAFF),
    (S.IN_PROGRESS, A.SUSPEND): _step(S.SUSPENDED, _STAFF),
    (S.SUSPENDED, A.RESUME): _step(S.IN_PROGRESS, _STAFF),
    (S.IN_PROGRESS, A.RESOLVE): _step(S.RESOLVED, _ASSIGNEE, _STAFF),
    (S.RESOLVED, A.CONFIRM): _step(S.CLOSED, _OWN, _CLOCK),
    (S.RESOLVED, A.DISPUTE): _step(S.IN_PROGRESS, _OWN),
    (S.CLOSED, A.REOPEN): _step(S.IN_PROGRESS, _OWN),
}
TERMINAL = frozenset({S.REJECTED, S.MERGED, S.WITHDRAWN, S.TRANSFERRED})
OPEN = frozenset(State) - TERMINAL - {S.CLOSED, S.DRAFT}  # on the residents' list


def step(state: State, act: Act, who: Who, *, number: int | None = None) -> Step:
    """The step the table allows for the issue of this number; a Refusal names what can be done instead."""
    found = TABLE.get((state, act))
    if found is None:
        raise Refusal("issue.cannot", number=number, state=state, act=act)
    if who not in found.who:
        raise Refusal("issue.not_yours", number=number, state=state, act=act)
    return found
