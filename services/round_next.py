"""What follows from a round: its host's summary, a poll on what all accept, or that put down as a resolution.

Nothing goes out that its host has not confirmed, and every quotation is what somebody said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, update

from domain.errors import Refusal
from domain.procedures import Ending
from models.base import Tx
from models.rounds import opinion_round
from models.tables import deliberation
from services import audit, conclusions, opinions, outbox, round_view, rounds, steps, telling
from services import deliberation as talks
from services.conclusions import Conclusion
from services.people import Speaker
from services.round_view import Report
from texts.mask import public
from texts.say import say

DRAFT_QUOTED = 50  # characters of a statement in a draft
OPTIONS_MOST = 8
OPTION = 60  # characters of a poll's option; a longer statement is cut at a comma


# --- the host's summary ---------------------------------------------------------------------------------------
def led(tx: Tx, actor: Speaker, number: int, *, now: datetime) -> Report:
    """The report for whoever leads the round."""
    rounds.led(tx, actor, number, now=now)
    return round_view.ready(tx, actor.community_id, number)


def draft(report: Report) -> str:
    """A summary put together from what was said: common ground, what divides with the reasons of both sides."""
    parts = []
    if report.common:
        parts.append(say("findings.draft.common", quotes=[report.quote(key, DRAFT_QUOTED) for key in report.common[:3]]))
    for key, sides in report.divided[:1]:
        first = [next((r for _, keys in side for r in keys if report.stands(r)), None) for side in sides]
        reasons = [report.quote(r, DRAFT_QUOTED) if r is not None else "" for r in first]
        parts.append(say("findings.draft.divided", quote=report.quote(key, DRAFT_QUOTED), reasons=reasons))
    if not parts:
        parts.append(say("findings.draft.nothing", people=report.found["people"], statements=len(report.found["shown"])))
    return "".join(parts)


def may_sum_up(report: Report, text: str) -> None:
    """Refuses what is too long or aimed at a person."""
    opinions.check_words(text, number=report.issue.number)


def sum_up(tx: Tx, actor: Speaker, *, number: int, text: str, machine: bool, now: datetime) -> Report:
    """Posts the summary that its host has just confirmed; the deliberation that goes on takes it for its own if it has none."""
    report = led(tx, actor, number, now=now)
    may_sum_up(report, text)
    text = public(text)
    tx.execute(update(opinion_round).where(opinion_round.c.id == report.round.id).values(summary=text, summary_ok_at=now))
    held = talks.current(tx, report.issue)
    if held is not None and held.phase >= 0 and held.summary is None:
        tx.execute(update(deliberation).where(deliberation.c.id == held.id).values(summary=text, summed_at=now))
    steps.event(tx, report.issue.id, "round_summary", actor, now=now, text=text)
    audit.note(tx, actor, "round.summary", f"round:{report.round.id}", now=now, words=audit.digest(text), machine=machine)
    _tell(tx, report, "summary", now, text=text, machine=machine)
    return report


# --- what all accept, further ---------------------------------------------------------------------------------
def chosen(report: Report, which: list[int]) -> list[int]:
    """The statements by the numbers they are called by, or all that are common ground; others are refused."""
    if not report.common:
        raise Refusal("findings.no_common", number=report.issue.number)
    if not which:
        return report.common[:OPTIONS_MOST]
    known = {report.statements[key].number: key for key in report.common}
    wrong = [n for n in which if n not in known]
    if wrong:
        raise Refusal("findings.not_common", number=report.issue.number, wrong=wrong, known=sorted(known))
    return [known[n] for n in dict.fromkeys(which)][:OPTIONS_MOST]


@dataclass(frozen=True, slots=True)
class Ballot:
    """A poll made of statements: one is asked about as it is, of several each may be approved."""

    title: str
    options: list[str]
    kind: str


def ballot(report: Report, keys: list[int]) -> Ballot:
    """The poll on these statements."""
    if len(keys) == 1:
        return Ballot(report.text(keys[0]), say("findings.stances").split(), "stance")
    return Ballot(say("findings.poll_title", title=report.round.title), [option(report.text(key)) for key in keys], "approval")


def option(text: str) -> str:
    """A statement as an option: whole, or its beginning up to a comma where it is too long for a ballot."""
    if len(text) <= OPTION:
        return text
    cut = max(text.rfind(mark, 0, OPTION - 1) for mark in "，,；;。")
    return (text[:cut] if cut > OPTION // 2 else text[: OPTION - 1]) + "…"


def resolution(report: Report, keys: list[int]) -> str:
    """What all accept, as the text of a resolution, each statement with its votes."""
    points = [(report.text(key).rstrip("。"), *(report.counts(key) or (0, 0, 0))) for key in keys]
    return say("findings.resolution", people=report.found["people"], points=points)


def may_resolve(tx: Tx, report: Report) -> Row[Any] | None:
    """The deliberation that the resolution would conclude; None when none goes on; a Refusal when it cannot end so now."""
    held = talks.current(tx, report.issue)
    if held is not None:
        talks.deciding(report.issue, held, Ending.ASSEMBLY if held.assembly_at is not None else Ending.CONSENSUS)
        if held.summary is None:
            raise Refusal("findings.sum_up_first", number=report.issue.number)
    return held


def resolve(tx: Tx, actor: Speaker, *, number: int, text: str, doer: str, do_by: datetime | None, now: datetime) -> Report:
    """Concludes the deliberation with this text; where none goes on, puts it on the issue's record and tells the groups."""
    report = led(tx, actor, number, now=now)
    if may_resolve(tx, report) is not None:
        conclusions.conclude(tx, actor, Conclusion(text, "yes", "", doer, do_by), number=number, now=now)
        return report
    steps.event(tx, report.issue.id, "round_resolved", actor, now=now, text=text)
    audit.note(tx, actor, "round.resolve", f"round:{report.round.id}", now=now, words=audit.digest(text))
    _tell(tx, report, "resolution", now, text=text, doer=doer, do_by=do_by)
    return report


def _tell(tx: Tx, report: Report, news: str, now: datetime, **facts: Any) -> None:
    """Tells the groups that heard of the round, once for each line of the issue's course."""
    if report.issue.private:
        return
    text, event = say(f"findings.{news}_post", issue=report.issue, **facts), telling.last_event(tx, report.issue.id)
    for chat_id in rounds.chats(tx, report.round):
        outbox.to_chat(tx, chat_id=chat_id, key=f"round:{report.round.id}:{news}:{event}:chat:{chat_id}", text=text, now=now,
                       url=round_view.url_of(tx, report.round), weight=outbox.RESULT)
