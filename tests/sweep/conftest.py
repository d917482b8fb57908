"""The course that the tests of stalls and matches are about."""

from __future__ import annotations

import pytest

from lti_app.db import Database
from tests.sweep.course import Course, build


@pytest.fixture
def course(db: Database) -> Course:
    with db.writing() as session:
        return build(session)
