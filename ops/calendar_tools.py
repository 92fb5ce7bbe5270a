"""`app.py calendar load`: takes in a year's holiday notice before the library knows it."""

import argparse
from datetime import date
from pathlib import Path

from bot.config import ConfigError
from domain.errors import Refusal
from domain.roles import SYSTEM
from ops import house
from ops.tools import database_of
from services import audit, workcalendar
from texts.say import say


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
        return workcalendar.read(Path(file).read_text("utf-8-sig"), str(file))
    except (OSError, UnicodeDecodeError):
        raise ConfigError(say("calendar.unreadable", file=file)) from None
    except Refusal as no:
        raise ConfigError(say(no.key, **no.facts)) from None
