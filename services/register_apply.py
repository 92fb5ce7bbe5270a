"""Takes a register that was read into a community: first a report of what would change, then the change, all or nothing."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from domain.classes import Measure
from domain.errors import Refusal
from domain.heads import measure
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import building, home, owner, ownership, poll_owner
from services import audit, owner_votes
from services.register import ERROR, HINT, Entry, Finding, Holder, Table

MUCH = 5  # per cent: an area that changes by more is asked about
LISTED = 20


@dataclass(slots=True)
class Report:
    """What a table would change, and all that is to be said of it."""

    findings: list[Finding]
    homes: int  # that are in the table and can be taken in
    made: int = 0  # of them new
    resized: int = 0
    sold: int = 0  # of them with other owners than before
    table: dict[str, Entry] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many findings keep something out."""
        return sum(f.level == ERROR for f in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """For the one line that says it all."""
        return {"homes": self.homes, "made": self.made, "resized": self.resized, "sold": self.sold, "errors": self.errors}


@dataclass(frozen=True, slots=True)
class Status:
    """Where a community's register stands."""

    homes: int
    asked: Measure
    without_area: list[str]
    without_owner: list[str]
    proved: int  # owners who have shown that they are it
    owners: int


def look(tx: Tx, community_id: int, table: Table, *, create: bool) -> Report:
    """What would happen; nothing is written."""
    here, holders = _homes(tx, community_id), _holders(tx, community_id)
    bad = {f.home for f in table.findings if f.level == ERROR}
    report = Report(list(table.findings), 0)
    for label, entry in table.entries.items():
        found = here.get(label)
        if label in bad:
            continue
        if found is None and not create:
            report.findings.append(Finding(ERROR, "unknown_home", entry.row, label))
            continue
        report.table[label] = entry
        report.homes += 1
        was = set(holders.get(found.id, [])) if found is not None else set()
        if entry.area is None and entry.counts and (found is None or found.area_dm2 is None):
            report.findings.append(Finding(HINT, "no_area", entry.row, label))
        if not entry.owners and not was and entry.handed_over:
            report.findings.append(Finding(HINT, "no_owner", entry.row, label))
        if found is None:
            report.made += 1
            continue
        if entry.area is not None and entry.area != found.area_dm2:
            report.resized += 1
            if found.area_dm2 is not None and abs(entry.area - found.area_dm2) * 100 > MUCH * found.area_dm2:
                report.findings.append(Finding(HINT, "area_changed", entry.row, label, {
                    "before": found.area_dm2, "after": entry.area}))
        now = {o.alias if o.key not in was and o.alias in was else o.key for o in entry.owners}
        report.sold += bool(was) and bool(entry.owners) and was != now
    absent = [label for label in here if label not in table.entries]
    if absent:
        report.findings.append(Finding(HINT, "not_mentioned", 0, "", {"count": len(absent), "labels": absent[:LISTED]}))
    report.findings.sort(key=lambda f: (f.level, f.row))
    return report


def take_in(tx: Tx, actor: Actor, community_id: int, report: Report, *, partly: bool, now: datetime) -> None:
    """Writes what the report says; with errors only when the rest shall be taken in all the same."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    if report.errors and not partly:
        raise Refusal("register.has_errors", count=report.errors)
    here = _homes(tx, community_id)
    blocks = {r.name: r.id for r in tx.all(select(building.c.id, building.c.name).where(building.c.community_id == community_id))}
    known = {r.key: r.id for r in tx.all(select(owner.c.id, owner.c.key).where(owner.c.community_id == community_id))}
    for label, entry in report.table.items():
        found = here.get(label)
        home_id = found.id if found is not None else _make(tx, community_id, entry, blocks)
        facts: dict[str, Any] = {"counts": entry.counts, "handed_over": entry.handed_over}
        if entry.area is not None:
            facts |= {"area_dm2": entry.area, "area_source": entry.source}
        tx.execute(update(home).where(home.c.id == home_id).values(**facts))
        if entry.owners:
            _own(tx, community_id, home_id, entry.owners, known)
    gone = select(ownership.c.owner_id)
    spoken = select(poll_owner.c.owner_id)  # who is asked in some vote stays on record
    tx.execute(delete(owner).where(owner.c.community_id == community_id, owner.c.id.not_in(gone), owner.c.id.not_in(spoken)))
    audit.note(tx, actor, "register.import", f"community:{community_id}", now=now, community_id=community_id, homes=report.homes,
               made=report.made, resized=report.resized, sold=report.sold, left_out=report.errors)


def status(tx: Tx, community_id: int) -> Status:
    """Homes, heads and area as a vote of all owners would ask them today, and what is missing."""
    rows = owner_votes.units(tx, community_id)
    found = owner_votes.grouping(tx, community_id, rows)
    labels = {r.id: r.label for r in rows}
    owners = tx.first(select(func.count().label("all"), func.count(owner.c.person_id).label("proved")).where(
        owner.c.community_id == community_id))
    assert owners is not None  # a count always has a row
    return Status(len(found.head), measure(owner_votes.as_units(tx, community_id, rows), found),
                  [labels[i] for i in found.without_area], [labels[i] for i in found.unowned], owners.proved, owners.all)


def _make(tx: Tx, community_id: int, entry: Entry, blocks: dict[str, int]) -> int:
    name = f"{entry.where.building}幢"
    if name not in blocks:
        blocks[name] = tx.add(building, community_id=community_id, name=name)
    return tx.add(home, community_id=community_id, building_id=blocks[name], entrance=entry.where.entrance or "",
                  room=entry.where.room, label=entry.label)


def _own(tx: Tx, community_id: int, home_id: int, holders: list[Holder], known: dict[str, int]) -> None:
    """Puts the owners of a home in their order; who was its owner before is it no longer."""
    tx.execute(delete(ownership).where(ownership.c.home_id == home_id))
    for place, holder in enumerate(holders):
        if holder.key not in known and holder.alias in known:  # the same owner, whose document is known now
            known[holder.key] = known.pop(holder.alias)
            tx.execute(update(owner).where(owner.c.id == known[holder.key]).values(key=holder.key))
        if holder.key not in known:
            known[holder.key] = tx.add(owner, community_id=community_id, name=holder.name, kind=holder.kind, key=holder.key)
        else:
            tx.execute(update(owner).where(owner.c.id == known[holder.key]).values(name=holder.name, kind=holder.kind))
        tx.add(ownership, home_id=home_id, owner_id=known[holder.key], place=place, share=holder.share or None)


def _homes(tx: Tx, community_id: int) -> dict[str, Row[Any]]:
    return {r.label: r for r in tx.all(select(home.c.id, home.c.label, home.c.area_dm2).where(
        home.c.community_id == community_id).order_by(home.c.id))}


def _holders(tx: Tx, community_id: int) -> dict[int, list[str]]:
    found = defaultdict(list)
    for home_id, key in map(tuple, tx.all(select(ownership.c.home_id, owner.c.key).join_from(ownership, owner).where(
            owner.c.community_id == community_id))):
        found[home_id].append(key)
    return found
