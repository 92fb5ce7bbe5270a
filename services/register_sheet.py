"""Rows of cells out of an xlsx or csv file that a stranger may have made: values only, and never more than fits."""

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import Refusal

BYTES, UNPACKED, ROWS, COLUMNS, CELL = 5_000_000, 40_000_000, 20_000, 60, 200
ENTRIES = 300
EXACT = 1e15  # what a spreadsheet's number can still tell apart
_PROLOGUE = 4096


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells as text, and those (row and column from 0) that were filled from a merged one."""

    rows: list[list[str]]
    merged: frozenset[tuple[int, int]] = frozenset()


def sheet(data: bytes, name: str) -> Sheet:
    """Reads the first sheet; a Refusal says what is wrong with the file."""
    if len(data) > BYTES:
        raise Refusal("register.too_big", mb=BYTES // 1_000_000)
    if not data.strip():
        raise Refusal("register.no_rows")
    if data[:2] == b"PK":
        return _xlsx(data)
    if name.lower().endswith((".xlsx", ".xls", ".et")) or b"\0" in data[:_PROLOGUE]:
        raise Refusal("register.not_a_table")
    return _csv(data)


def written(rows: Sequence[Sequence[str]]) -> bytes:
    """The rows as a workbook."""
    from openpyxl import Workbook
    book, into = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(into)
    return into.getvalue()


def _csv(data: bytes) -> Sheet:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refusal("register.not_a_table")
    first = max(text.split("\n", 10)[:10], key=lambda line: max(map(line.count, ",;\t")))
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)):
            _small(len(rows) + 1, len(row))
            rows.append([_text(cell) for cell in row])
    except csv.Error:
        raise Refusal("register.not_a_table") from None
    return Sheet(rows)


def _xlsx(data: bytes) -> Sheet:
    from openpyxl import load_workbook  # here, because few processes ever read a workbook
    _harmless(data)
    try:
        page: Any = load_workbook(io.BytesIO(data), data_only=True, keep_links=False).worksheets[0]
    except Refusal:
        raise
    except Exception:  # a damaged file breaks the reader in many ways, and none of them is ours
        raise Refusal("register.not_a_table") from None
    _small(page.max_row, page.max_column)
    rows = [[_text(cell) for cell in row] for row in page.iter_rows(values_only=True)]
    return Sheet(rows, _fill(page, rows))


def _harmless(data: bytes) -> None:
    """Refuses what would unpack to too much, and XML that defines entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES or sum(e.file_size for e in entries) > UNPACKED:
                raise Refusal("register.too_big", mb=BYTES // 1_000_000)
            for entry in entries:
                with archive.open(entry) as part:
                    if b"<!DOCTYPE" in part.read(_PROLOGUE):
                        raise Refusal("register.not_a_table")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise Refusal("register.not_a_table") from None


def _fill(page: Any, rows: list[list[str]]) -> frozenset[tuple[int, int]]:
    """Gives every cell of a vertically merged range the value it shows."""
    filled: set[tuple[int, int]] = set()
    for area in page.merged_cells.ranges:
        if area.min_col == area.max_col and area.max_row <= len(rows):
            for row in range(area.min_row + 1, area.max_row + 1):
                rows[row - 1][area.min_col - 1] = rows[area.min_row - 1][area.min_col - 1]
                filled |= {(row - 1, area.min_col - 1), (area.min_row - 1, area.min_col - 1)}
    return frozenset(filled)


def _small(rows: int, columns: int) -> None:
    if rows > ROWS or columns > COLUMNS:
        raise Refusal("register.too_many", rows=ROWS, columns=COLUMNS)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and abs(value) >= EXACT:
        return f"{value:.4e}"  # the sheet itself has lost the last digits: nobody shall take it for a number of a document
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()[:CELL]
