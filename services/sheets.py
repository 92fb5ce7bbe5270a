"""Workbooks to take away: every cell is text or a number, never a formula, whatever it begins with."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from domain.clock import SHANGHAI
from services.export import safe

MOST = 20_000  # rows of a page: a workbook is made in memory
_HIDDEN = str.maketrans("", "", "".join(map(chr, [*range(9), 11, 12, *range(14, 32)])))
_TITLE = str.maketrans("", "", "[]:*?/\\")  # what no page may be called
_LONGEST = 32_000  # characters of a cell


def written(pages: Iterable[tuple[str, list[str], Iterable[list[Any]]]]) -> bytes:
    """The workbook of these pages: (title, heading, rows)."""
    book = Workbook(write_only=True)
    for title, heading, rows in pages:
        page = book.create_sheet(title.translate(_TITLE)[:31])
        page.append([cell(page, text, bold=True) for text in heading])
        for row in rows:
            page.append([cell(page, value) for value in row])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    """One cell of a page: text stays text, a moment is shown as it is here."""
    if isinstance(value, datetime):
        value = f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    made = WriteOnlyCell(page, value=safe(value.translate(_HIDDEN))[:_LONGEST] if isinstance(value, str) else value)
    if bold:
        made.font = Font(bold=True)
    return made
