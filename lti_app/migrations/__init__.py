"""The schema's history, applied by `upgrade`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from lti_app.db import Database

HERE = Path(__file__).resolve().parent


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema of ``database`` to ``revision``; two processes starting at once do no harm on PostgreSQL."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
