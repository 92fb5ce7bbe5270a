"""Runs migrations on the engine that ops/database.py hands over."""

from alembic import context

import models.settings  # noqa: F401 - its tables belong to the metadata
from models.tables import metadata

engine = context.config.attributes["engine"]
with engine.connect().execution_options(linyi_write=True) as connection:
    sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if sqlite:  # a table that is written anew is dropped in between, and others point at it; only outside a transaction
        driver.execute("PRAGMA foreign_keys=OFF")
    try:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=sqlite, transaction_per_migration=False)
        with context.begin_transaction():
            context.run_migrations()
            if sqlite and (broken := driver.execute("PRAGMA foreign_key_check").fetchone()):
                raise RuntimeError(f"a row of {broken[0]} points at nothing in {broken[2]}: nothing was changed")
        connection.commit()
    finally:
        if sqlite:
            connection.rollback()
            driver.execute("PRAGMA foreign_keys=ON")
