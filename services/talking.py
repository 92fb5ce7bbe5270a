"""A deliberation as everybody may see it: one line with its phase and where people stand, without names."""

from typing import Any

from sqlalchemy import Row

from models.base import Tx
from services import conclusions, deliberation
from texts.say import say


def line(tx: Tx, row: Row[Any]) -> str:
    """The line for the issue and its page; '' for one that was never talked about."""
    held = deliberation.last(tx, row.id)
    if held is None:
        return ""
    phase, card = deliberation.phase_of(held), conclusions.card(tx, held)
    said = say("talk.line", course=held.course["name"], ended=held.ended_at is not None, phase=phase.name if phase else "",
               until=held.until if not held.talk_over else None, starts=held.starts_at, counts=card["counts"])
    return said + ("\n" + say("talk.line_result", **card) if card["text"] else "")
