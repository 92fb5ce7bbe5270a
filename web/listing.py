"""What a list of the console is: columns, filters from the address, pages by key, and the same rows as a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from domain.clock import SHANGHAI
from domain.roles import Deed, Where
from models.base import Database, Tx
from services import browse, export, paging, sheets, voices
from services.paging import Filter, Page
from texts.mask import mask
from web.words import has_word, term, visible, word

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 1000  # rows of a file that are read in one transaction
Row = Any
Names = dict[Any, Any]  # what is spoken of, by id or reference
Show = Callable[[Row, Names], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it shows, and how it looks (text | time | chip | words: in these personal numbers are hidden)."""

    name: str
    show: Show
    look: str = "text"
    files_only: bool = False  # as it is kept, for who wants to recompute something; the screen says it in words

    @property
    def title(self) -> str:
        """The column's name as people read it."""
        return word(f"column.{self.name}")

    def cell(self, row: Row, names: Names) -> Any:
        """What stands in the cell: a moment, or text in which nothing is hidden."""
        value = self.show(row, names)
        return visible(mask(value) if self.look == "words" else value) if isinstance(value, str) else value


_NAMING = ("submitter",)  # columns that name residents
_PLACE = Column("community", lambda r, n: n.get(f"community:{getattr(r, 'community_id', None)}"))  # sweeps have none


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: where its rows come from and what is shown of them."""

    name: str
    key: str
    rows: Callable[[Tx, Filter], Page]
    columns: tuple[Column, ...]
    filters: tuple[str, ...] = ("since", "until", "person", "kind", "text")
    kinds: tuple[str, ...] = ()  # what may be chosen; empty means free text
    kind_terms: str = ""
    called: Callable[[Tx, list[Row]], Names] = lambda tx, rows: {}
    link: str = ""  # endpoint of the page a row leads to
    link_key: str = "id"
    deeds: bool = False  # the template has buttons for each row
    story: str = ""  # the kind of thing whose story a row's time leads to
    story_key: str = "id"
    template: str = "console/list.html"
    facts: Callable[[Tx, int, datetime], dict[str, Any]] | None = None  # what else stands there, of the community on the screen

    @property
    def title(self) -> str:
        """The list's name as people read it."""
        return word(f"nav.{self.name}")

    @property
    def about(self) -> str:
        """What one should know to read the list; '' when its columns say it."""
        key = f"about.{self.name}"
        return word(key) if has_word(key) else ""

    def label(self, name: str) -> str:
        """What a filter is called in this list."""
        key = f"label.{self.name}_{name}"
        return word(key if has_word(key) else f"filter.{name}")

    def hint(self, name: str) -> str:
        """An example of what to write into a filter."""
        found = [k for k in (f"hint.{self.name}_{name}", f"hint.{name}") if has_word(k)]
        return word(found[0]) if found else ""

    def kind(self, name: str) -> str:
        """A choice of the kind filter in words."""
        key = f"kind.{self.name}.{name}"
        return word(key) if has_word(key) else term(self.kind_terms, name)

    def tells(self, row: Row) -> int | None:
        """Of which thing a row can tell the story; None when there is none."""
        return getattr(row, self.story_key) if self.story else None

    def shown(self, chosen: Filter) -> tuple[Column, ...]:
        """The columns; who sees every community also sees which, and names only whose role knows people."""
        columns = self.columns if _knows_people() else tuple(c for c in self.columns if c.name not in _NAMING)
        return columns if isinstance(chosen.community_id, int) else (*columns, _PLACE)

    def filled(self, columns: tuple[Column, ...], rows: list[Row], names: Names) -> list[Column]:
        """The columns in which this page has anything to show; the first always. Which community, only where there are several."""
        alone = sum(str(name).startswith("community:") for name in names) == 1
        on_screen = [c for c in columns if not c.files_only and not (c is _PLACE and alone)]
        return [c for n, c in enumerate(on_screen) if n == 0 or any(c.cell(row, names) not in (None, "") for row in rows)]

    def names(self, tx: Tx, rows: list[Row]) -> Names:
        """How what the rows speak of is called."""
        found = self.called(tx, rows)
        if rows and hasattr(rows[0], "community_id"):
            found |= {f"community:{i}": name for i, name in browse.communities(tx).items()}
        return found

    def over(self, rows: Callable[[Tx, Filter], Page], *, options: list[str], kind: str) -> "Listing":
        """The same list over other rows, with the options their choices stand for in a poll of this kind."""
        called = self.called
        return replace(self, rows=rows, called=lambda tx, found: called(tx, found) | {"options": options, "kind": kind})


def asked_filter(listing: Listing, community_id: Where, now: datetime) -> Filter:
    """The filter that the address asks for; nonsense in it narrows nothing."""
    given = {name: request.args.get(name, "").replace("\0", "").strip()[:64] for name in listing.filters}
    since, until = _day(given.get("since", "")), _day(given.get("until", ""))
    if not _knows_people():
        given.pop("person", None)
    return Filter(community_id, since, until + timedelta(days=1) if until else None, given.get("person", ""),
                  given.get("kind", ""), given.get("text", ""), key_asked(), private=g.login.actor.may(Deed.PRIVATE))


def _knows_people() -> bool:
    return bool(g.login.actor.may(Deed.PEOPLE))


def key_asked() -> int | None:
    """The key that the address says the page ends before."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 <= before <= paging.LARGEST else None


def next_address(listing: Listing, page: Page) -> str | None:
    """The address of the next, older page; None on the last one."""
    if page.before is None:
        return None
    return f"?{urlencode(kept_filter(listing) | {'before': page.before})}"


def kept_filter(listing: Listing) -> dict[str, str]:
    """The filters of the present address that say something."""
    return {k: v for k, v in request.args.items() if k in listing.filters and v}


def csv_response(db: Database, listing: Listing, chosen: Filter) -> Response:
    """The filtered list as a file, read in pieces by key."""
    columns = _columns(listing, chosen)
    rows = ([_plain(value) for value in row] for row in _rows(db, listing, columns, chosen))
    file = export.lines([c.title for c in columns], rows, cut=word("export.cut", most=export.MOST_ROWS))
    return Response(file, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename=linyi-{listing.name}.csv"})


def xlsx_response(db: Database, listing: Listing, chosen: Filter) -> Response:
    """The same as a workbook, which holds fewer rows."""
    columns = _columns(listing, chosen)
    cut = [word("export.cut", most=sheets.MOST)]
    rows = (row if n < sheets.MOST else cut for n, row in enumerate(islice(_rows(db, listing, columns, chosen), sheets.MOST + 1)))
    file = sheets.written([(listing.title if listing.filters else word("poll.named"), [c.title for c in columns], rows)])
    return Response(file, mimetype=XLSX, headers={"Content-Disposition": f"attachment; filename=linyi-{listing.name}.xlsx"})


def _columns(listing: Listing, chosen: Filter) -> tuple[Column, ...]:
    return listing.shown(chosen) if listing.filters else listing.columns


def _rows(db: Database, listing: Listing, columns: tuple[Column, ...], chosen: Filter) -> Iterator[list[Any]]:
    """Every row of a list as its cells, read in pieces by key; the request is over by the time most of them are read."""
    part: Filter | None = replace(chosen, limit=CHUNK)
    while part is not None:
        with db.read() as tx, voices.speaking(tx, chosen.community_id if isinstance(chosen.community_id, int) else None):
            page = listing.rows(tx, part)
            names = listing.names(tx, page.rows)
            cells = [[c.cell(row, names) for c in columns] for row in page.rows]
        yield from cells
        part = replace(part, before=page.before) if page.before is not None else None


def _plain(value: Any) -> object:
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


def _day(text: str) -> datetime | None:
    """The beginning of a day in Shanghai; None for what is no day of our time."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None
    return found.replace(tzinfo=SHANGHAI).astimezone(UTC) if 2000 <= found.year < 2200 else None
