"""A platform that is known here, ready to launch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lti_app.db import Database
from tests.lti.platform import Moodle, Web, web_server


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as web:
        yield web


@pytest.fixture
def moodle(web: Web, db: Database) -> Moodle:
    moodle = Moodle(web)
    moodle.register(db)
    return moodle
