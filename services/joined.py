"""Issues that are dealt with together: merges are edges, nothing is copied, and support is the number of distinct people."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, bindparam, func, or_, select, union, update

from domain.errors import Refusal
from models.base import Tx
from models.hot import Hot
from models.tables import issue, merge, supporter

_whole = or_(issue.c.id == bindparam("issue_id"), issue.c.root_id == bindparam("issue_id"))
_RAISED = select(issue.c.submitter_id.label("person_id")).where(_whole)
_BACKED = select(supporter.c.person_id).join_from(supporter, issue, issue.c.id == supporter.c.issue_id).where(_whole)
_PEOPLE = union(_RAISED, _BACKED).subquery()
_COUNT = Hot(select(func.count()).select_from(_PEOPLE))


def behind(tx: Tx, issue_id: int) -> int:
    """How many people stand behind an issue and what is joined into it, besides the one who raised it."""
    return int(tx.scalar(_COUNT, {"issue_id": issue_id})) - 1


def behind_column() -> ScalarSelect[Any]:
    """The same as a column of a list of issues."""
    other, backed = issue.alias(), issue.alias()
    raised = select(other.c.submitter_id.label("person_id")).where(or_(other.c.id == issue.c.id, other.c.root_id == issue.c.id))
    stood = select(supporter.c.person_id).join_from(supporter, backed, backed.c.id == supporter.c.issue_id).where(
        or_(backed.c.id == issue.c.id, backed.c.root_id == issue.c.id))
    people = union(raised.correlate(issue), stood.correlate(issue)).subquery()
    return select(func.count() - 1).select_from(people).scalar_subquery()


def members(tx: Tx, issue_id: int) -> list[int]:
    """The issue and everything joined into it."""
    return [issue_id, *tx.connection.scalars(select(issue.c.id).where(issue.c.root_id == issue_id).order_by(issue.c.id))]


def followers(tx: Tx, issue_id: int) -> list[tuple[int, int]]:
    """Everybody to tell: (person, number of the issue they raised or back), who raised it first, nobody twice."""
    rows = tx.all(select(issue.c.id, issue.c.number, issue.c.submitter_id).where(
        or_(issue.c.id == issue_id, issue.c.root_id == issue_id)).order_by(issue.c.id != issue_id, issue.c.id))
    numbers = {row.id: row.number for row in rows}
    found = {row.submitter_id: row.number for row in reversed(rows)}
    for row in tx.all(select(supporter.c.person_id, supporter.c.issue_id).where(supporter.c.issue_id.in_(numbers))
                      .order_by(supporter.c.id)):
        found.setdefault(row.person_id, numbers[row.issue_id])
    first = rows[0].submitter_id
    return [(first, found[first]), *((person, number) for person, number in found.items() if person != first)]


def join(tx: Tx, source: Row[Any], target: Row[Any], *, now: datetime) -> None:
    """Draws the edge; what was joined into the source goes with it."""
    tx.add(merge, source_id=source.id, target_id=target.id, at=now)
    tx.execute(update(issue).where(or_(issue.c.id == source.id, issue.c.root_id == source.id)).values(root_id=target.id))


def part(tx: Tx, row: Row[Any], *, now: datetime) -> datetime:
    """Takes the edge away; what was joined into the issue stays with it. Returns when they had been joined."""
    edge = tx.first(select(merge).where(merge.c.source_id == row.id, merge.c.undone_at.is_(None)).with_for_update())
    if edge is None:
        raise Refusal("issue.not_merged", number=row.number)
    tx.execute(update(merge).where(merge.c.id == edge.id).values(undone_at=now))
    below, new = [row.id], [row.id]
    while new:
        new = list(tx.connection.scalars(select(merge.c.source_id).where(merge.c.target_id.in_(new), merge.c.undone_at.is_(None))))
        below += new
    tx.execute(update(issue).where(issue.c.id.in_(below[1:])).values(root_id=row.id))
    tx.execute(update(issue).where(issue.c.id == row.id).values(root_id=None))
    at: datetime = edge.at
    return at


def target_of(tx: Tx, issue_id: int) -> Row[Any] | None:
    """The issue this one was joined into directly."""
    return tx.first(select(issue).join_from(merge, issue, issue.c.id == merge.c.target_id).where(
        merge.c.source_id == issue_id, merge.c.undone_at.is_(None)))
