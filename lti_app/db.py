"""The engine, its sessions and the column types that every table shares."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from lti_app.driver import Driver
from lti_app.drivers import RESTED_SECONDS, Drivers

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused at the door (SQLite would keep it without its zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time and store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time, whatever the database kept."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime()}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Autocommit at the driver and our own BEGIN: pysqlite would otherwise begin late and read outside the transaction.
    connection.isolation_level = None
    cursor = connection.cursor()
    # WAL: readers do not wait for the one writer; NORMAL is durable over a crash of the process.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def make_engine(url: str) -> Engine:
    """Build the engine for ``url``; SQLite gets WAL, foreign keys and a busy time-out of 15 s."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": 15, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        # IMMEDIATE would make every reader a writer; writers say so through `writing`.
        event.listen(engine, "begin", _begin)
        return engine
    engine = create_engine(parsed, pool_size=10, max_overflow=20)
    _ask_after_a_rest(engine)
    return engine


def _ask_after_a_rest(engine: Engine) -> None:
    """Ask a connection that has rested whether it still lives; before each use it would cost as much as a query."""

    def rest(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    def wake(connection: Any, record: Any, _proxy: Any) -> None:
        if connection is None or time.monotonic() - record.info.get("used_at", 0.0) < RESTED_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as e:
            raise DisconnectionError from e
        if not alive:
            raise DisconnectionError

    event.listen(engine, "checkin", rest)
    event.listen(engine, "checkout", wake)


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once with "database is locked"
    # when another writer came between, whatever the busy time-out; so those who will write say it at BEGIN.
    words = "BEGIN IMMEDIATE" if connection.get_execution_options().get("regista_writing") else "BEGIN"
    # Straight to the driver: SQLAlchemy's own way costs more than the statement.
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(words)
    except sqlite3.Error as e:
        raise OperationalError(words, None, e) from e


class Database:
    """The engine with its two doors: ``reading()`` for a look, ``writing()`` for one transaction."""

    def __init__(self, url: str | Engine, drivers: Drivers | None = None) -> None:
        self.engine = make_engine(url) if isinstance(url, str) else url
        self._drivers = drivers or Drivers(self.engine)
        # Several SELECTs of one look must see one moment; on SQLite a WAL reader does so by itself.
        steady = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._readers = sessionmaker(self.engine.execution_options(**steady), expire_on_commit=False)
        self._writers = sessionmaker(self.engine.execution_options(regista_writing=True), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session to read; whatever was changed in it is rolled back."""
        with self._readers() as session:
            yield session
            self._let_go(session)
            session.rollback()

    def _let_go(self, session: Session) -> None:
        # At a rollback psycopg forgets all that it has prepared, lest a table was undone: PostgreSQL would plan every
        # statement of every page anew. A reader makes no tables, so it tells PostgreSQL alone.
        if self.engine.dialect.name == "postgresql" and session.in_transaction():
            driver: Any = session.connection().connection.driver_connection
            driver.pgconn.exec_(b"ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open one transaction: committed when the block ends well, rolled back when it raises."""
        with self._writers.begin() as session:
            yield session

    def driver(self) -> AbstractContextManager[Driver]:
        """Open the driver itself, each statement of which is a transaction of its own (see driver.py)."""
        return self._drivers.open()

    def close(self) -> None:
        """Return every connection."""
        self._drivers.close()
        self.engine.dispose()
