"""What the pages for phones show of polls and issues: the same facts and the same silence as in chat."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.lifecycle import OPEN
from domain.roles import NOBODY, Role
from models.base import Tx
from models.tables import ballot, community, identity, issue, issue_event, poll, supporter
from services import (
    anchors,
    ballots,
    course,
    electorate,
    evidence,
    issues,
    notices,
    pages,
    people,
    pictures,
    polls,
    round_page,
    rounds,
    sight,
    talking,
)
from services.anchors import Head
from services.people import Speaker, homes_of
from services.standing import Standing
from texts.mask import public
from texts.say import say

_OPEN = [str(s) for s in OPEN]
LISTED = 20


@dataclass(frozen=True, slots=True)
class PollPage:
    """A poll as somebody sees it."""

    row: Row[Any]
    open: bool
    tally: Standing
    asked: int
    mine: str  # the viewer's ballot that counts now, as it is stored
    said: tuple[str, ...]  # and in words
    issue_url: str = ""
    picture: str = ""  # what the picture of the result shows, in words; '' when there is none
    anchor: Head | None = None  # the head of the audit chain that was posted with the result


@dataclass(frozen=True, slots=True)
class IssuePage:
    """An issue as somebody sees it, without names."""

    row: Row[Any]
    text: str
    behind: int
    open: bool
    mine: bool  # the viewer raised it
    supported: bool
    events: list[tuple[datetime, str, str | None]]
    course: course.Course
    photos: list[Row[Any]]  # what this viewer may see
    polls: list[tuple[Row[Any], str]]
    talk: list[str]  # the deliberation: its phase, where people stand, its conclusion
    round_url: str = ""  # what the newest round on it has brought, or where it is answered; '' when there was none


@dataclass(frozen=True, slots=True)
class Listed:
    """What is listed, with the address of each."""

    polls: list[tuple[Row[Any], str]] = field(default_factory=list)
    issues: list[tuple[Row[Any], str]] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    rounds: list[tuple[Row[Any], str]] = field(default_factory=list)
    ballots: list[tuple[Row[Any], tuple[str, ...], str]] = field(default_factory=list)


def poll_of(tx: Tx, code: str, number: int, *, person_id: int | None, now: datetime) -> PollPage | None:
    """The poll people call P5 in this community."""
    row = _numbered(tx, poll, code, number)
    if row is None:
        return None
    tally, still = polls.count(tx, row), row.state == "open" and row.closes_at > now
    me = _speaker(row.community_id, person_id) if person_id else None
    mine = ballots.choice_of(tx, me, row) if me else ""
    about = tx.first(select(issue.c.number).where(issue.c.id == row.issue_id, ~issue.c.private)) if row.issue_id else None
    return PollPage(
        row, still, tally, max(tally.ballots, row.result["asked"] if row.result else electorate.size(tx, row)),
        mine, (ballots.mine(tx, me, row) or ()) if me else (),
        pages.path_of("issue", code, about.number) if about is not None and about.number else "",
        pictures.words(row, tally) if row.state == "closed" and not tally.hidden else "", anchors.of_poll(tx, row.id))


def closed_poll(tx: Tx, code: str, number: int) -> Row[Any] | None:
    """The poll of this number, once it is over."""
    row = _numbered(tx, poll, code, number)
    return row if row is not None and row.state == "closed" and row.root else None


def issue_of(tx: Tx, code: str, number: int, *, person_id: int | None, now: datetime) -> IssuePage | None:
    """The issue people call I12 in this community, or the one it was merged into."""
    row = _numbered(tx, issue, code, number)
    if row is None:
        return None
    row = issues.by_number(tx, row.community_id, number)
    viewer = people.as_person(tx, person_id) if person_id is not None else NOBODY
    if not sight.may_see(tx, viewer, row, now=now):
        return None
    events = tx.all(select(issue_event).where(
        issue_event.c.issue_id == row.id, issue_event.c.act != "support", ~issue_event.c.inner)
                    .order_by(issue_event.c.id.desc()).limit(200))
    backed = person_id is not None and tx.first(select(supporter.c.id).where(
        supporter.c.issue_id == row.id, supporter.c.person_id == person_id)) is not None
    about = tx.all(select(poll).where(poll.c.issue_id == row.id).order_by(poll.c.id.desc()).limit(LISTED))
    return IssuePage(
        row, public(row.text), issues.supporters(tx, row.id), row.state in _OPEN, person_id == row.submitter_id, backed,
        [(e.at, e.act, public(e.text) if e.text else None) for e in reversed(events)],
        course.of(tx, row, now=now), photos_for(tx, row, person_id, now=now),
        [(p, pages.path_of("poll", code, p.number)) for p in about], talking.line(tx, row).splitlines(), _round_url(tx, row, code))


def _round_url(tx: Tx, row: Row[Any], code: str) -> str:
    held = rounds.last(tx, row.id) if not row.private else None
    return pages.path_of("round" if held.state == "open" else "report", code, held.number) if held is not None else ""


def photos_for(tx: Tx, row: Row[Any], person_id: int | None, *, now: datetime) -> list[Row[Any]]:
    """The photos of an issue that this viewer may see: what is public, and for who works on it everything."""
    who = people.as_person(tx, person_id) if person_id is not None else None
    if who is not None and who.community_id == row.community_id and evidence.works_on(tx, who, row, now=now):
        return [p for p in evidence.of_issue(tx, row.id) if p.state == "kept"]
    return [p for p in evidence.of_issue(tx, row.id) if p.state == "kept" and p.person_id == person_id] + [
        p for p in evidence.public(tx, row.id) if p.person_id != person_id]


def photo_of(tx: Tx, code: str, number: int, photo_id: int, *, person_id: int | None, now: datetime) -> bytes | None:
    """One photo of the issue, if this viewer may see it."""
    row = _numbered(tx, issue, code, number)
    if row is None:
        return None
    row = issues.by_number(tx, row.community_id, number)
    seen = {p.id for p in photos_for(tx, row, person_id, now=now)}
    return evidence.picture(tx, photo_id) if photo_id in seen else None


def home_of(tx: Tx, community_id: int, person_id: int | None, *, now: datetime) -> Listed:
    """What is going on: the polls this person can vote in and the newest open issues."""
    code = _code(tx, community_id)
    open_polls = ballots.open_here(tx, _speaker(community_id, person_id), None, now=now) if person_id else []
    rows = tx.all(select(issue).where(issue.c.community_id == community_id, issue.c.state.in_(_OPEN), issue.c.number.is_not(None),
                                             ~issue.c.private)
                  .order_by(issue.c.id.desc()).limit(LISTED))
    return Listed([(p, pages.path_of("poll", code, p.number)) for p in open_polls],
                  [(i, pages.path_of("issue", code, i.number)) for i in rows], rounds=round_page.listed(tx, community_id, code))


def mine_of(tx: Tx, community_id: int, person_id: int | None) -> Listed:
    """The person's own ballots, newest poll first, issues and homes."""
    if person_id is None:
        return Listed()
    code, me = _code(tx, community_id), _speaker(community_id, person_id)
    homes = homes_of(tx, person_id)
    voters = [me.who, *(f"home:{home_id}" for home_id, _, _ in homes)]
    theirs = select(ballot.c.poll_id).where(ballot.c.voter.in_(voters), ballot.c.choice != "")
    voted = tx.all(select(poll).where(poll.c.id.in_(theirs)).order_by(poll.c.id.desc()).limit(LISTED))
    raised = tx.all(select(issue).where(issue.c.submitter_id == person_id, issue.c.number.is_not(None))
                    .order_by(issue.c.id.desc()).limit(LISTED))
    return Listed(
        issues=[(i, pages.path_of("issue", code, i.number)) for i in raised], homes=[label for _, _, label in homes],
        ballots=[(p, ballots.mine(tx, me, p) or (), pages.path_of("poll", code, p.number)) for p in voted])


def notices_of(tx: Tx, channel: str, openid: str, template: str = "") -> int:
    """How many one-time notices this account may still get, of all kinds or of one."""
    who = tx.scalar(select(identity.c.id).where(identity.c.channel == channel, identity.c.external_id == openid))
    return notices.unused(tx, who, template) if who is not None else 0


def picture_of(tx: Tx, kind: str, code: str, number: int) -> dict[str, Any] | None:
    """The facts of the picture that a shared link shows: the result, or the question."""
    row = _numbered(tx, poll if kind == "poll" else issue, code, number)
    if row is None or (kind == "issue" and row.private):
        return None
    if kind == "issue":
        return _question(f"I{row.number} {row.title}", say("card.issue", issue=row))
    return pictures.facts(row, polls.count(tx, row)) or _question(f"P{row.number} {row.title}", say("card.poll", poll=row))


def _question(title: str, line: str) -> dict[str, Any]:
    return {"title": title, "subtitle": line, "rows": [], "footer": say("page.picture")}


def _numbered(tx: Tx, table: Any, code: str, number: int) -> Row[Any] | None:
    return tx.first(select(table).join(community, community.c.id == table.c.community_id).where(
        community.c.code == code, table.c.number == number))


def _code(tx: Tx, community_id: int) -> str:
    return str(tx.scalar(select(community.c.code).where(community.c.id == community_id)))


def _speaker(community_id: int, person_id: int | None) -> Speaker:
    return Speaker(f"person:{person_id}", Role.RESIDENT, community_id, person_id)

