"""The ways by which rows get into PostgreSQL, measured against each other on the same rows of progress.

    python -m benchmarks.sync_ways [--rows 100000]

Each way fills an emptied table five times, in turns with the others; the best of each counts, as a ratio to
SQLAlchemy's own executemany. The rows are those of a large course: eighteen columns, half of them empty.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.sync_saving import fresh
from lti_app.models import ActivityProgress
from lti_app.store import bulk
from lti_app.store.digests import digest
from lti_app.store.progress import COLUMNS
from tests import servers
from tests.store.told import NOW

TABLE = bulk.table_of(ActivityProgress)
NAMES = ("membership_id", "activity_id", *COLUMNS)
KINDS = [TABLE.c[name].type for name in NAMES]
Way = Callable[[Session, Sequence[Sequence[Any]]], None]


def rows_of(count: int) -> list[tuple[Any, ...]]:
    """Return rows as a sync makes them."""
    states = ("passed", "failed", "not_started", "in_progress")
    return [
        (
            at // 40, at % 40, states[at % 4], None, at % 3, Decimal(at % 11), Decimal(10), True, None, None,
            NOW - timedelta(days=at % 40) if at % 4 == 0 else None, None, None, None, None, digest(at), NOW,
        )
        for at in range(count)
    ]  # fmt: skip


def bare(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """SQLAlchemy's executemany; the dictionaries that it wants are made beforehand by whoever calls it."""
    for start in range(0, len(rows), 10_000):
        session.execute(insert(TABLE), rows[start : start + 10_000])


def unnest(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """One array a column."""
    names = ", ".join(NAMES)
    statement = f"INSERT INTO {TABLE.name} ({names}) SELECT * FROM unnest(arrays)"
    bulk._on_postgres(session, statement, KINDS, rows)


def copy(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """COPY as the store does it."""
    bulk._copied(session, TABLE, NAMES, rows)


def copy_rows(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """COPY with the driver's own text, row by row."""
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {TABLE.name} ({', '.join(NAMES)}) FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def copy_binary(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """COPY in PostgreSQL's binary format."""
    dialect = session.get_bind().dialect
    kinds = [kind.compile(dialect=dialect).partition("(")[0].lower() for kind in KINDS]
    named = {"integer": "int4", "bigint": "int8", "smallint": "int2", "double precision": "float8",
             "timestamp with time zone": "timestamptz", "boolean": "bool"}  # fmt: skip
    driver: Any = session.connection().connection.driver_connection
    words = f"COPY {TABLE.name} ({', '.join(NAMES)}) FROM STDIN (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(words) as out:
        out.set_types([named.get(kind, kind) for kind in kinds])
        for row in rows:
            out.write_row(row)


def merge(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """COPY into a table of this transaction, then MERGE."""
    names, driver = ", ".join(NAMES), session.connection().connection.driver_connection
    told: Any = driver
    with told.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE told (LIKE {TABLE.name}) ON COMMIT DROP")
        cursor.execute("ALTER TABLE told DROP COLUMN id")
        with cursor.copy(f"COPY told ({names}) FROM STDIN") as out:
            for row in rows:
                out.write_row(row)
        cursor.execute(
            f"MERGE INTO {TABLE.name} t USING told s ON t.membership_id = s.membership_id"
            f" AND t.activity_id = s.activity_id WHEN NOT MATCHED THEN INSERT ({names})"
            f" VALUES ({', '.join(f's.{name}' for name in NAMES)})"
        )


WAYS: dict[str, Way] = {
    "unnest": unnest, "COPY, driver's rows": copy_rows, "COPY, binary": copy_binary, "COPY, then MERGE": merge,
    "COPY, as the store does": copy,
}  # fmt: skip


@click.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--times", default=5, show_default=True)
def main(rows: int, times: int) -> None:
    """Print the table."""
    told = rows_of(rows)
    dictionaries: Any = [dict(zip(NAMES, row, strict=True)) for row in told]
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, servers.postgres(Path(name)) as url, fresh(url, Path(name), "w") as db:
        for _ in range(times):
            for way, work in {"bare": bare, **WAYS}.items():
                with db.writing() as session:
                    session.execute(text("SET session_replication_role = replica"))
                    session.execute(text(f"TRUNCATE {TABLE.name}"))
                    began = time.monotonic()
                    work(session, dictionaries if way == "bare" else told)
                    session.commit()
                    best[way] = min(best.get(way, 1e9), time.monotonic() - began)
    click.echo("| way | rows/s | over executemany |\n|---|---|---|")
    for way, seconds in sorted(best.items(), key=lambda one: one[1]):
        click.echo(f"| {way} | {rows / seconds:,.0f} | {best['bare'] / seconds:.2f} |")


if __name__ == "__main__":
    main()
