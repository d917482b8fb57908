"""What every room of one running Regista shares, reached through the Flask app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database


@dataclass(frozen=True, slots=True)
class House:
    """Settings, database and clock of one app."""

    settings: Settings
    db: Database
    clock: Clock


def house() -> House:
    """Return the house of the current app; needs an application context."""
    return cast(House, current_app.extensions["regista"])
