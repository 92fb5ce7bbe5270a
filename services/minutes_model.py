"""A document as plain parts, before it is docx or PDF."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Heading:
    """Opens a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, perhaps under a heading row."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, so many millimetres wide, and its words."""

    png: bytes
    width: int
    words: str


@dataclass(frozen=True, slots=True)
class Document:
    """Title, a line under it, the date it bears, and its parts."""

    title: str
    note: str
    dated: datetime
    parts: Sequence[Heading | Paragraph | Table | Picture]

    @property
    def text(self) -> str:
        """Everything that is written in it."""
        return "".join([self.title, self.note, *(cell for part in self.parts for cell in _words(part))])


def _words(part: Heading | Paragraph | Table | Picture) -> list[str]:
    if isinstance(part, Table):
        return [*part.head, *(cell for row in part.rows for cell in row)]
    return [] if isinstance(part, Picture) else [part.text]


def clean(text: str) -> str:
    """The text without what neither format can hold: control characters and lone surrogates."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))
