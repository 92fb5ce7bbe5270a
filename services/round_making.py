"""Makes the report of a closed round, by the clock and outside of any writing transaction, and tells it.

What is posted is rendered once. Imports numpy and scipy where it computes; only the scheduler and tools call it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from domain.roles import SYSTEM
from models.base import Database, Tx
from models.round_reports import round_report
from models.rounds import opinion_round
from services import audit, notices, outbox, round_picture, round_view, rounds, steps
from services.round_view import Report
from texts.say import say

AGAIN = timedelta(minutes=1)  # after an attempt that broke, longer each time


def make_due(db: Database, *, now: datetime) -> int:
    """Computes and posts every report that is due. The computing is done between two transactions, not in one; one that breaks
    is tried again later and does not keep the others from being made."""
    with db.read() as tx:
        due = tx.all(select(round_report.c.id, round_report.c.round_id).where(
            round_report.c.made_at.is_(None), round_report.c.due_at <= now).order_by(round_report.c.id))
    errors = []
    for each in due:
        try:
            _make(db, each.id, each.round_id, now)
        except Exception as error:
            errors.append(error)
            with db.write() as tx:
                _later(tx, each.id, now)
    if errors:
        raise ExceptionGroup("reports of rounds failed", errors)
    return len(due)


def _make(db: Database, report_id: int, round_id: int, now: datetime) -> None:
    from services import round_findings, round_material  # numpy: the scheduler's, not the web workers'

    with db.read() as tx:
        row = tx.execute(select(opinion_round).where(opinion_round.c.id == round_id)).one()
        material = round_material.read(tx, row)
    found = round_findings.compute(material, about=row.title, warm=row.warm)
    with db.write() as tx:
        mine = tx.execute(update(round_report).where(round_report.c.id == report_id, round_report.c.made_at.is_(None)).values(
            found=found, made_at=now))
        if mine.rowcount == 1:  # else another scheduler was faster
            _tell(tx, row, now)
        audit.seal(tx)


def _later(tx: Tx, report_id: int, now: datetime) -> None:
    failures = tx.scalar(select(round_report.c.failures).where(round_report.c.id == report_id)) + 1
    tx.execute(update(round_report).where(round_report.c.id == report_id).values(
        failures=failures, due_at=now + AGAIN * min(2 ** failures, 60)))


def _tell(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Posts the lines and the picture to the groups, and tells the host what can be done with it."""
    tx.execute(update(opinion_round).where(opinion_round.c.id == row.id).values(reported_at=now))
    report = round_view.of(tx, row)
    assert report is not None
    steps.event(tx, report.issue.id, "round_report", SYSTEM, now=now)
    audit.note(tx, SYSTEM, "round.report", f"round:{row.id}", now=now, community_id=row.community_id, people=report.found["people"],
               votes=report.found["votes"], common=len(report.common))
    told, url = post(tx, report, now), round_view.url_of(tx, row)
    if report.found["people"]:
        outbox.to_person(tx, person_id=row.host_id, key=f"round:{row.id}:report:person:{row.host_id}", now=now,
                         url=url, weight=outbox.RESULT,
                         notice=notices.news(report.issue.number, report.issue.title, "round_report", url=url, now=now),
                         text=say("findings.host", issue=report.issue, lines=round_view.lines(report), told=told,
                                  common=bool(report.common)))


def post(tx: Tx, report: Report, now: datetime) -> int:
    """Queues the words and the picture for each group the matter concerns; returns how many it reaches."""
    if report.issue.private:
        return 0
    key, url, reached = f"round:{report.round.id}:report", round_view.url_of(tx, report.round), 0
    text, picture = _words(report), round_picture.facts(report) if round_picture.worth_seeing(report) else None
    for chat_id in rounds.chats(tx, report.round):
        sent = outbox.to_chat(tx, chat_id=chat_id, key=f"{key}:chat:{chat_id}", text=text, url=url, now=now, weight=outbox.RESULT)
        if sent and picture is not None:
            outbox.to_chat(tx, chat_id=chat_id, key=f"{key}:chat:{chat_id}:chart", facts=picture, now=now, weight=outbox.RESULT)
        reached += sent
    return reached


def _words(report: Report) -> str:
    if not report.found["people"]:
        return say("findings.none.group", issue=report.issue, round=report.round)
    return say("findings.group_post", issue=report.issue, round=report.round, lines=round_view.lines(report),
               next=say(f"findings.next.{'common' if report.common else 'none'}", number=report.issue.number))
