"""Asks for the report of a round when it closes; services/round_making.py makes it as soon as the clock beats."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from models.base import Tx
from models.round_reports import round_report


def at_close(tx: Tx, row: Row[Any], now: datetime) -> None:
    """Asks for the report of a round that has just closed; a second call changes nothing. Computing here would hold the writer."""
    if tx.first(select(round_report.c.id).where(round_report.c.round_id == row.id)) is None:
        tx.add(round_report, round_id=row.id, due_at=now)
