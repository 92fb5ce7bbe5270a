"""The figures as a workbook: what is on the screen, and the issues behind it; every cell is text or a number, never a formula."""

import io
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from domain.clock import SHANGHAI
from domain.figures import Figure
from models.base import Tx
from services import figures
from services.export import safe
from services.figures import GROUPS, Asked, Sheet
from texts.say import say

_ISSUE = ("number", "created_at", "title", "category", "place", "state", "assigned_at", "contact_due", "contacted_at", "due_at",
          "resolved_at", "closed_at", "solved", "rating", "returned", "reopened", "excused")
_MOST = 20_000
_HIDDEN = str.maketrans("", "", "".join(map(chr, [*range(9), 11, 12, *range(14, 32)])))


def workbook(tx: Tx, asked: Asked, now: datetime) -> bytes:
    """A page for each way to divide what is asked for, and one of the issues."""
    book = Workbook(write_only=True)
    heading = [say(f"figures.column.{name}") for name in ("name", "raised", *Figure, "silent", "excused")]
    whole = [(say("figures.all"), figures.sheet(tx, asked, now))]
    for by in GROUPS:
        parts = [(say(f"terms.category.{name}") if by == "category" else name, found)
                 for name, _, found in figures.table(tx, asked, by, now)]
        _page(book, say(f"figures.by.{by}"), heading, [_line(name, found) for name, found in [*whole, *parts]])
    rows = tx.all(figures.listed(asked, "", now).order_by(figures.i.id).limit(_MOST))
    _page(book, say("figures.issues"), [say(f"figures.column.{name}") for name in _ISSUE], [_issue(row) for row in rows])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _line(name: str, found: Sheet) -> list[Any]:
    return [name, found.raised, *(f"{rate}（{rate.met}/{rate.of}）" for rate in found.rates.values()), found.silent, found.excused]


def _issue(row: Any) -> list[Any]:
    told: list[Any] = []
    for name in _ISSUE:
        value = getattr(row, name)
        if name in ("category", "state"):
            value = say(f"terms.{name}.{value}")
        elif name == "rating" and value:
            value = say(f"terms.rating.{value}")
        elif name == "number":
            value = f"I{value}"
        elif isinstance(value, bool):
            value = say(f"figures.{'yes' if value else 'no'}")
        elif isinstance(value, datetime):
            value = f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        told.append(value)
    return told


def _page(book: Workbook, title: str, heading: list[str], rows: list[list[Any]]) -> None:
    page = book.create_sheet(title)
    page.append([_cell(page, text, bold=True) for text in heading])
    for row in rows:
        page.append([_cell(page, value) for value in row])


def _cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    """Text stays text, whatever it begins with."""
    cell = WriteOnlyCell(page, value=safe(value.translate(_HIDDEN)) if isinstance(value, str) else value)
    if bold:
        cell.font = Font(bold=True)
    return cell
