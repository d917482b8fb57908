"""Many rows in few statements: driver-level executemany on SQLite, COPY and arrays through unnest on PostgreSQL.

SQLAlchemy's own executemany prepares every value through Python; here a column's values are prepared together. What
PostgreSQL takes fastest was measured (``benchmarks/sync_ways.py``): COPY; where others may write the same rows
meanwhile, or rows change, COPY into a table of the transaction and one statement from there; few rows go as arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, DateTime, Numeric, Table, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from lti_app.db import Base, UtcDateTime

Row = Sequence[Any]
# Statements are put together from names of our own schema alone; every value is a parameter.
# Small enough that the arrays of one statement stay a few megabytes.
CHUNK = 10_000
# From so many rows on a table of the transaction's own is worth its two statements.
STAGED_FROM = 1_000


def table_of(model: type[Base]) -> Table:
    """Return the table of a model."""
    return cast("Table", model.__table__)


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def among(session: Session, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return "``column`` is one of ``values``" as one parameter, however many there are."""
    if _is_postgres(session):
        return column == any_(literal(list(values), ARRAY(column.type)))
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))


def _utc_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"a naive time cannot be stored: {value!r}")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _sqlite_preparer(kind: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, (UtcDateTime, DateTime)):
        return _utc_text
    if isinstance(kind, JSON):
        return json.dumps
    if isinstance(kind, Numeric) and kind.asdecimal:
        return float
    return date.isoformat if kind.python_type is date else None


def _prepared(rows: Sequence[Row], preparers: Sequence[Callable[[Any], Any] | None]) -> Iterator[Row]:
    # The same few moments and numbers come again and again in a course.
    memory: dict[Any, Any] = {}
    picks = [(at, prepare) for at, prepare in enumerate(preparers) if prepare is not None]
    for row in rows:
        out = list(row)
        for at, prepare in picks:
            value = out[at]
            if value is None:
                continue
            if isinstance(value, (datetime, Decimal)):
                kept = memory.get(value)
                if kept is None:
                    kept = memory[value] = prepare(value)
                out[at] = kept
            else:
                out[at] = prepare(value)
        yield tuple(out)


def _on_sqlite(session: Session, statement: str, kinds: Sequence[Any], rows: Sequence[Row]) -> int:
    preparers = [_sqlite_preparer(kind) for kind in kinds]
    connection = session.connection()
    changed = 0
    for start in range(0, len(rows), CHUNK):
        batch = list(_prepared(rows[start : start + CHUNK], preparers))
        changed += connection.exec_driver_sql(statement, batch).rowcount
    return changed


def _arrays(session: Session, kinds: Sequence[Any], rows: Sequence[Row]) -> tuple[str, tuple[list[Any], ...]]:
    """Return ``unnest``'s arguments and their values; JSON travels as text."""
    dialect = session.get_bind().dialect
    casts, columns = [], []
    for kind, values in zip(kinds, zip(*rows, strict=True), strict=True):
        as_json = isinstance(kind, JSON)
        casts.append(f"%s::{'text[]::json' if as_json else kind.compile(dialect=dialect)}[]")
        columns.append([None if value is None else json.dumps(value) for value in values] if as_json else list(values))
    return ", ".join(casts), tuple(columns)


def _on_postgres(session: Session, template: str, kinds: Sequence[Any], rows: Sequence[Row]) -> int:
    connection = session.connection()
    changed = 0
    for start in range(0, len(rows), CHUNK):
        casts, columns = _arrays(session, kinds, rows[start : start + CHUNK])
        changed += connection.exec_driver_sql(template.replace("(arrays)", f"({casts})"), columns).rowcount
    return changed


def _copied(
    session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row], into: str | None = None
) -> int:
    """Insert by COPY, the fastest way in; it knows no ON CONFLICT, so it is for tables that only a sync writes."""
    kinds = [table.c[name].type for name in columns]
    as_json = [at for at, kind in enumerate(kinds) if isinstance(kind, JSON)]
    driver: Any = session.connection().connection.driver_connection
    statement = f"COPY {into or table.name} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in _with_json(rows, as_json) if as_json else rows:
            copy.write_row(row)
    return len(rows)


def _with_json(rows: Sequence[Row], places: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        out = list(row)
        for at in places:
            out[at] = None if out[at] is None else json.dumps(out[at])
        yield out


def _may_stage(session: Session, rows: Sequence[Row]) -> bool:
    if len(rows) < STAGED_FROM or not _is_postgres(session):
        return False
    # A hardened database may not let us.
    return bool(session.scalar(text("SELECT has_database_privilege(current_database(), 'TEMP')")))


@contextmanager
def _staged(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Put rows into a table that only this transaction sees, and give its name."""
    connection, name = session.connection(), f"told_{table.name}"
    wanted = ", ".join(columns)
    connection.exec_driver_sql(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {wanted} FROM {table.name} LIMIT 0")  # noqa: S608
    _copied(session, table, columns, rows, into=name)
    yield name
    connection.exec_driver_sql(f"DROP TABLE {name}")


def insert_rows(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row], conflict: str = "") -> int:
    """Insert ``rows`` (values in the order of ``columns``) and return how many came in.

    ``conflict`` is an ON CONFLICT clause, understood by both databases, for rows that others may write meanwhile.
    """
    if not rows:
        return 0
    names, kinds = ", ".join(columns), [table.c[name].type for name in columns]
    if _is_postgres(session) and not conflict:
        return _copied(session, table, columns, rows)
    if _may_stage(session, rows):
        with _staged(session, table, columns, rows) as told:
            statement = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {told} {conflict}"  # noqa: S608
            return session.connection().exec_driver_sql(statement).rowcount
    if _is_postgres(session):
        statement = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest(arrays) {conflict}"  # noqa: S608
        return _on_postgres(session, statement, kinds, rows)
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {conflict}"  # noqa: S608
    return _on_sqlite(session, statement, kinds, rows)


def update_rows(
    session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row], keep: frozenset[str] = frozenset()
) -> int:
    """Update by ``id``: each row holds the values of ``columns`` and last the id; returns how many rows there were.

    In the columns of ``keep`` a NULL leaves what was there.
    """
    if not rows:
        return 0
    if _may_stage(session, rows):
        with _staged(session, table, (*columns, "id"), rows) as told:
            statement = _update(table, columns, f"FROM {told} AS v WHERE {table.name}.id = v.id", keep)
            return session.connection().exec_driver_sql(statement).rowcount
    kinds = [*(table.c[name].type for name in columns), table.c.id.type]
    if _is_postgres(session):
        source = f"FROM unnest(arrays) AS v({', '.join(columns)}, id) WHERE {table.name}.id = v.id"
        return _on_postgres(session, _update(table, columns, source, keep), kinds, rows)
    return _on_sqlite(session, _update(table, columns, "WHERE id = ?", keep, given="?"), kinds, rows)


def _update(table: Table, columns: Sequence[str], source: str, keep: frozenset[str], given: str = "") -> str:
    values = {name: given or f"v.{name}" for name in columns}
    pairs = ", ".join(
        f"{name} = COALESCE({value}, {table.name}.{name})" if name in keep else f"{name} = {value}"
        for name, value in values.items()
    )
    return f"UPDATE {table.name} SET {pairs} {source}"  # noqa: S608 - names of our own schema


def delete_rows(session: Session, table: Table, ids: Sequence[int]) -> int:
    """Delete by ``id`` and return how many rows there were."""
    if not ids:
        return 0
    rows = [(row_id,) for row_id in ids]
    if _is_postgres(session):
        statement = f"DELETE FROM {table.name} USING unnest(arrays) AS v(id) WHERE {table.name}.id = v.id"  # noqa: S608
        return _on_postgres(session, statement, [table.c.id.type], rows)
    return _on_sqlite(session, f"DELETE FROM {table.name} WHERE id = ?", [table.c.id.type], rows)  # noqa: S608
