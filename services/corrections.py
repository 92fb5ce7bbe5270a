"""What staff corrected: category, place and track of an issue, intent of a sentence; training learns from it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from domain.errors import Refusal
from domain.lifecycle import OPEN
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import correction, issue
from services import audit, issues, similar, steps, triage

FIELDS = ("category", "place", "intent", "track")


def correct(tx: Tx, actor: Actor, *, number: int, field: str, value: str, now: datetime,
            community_id: int | None = None, reason: str = "") -> tuple[Row[Any], str | None]:
    """Puts one fact of an issue right and keeps what it was; returns the issue and the value before."""
    if not actor.role.covers(Role.GRID_WORKER):
        raise Refusal("role.too_low")
    row = issues.by_number(tx, community_id or actor.community_id, number, lock=True)
    before = "register_issue" if field == "intent" else getattr(row, field)
    if value == triage.PRIVATE and row.private:
        before = triage.PRIVATE
    if before == value:
        return row, before
    if field != "intent":
        similar.leave(tx, row)
        tx.execute(update(issue).where(issue.c.id == row.id).values(_kept(tx, row, field, value, reason) | {"changed_at": now}))
        if row.state in OPEN:
            similar.enter(tx, issues.by_id(tx, row.id))
    if field == "track":
        steps.event(tx, row.id, "track", actor, now=now, text=reason or None, inner=True, facts={"before": before, "after": value})
    if value == triage.PRIVATE:
        triage.make_private(tx, issues.by_id(tx, row.id), now=now)
    tx.execute(delete(correction).where(correction.c.issue_id == row.id, correction.c.field == field))
    tx.add(correction, community_id=row.community_id, issue_id=row.id, field=field, before=before, after=value,
           made_by=actor.who, made_at=now)
    audit.note(tx, actor, "issue.correct", f"issue:{row.id}", now=now, community_id=row.community_id, field=field,
               before=before, after=value)
    return issues.by_id(tx, row.id), before


def _kept(tx: Tx, row: Row[Any], field: str, value: str, reason: str) -> dict[str, Any]:
    """What the issue is kept as from now on; another kind is another's affair, unless a person has said whose."""
    if field == "track":
        return triage.corrected(value, reason)
    said = tx.first(select(correction.c.id).where(correction.c.issue_id == row.id, correction.c.field == "track"))
    if field == "category" and said is None:
        return {"category": value} | triage.values(row.text, value, private=row.private)
    return {field: value}


def examples(tx: Tx, *, community_id: int | None = None) -> list[Row[Any]]:
    """Corrected sentences that still have words: (text, field, after), the oldest first."""
    query = select(issue.c.text, correction.c.field, correction.c.after, issue.c.category).join_from(correction, issue).where(
        issue.c.text != "").order_by(correction.c.id)
    return tx.all(query if community_id is None else query.where(correction.c.community_id == community_id))
