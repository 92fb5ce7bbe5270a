"""Opinion rounds (征言): opened on a matter and announced, closed by hand or by the clock.

Statements: services/round_statements.py; votes on them: round_votes.py; who is not heard: round_voice.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from domain.errors import Forbidden, Refusal
from domain.lifecycle import OPEN, Who
from domain.procedures import Deed, Phase
from domain.roles import SYSTEM, Actor
from domain.timers import Timer
from models.base import Tx
from models.rounds import opinion, opinion_round
from models.tables import chat, community, issue
from services import audit, deliberation, issues, outbox, pages, quiet, round_order, round_report, steps, timers
from services.people import Speaker
from texts.mask import public
from texts.say import say

DAYS, LONGEST = 5, 30  # how long a round usually is open, and at most
DAILY, MOST_DAILY = 10, 30  # statements a person is asked about per day
_SEEDS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A round as it was asked for; no title is the matter's own."""

    title: str = ""
    closes_at: datetime | None = None
    before: bool = False  # nothing is shown before somebody has read it
    daily: int = DAILY
    seeds: tuple[str, ...] = ()


# --- finding --------------------------------------------------------------------------------------------------
def by_id(tx: Tx, round_id: int) -> Row[Any]:
    """The round with this id."""
    return tx.execute(select(opinion_round).where(opinion_round.c.id == round_id)).one()


def last(tx: Tx, issue_id: int) -> Row[Any] | None:
    """The newest round on a matter, open or not."""
    return tx.first(select(opinion_round).where(opinion_round.c.issue_id == issue_id).order_by(opinion_round.c.id.desc()).limit(1))


def of_issue(tx: Tx, community_id: int | None, number: int) -> Row[Any]:
    """The newest round on the matter people call I12; a Refusal when there is none, or it is not theirs to see."""
    row = issues.by_number(tx, community_id, number)
    found = last(tx, row.id) if not row.private else None
    if found is None:
        raise Refusal("round.none", number=row.number)
    return found


def open_on(tx: Tx, issue_id: int) -> Row[Any] | None:
    """The open round on a matter."""
    found = last(tx, issue_id)
    return found if found is not None and found.state == "open" else None


def open_here(tx: Tx, community_id: int | None) -> list[Row[Any]]:
    """The open rounds of a community with their matters' numbers (`issue_number`), the oldest first."""
    return tx.all(select(opinion_round, issue.c.number.label("issue_number")).join_from(opinion_round, issue).where(
        opinion_round.c.community_id == community_id, opinion_round.c.state == "open").order_by(opinion_round.c.id))


def number_of(tx: Tx, row: Row[Any]) -> int:
    """The number of the matter, by which the round is called."""
    return int(tx.scalar(select(issue.c.number).where(issue.c.id == row.issue_id)))


def led(tx: Tx, actor: Actor, number: int, *, now: datetime) -> Row[Any]:
    """The round on this matter, held, for its host or somebody who works for the community."""
    matter = issues.by_number(tx, actor.community_id, number)
    found = of_issue(tx, actor.community_id, number)
    if actor.person_id != found.host_id and not steps.hands_of(tx, actor, matter, now=now) & {Who.HOST, Who.STAFF}:
        raise Forbidden("round.not_host", number=number)
    return held(tx, found.id)


def held(tx: Tx, round_id: int) -> Row[Any]:
    """The round, held until the transaction ends."""
    return tx.execute(select(opinion_round).where(opinion_round.c.id == round_id).with_for_update()).one()


def running(tx: Tx, round_id: int, *, now: datetime) -> Row[Any]:
    """The round, held, while it takes statements and votes; else a Refusal."""
    row = held(tx, round_id)
    if row.state != "open" or row.closes_at <= now:
        raise Refusal("round.closed", number=number_of(tx, row))
    return row


# --- opening --------------------------------------------------------------------------------------------------
def begin(tx: Tx, actor: Actor, plan: Plan, *, number: int, chat_id: int | None = None, now: datetime) -> Row[Any]:
    """Opens a round on a matter and announces it in the groups; one at a time. `chat_id`: a group that hears it otherwise."""
    matter = issues.by_number(tx, actor.community_id, number, lock=True)
    if not steps.hands_of(tx, actor, matter, now=now) & {Who.HOST, Who.STAFF}:
        raise Forbidden("round.not_host", number=matter.number)
    _may_begin(tx, matter, plan, now)
    return _open(tx, actor, matter, plan, chat_id, now)


def _open(tx: Tx, actor: Actor, matter: Row[Any], plan: Plan, chat_id: int | None, now: datetime) -> Row[Any]:
    talk = deliberation.current(tx, matter)
    phase = deliberation.phase_of(talk) if talk is not None else None
    closes = quiet.of(tx, actor.community_id).closing(plan.closes_at or now + timedelta(days=DAYS))
    tx.execute(select(community.c.id).where(community.c.id == matter.community_id).with_for_update())
    latest = tx.scalar(select(func.max(opinion_round.c.number)).where(opinion_round.c.community_id == matter.community_id)) or 0
    host = matter.host_id or actor.person_id
    round_id = tx.add(
        opinion_round, community_id=matter.community_id, number=latest + 1, issue_id=matter.id, state="open",
        title=(public(plan.title) or matter.title)[:64], phase=phase.name[:32] if phase else None,
        moderation="before" if plan.before else "after", daily=plan.daily, opens_at=now, closes_at=closes, host_id=host,
        created_by=actor.person_id or host)
    row = by_id(tx, round_id)
    for text in plan.seeds:
        _seed(tx, row, text, now)
    timers.start(tx, Timer.DISCUSSION, None, now + (closes - now) / 2, about=f"r{round_id}:half")
    timers.start(tx, Timer.DISCUSSION, None, closes, about=f"r{round_id}:end")
    steps.event(tx, matter.id, "round_open", actor, now=now, text=row.title)
    audit.note(tx, actor, "round.open", f"round:{round_id}", now=now, community_id=row.community_id, issue=matter.id,
               closes_at=closes.isoformat(), moderation=row.moderation)
    post(tx, row, "open", say("round.card", round=row, number=matter.number), now, but=chat_id)
    if host != actor.person_id and host is not None:
        outbox.to_person(tx, person_id=host, key=f"round:{round_id}:host", now=now,
                         text=say("round.for_host", round=row, number=matter.number))
    return by_id(tx, round_id)


def _may_begin(tx: Tx, matter: Row[Any], plan: Plan, now: datetime) -> None:
    if matter.private:
        raise Refusal("guard.public", number=matter.number)
    if matter.state not in OPEN:
        raise Refusal("round.issue_over", number=matter.number)
    if open_on(tx, matter.id) is not None:
        raise Refusal("round.already", number=matter.number)
    if plan.closes_at is not None and not timedelta(hours=1) <= plan.closes_at - now <= timedelta(days=LONGEST):
        raise Refusal("round.how_long", number=matter.number, most=LONGEST)
    if not 1 <= plan.daily <= MOST_DAILY or len(plan.seeds) > _SEEDS:
        raise Refusal("round.how_many", number=matter.number, most=MOST_DAILY, seeds=_SEEDS)


def _seed(tx: Tx, row: Row[Any], text: str, now: datetime) -> None:
    """Something to begin with, of nobody's; it is shown at once."""
    last_number = tx.scalar(select(func.max(opinion.c.number)).where(opinion.c.round_id == row.id)) or 0
    tx.add(opinion, round_id=row.id, number=last_number + 1, text=public(text), state="shown", source="seed", at=now,
           seq=round_order.bump(tx, row.id, now))


def seed(tx: Tx, actor: Speaker, texts: list[str], *, number: int, now: datetime) -> Row[Any]:
    """Adds statements to begin with (种子), by whoever leads the round."""
    row = led(tx, actor, number, now=now)
    running(tx, row.id, now=now)
    had = int(tx.scalar(select(func.count()).where(opinion.c.round_id == row.id, opinion.c.source == "seed")))
    if had + len(texts) > _SEEDS:
        raise Refusal("round.how_many", number=number, most=MOST_DAILY, seeds=_SEEDS)
    for text in texts:
        _seed(tx, row, text, now)
    audit.note(tx, actor, "round.seed", f"round:{row.id}", now=now, count=len(texts), words=audit.digest("\n".join(texts)))
    return by_id(tx, row.id)


def post(tx: Tx, row: Row[Any], news: str, text: str, now: datetime, *, but: int | None = None) -> int:
    """Posts to every group the matter concerns: the building's where it was raised there, else all of the community."""
    return sum(outbox.to_chat(tx, chat_id=c, key=f"round:{row.id}:{news}:chat:{c}", text=text, now=now, weight=outbox.RESULT,
                              url=pages.url_of(tx, "round", row.community_id, row.number) if news == "open" else "")
               for c in chats(tx, row) if c != but)


def chats(tx: Tx, row: Row[Any]) -> list[int]:
    """The groups a round belongs in."""
    where = tx.first(select(chat.c.id, chat.c.building_id).join_from(issue, chat, chat.c.id == issue.c.chat_id).where(
        issue.c.id == row.issue_id))
    if where is not None and where.building_id is not None:
        return [where.id]
    return list(tx.connection.scalars(select(chat.c.id).where(chat.c.community_id == row.community_id).order_by(chat.c.id)))


# --- closing --------------------------------------------------------------------------------------------------
def end(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> Row[Any]:
    """Closes a round before its time."""
    row = led(tx, actor, number, now=now)
    if row.state != "open":
        raise Refusal("round.closed", number=number)
    return _close(tx, actor, row, now)


def time_over(tx: Tx, round_id: int, now: datetime) -> None:
    """The time of a round is over."""
    row = held(tx, round_id)
    if row.state == "open":
        _close(tx, SYSTEM, row, now)


@deliberation.on_phase
def _of_phase(tx: Tx, actor: Actor, matter: Row[Any], talk: Row[Any], phase: Phase | None, begins: bool, now: datetime) -> None:
    """A phase in which statements are gathered has a round as long as itself: it closes what such a phase opened, and opens."""
    if phase is None or Deed.GATHER not in phase.may:
        return
    found = open_on(tx, matter.id)
    if begins and found is None:
        _open(tx, actor, matter, Plan(closes_at=talk.until or now + timedelta(days=LONGEST)), None, now)
    elif not begins and found is not None and found.phase == phase.name:
        _close(tx, actor, held(tx, found.id), now)


def _close(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> Row[Any]:
    tx.execute(update(opinion_round).where(opinion_round.c.id == row.id).values(state="closed", closed_at=now))
    steps.event(tx, row.issue_id, "round_close", actor, now=now, text=row.title)
    audit.note(tx, actor, "round.close", f"round:{row.id}", now=now, community_id=row.community_id)
    after = by_id(tx, row.id)
    round_report.at_close(tx, after, now)
    return after
