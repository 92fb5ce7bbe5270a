"""CSV that spreadsheets open as text: no cell can become a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator

MOST_ROWS = 100_000
_STARTERS = set("=+-@\t\r\n")
_UNSEEN = ("Zs", "Cf")  # what a spreadsheet may drop before it looks at the first character


def safe(cell: object) -> str:
    """The cell as text; one that a spreadsheet would compute gets a leading apostrophe."""
    text = "" if cell is None else str(cell)
    seen = next((c for c in text if unicodedata.category(c) not in _UNSEEN), "")
    first = unicodedata.normalize("NFKC", seen)[:1]
    return f"'{text}" if first in _STARTERS and first else text


def lines(header: list[str], rows: Iterable[list[object]], *, cut: str) -> Iterator[str]:
    """The file, line by line, with a byte order mark so that Excel reads it as UTF-8; `cut` ends one that is too long."""
    yield "\ufeff"
    yield _line(header)
    for n, cells in enumerate(rows):
        if n >= MOST_ROWS:
            yield _line([cut])
            return
        yield _line(cells)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()
