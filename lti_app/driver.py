"""Statements straight to the driver, for the one path where SQLAlchemy's way costs ten times what the database does.

A statement is still written with SQLAlchemy; it is turned into the driver's own words once for each database, with the
types' own conversions. Everything else goes through sessions (db.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from psycopg.types.numeric import Int8
from sqlalchemy import Dialect, Engine, Integer
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True, slots=True)
class _Words:
    """A statement in a driver's words: its parameters and columns by name, each with its conversion.

    ``fixed`` are the values that stand in the statement itself.
    """

    text: str
    positional: bool
    fixed: Mapping[str, Any]
    parameters: tuple[tuple[str, Any], ...]
    columns: tuple[tuple[str, Any], ...]

    def told(self, values: Mapping[str, Any]) -> Any:
        """Return ``values`` as the driver wants them."""
        if self.fixed:
            values = {**self.fixed, **values}
        if self.positional:
            return [turn(values[name]) if turn else values[name] for name, turn in self.parameters]
        return {name: turn(values[name]) if turn else values[name] for name, turn in self.parameters}


@dataclass(slots=True)
class Statement:
    """A statement with named parameters; ``columns`` are those of a SELECT, or none."""

    expression: Executable
    _words: dict[str, _Words] = field(default_factory=dict)

    def words(self, dialect: Dialect) -> _Words:
        """Return it in the driver's words."""
        found = self._words.get(dialect.name)
        if found is None:
            found = self._words[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> _Words:
        compiled: Any = self.expression.compile(dialect=dialect)  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries and changes can be sent to the driver")
        types = {name: parameter.type for parameter, name in compiled.bind_names.items()}
        names = compiled.positiontup if compiled.positional else list(types)
        selected = getattr(self.expression, "exported_columns", ())
        return _Words(
            str(compiled),
            bool(compiled.positional),
            {name: value for name, value in compiled.params.items() if value is not None},
            tuple((name, _turned(types[name], dialect)) for name in names or ()),
            tuple((one.key, one.type.dialect_impl(dialect).result_processor(dialect, None)) for one in selected),
        )


def _turned(kind: Any, dialect: Dialect) -> Any:
    """Return what turns a value into the driver's own, or None."""
    if dialect.name == "postgresql" and isinstance(kind, Integer):
        # psycopg sends a number as small as it fits, and PostgreSQL plans anew for each mixture of sizes.
        return lambda value: None if value is None else Int8(value)
    return kind.dialect_impl(dialect).bind_processor(dialect)


@dataclass(frozen=True, slots=True)
class Driver:
    """A connection of the driver, see open_driver."""

    connection: Any
    cursor: Any
    dialect: Dialect

    def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run a change and return how many rows it touched."""
        words = statement.words(self.dialect)
        self.cursor.execute(words.text, words.told(values))
        return int(self.cursor.rowcount)

    def add(self, statement: Statement, values: Mapping[str, Any]) -> bool:
        """Run an INSERT and return whether it was possible: False, and nothing was changed, where a key was taken."""
        words = statement.words(self.dialect)
        try:
            self.cursor.execute(words.text, words.told(values))
        except self.dialect.loaded_dbapi.IntegrityError:
            return False
        return True

    def one(self, statement: Statement, values: Mapping[str, Any]) -> Any | None:
        """Return the first row of a query with its columns as attributes, or None."""
        words = statement.words(self.dialect)
        self.cursor.execute(words.text, words.told(values))
        row = self.cursor.fetchone()
        if row is None:
            return None
        pairs = zip(words.columns, row, strict=True)
        return SimpleNamespace(**{name: turn(value) if turn else value for (name, turn), value in pairs})

    def teach(self, name: str, script: tuple[str, ...]) -> None:
        """Tell this connection something once, for as long as it lives."""
        if name not in self.connection.info:
            for statement in script:
                self.cursor.execute(statement)
            self.connection.info[name] = True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make several changes entirely or not at all; on SQLite as the one who writes."""
        self.cursor.execute("BEGIN IMMEDIATE" if self.dialect.name == "sqlite" else "BEGIN")
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.cursor.execute("COMMIT")


@contextmanager
def open_driver(engine: Engine) -> Iterator[Driver]:
    """Open the driver for one look and one change that follows from it. Raises SQLAlchemy's OperationalError.

    Every statement is a transaction of its own (see `Driver.together`): PostgreSQL is a way off, and BEGIN and COMMIT
    would each take it there and back; on SQLite nobody waits for Python while it holds the lock.
    """
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    is_far = engine.dialect.name == "postgresql"
    try:
        if is_far:
            driver.autocommit = True
        # One cursor for as long as the connection lives: each statement is read to its end before the next.
        cursor = connection.info.get("cursor")
        if cursor is None:
            cursor = connection.info["cursor"] = driver.cursor()
        yield Driver(connection, cursor, engine.dialect)
    except engine.dialect.loaded_dbapi.OperationalError as e:
        if engine.dialect.is_disconnect(e, driver, None):
            # Whoever dropped this one has dropped those that rest in the pool, too: whoever asks again gets a new one.
            engine.dispose()
        connection.invalidate(e)
        raise OperationalError(None, None, e) from e
    finally:
        if is_far and connection.is_valid:
            driver.autocommit = False
        connection.close()
