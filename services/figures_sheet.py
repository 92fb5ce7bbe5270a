"""The figures as a workbook: what is on the screen, and the issues behind it; every cell is text or a number, never a formula."""

from datetime import datetime
from typing import Any

from domain.figures import Figure
from models.base import Tx
from services import figures, sheets
from services.figures import GROUPS, Asked, Sheet
from texts.say import say, term

_ISSUE = ("number", "created_at", "title", "category", "place", "state", "assigned_at", "contact_due", "contacted_at", "due_at",
          "resolved_at", "closed_at", "solved", "rating", "returned", "reopened", "excused")


def workbook(tx: Tx, asked: Asked, now: datetime) -> bytes:
    """A page for each way to divide what is asked for, and one of the issues."""
    heading = [say(f"figures.column.{name}") for name in ("name", "raised", *Figure, "silent", "excused")]
    whole = [(say("figures.all"), figures.sheet(tx, asked, now))]
    pages: list[tuple[str, list[str], list[list[Any]]]] = []
    for by in GROUPS:
        parts = [(term("category", name) if by == "category" else name, found)
                 for name, _, found in figures.table(tx, asked, by, now)]
        pages.append((say(f"figures.by.{by}"), heading, [_line(name, found) for name, found in [*whole, *parts]]))
    rows = tx.all(figures.listed(asked, "", now).order_by(figures.i.id).limit(sheets.MOST))
    pages.append((say("figures.issues"), [say(f"figures.column.{name}") for name in _ISSUE], [_issue(row) for row in rows]))
    return sheets.written(pages)


def _line(name: str, found: Sheet) -> list[Any]:
    return [name, found.raised, *(f"{rate}（{rate.met}/{rate.of}）" for rate in found.rates.values()), found.silent, found.excused]


def _issue(row: Any) -> list[Any]:
    told: list[Any] = []
    for name in _ISSUE:
        value = getattr(row, name)
        if name in ("category", "state"):
            value = term(name, value)
        elif name == "rating" and value:
            value = say(f"terms.rating.{value}")
        elif name == "number":
            value = f"I{value}"
        elif isinstance(value, bool):
            value = say(f"figures.{'yes' if value else 'no'}")
        told.append(value)
    return told
