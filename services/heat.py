"""How many matters of each kind were raised in which week, or at which building: rows and columns for a picture and a table."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.clock import SHANGHAI
from models.base import Tx
from models.tables import issue
from services.figures import Asked, where
from texts.places import house

WEEKS = 12
BUILDINGS = 20
ELSEWHERE = "—"


@dataclass(frozen=True, slots=True)
class Heat:
    """A grid of counts: the most frequent kinds down, weeks or buildings across."""

    columns: list[str]
    rows: list[tuple[str, list[int]]]

    @property
    def most(self) -> int:
        """The largest count."""
        return max((n for _, counts in self.rows for n in counts), default=0)


def weeks(tx: Tx, asked: Asked, now: datetime) -> Heat:
    """The last twelve weeks before now, or before the end of the month asked for; a week is named by its Monday."""
    found = tx.all(select(issue.c.category, issue.c.created_at).where(*where(asked)))
    last = max((row.created_at for row in found), default=now) if asked.month else now
    monday = last.astimezone(SHANGHAI).date() - timedelta(days=last.astimezone(SHANGHAI).weekday())
    columns = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    seen = Counter((row.category, day - timedelta(days=day.weekday())) for row in found
                   if (day := row.created_at.astimezone(SHANGHAI).date()))
    kinds = sorted({c for c, week in seen if week in columns}, key=lambda c: (-sum(seen[c, w] for w in columns), c))
    return Heat([f"{d:%m-%d}" for d in columns], [(kind, [seen[kind, w] for w in columns]) for kind in kinds])


def buildings(tx: Tx, asked: Asked) -> Heat:
    """At which buildings; what was said of no building stands in a column of its own."""
    found = tx.all(select(issue.c.category, issue.c.place).where(*where(asked)))
    seen = Counter((row.category, house(row.place or "") or ELSEWHERE) for row in found)
    places = Counter(where_ for _, where_ in seen.elements())
    columns = sorted((p for p, _ in places.most_common(BUILDINGS)), key=lambda p: (p == ELSEWHERE, len(p), p))
    kinds = sorted({c for c, _ in seen}, key=lambda c: (-sum(seen[c, p] for p in columns), c))
    return Heat(columns, [(kind, [seen[kind, p] for p in columns]) for kind in kinds])
