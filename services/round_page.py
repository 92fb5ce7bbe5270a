"""What the page of a round shows to who holds the phone: the statement before them and their own answers, nobody else's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from models.base import Tx
from models.rounds import opinion, opinion_round, opinion_vote
from models.tables import community, issue
from services import pages, people, round_votes

OWN = 100  # answers that can be changed on the page


@dataclass(frozen=True, slots=True)
class RoundPage:
    """A round as one person sees it."""

    row: Row[Any]
    number: int  # of the matter
    open: bool
    one: Row[Any] | None  # what lies before them
    own: list[tuple[Row[Any], int]]  # what they have answered: statement and value, the newest first
    statements: int
    issue_url: str
    report_url: str


def page_of(tx: Tx, code: str, number: int, *, person_id: int | None, now: datetime) -> RoundPage | None:
    """The round of this number; None when there is none, or its matter is private."""
    row = tx.first(select(opinion_round, issue.c.number.label("issue_number"), issue.c.private).join_from(
        opinion_round, issue).join(community, community.c.id == opinion_round.c.community_id).where(
        community.c.code == code, opinion_round.c.number == number))
    if row is None or row.private:
        return None
    still = row.state == "open" and row.closes_at > now
    count = tx.scalar(select(func.count()).where(opinion.c.round_id == row.id, opinion.c.state == "shown"))
    own = _own(tx, row.id, person_id) if person_id is not None else []
    one = round_votes.before(tx, person_id, row.id) if person_id is not None and still else None
    if one is not None and (one.state != "shown" or one.id in {o.id for o, _ in own}):
        one = None
    return RoundPage(row, row.issue_number, still, one, own, int(count), pages.path_of("issue", code, row.issue_number),
                     pages.path_of("report", code, number))


def _own(tx: Tx, round_id: int, person_id: int) -> list[tuple[Row[Any], int]]:
    rows = tx.all(select(opinion, opinion_vote.c.value).join_from(opinion_vote, opinion, opinion.c.id == opinion_vote.c.opinion_id)
                  .where(opinion_vote.c.round_id == round_id, opinion_vote.c.person_id.in_(people.behind(tx, person_id)),
                         opinion.c.state == "shown").order_by(opinion_vote.c.seq.desc()).limit(OWN))
    return [(row, row.value) for row in rows]


def listed(tx: Tx, community_id: int, code: str) -> list[tuple[Row[Any], str]]:
    """The open rounds with the addresses of their pages."""
    rows = tx.all(select(opinion_round, issue.c.number.label("issue_number")).join_from(opinion_round, issue).where(
        opinion_round.c.community_id == community_id, opinion_round.c.state == "open", ~issue.c.private)
        .order_by(opinion_round.c.id.desc()))
    return [(row, pages.path_of("round", code, row.number)) for row in rows]
