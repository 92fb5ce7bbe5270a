"""Writes a document as PDF with its Chinese font embedded, byte for byte the same each time."""

import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from services.minutes_font import BOLD, REGULAR, characters, cut
from services.minutes_model import Document, Heading, Paragraph, Picture, Table, clean

MARGIN, LINE, WIDTH = 20, 6.5, 170  # mm


def written(it: Document) -> bytes:
    """The PDF."""
    from fpdf import FPDF
    pdf = FPDF(format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(True, MARGIN)
    pdf.set_title(clean(it.title))
    pdf.set_lang("zh-CN")
    pdf.set_creation_date(it.dated)
    pdf.set_producer("")
    needed = characters(clean(it.text))
    for style, weight in (("", REGULAR), ("B", BOLD)):
        _font(pdf, style, cut(needed, weight))
    pdf.add_page()
    _words(pdf, it.title, 18, "B", 9)
    _words(pdf, it.note, 9)
    for part in it.parts:
        if isinstance(part, Heading):
            pdf.ln(3)
            if pdf.will_page_break(30):  # a heading stays with what it is over
                pdf.add_page()
            _words(pdf, part.text, 13, "B", 8)
        elif isinstance(part, Paragraph):
            _words(pdf, part.text, 10.5, "B" if part.strong else "")
        elif isinstance(part, Picture):
            pdf.ln(2)
            pdf.image(BytesIO(part.png), w=part.width, alt_text=clean(part.words))
            pdf.ln(2)
        else:
            _table(pdf, part)
    return bytes(pdf.output())


def _font(pdf: Any, style: str, data: bytes) -> None:
    """Fonts are read from files only."""
    handle, name = tempfile.mkstemp(".ttf")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        pdf.add_font("linyi", style, name)
    finally:
        Path(name).unlink()


def _words(pdf: Any, text: str, size: float, style: str = "", line: float = LINE) -> None:
    pdf.set_font("linyi", style, size)
    pdf.multi_cell(0, line, clean(text), wrapmode="CHAR", new_x="LMARGIN", new_y="NEXT")


def _table(pdf: Any, part: Table) -> None:
    rows = [part.head, *part.rows] if part.head else list(part.rows)
    if not rows:
        return
    columns = max(map(len, rows))
    longest = [max(2, min(40, max((len(row[i]) for row in rows if i < len(row)), default=1))) for i in range(columns)]
    pdf.ln(1)
    pdf.set_font("linyi", "", 9.5)
    with pdf.table(col_widths=tuple(longest), width=WIDTH, line_height=LINE, first_row_as_headings=bool(part.head), wrapmode="CHAR",
                   text_align="LEFT", align="LEFT") as table:
        for row in rows:
            cells = table.row()
            for text in (*row, *([""] * (columns - len(row)))):
                cells.cell(clean(text))
    pdf.ln(1)
