"""The one command line, `regista`; each group of commands is a file of its own."""

from __future__ import annotations

import logging
import os

import click

from lti_app.config import BadSettings, Settings, settings_from
from lti_app.db import Database


def load_settings() -> Settings:
    """Read the settings from the environment; ends the command with every fault listed at once."""
    try:
        settings = settings_from(os.environ)
    except BadSettings as e:
        raise click.ClickException(str(e)) from e
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regista")
def main() -> None:
    """Regista: the community layer inside the course page of any LMS.

    Start with `regista demo`. A real installation needs REGISTA_PUBLIC_URL and
    REGISTA_SECRET_KEY in the environment, then `regista db upgrade`, `regista platform add` and `regista serve`.
    """


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to date; safe to run at every start."""
    from lti_app.migrations import upgrade

    settings = load_settings()
    database = Database(settings.database_url)
    upgrade(database)
    database.close()
    click.echo("The schema is up to date.")


# Each group of commands registers itself on `main`.
from lti_app.cli import calibrate, connections, demo, doctor, evaluation, feeds, platforms, work  # noqa: E402, F401
