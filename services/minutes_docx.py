"""Writes a document as docx, byte for byte the same each time."""

import zipfile
from io import BytesIO
from typing import Any

from domain.export import zipped
from services.minutes_model import Document, Heading, Paragraph, Picture, Table, clean

FONT = "Noto Sans CJK SC"


def written(it: Document) -> bytes:
    """The docx."""
    from docx import Document as Docx
    from docx.shared import Mm, Pt
    book = Docx()
    style = book.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10.5)
    _eastern(style)
    for level in (0, 1):
        _eastern(book.styles["Title" if level == 0 else "Heading 1"])
    core = book.core_properties
    core.title, core.author, core.last_modified_by, core.comments = clean(it.title), "", "", ""
    core.created = core.modified = it.dated.replace(tzinfo=None)
    section = book.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    book.add_heading(clean(it.title), 0)
    book.add_paragraph(clean(it.note))
    for part in it.parts:
        if isinstance(part, Heading):
            book.add_heading(clean(part.text), 1)
        elif isinstance(part, Paragraph):
            book.add_paragraph().add_run(clean(part.text)).bold = part.strong
        elif isinstance(part, Picture):
            shape = book.add_picture(BytesIO(part.png), width=Mm(part.width))
            shape._inline.docPr.set("descr", clean(part.words))
        else:
            _table(book, part)
    into = BytesIO()
    book.save(into)
    with zipfile.ZipFile(into) as archive:  # once more, with a fixed time
        return zipped({name: archive.read(name) for name in archive.namelist()})


def _table(book: Any, part: Table) -> None:
    rows = [part.head, *part.rows] if part.head else list(part.rows)
    if not rows:
        return
    table = book.add_table(rows=len(rows), cols=max(map(len, rows)))
    table.style = "Table Grid"
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=False):
            cell.text = clean(text)
    if part.head:
        for cell in table.rows[0].cells:
            for run in cell.paragraphs[0].runs:
                run.bold = True


def _eastern(style: Any) -> None:
    """Chinese characters in the same font, where it is installed."""
    from docx.oxml.ns import qn
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
