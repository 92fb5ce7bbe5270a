"""CSV that spreadsheets open as text: no cell can become a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator

MOST_ROWS = 100_000
_STARTERS = set("=+-@\t\r\n")


def safe(cell: object) -> str:
    """The cell as text; one that a spreadsheet would compute gets a leading apostrophe."""
    text = "" if cell is None else str(cell)
    first = unicodedata.normalize("NFKC", text.lstrip(" \u3000\ufeff\u200b"))[:1]
    return f"'{text}" if text and (first in _STARTERS or text[0] in _STARTERS) else text


def lines(header: list[str], rows: Iterable[list[object]]) -> Iterator[str]:
    """The file, line by line, with a byte order mark so that Excel reads it as UTF-8."""
    yield "\ufeff"
    yield _line(header)
    for n, cells in enumerate(rows):
        if n >= MOST_ROWS:
            yield _line([f"只导出前 {MOST_ROWS} 行，请缩小范围再导出"])
            return
        yield _line(cells)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()
