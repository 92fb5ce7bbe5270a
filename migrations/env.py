"""Runs migrations on the engine that ops/database.py hands over."""

from alembic import context

from models.tables import metadata

engine = context.config.attributes["engine"]
with engine.connect().execution_options(linyi_write=True) as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite",
                      transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
