"""The register of owners as a table: which row is which home, whose it is, how large; and everything that is wrong with it.

Nothing here touches the database. A finding is an error, which keeps its home from being imported, or a hint.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from statistics import median_low
from typing import Any

from domain.errors import Refusal
from models.secret import fingerprint
from services.register_sheet import Sheet
from texts import register as words
from texts.normal import plain
from texts.places import Home
from texts.places import home as read_home

ERROR, HINT = "error", "hint"
ODD = 10  # times what is usual in the table: most likely a point that was left out
LARGEST = 100_000_00  # 0.01 m²: ten football pitches; a larger home is a slip of the pen
_HEAD_WITHIN = 10  # rows, in which the headings must stand
_MERGED = "merged"
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+?\d")
_UNIT = re.compile(r"(?:平方米|平米|㎡|m2|m\^2|平)$")
_AREA = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of a row."""

    level: str
    key: str
    row: int  # as the table counts, from 1; 0: of the whole
    home: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holder:
    """An owner as a row names them; the number of their document is known only as a fingerprint."""

    name: str
    key: str
    alias: str  # the key without a document: what the same owner was known by before one was entered
    kind: str  # person | organisation | developer
    document: bool
    share: str = ""


@dataclass(slots=True)
class Entry:
    """One home of the table."""

    where: Home
    row: int
    area: int | None  # 0.01 m²
    source: str | None
    owners: list[Holder]
    handed_over: bool
    counts: bool

    @property
    def label(self) -> str:
        """As homes are called everywhere."""
        return self.where.label


@dataclass(slots=True)
class Table:
    """What was read."""

    entries: dict[str, Entry]
    findings: list[Finding]


def read(sheet: Sheet, *, bare: bool = False) -> Table:
    """Reads all rows; a Refusal when the table has no headings we know. `bare`: homes alone, without areas and owners, will do."""
    at, columns = _headings(sheet, bare)
    table = Table({}, [])
    unread = [cell.strip()[:20] for i, cell in enumerate(sheet.rows[at]) if cell.strip() and i not in columns.values()]
    if unread:
        table.findings.append(Finding(HINT, "not_read", 0, "", {"names": unread}))
    for number, cells in enumerate(sheet.rows[at + 1:], at + 2):
        row = {name: cells[i].strip() for name, i in columns.items() if i < len(cells)}
        if "area" in columns and (number - 1, columns["area"]) in sheet.merged:
            row["area"] = _MERGED
        if any(row.values()) and not any(words.is_total(cell) for cell in cells if cell):
            _row(table, number, row)
    if not table.entries and all(f.level == HINT for f in table.findings):
        raise Refusal("register.no_rows")
    _look_across(table)
    return table


def area(text: str) -> int:
    """An area in 0.01 m², exact; a ValueError names what is wrong: area_unreadable, area_digits, area_range."""
    said = _UNIT.sub("", plain(text).replace(" ", "").lower())
    if not _AREA.fullmatch(said):
        raise ValueError("area_unreadable")
    try:
        found = Decimal(said.replace(",", "")) * 100
    except InvalidOperation:
        raise ValueError("area_unreadable") from None
    if found != found.to_integral_value():
        raise ValueError("area_digits")
    if not 0 < found <= LARGEST:
        raise ValueError("area_range")
    return int(found)


def _headings(sheet: Sheet, bare: bool) -> tuple[int, dict[str, int]]:
    for at, cells in enumerate(sheet.rows[:_HEAD_WITHIN]):
        found: dict[str, int] = {}
        for i, cell in enumerate(cells):
            if (name := words.column(cell)) is not None:
                found.setdefault(name, i)
        if ("home" in found or {"building", "room"} <= set(found)) and (bare or {"area", "owner"} & set(found)):
            return at, found
    raise Refusal("register.no_homes" if bare else "register.no_headings")


def _row(table: Table, number: int, row: dict[str, str]) -> None:
    where = _where(row)
    if where is None:
        table.findings.append(Finding(ERROR, "no_home", number, "", {"said": _said(row)}))
        return
    size, wrong = _area(row.get("area", ""))
    if wrong:
        table.findings.append(Finding(ERROR, wrong, number, where.label, {"said": row["area"][:20]}))
    over = words.truth(row.get("handed_over", "")) is not False
    if _ROUNDED.search(row.get("document", "")):
        table.findings.append(Finding(ERROR, "document_rounded", number, where.label))
    entry = Entry(where, number, size, words.source(row.get("source", "")), _owners(row, where), over,
                  not words.is_parking(row.get("use", "")))
    earlier = table.entries.get(where.label)
    if earlier is None:
        table.entries[where.label] = entry
    elif not wrong:
        _again(table, earlier, entry)


def _again(table: Table, earlier: Entry, entry: Entry) -> None:
    """A second row of one home: another co-owner, or a mistake."""
    known = {o.key for o in earlier.owners}
    if entry.area not in (None, earlier.area) and earlier.area is not None:
        table.findings.append(Finding(ERROR, "area_twice", entry.row, entry.label, {"first": earlier.row}))
    elif not entry.owners or any(o.key in known for o in entry.owners):
        table.findings.append(Finding(ERROR, "twice", entry.row, entry.label, {"first": earlier.row}))
    else:
        earlier.owners += entry.owners
        earlier.area = earlier.area if earlier.area is not None else entry.area


def _look_across(table: Table) -> None:
    """What only shows when all rows are there: areas unlike all others, co-owners, several homes of one owner, namesakes."""
    sizes = [e.area for e in table.entries.values() if e.area is not None and e.counts]
    usual = median_low(sizes) if sizes else 0
    table.findings += [Finding(HINT, "area_odd", e.row, e.label, {"area": e.area, "usual": usual})
                       for e in table.entries.values() if e.area is not None and e.counts and e.area > ODD * usual]
    homes: dict[str, list[str]] = {}
    names: dict[str, set[str]] = {}
    called: dict[str, set[str]] = {}
    for entry in table.entries.values():
        if len(entry.owners) > 1:
            table.findings.append(Finding(HINT, "co_owners", entry.row, entry.label, {
                "count": len(entry.owners), "shares": all(o.share for o in entry.owners)}))
        for holder in entry.owners:
            homes.setdefault(holder.key, []).append(entry.label)
            names.setdefault(holder.name, set()).add(holder.key)
            called.setdefault(holder.key, set()).add(holder.name)
    table.findings += [Finding(ERROR, "document_twice", entry.row, entry.label, {"names": sorted(called[o.key])})
                       for entry in table.entries.values() for o in entry.owners if len(called[o.key]) > 1]
    developers = {o.key for e in table.entries.values() for o in e.owners if o.kind == "developer"}
    table.findings += [Finding(HINT, "developer" if key in developers else "several_homes", 0, labels[0],
                               {"count": len(labels), "labels": labels[:5]})
                       for key, labels in homes.items() if len(labels) > 1 or key in developers]
    table.findings += [Finding(HINT, "namesakes", 0, "", {"name": name, "count": len(keys), "labels": sorted(
        {label for key in keys for label in homes[key]})[:5]}) for name, keys in names.items() if len(keys) > 1]
    held_back = [e.label for e in table.entries.values() if not e.handed_over]
    if held_back:
        table.findings.append(Finding(HINT, "not_handed_over", 0, held_back[0], {"count": len(held_back)}))
    table.findings.sort(key=lambda f: (f.level, f.row))


def _where(row: dict[str, str]) -> Home | None:
    if row.get("home"):
        return read_home(row["home"])
    house, stairs, room = (plain(row.get(name, "")).strip() for name in ("building", "entrance", "room"))
    if not house or not room:
        return None
    house += "" if re.search(r"[幢栋楼座]", house) else "幢"
    stairs += "" if not stairs or re.search(r"单元|门洞|梯", stairs) else "单元"
    return read_home(f"{house}{stairs}{room}")


def _area(text: str) -> tuple[int | None, str]:
    if text == _MERGED:
        return None, "area_merged"
    if words.is_none(text):
        return None, ""
    try:
        return area(text), ""
    except ValueError as wrong:
        return None, str(wrong)


def _owners(row: dict[str, str], where: Home) -> list[Holder]:
    written = row.get("document", "")
    documents = [] if _ROUNDED.search(written) else [part for part in re.split(r"[、,，;；/\s]+", written) if part]
    named = [] if words.is_none(row.get("owner", "")) else list(dict.fromkeys(words.names(row["owner"])))
    share = row.get("share", "")[:24]
    built = words.truth(row.get("developer", "")) is True
    found: list[Holder] = []
    for i, name in enumerate(named):
        document = documents[i] if len(documents) == len(named) and not words.is_none(documents[i]) else ""
        kind = "developer" if built else "organisation" if words.is_organisation(name) else "person"
        alias = fingerprint("owner", name, "" if kind != "person" else where.label)  # of two of one name nobody knows
        key = fingerprint("owner", plain(document).upper()) if document else alias
        if key not in {holder.key for holder in found}:
            found.append(Holder(name, key, alias, kind, bool(document), share))
    return found


def _said(row: dict[str, str]) -> str:
    return " ".join(row[name] for name in ("home", "building", "entrance", "room") if row.get(name))[:30]
