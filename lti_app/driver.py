"""Statements straight to the driver, for the one path where SQLAlchemy's way costs ten times what the database does.

A statement is still written with SQLAlchemy; it is turned into the driver's own words once for each database, with the
types' own conversions. Everything else goes through sessions (db.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import dumps
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.types.json import Json
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

# Numbered as PostgreSQL itself numbers its parameters: psycopg then has nothing to look for in the text, and a value
# that stands in it five times travels once.
NUMBERED: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Words:
    """A statement in a driver's words: its parameters and columns by name, each with its conversion.

    ``fixed`` are the values that stand in the statement itself.
    """

    text: str
    fixed: Mapping[str, Any]
    parameters: tuple[tuple[str, Any], ...]
    columns: tuple[tuple[str, Any], ...]

    def told(self, values: Mapping[str, Any]) -> list[Any]:
        """Return ``values`` as the driver wants them."""
        if self.fixed:
            values = {**self.fixed, **values}
        return [turn(values[name]) if turn else values[name] for name, turn in self.parameters]


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
        dialect = NUMBERED if dialect.name == "postgresql" else dialect
        compiled: Any = self.expression.compile(dialect=dialect)  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only queries and changes can be sent to the driver")
        kinds = {name: parameter.type.dialect_impl(dialect) for parameter, name in compiled.bind_names.items()}
        selected = getattr(self.expression, "exported_columns", ())
        return _Words(
            str(compiled),
            {name: value for name, value in compiled.params.items() if value is not None},
            tuple((name, kinds[name].bind_processor(dialect)) for name in compiled.positiontup or ()),
            tuple((one.key, one.type.dialect_impl(dialect).result_processor(dialect, None)) for one in selected),
        )


@dataclass(slots=True)
class Driver:
    """A connection of the driver, each statement of which is a transaction of its own (see `together`).

    PostgreSQL is a way off, and BEGIN and COMMIT would each take it there and back; on SQLite nobody waits for Python
    while it holds the lock. ``taught`` names what the connection was told (see `teach`).
    """

    connection: Any
    cursor: Any
    dialect: Dialect
    taught: set[str | bytes] = field(default_factory=set)
    rests_since: float = 0.0

    def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run a change and return how many rows it touched."""
        words = statement.words(self.dialect)
        self.cursor.execute(words.text, words.told(values))
        return int(self.cursor.rowcount)

    def add(self, statement: Statement, values: Mapping[str, Any]) -> int | None:
        """Run an INSERT and return how many rows changed, by triggers, too; None, and nothing did, if a key was taken.

        For SQLite, where everybody else's statements count nothing that a trigger does.
        """
        words = statement.words(self.dialect)
        before = self.connection.total_changes
        try:
            self.cursor.execute(words.text, words.told(values))
        except self.dialect.loaded_dbapi.IntegrityError:
            return None
        return int(self.connection.total_changes - before)

    def one(self, statement: Statement, values: Mapping[str, Any]) -> Any | None:
        """Return the first row of a query with its columns as attributes, or None."""
        words = statement.words(self.dialect)
        self.cursor.execute(words.text, words.told(values))
        # To the end, for SQLite would go on reading until then.
        rows = self.cursor.fetchall()
        if not rows:
            return None
        pairs = zip(words.columns, rows[0], strict=True)
        return SimpleNamespace(**{name: turn(value) if turn else value for (name, turn), value in pairs})

    def numbers(self, statement: Statement, values: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the one row of a statement of PostgreSQL that answers with whole numbers.

        libpq itself prepares and runs it, and no other thread waits for Python while it does: there and back by
        psycopg's cursor takes twice as long. Raises psycopg's errors.
        """
        words = statement.words(self.dialect)
        pg, name = self.connection.pgconn, b"regista_%x" % id(statement)
        if name not in self.taught:
            _sound(pg.prepare(name, words.text.encode()))
            self.taught.add(name)
        found = _sound(pg.exec_prepared(name, [_text(value) for value in words.told(values)]))
        return tuple(int(found.get_value(0, column)) for column in range(found.nfields))

    def teach(self, name: str, script: tuple[str, ...]) -> None:
        """Tell this connection something once, for as long as it lives."""
        if name not in self.taught:
            for statement in script:
                self.cursor.execute(statement)
            self.taught.add(name)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make several changes entirely or not at all, as the one who writes; for SQLite.

        PostgreSQL, which is a way off, is told such things at once; and psycopg would have it forget at a rollback all
        that was ever prepared.
        """
        self.cursor.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.cursor.execute("COMMIT")


def _text(value: Any) -> bytes | None:
    """Return a value as PostgreSQL reads it: numbers, texts, days and moments as Python writes them."""
    if value is None:
        return None
    return (dumps(value.obj) if isinstance(value, Json) else str(value)).encode()


def _sound(found: Any) -> Any:
    """Return a result of libpq; raises psycopg's error where it is one."""
    if found.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return found
    if found.error_field(DiagnosticField.SQLSTATE):
        raise error_from_result(found)
    # Not the server's own word: it could not be reached any more.
    raise psycopg.OperationalError(found.get_error_message())
