"""An installation of its own for tests of what keeps one: settings, a folder, a database of either kind."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text

import app
from bot.config import Settings
from models.base import Database
from models.tables import person
from services import audit


@dataclass
class Place:
    """An installation with a filled database."""

    settings: Settings
    folder: Path
    url: str

    def wipe(self) -> None:
        """A machine that has lost everything."""
        if self.url.startswith("sqlite"):
            for path in self.folder.glob("linyi.db*"):
                path.unlink()
            return
        db = self.open()
        with db.write() as tx:
            tx.execute(text("DROP SCHEMA public CASCADE"))
            tx.execute(text("CREATE SCHEMA public"))
        db.close()

    def open(self) -> Database:
        """Its database."""
        return Database(self.url)

    def people(self) -> int:
        """How many people it knows."""
        db = self.open()
        try:
            with db.read() as tx:
                assert audit.verify(tx).ok
                return int(tx.scalar(select(func.count()).select_from(person)))
        finally:
            db.close()


def run(*words: str) -> int:
    """One command line."""
    return app.main(list(words))
