"""Statements of the hot path: written in Core, compiled once, then given straight to the driver.

SQLAlchemy's own execution costs several times what SQLite needs for the statement. A Hot statement keeps its
types (times, sealed text; a float comes as one from either driver) and its errors; what it cannot do is expand an IN or fill in a
column's default.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from sqlalchemy import Float
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any] | None


class Hot:
    """One statement whose values are all named parameters; Tx runs it like any other."""

    def __init__(self, statement: Any):
        self.statement = statement
        self._plans: dict[str, _Plan] = {}

    def run(self, dialect: Dialect, connection: Any, values: Any) -> Any:
        """The driver's cursor after execution; a list of values runs once for each."""
        plan = self.plan(dialect)
        try:
            if isinstance(values, list):
                cursor = connection.cursor()
                cursor.executemany(plan.sql, [plan.given(each) for each in values])
                return cursor
            return connection.execute(plan.sql, plan.given(values or {}))
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(plan.sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True) from error

    def plan(self, dialect: Dialect) -> "_Plan":
        """How it is run on this kind of database."""
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _Plan(self.statement, dialect)
        return plan


class _Plan:
    """The text for one kind of database, with what turns values and columns into Python's and back."""

    def __init__(self, statement: Any, dialect: Dialect):
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.order = compiled.positiontup
        self.fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        self.binds: list[tuple[str, Convert]] = [
            (name, bind.type.dialect_impl(dialect).bind_processor(dialect)) for name, bind in compiled.binds.items()]
        columns = list(getattr(statement, "exported_columns", ()))
        found = [None if type(c.type) is Float else c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
        self.columns = [(n, convert) for n, convert in enumerate(found) if convert is not None]
        self.row: Any = namedtuple("Row", [c.key for c in columns], rename=True)._make  # type: ignore  # noqa: PGH003

    def given(self, values: dict[str, Any]) -> Any:
        """The values as the driver takes them; a missing one is a KeyError."""
        all_of = self.fixed | values if self.fixed else values
        made = {name: all_of[name] if convert is None else convert(all_of[name]) for name, convert in self.binds}
        return made if self.order is None else [made[name] for name in self.order]

    def read(self, fetched: Any) -> Any:
        """One fetched row with its columns' names and types."""
        if not self.columns:
            return self.row(fetched)
        values = list(fetched)
        for n, convert in self.columns:
            values[n] = convert(values[n])
        return self.row(values)
