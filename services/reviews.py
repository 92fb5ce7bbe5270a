"""An objection to a result that is upheld: the same vote is held once more."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain.classes import STRAW
from domain.errors import Refusal
from domain.roles import Role
from domain.states import State
from models.base import Tx
from services import polls, procedure, steps
from services.people import Speaker
from services.polls import Draft, Opened
from texts.say import say

_DRAWN = ("lot",)  # drawn anew for each vote


def uphold(tx: Tx, actor: Speaker, *, poll_number: int, number: int, reason: str, now: datetime) -> Opened:
    """Upholds an objection to a published result and opens the same vote again, for as long as the first was open."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    row = polls.by_number(tx, actor.community_id, poll_number, lock=True)
    decided = row.state == "closed" and row.issue_id is not None and row.poll_class != STRAW
    if not decided or steps.by_id(tx, row.issue_id).state != State.PUBLICITY:
        raise Refusal("talk.no_review", number=poll_number)
    procedure.answer(tx, actor, row, number, say("talk.upheld", reason=reason), now=now)
    about = steps.by_id(tx, row.issue_id)
    return polls.open_poll(tx, actor, _again(row, now), chat_id=row.scope_id if row.scope == "chat" else None,
                           issue_number=about.number, review=reason, now=now)


def _again(row: Row[Any], now: datetime) -> Draft:
    words = {"chat": "本群", "community": "全小区"}.get(row.scope, row.scope_name)
    return Draft(row.title, tuple(row.options), now + (row.closes_at - row.opens_at), most=row.most, household=row.household,
                 anonymous=row.anonymous, scope=words, kind=row.kind,
                 rules={k: v for k, v in row.rules.items() if k not in _DRAWN}, poll_class=row.poll_class, secret=row.secret,
                 hides=row.hides)
