"""Which open issues seem to be one matter: found by the clock, kept as issue numbers only, shown by services/proposals.py.

Imports numpy and scipy through texts/themes.py; only the scheduler imports this module, so that web workers stay small.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from domain.lifecycle import OPEN
from models.base import Database, Tx
from models.tables import community, issue, issue_group, issue_grouping
from texts import themes
from texts.themes import Said

EVERY = timedelta(minutes=10)  # a community is looked through at most so often
MOST = 1000  # the newest open issues are looked at


def group_due(db: Database, *, now: datetime) -> int:
    """Looks for groups in every community with new issues. The comparing is done between two transactions, not in one."""
    with db.read() as tx:
        due = _due(tx, now)
    for community_id, upto in due:
        with db.read() as tx:
            ids, said = _open_issues(tx, community_id)
        found = [[ids[n] for n in group] for group in themes.groups(said)]
        with db.write() as tx:
            _keep(tx, community_id, upto, found, now)
    return len(due)


def _due(tx: Tx, now: datetime) -> list[tuple[int, int]]:
    rows = tx.all(select(community.c.id, community.c.last_issue).join_from(
        community, issue_grouping, issue_grouping.c.community_id == community.c.id, isouter=True).where(
        community.c.last_issue > 0, or_(issue_grouping.c.id.is_(None), (issue_grouping.c.upto < community.c.last_issue)
                                        & (issue_grouping.c.at <= now - EVERY))))
    return [(row.id, row.last_issue) for row in rows]


def _open_issues(tx: Tx, community_id: int) -> tuple[list[int], list[Said]]:
    rows = tx.all(select(issue.c.id, issue.c.title, issue.c.text, issue.c.place).where(
        issue.c.community_id == community_id, issue.c.state.in_([str(s) for s in OPEN]), issue.c.text != "", ~issue.c.private)
        .order_by(issue.c.id.desc()).limit(MOST))
    return [row.id for row in rows], [Said(row.title, row.text, row.place) for row in rows]


def _keep(tx: Tx, community_id: int, upto: int, found: list[list[int]], now: datetime) -> None:
    """Replaces what was proposed; of two schedulers the second finds it done."""
    add = (insert_postgres if tx.postgres else insert_sqlite)(issue_grouping).values(community_id=community_id, upto=upto, at=now)
    mine = tx.scalar(add.on_conflict_do_update(
        index_elements=["community_id"], set_={"upto": add.excluded.upto, "at": add.excluded.at},
        where=issue_grouping.c.upto < add.excluded.upto).returning(issue_grouping.c.id))
    if mine is None:
        return
    here = select(issue.c.id).where(issue.c.community_id == community_id)
    tx.execute(delete(issue_group).where(issue_group.c.issue_id.in_(here)))
    rows = [{"issue_id": i, "first_id": min(group)} for group in found for i in group]
    if rows:
        tx.execute(insert(issue_group), rows)
