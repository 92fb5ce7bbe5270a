"""Brings the database to the present shape, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.base import Database

FOLDER = Path(__file__).parent.parent / "migrations"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def _config(db: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["engine"] = db.engine
    return config


def upgrade(db: Database, to: str = "head") -> None:
    """Applies every migration that is missing; safe to run again."""
    command.upgrade(_config(db), to)


def downgrade(db: Database, to: str) -> None:
    """Takes migrations back, the newest first; what an older shape has no place for is lost."""
    command.downgrade(_config(db), to)


def known() -> set[str]:
    """Every revision this code can bring to the present shape."""
    return {each.revision for each in _scripts().walk_revisions()}


def newest() -> str | None:
    """The revision the code needs."""
    return _scripts().get_current_head()


def current(db: Database) -> tuple[str | None, str | None]:
    """The database's revision, and the one the code needs."""
    with db.engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
    return have, newest()
