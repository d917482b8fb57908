"""The schema's history, applied by `upgrade`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from lti_app.db import Database

HERE = Path(__file__).resolve().parent


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema of ``database`` to ``revision``; two processes starting at once do no harm on PostgreSQL."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with database.engine.connect() as connection, _rows_kept(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _rows_kept(connection: Connection) -> Iterator[None]:
    """Keep the children of a table that SQLite builds anew.

    A column is added to such a table by copying it and dropping the old one, which would delete, by their foreign
    keys, the rows that belong to it (https://www.sqlite.org/lang_altertable.html, section 7).
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"after the migration these rows point to nothing: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
