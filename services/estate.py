"""Buildings and units of a community before anything else is known of them: a table by rule, and what a table amounts to."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from domain.errors import Refusal
from models.base import Tx
from models.tables import building, home
from services.register import ERROR, Finding
from services.register_apply import Report
from services.register_sheet import ROWS
from texts.register import UNITS
from texts.say import say

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """Houses that are all alike."""

    first: int
    last: int
    entrances: int
    floors: int
    doors: int


def rows(plan: Plan) -> list[list[str]]:
    """The plan as a table to import: room 502 is the second door of the fifth floor."""
    houses = plan.last - plan.first + 1
    if min(plan.first, houses, plan.entrances, plan.floors, plan.doors) < 1:
        raise Refusal("setup.plan")
    if plan.last > 999 or plan.entrances > 99 or plan.floors > 99 or plan.doors > 99:
        raise Refusal("setup.plan")
    if houses * plan.entrances * plan.floors * plan.doors >= ROWS:
        raise Refusal("setup.plan_large", most=ROWS)
    return [UNITS[0][:3], *(
        [str(house), str(entrance) if plan.entrances > 1 else "", f"{floor}{door:02d}"]
        for house in range(plan.first, plan.last + 1) for entrance in range(1, plan.entrances + 1)
        for floor in range(1, plan.floors + 1) for door in range(1, plan.doors + 1))]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report of an import says, short enough to be read: errors each, hints by kind."""

    buildings: list[tuple[str, int]]
    errors: list[tuple[int, str, str]]  # row, home, what is wrong and what to do
    hints: list[tuple[list[str], int, list[str]]]  # what is said (each sentence once), of how many rows, which
    sample: list[tuple[str, int | None, str]]  # home, area in 0.01 m², owners


def summary(report: Report) -> Summary:
    """The report for a page."""
    houses = Counter(entry.where.building for entry in report.table.values())
    hints: dict[str, list[Finding]] = {}
    for each in report.findings:
        if each.level != ERROR:
            hints.setdefault(each.key, []).append(each)
    sample = [(label, e.area, "、".join(o.name for o in e.owners)) for label, e in list(report.table.items())[:SHOWN]]
    return Summary(sorted(((f"{name}幢", count) for name, count in houses.items()), key=lambda h: (len(h[0]), h[0])),
                   [(e.row, e.home, _told(e)) for e in report.findings if e.level == ERROR],
                   [(list(dict.fromkeys(map(_told, found))), len(found), [f.home for f in found if f.home])
                    for found in hints.values()],
                   sample)


def counts(tx: Tx, community_id: int) -> list[tuple[str, int, int, int]]:
    """What there is: each building with its units, how many of them have an area, and its id."""
    found = tx.all(select(building.c.name, func.count(home.c.id), func.count(home.c.area_dm2), building.c.id).join_from(
        building, home, home.c.building_id == building.c.id, isouter=True).where(building.c.community_id == community_id)
        .group_by(building.c.id, building.c.name))
    return sorted(((name, homes, sized, key) for name, homes, sized, key in map(tuple, found)), key=lambda b: (len(b[0]), b[0]))


def _told(finding: Finding) -> str:
    return say(f"register.find.{finding.key}", **finding.facts)
