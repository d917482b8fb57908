"""What `regista serve` starts: the web app in granian's processes, and the job consumer in threads of each."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from typing import Any

import click
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from lti_app import create_app, migrations
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.jobs.consumer import start_consumer
from lti_app.store.declared import BadConfig, import_config

log = logging.getLogger(__name__)
STOP_WITHIN = 25


def check_schema(database: Database) -> None:
    """Refuse to go on when the database's schema is not the one that this program was written for."""
    # Which database it is and how it takes transactions is of no use to whoever typed a command.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    head = ScriptDirectory.from_config(config).get_current_head()
    with database.engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
    if there is None:
        raise click.ClickException("The database is empty. Prepare it with: regista db upgrade")
    if there != head:
        raise click.ClickException(
            f"The database's schema is at {there}, this program needs {head}. "
            "Bring it up to date with: regista db upgrade"
        )


def import_platforms(database: Database, settings: Settings) -> int:
    """Bring in the platforms that the configuration file declares; every fault ends the command at once."""
    try:
        with database.writing() as session:
            return import_config(session, settings.config_file, datetime.now(UTC), secret_key=settings.secret_key)
    except BadConfig as e:
        raise click.ClickException(str(e)) from e


@dataclass(frozen=True, slots=True)
class Loader:
    """Makes the app inside a web process, and starts the consumer there where ``job_threads`` is not 0."""

    settings: Settings
    job_threads: int

    def __call__(self) -> Flask:
        """Return the app; its threads are made after the process was, never before."""
        logging.basicConfig(level=self.settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        app = create_app(self.settings)
        if self.job_threads:
            stop = start_consumer(app, self.settings, self.job_threads)
            self._stop_at_the_end(stop)
        return app

    def _stop_at_the_end(self, stop: Callable[[], None]) -> None:
        # A process of multiprocessing ends without atexit.
        Finalize(None, stop, exitpriority=100)


def serve_forever(settings: Settings, *, host: str, port: int, processes: int, threads: int, job_threads: int) -> None:
    """Serve until told to stop by SIGINT or SIGTERM."""
    server: Any = Server(
        "lti_app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        backlog=1024,
        websockets=False,
        log_access=False,
        log_level=LogLevels(settings.log_level.lower()),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN,
        # A header that never ends must not hold a connection for ever.
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
    )
    server.serve(target_loader=Loader(settings, job_threads), wrap_loader=False)


def threads_for(processes: int) -> int:
    """Return how many requests one process works on at once."""
    return max(4, min(16, 2 * (os.cpu_count() or 1) + 1) // max(1, processes))
