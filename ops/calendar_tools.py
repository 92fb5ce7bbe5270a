"""`app.py calendar load`: takes in a year's holiday notice before the library knows it."""

import argparse
import csv
from datetime import date
from pathlib import Path

from bot.config import ConfigError
from domain.roles import SYSTEM
from ops import house
from ops.tools import database_of
from services import audit, workcalendar
from texts.say import say

_WORK = {"班": True, "休": False}


def load(args: argparse.Namespace) -> int:
    """Reads the file, refuses it whole when one line is wrong, and keeps its days."""
    days = read(args.file)
    with database_of() as db, db.write() as tx:
        workcalendar.enter(tx, SYSTEM, days, now=house.now())
        audit.seal(tx)
    print(say("calendar.loaded", count=len(days), first=min(days), last=max(days)))
    return 0


def read(file: str | Path) -> dict[date, tuple[bool, str]]:
    """The days of a holiday notice: (worked, name) of each; ConfigError names the first line that is wrong."""
    try:
        lines = list(csv.reader(Path(file).read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(say("calendar.unreadable", file=file)) from None
    days: dict[date, tuple[bool, str]] = {}
    for number, cells in enumerate(lines, 1):
        words = [cell.strip() for cell in cells]
        if not any(words) or (number == 1 and words[0] == "日期"):
            continue
        try:
            day, work = date.fromisoformat(words[0]), _WORK[words[1]]
        except (ValueError, KeyError, IndexError):
            raise ConfigError(say("calendar.line", number=number, said=",".join(cells)[:40])) from None
        if day in days:
            raise ConfigError(say("calendar.twice", number=number, day=day))
        days[day] = (work, words[2][:32] if len(words) > 2 else "")
    if not days:
        raise ConfigError(say("calendar.empty", file=file))
    return days
