"""A platform that is known here, ready to launch."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from lti_app.db import Database
from tests.lti.platform import Moodle, Web, web_server

# The package has a blueprint of the same name.
door_module: Any = import_module("lti_app.lti.launch")


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as web:
        yield web


@pytest.fixture
def moodle(web: Web, db: Database) -> Moodle:
    moodle = Moodle(web)
    moodle.register(db)
    return moodle


@pytest.fixture
def weighed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The launches that were recorded in full."""
    found: list[str] = []
    in_full = door_module.record_launch

    def record(session: Any, platform: Any, launch: Any, **more: Any) -> Any:
        found.append(launch.sub)
        return in_full(session, platform, launch, **more)

    monkeypatch.setattr(door_module, "record_launch", record)
    return found
