"""What is known around a message, as the understanding needs it: open polls, own issues, what was last talked of."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from domain.states import State
from models.base import Tx
from models.hot import Hot
from models.tables import ballot, issue, message
from services import ballots, dictionary, opinions
from services.people import Speaker
from texts.kinds import MARKS
from texts.normal import plain
from understanding.context import Context, IssueSeen, PollSeen, Quote

RECENT = timedelta(minutes=30)
NEAR = 300  # messages of the whole installation to look back for what was last said in a group
_MINE = Hot(select(issue.c.number, issue.c.title, issue.c.state).where(
    issue.c.submitter_id == bindparam("person_id"), issue.c.number.is_not(None), issue.c.state != State.WITHDRAWN)
    .order_by(issue.c.id.desc()).limit(5))
_LAST = Hot(select(message.c.reply, message.c.chat_id).where(
    message.c.person_id == bindparam("person_id"), message.c.id < bindparam("before"), message.c.received_at > bindparam("since"))
    .order_by(message.c.id.desc()).limit(1))
_LAST_HERE = Hot(select(message.c.reply, message.c.chat_id).where(
    message.c.chat_id == bindparam("chat_id"), message.c.id < bindparam("before"), message.c.id > bindparam("before") - NEAR,
    message.c.received_at > bindparam("since"), message.c.reply != "").order_by(message.c.id.desc()).limit(1))
_VOTED = Hot(select(ballot.c.poll_id).where(ballot.c.person_id == bindparam("person_id"), ballot.c.choice != "")
             .order_by(ballot.c.id.desc()).limit(20))
_NUMBER = re.compile(r"(?<![A-Za-z0-9])([IP])(\d{1,6})(?!\d)")


def polls_only(tx: Tx, speaker: Speaker, *, chat_id: int | None, quote: str | None, now: datetime) -> Context:
    """The open polls and what is quoted: enough for a plain ballot."""
    polls = [r for r in ballots.open_here(tx, speaker, chat_id, now=now) if r.kind in MARKS]  # the others are read strictly
    voted = {r.poll_id for r in tx.all(_VOTED, {"person_id": speaker.id})} if polls else set()
    return Context(at_bot=True, private=chat_id is None, role=str(speaker.role), quote=_quote(quote),
                   open_polls=[poll_seen(r) for r in polls],
                   my_vote=next((f"P{r.number}" for r in polls if r.id in voted), None))


def around(tx: Tx, speaker: Speaker, known: Context, *, chat_id: int | None, before: int, now: datetime) -> Context:
    """The whole situation: also their own issues, what was last talked of, and the community's words."""
    mine = [_issue(r) for r in tx.all(_MINE, {"person_id": speaker.id})]
    since = now - RECENT
    if chat_id is None:
        last = tx.first(_LAST, {"person_id": speaker.id, "before": before, "since": since})
    else:
        last = tx.first(_LAST_HERE, {"chat_id": chat_id, "before": before, "since": since})
    talked = set(_NUMBER.findall(last.reply)) if last is not None and last.reply and last.chat_id == chat_id else set()
    issues, results = ([n for kind, n in talked if kind == k] for k in "IP")
    return replace(
        known, my_issues=mine, pending_rating=next((i for i in mine if i.status == State.RESOLVED), None),
        recent_issue=IssueSeen(f"I{issues[0]}", "") if len(issues) == 1 else None,
        recent_result=f"P{results[0]}" if len(results) == 1 else None,
        active_discussion=_talked_about(tx, speaker, issues), vocabulary=dictionary.heard(tx, speaker.community_id))


def _talked_about(tx: Tx, speaker: Speaker, named: list[str]) -> IssueSeen | None:
    """The one matter that opinions are gathered on and that was just named here: other talk is about something else."""
    found = opinions.open_now(tx, speaker.community_id) if len(named) == 1 else []
    return next((IssueSeen(f"I{row.number}", row.title) for row in found if str(row.number) == named[0]), None)


def poll_seen(row: Row[Any]) -> PollSeen:
    """The poll as a ballot must know it."""
    return PollSeen(f"P{row.number}", row.title, tuple(row.options), row.most, "multi" if row.most > 1 else "single")


def _issue(row: Row[Any]) -> IssueSeen:
    return IssueSeen(f"I{row.number}", row.title, row.state)


def _quote(text: str | None) -> Quote | None:
    """A quoted message is a card when it names one poll or one issue."""
    if not text:
        return None
    named = set(_NUMBER.findall(plain(text)))
    if len(named) != 1:
        return Quote("chat", text)
    kind, number = named.pop()
    return Quote("poll_card" if kind == "P" else "issue_card", text, f"{kind}{number}")
