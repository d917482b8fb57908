"""Workers in processes of their own, killed at any moment: each sweeps one course and delivers, again and again."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import Flask

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.house import House
from lti_app.jobs.deliver import deliver_due
from lti_app.jobs.sweep import sweep_context
from lti_app.store import outbox
from tests.nursery import bear

SECRET = "a secret for the tests and nothing else"


class Standing(Clock):
    """A clock that stands where the test put it."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at


def app_of(database_url: str, smtp_url: str, at: datetime) -> Flask:
    settings = replace(
        Settings(database_url, "sqlite:///unused", "http://127.0.0.1:8000", SECRET),
        smtp_url=smtp_url,
        mail_from="regista@academy.example",
    )
    return create_app(settings, clock=Standing(at))


def work(app: Flask, context_id: int) -> None:
    house = cast("House", app.extensions["regista"])
    with app.app_context():
        while True:
            sweep_context(house, context_id)
            deliver_due(house)


def main(database_url: str, smtp_url: str, context_id: int, at: datetime) -> None:
    """Let workers be born that sweep one course and deliver."""
    # A killed worker's claim runs out soon enough for a test.
    outbox.CLAIM = timedelta(seconds=0.2)
    app = app_of(database_url, smtp_url, at)
    bear(lambda: work(app, context_id))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), datetime.fromtimestamp(float(sys.argv[4]), UTC))
