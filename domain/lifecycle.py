"""The life of an issue: one table of states and acts, and one function that reads it.

Every row says where an act leads, whose hand it needs, what must hold (domain/guards.py) and which clocks begin
(domain/timers.py). What is not in the table is refused. A clock ends by itself when its states are left.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Forbidden
from domain.guards import Facts, Guard, holds
from domain.states import State
from domain.timers import Timer


class Act(StrEnum):
    """What can be done to an issue."""

    SUBMIT = "submit"
    EXPIRE = "expire"
    ACCEPT = "accept"
    REJECT = "reject"
    MERGE = "merge"
    UNMERGE = "unmerge"
    WITHDRAW = "withdraw"
    RESTORE = "restore"  # an admin takes back that something ended
    CONSULT = "consult"  # deliberation, or an opinion poll, which is part of it
    START_VOTE = "start_vote"  # a poll that decides
    END_VOTE = "end_vote"
    NO_DECISION = "no_decision"
    REVIEW_VOTE = "review_vote"  # an objection to the result was upheld
    ASSIGN = "assign"
    CLOSE_FAILED = "close_failed"
    TRANSFER = "transfer"
    RETURN = "return"  # 退单
    TAKE_ON = "take_on"  # 签收
    CONTACT = "contact"  # the first word with who raised it
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
    SUPPORTER = "supporter"
    STAFF = "staff"
    ADMIN = "admin"
    ASSIGNEE = "assignee"
    HOST = "host"  # who leads the deliberation
    VOLUNTEER = "volunteer"  # the resident who has taken it on (认领)
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Step:
    """Where an act leads (None: to where the issue was before), who may do it, what must hold, which clocks begin."""

    to: State | None
    who: frozenset[Who]
    needs: tuple[Guard, ...] = ()
    starts: tuple[Timer, ...] = ()


def _step(to: State | None, *who: Who, needs: tuple[Guard, ...] = (), starts: tuple[Timer, ...] = ()) -> Step:
    return Step(to, frozenset(who), needs, starts)


S, A, G, T = State, Act, Guard, Timer
_STAFF, _OWN, _CLOCK, _ASSIGNEE, _HOST, _ADMIN = Who.STAFF, Who.SUBMITTER, Who.CLOCK, Who.ASSIGNEE, Who.HOST, Who.ADMIN
_VOLUNTEER = Who.VOLUNTEER
_DISPATCH = (G.PARTY, G.OWN_WAY_FIRST)
_HEARD = (G.ANSWERED, G.PUBLISHED)  # objections to a result are answered, and their time is over
_CLOCKS_OF_WORK = (T.SIGN, T.CONTACT, T.WORK)

TABLE: dict[tuple[State, Act], Step] = {
    (S.DRAFT, A.SUBMIT): _step(S.SUBMITTED, _OWN, starts=(T.ANSWER,)),
    (S.DRAFT, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.DRAFT, A.EXPIRE): _step(S.WITHDRAWN, _CLOCK),
    (S.SUBMITTED, A.ACCEPT): _step(S.ACCEPTED, _STAFF),
    (S.SUBMITTED, A.REJECT): _step(S.REJECTED, _STAFF, needs=(G.REASON,)),
    (S.SUBMITTED, A.MERGE): _step(S.MERGED, _STAFF),
    (S.SUBMITTED, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.ACCEPTED, A.MERGE): _step(S.MERGED, _STAFF),
    (S.MERGED, A.UNMERGE): _step(None, _STAFF),
    (S.ACCEPTED, A.WITHDRAW): _step(S.WITHDRAWN, _OWN),
    (S.ACCEPTED, A.CONSULT): _step(S.CONSULTING, _STAFF, _HOST, needs=(G.PUBLIC, G.NO_DANGER)),
    (S.ACCEPTED, A.ASSIGN): _step(S.ASSIGNED, _STAFF, needs=_DISPATCH, starts=_CLOCKS_OF_WORK),
    (S.ACCEPTED, A.TRANSFER): _step(S.TRANSFERRED, _STAFF, needs=(G.OUTSIDE, G.OWN_WAY_FIRST), starts=(T.FOLLOW,)),
    (S.ACCEPTED, A.RESOLVE): _step(S.RESOLVED, _STAFF, _VOLUNTEER, needs=(G.RESULT,), starts=(T.CONFIRM,)),  # done in person
    (S.CONSULTING, A.CONSULT): _step(S.CONSULTING, _STAFF, _HOST, needs=(G.PUBLIC, G.NO_DANGER)),
    (S.CONSULTING, A.START_VOTE): _step(S.VOTING, _STAFF, _HOST, needs=(G.PUBLIC, G.NO_DANGER)),
    (S.CONSULTING, A.ASSIGN): _step(S.ASSIGNED, _STAFF, needs=(*_DISPATCH, G.AGREED), starts=_CLOCKS_OF_WORK),
    (S.CONSULTING, A.RESOLVE): _step(S.RESOLVED, _STAFF, needs=(G.RESULT, G.AGREED), starts=(T.CONFIRM,)),
    (S.VOTING, A.END_VOTE): _step(S.PUBLICITY, _CLOCK, _STAFF, starts=(T.PUBLICITY,)),
    (S.VOTING, A.NO_DECISION): _step(S.CONSULTING, _CLOCK, _STAFF),
    (S.PUBLICITY, A.ASSIGN): _step(S.ASSIGNED, _STAFF, needs=(G.PARTY, G.AGREED, *_HEARD), starts=_CLOCKS_OF_WORK),
    (S.PUBLICITY, A.RESOLVE): _step(S.RESOLVED, _STAFF, needs=(G.RESULT, G.AGREED, *_HEARD), starts=(T.CONFIRM,)),
    (S.PUBLICITY, A.CLOSE_FAILED): _step(S.CLOSED, _CLOCK, _STAFF, needs=_HEARD),
    (S.PUBLICITY, A.REVIEW_VOTE): _step(S.VOTING, _ADMIN, needs=(G.REASON,)),
    (S.ASSIGNED, A.ASSIGN): _step(S.ASSIGNED, _STAFF, needs=(G.PARTY, G.DECIDED), starts=_CLOCKS_OF_WORK),  # to another party
    (S.IN_PROGRESS, A.ASSIGN): _step(S.ASSIGNED, _STAFF, needs=(G.PARTY, G.DECIDED), starts=_CLOCKS_OF_WORK),
    (S.ASSIGNED, A.RETURN): _step(S.ACCEPTED, _ASSIGNEE, needs=(G.REASON, G.IN_TIME_TO_RETURN, G.NOT_DESIGNATED)),
    (S.ASSIGNED, A.TAKE_ON): _step(S.IN_PROGRESS, _ASSIGNEE),
    (S.ASSIGNED, A.TRANSFER): _step(S.TRANSFERRED, _STAFF, needs=(G.OUTSIDE,), starts=(T.FOLLOW,)),
    (S.IN_PROGRESS, A.CONTACT): _step(S.IN_PROGRESS, _ASSIGNEE, _STAFF),
    (S.IN_PROGRESS, A.EXTEND): _step(S.IN_PROGRESS, _STAFF, needs=(G.REASON, G.BEFORE_DUE, G.FIRST_EXTENSION, G.NOT_TOO_LONG)),
    (S.IN_PROGRESS, A.SUSPEND): _step(S.SUSPENDED, _STAFF, needs=(G.REASON, G.REVIEW_SOON), starts=(T.REVIEW,)),
    (S.SUSPENDED, A.RESUME): _step(S.IN_PROGRESS, _STAFF, _CLOCK, starts=(T.WORK,)),
    (S.IN_PROGRESS, A.RESOLVE): _step(S.RESOLVED, _ASSIGNEE, _STAFF, _VOLUNTEER, needs=(G.RESULT, G.EVIDENCE), starts=(T.CONFIRM,)),
    (S.TRANSFERRED, A.RESOLVE): _step(S.RESOLVED, _STAFF, needs=(G.RESULT,), starts=(T.CONFIRM,)),
    (S.RESOLVED, A.CONFIRM): _step(S.CLOSED, _OWN, _CLOCK),
    (S.RESOLVED, A.DISPUTE): _step(S.IN_PROGRESS, _OWN, starts=(T.WORK,)),
    (S.CLOSED, A.REOPEN): _step(S.IN_PROGRESS, _OWN, Who.SUPPORTER, _CLOCK, needs=(G.STILL_FRESH,), starts=(T.WORK,)),
    (S.REJECTED, A.RESTORE): _step(None, _ADMIN, needs=(G.REASON,), starts=(T.ANSWER,)),
    (S.WITHDRAWN, A.RESTORE): _step(None, _ADMIN, needs=(G.REASON,), starts=(T.ANSWER,)),
}
TERMINAL = frozenset({S.REJECTED, S.MERGED, S.WITHDRAWN})  # an admin may restore; a merge may be undone
OPEN = frozenset(State) - TERMINAL - {S.CLOSED, S.DRAFT}  # on the residents' list
BEFORE = frozenset({S.SUBMITTED, S.ACCEPTED})  # where an issue may go back to, when what ended it is undone


def step(state: State, act: Act, hands: Set[Who], facts: Facts | None = None, *, number: int | None = None) -> Step:
    """The step the table allows to these hands; a Forbidden names what is wrong and what can be done instead."""
    found = TABLE.get((state, act))
    if found is None:
        raise Forbidden("issue.cannot", number=number, state=state, act=act)
    if not hands & found.who:
        raise Forbidden("issue.not_yours", number=number, state=state, act=act)
    for guard in found.needs:
        if not holds(guard, facts or Facts()):
            raise Forbidden(f"guard.{guard}", number=number, state=state, act=act)
    return found
