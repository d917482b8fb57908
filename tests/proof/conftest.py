"""Marta manages the academy's communities; Ada stalls, Bruno helps, Clara tutors."""

from __future__ import annotations

import pytest

from lti_app.db import Database
from tests.panels.conftest import as_
from tests.sweep.course import Builder, Course

__all__ = ["as_"]


@pytest.fixture
def marta(db: Database, course: Course) -> int:
    """The community manager of Ada's academy."""
    with db.writing() as session:
        return Builder(session).member(course.registration, course.context, "Marta Donati", "manager")
