"""The databases of a test process: one engine each, emptied between tests, with a course that is kept ready.

A new engine would compile every statement anew, and most tests say the same ones: its dialect is what compiled
statements are kept by. The course of Ada and the others is built once and then written back row by row.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

from lti_app.db import Database, make_engine
from lti_app.drivers import Drivers
from lti_app.migrations import HERE
from lti_app.models import Base
from tests.sweep.course import Course, build

ONE = "tests_regista"
# Whoever a test left behind may hold a lock.
_OTHERS_OUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT pid = ANY(%s)"""
# A function, since the server keeps its plans; what tests made beside the schema (the job engine's tables) goes too.
_EMPTY = """CREATE OR REPLACE FUNCTION tests_empty() RETURNS void LANGUAGE plpgsql AS $$ DECLARE t text; BEGIN
 PERFORM set_config('session_replication_role', 'replica', true);
 {deletes}
 FOR t IN SELECT tablename FROM pg_tables
   WHERE schemaname = 'public' AND tablename <> ALL('{{alembic_version,{names}}}'::text[]) LOOP
  EXECUTE format('DELETE FROM %I', t);
 END LOOP;
 PERFORM setval(format('%I', sequencename), 1, false) FROM pg_sequences
  WHERE schemaname = 'public' AND last_value IS NOT NULL;
 DELETE FROM alembic_version;
 INSERT INTO alembic_version VALUES ('{head}');
END $$"""
_HEAD = max(path.name[:4] for path in (HERE / "versions").glob("0*.py"))

_engines: dict[str, Engine] = {}
_drivers: dict[str, Drivers] = {}
# The server's processes behind an engine's connections.
_pids: dict[str, set[int]] = {}
_sweepers: dict[str, psycopg.Connection[Any]] = {}
_courses: dict[str, tuple[Course, list[tuple[str, list[Any]]]]] = {}


def opened(url: str) -> Database:
    """A database of its own for one test: what listens to its engine is gone with it."""
    if url not in _engines:
        engine = _engines[url] = make_engine(url)
        _drivers[url] = Drivers(engine)
        if engine.dialect.name == "postgresql":
            pids = _pids[url] = set()
            event.listen(engine, "connect", lambda driver, _record: pids.add(driver.info.backend_pid))
    return Database(_engines[url].execution_options(), _drivers[url])


def let_go(url: str) -> None:
    """Close what an earlier test left open of this database; connections that rest stay, for a new one costs more."""
    engine = _engines.get(url)
    if engine is None or (engine.dialect.name == "postgresql" and not _is_busy(engine)):
        return
    _drivers[url].close()
    engine.dispose()
    _pids.get(url, set()).clear()


def _is_busy(engine: Engine) -> bool:
    return isinstance(engine.pool, QueuePool) and engine.pool.checkedout() > 0


def empty(url: str) -> None:
    """Take every row out of a PostgreSQL database."""
    try:
        _sweep(url)
    except psycopg.OperationalError:
        # A test that puts others out has put this one out too.
        _sweepers.pop(url).close()
        _sweep(url)


def _sweep(url: str) -> None:
    if url not in _sweepers:
        _sweepers[url] = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        names = [table.name for table in Base.metadata.sorted_tables]
        deletes = " ".join(f'DELETE FROM "{name}";' for name in names)
        _sweepers[url].execute(_EMPTY.format(deletes=deletes, names=",".join(names), head=_HEAD))
    _sweepers[url].execute(_OTHERS_OUT, [list(_pids.get(url, ()))])
    _sweepers[url].execute("SELECT tests_empty()")


def close_all() -> None:
    """Close every connection of this process, since the server is about to stop."""
    for sweeper in _sweepers.values():
        sweeper.close()
    _sweepers.clear()
    for url, engine in _engines.items():
        _drivers[url].close()
        engine.dispose()


def with_course(db: Database) -> Course:
    """Write the course into an empty database and return its ids."""
    kind = db.engine.dialect.name
    if kind in _courses:
        course, said = _courses[kind]
        _write_back(db, said)
        return course
    with db.writing() as session:
        course = build(session)
    _courses[kind] = course, _rows_of(db)
    return course


def _rows_of(db: Database) -> list[tuple[str, list[Any]]]:
    """What the database holds, as statements for its driver with their rows, parents before children."""
    sign = "?" if db.engine.dialect.name == "sqlite" else "%s"
    found = []
    with db.reading() as session:
        driver = session.connection().connection.cursor()
        for table in Base.metadata.sorted_tables:
            name = db.engine.dialect.identifier_preparer.format_table(table)
            columns = [db.engine.dialect.identifier_preparer.format_column(one) for one in table.columns]
            driver.execute(f"SELECT {', '.join(columns)} FROM {name}")
            rows = [tuple(_bindable(value) for value in row) for row in driver.fetchall()]
            if rows:
                values = f"({', '.join([sign] * len(columns))})"
                found.append((f"INSERT INTO {name} ({', '.join(columns)}) VALUES {values}", rows))
        driver.close()
    return found


def _bindable(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, (dict, list)) else value


def _write_back(db: Database, said: list[tuple[str, list[Any]]]) -> None:
    with db.writing() as session:
        driver = session.connection().connection.cursor()
        for statement, rows in said:
            driver.executemany(statement, rows)
        if db.engine.dialect.name == "postgresql":
            driver.execute(_COUNT_ON)
        driver.close()


# The rows bring their own numbers: the next one counts on from there.
_COUNT_ON = """DO $$ DECLARE c record; highest bigint; BEGIN
 FOR c IN SELECT s.relname AS sequence, t.relname AS tab, a.attname AS col
   FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
   JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
   WHERE s.relkind = 'S' LOOP
  EXECUTE format('SELECT max(%I) FROM %I', c.col, c.tab) INTO highest;
  IF highest IS NOT NULL THEN PERFORM setval(format('%I', c.sequence), highest, true); END IF;
 END LOOP;
END $$"""
